// Package manifest writes resources for people and creates them, as commands that make resources of what they find do. Resources say
// themselves of what kind they are.
package manifest
