// Package convert turns manifests of the API's older versions (kafka.strimzi.io/v1beta2, v1beta1, v1alpha1) into v1 with node pools and KRaft.
//
// It edits the tree of each document, so that comments and the order of fields stay, and says of every place what became of it. What has no
// counterpart in v1 stays where it is, with a note: a place that Kubernetes refuses is seen, one that is dropped on a guess is not. Documents that
// need nothing come out byte for byte as they went in.
//
// The steps of each kind are in the file of its name. What they have not thought of, the definitions of v1 find (schema.go).
package convert
