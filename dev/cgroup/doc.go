// Package cgroup makes and removes the control groups below which a cluster
// keeps its pods, on machines with either version of cgroups.
package cgroup
