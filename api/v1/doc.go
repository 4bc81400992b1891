// Package v1 holds the resources of group kafka.strimzi.io, version v1, as Go types.
//
// The types say what a manifest may contain, and nothing more: no defaults are filled in, no rules between fields are
// checked. Both belong to the packages that resolve a resource.
//
// Decoding and encoding again loses nothing the schema knows. So an optional field is a pointer wherever "absent" and "zero"
// mean different things, lists and maps keep the difference between absent and empty, and free-form parts keep their JSON text.
// Three things are exceptions: counters in a status are always written, also when zero; quantities keep their value but not their
// spelling; an empty string counts as absent.
//
// +kubebuilder:object:generate=true
// +groupName=kafka.strimzi.io
package v1
