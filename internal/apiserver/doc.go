// Package apiserver is the Kubernetes API for programs that must stay small: typed access to the few kinds that the operators of topics and
// users work with, and watches of them. The libraries for controllers bring every type that Kubernetes has into memory.
package apiserver
