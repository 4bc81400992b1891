package kafka

import "fmt"

// ReplicationBootstrap is the host and port at which the operator reaches the brokers of a cluster: the listener that
// brokers use among themselves. It depends on names alone, so that it can be asked before the cluster is resolved.
func ReplicationBootstrap(namespace, cluster string) string {
	return fmt.Sprintf("%s-kafka-bootstrap.%s.svc:9091", cluster, namespace)
}

// Option is the value that the user gave a broker option, after the operator's rules were applied.
func (c *Cluster) Option(name string) (value string, set bool) {
	value, set = c.options[name]
	return value, set
}
