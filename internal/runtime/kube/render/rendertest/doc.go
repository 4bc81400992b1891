// Package rendertest holds the plans with which rendering is tested: as golden files, and against an API server.
package rendertest
