package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loadbalance"
	_ "github.com/coredns/coredns/plugin/ready"
)

// directives is the order in which the plugins see a query; CoreDNS knows no
// plugin that is not in this list.
func directives() []string {
	return []string{"errors", "health", "ready", "cache", "loadbalance", "kubernetes"}
}

func main() {
	dnsserver.Directives = directives()
	coremain.Run()
}
