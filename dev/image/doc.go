// Package image builds container images without a container engine.
package image
