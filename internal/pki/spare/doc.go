// Package spare has private keys in stock. An RSA key takes a noticeable part of a second to find, and users come by the hundred: keys that were made
// while nothing else was to do shorten their way.
package spare
