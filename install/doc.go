// Package install holds the files a person applies to install the operators, and prints them for one installation: Operator.
//
// The definitions of resources are generated from the API types: run `go generate ./api/...` after changing one. The Helm chart
// has copies of them and of the roles, and operators of topics and users by themselves have those of their definitions: run
// `go generate ./install` after changing those.
package install

//go:generate sh -c "rm -f ../helm/castellan/crds/* ../helm/castellan/files/*"
//go:generate sh -c "cp cluster-operator/*-Crd-*.yaml ../helm/castellan/crds"
//go:generate sh -c "cp cluster-operator/*-ClusterRole-*.yaml strimzi-admin/*-ClusterRole-*.yaml ../helm/castellan/files"
//go:generate cp cluster-operator/043-Crd-kafkatopic.yaml topic-operator/04-Crd-kafkatopic.yaml
//go:generate cp cluster-operator/044-Crd-kafkauser.yaml user-operator/04-Crd-kafkauser.yaml
