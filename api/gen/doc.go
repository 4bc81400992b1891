// Command gen writes the CustomResourceDefinitions of the API types, one file a kind, below the directory given as its argument.
//
// It is what `go generate ./api/...` runs, together with the generator of the deepcopy functions. The schema comes from
// controller-tools and the markers in the types. Three things differ from what controller-gen writes:
//
//   - Types of Kubernetes make no demands: a field they call required is optional here, duplicates in their lists are allowed,
//     and no defaults are filled in. What ends in a pod is judged when the pod is made, so that a resource which
//     was accepted once stays valid.
//   - They carry no descriptions, and fields no number format but int32, to keep a definition far below what Kubernetes can store.
//   - Labels, by which tools find the definitions, are set.
package main

//go:generate go tool controller-gen object paths=../...
//go:generate go run . ../../install
