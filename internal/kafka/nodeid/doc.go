// Package nodeid decides which node ids the pools of a Kafka cluster have.
//
// An id belongs to a node for as long as the node lives: the data on its volumes carries it. So ids are never
// handed out twice, and a node keeps its id when nodes around it come and go.
package nodeid
