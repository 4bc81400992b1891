// Package directory makes and removes the directories of volumes. Every effect
// goes through an os.Root of the base directory, so no name and no symbolic
// link can lead it out of there.
package directory
