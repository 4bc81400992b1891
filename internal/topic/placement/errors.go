package placement

import (
	"fmt"
	"strings"
)

// TooFewBrokers says that a topic cannot have more replicas than there are brokers that may hold one.
type TooFewBrokers struct {
	// Target is the wanted number of replicas.
	Target int32
	// Usable are the ids of the brokers that may get replicas, ascending.
	Usable []int32
}

// Error begins with the words that Cruise Control has for the same.
func (e *TooFewBrokers) Error() string {
	ids := "none"
	if len(e.Usable) > 0 {
		ids = strings.Trim(strings.Join(strings.Fields(fmt.Sprint(e.Usable)), ", "), "[]")
	}
	return fmt.Sprintf("Requested RF cannot be more than number of alive brokers: the target is %d, the number of alive brokers that take replicas %d (ids: %s)",
		e.Target, len(e.Usable), ids)
}

// TooFewReplicas says that a partition has at least one replica.
type TooFewReplicas struct {
	// Target is the wanted number of replicas.
	Target int32
}

// Error names the number and what would be right.
func (e *TooFewReplicas) Error() string {
	return fmt.Sprintf("Requested RF cannot be less than 1: the target is %d", e.Target)
}
