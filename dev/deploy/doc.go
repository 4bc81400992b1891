// Package deploy installs the operator from the repository's own install files, as `castellan install` prints them, and waits
// until it runs. Its entry point is Deployment.Run.
package deploy
