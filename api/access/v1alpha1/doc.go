// Package v1alpha1 holds the resources of group access.strimzi.io, version v1alpha1, as Go types.
//
// +kubebuilder:object:generate=true
// +groupName=access.strimzi.io
package v1alpha1
