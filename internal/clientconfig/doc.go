// Package clientconfig understands the configuration of Kafka's own clients: the properties that its command line tools take as
// --command-config, and the login of JAAS among them.
//
// It is pure: texts go in, the files that they name are read through a function, and how to connect comes out. No message repeats
// the value of a password, a key or a login.
package clientconfig
