// Package install holds the files a person applies to install the operators, and prints them for one installation: Operator.
//
// The definitions of resources are generated from the API types: run `go generate ./api/...` after changing one.
package install
