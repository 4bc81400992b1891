// Command etcd is the etcd server, built from its Go module because
// distributions ship releases too old for the API server's watch lists.
package main
