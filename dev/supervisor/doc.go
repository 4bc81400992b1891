// Package supervisor is the first process of a cluster: it lives in process id,
// mount and network namespaces of its own, starts the nodes, each in further
// namespaces, and connects them by a bridge that leads nowhere else. When it
// ends, the kernel ends every process of the cluster, and all mounts and
// interfaces vanish with their namespaces.
package supervisor
