// Command pause is the first process of a pod: it holds the pod's namespaces
// and reaps the processes that containers sharing them leave behind.
package main
