// Command etcd is the etcd server, built from its Go module because
// distributions ship releases too old for the API server's watch lists.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	etcdmain.Main(os.Args)
}
