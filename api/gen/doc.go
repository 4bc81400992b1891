// Command gen writes what follows from the API types: their CustomResourceDefinitions, one file a kind, below the directory given
// as its first argument, and the tables of fields in the pages of the second.
//
// It is what `go generate ./api/...` runs, together with the generator of the deepcopy functions. The schema comes from
// controller-tools and the markers in the types. Three things differ from what controller-gen writes:
//
//   - Types of Kubernetes make no demands: a field they call required is optional here, duplicates in their lists are allowed,
//     and no defaults are filled in. What ends in a pod is judged when the pod is made, so that a resource which
//     was accepted once stays valid.
//   - They carry no descriptions, and fields no number format but int32, to keep a definition far below what Kubernetes can store.
//   - Labels, by which tools find the definitions, are set.
//
// A page says what it wants where: what stands between the lines `<!-- fields of TYPE -->` and `<!-- end -->` becomes a table of
// the fields of that type, and what stands below `<!-- example FILE -->` a copy of that example. Every other field of such a type links to
// its table instead of repeating it.
package main

//go:generate go tool controller-gen object paths=../...
//go:generate go run . ../../install ../../docs/spec
