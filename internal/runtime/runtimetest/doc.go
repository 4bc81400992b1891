// Package runtimetest is the suite that every runtime.Runtime passes.
package runtimetest
