// Package install holds the files a person applies to install the operators, for programs that apply them instead.
package install

import "embed"

// CRDs holds the CustomResourceDefinitions of the API, in the directory crds. The order of the names is the order to apply them in.
//
//go:embed crds/*.yaml
var CRDs embed.FS
