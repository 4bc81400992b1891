// Package kube runs plans on Kubernetes: it observes through the operator's caches, applies on the
// server's side under one field manager, and prunes by the labels of the compatible API.
//
// Its one entry point is New.
package kube
