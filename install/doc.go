// Package install holds the files a person applies to install the operators, for programs that apply them instead.
//
// The definitions of resources are generated from the API types: run `go generate ./api/...` after changing one.
package install
