// Package figure holds what a benchmark measured and shows it to people and programs.
package figure
