// Package render turns a plan.Plan into Kubernetes objects: pure, so that golden files can hold its results.
//
// Names, labels, annotations and owner references are part of the compatible API: dashboards,
// scripts and other operators select by them.
package render
