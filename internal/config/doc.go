// Package config reads the operator's configuration from environment variables whose names and formats are
// those of the compatible API. It is the only place where the operator looks at its environment.
package config
