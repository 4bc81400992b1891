// Package install holds tests that the Helm chart and the kustomization install what `castellan install` prints.
//
// It is a module of its own: nobody who uses the product needs the libraries of Helm and Kustomize.
package install
