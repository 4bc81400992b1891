// Package runtime is the seam to the platform that runs instances: Kubernetes today.
//
// Products hand it a neutral plan.Plan and ask what exists; they never see a platform object.
// Every implementation passes the suite in package runtimetest; package fake is the one in memory.
package runtime
