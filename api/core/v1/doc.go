// Package v1 holds the resources of group core.strimzi.io, version v1, as Go types.
//
// +kubebuilder:object:generate=true
// +groupName=core.strimzi.io
package v1
