// Package provisioner runs the storage provisioner of one node: it turns
// claims into PersistentVolumes that are directories of that node, removes
// their data when they are released, and carries the growth of claims through.
//
// One instance runs on every node, and each handles only claims the scheduler
// has put on its own node and only volumes that lie there, so it can work on
// the file system itself and needs neither helper pods nor a leader. The loop
// over claims and volumes is that of sig-storage-lib-external-provisioner;
// package volume decides, package directory acts.
//
// What one instance watches: the PersistentVolumes of its node (by label), all
// StorageClasses, and all claims. The API server cannot select claims by the
// node they are on; those of other nodes are cut down to their identity before
// they are kept.
//
// When a node is gone for good, nobody can tell whether its disk will come
// back, so nobody touches its volumes: those to be deleted stay Released.
package provisioner
