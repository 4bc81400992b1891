// Package node is the first process of a node: it sets up the node's mounts and
// network inside the namespaces it was started in, starts the node's components
// and says in a status file what became of them. It restarts none: a component
// that dies is to be seen.
//
// When this process ends, the kernel ends everything else in its process id
// namespace, and the node's mounts and interfaces vanish with their namespaces.
package node
