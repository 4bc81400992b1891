// Package credential keeps the credentials in the Secrets of users: a certificate with its key, or a password.
//
// Three steps, each on its own: Examine reads a Secret into what is remembered of it, Decide says what has to happen to it and why, and a Maker
// does that. Examine and Decide are pure; ten thousand Secrets are examined when an operator starts, and decided about again and again, so
// what Examine remembers is small, holds no key and no password, and Decide only compares.
//
// # Who signed a certificate
//
// A certificate is good as long as the present key of the clients CA signed it, also when the CA's own certificate was renewed since: then
// only ca.crt is replaced, and nobody needs a new key. The certificate names that key by its identifier, and signatures are not verified again: who
// can write the Secret can do worse than to pretend. A certificate that names no key is held against the ca.crt beside it.
package credential
