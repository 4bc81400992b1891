// Package examples holds the manifests that users start from, for tests that show every one of them to an API server.
package examples
