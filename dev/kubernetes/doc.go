// Command kubernetes is every Kubernetes program in one binary: the name it is
// called by picks the program. They share almost all of their code, so one
// binary links once and takes a sixth of the space.
package main
