// Package deploy installs the operator from the repository's own install files.
// Its entry point is Run.
//
// The files are used as they are, but for what every installation chooses: the
// namespace, the images, and which namespaces are watched.
package deploy
