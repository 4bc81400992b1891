// Package fake is a runtime.Runtime in memory, for tests of what uses one. Nothing in it happens by itself: Run does what a
// platform does with the plans it has, and Ready and its siblings say how instances and volumes fare.
package fake
