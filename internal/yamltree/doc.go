// Package yamltree reads and edits the tree of a YAML document, in which comments and the order of keys live on.
//
// Its functions take any node, nil too, and find nothing in what is no mapping, so that a path can be followed without a check at each step.
package yamltree
