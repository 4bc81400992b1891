package install

import "embed"

// CRDs holds the CustomResourceDefinitions of the API, in the directory crds. The order of the names is the order to apply them in.
//
//go:embed crds/*.yaml
var CRDs embed.FS
