// Command castellan-entity plays the roles of the entity operator: castellan topic-operator and castellan user-operator become this program.
// It is one of its own because there is one beside every cluster: without the libraries of the cluster operator it takes 20 MiB less.
package main
