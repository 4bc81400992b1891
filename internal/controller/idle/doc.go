// Package idle says of resources on whose kind this version does not act that it does not, so that none of them looks healthy. It
// touches nothing of them but their conditions and the observed generation. Setup is the way in.
package idle
