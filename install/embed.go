package install

import "embed"

// CRDs holds the CustomResourceDefinitions of the API: those of the cluster operator in the directory cluster-operator, that of the
// access operator in access-operator. The order of the names is the order to apply them in.
//
//go:embed cluster-operator/*-Crd-*.yaml access-operator/*-Crd-*.yaml
var CRDs embed.FS

//go:embed cluster-operator/*.yaml storage-provisioner/*.yaml topic-operator/*.yaml user-operator/*.yaml
var files embed.FS
