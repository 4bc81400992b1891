// Package pki makes and judges the certificates of a Kafka cluster: its two certificate authorities, the leaf
// certificates they issue, the bundles and PKCS#12 stores clients read, and the passwords of those stores.
//
// # Purity
//
// Nothing here reads a clock, a store or the network. Time comes in as a parameter. Decisions (DecideAuthority,
// DecideLeaf, AwaitTrust, AwaitService, NextLook) are chains of small checks, the first one that has something to say
// wins, and the answer is data with a reason a person can read. The caller carries the decision out with
// Authority.Apply and an Issuer.
//
// # Replacing a key
//
// Nobody may show a certificate that another one does not trust yet, nor stop trusting one that is still shown. So a
// replacement has phases: while AwaitTrust names a node, leaves stay those of the earlier key; then they are issued by
// the new key; and when AwaitService names nobody any more, certificates of earlier keys go (Authority.WithoutOld). No
// phase is recorded: each follows from what is seen.
//
// # Randomness
//
// Functions that need randomness take an io.Reader. It feeds serial numbers and passwords. It does not feed private
// keys: since Go 1.26 crypto/rsa and crypto/ecdsa always draw from the system's secure source and ignore the reader
// they are given. The reader is still handed on to them, because their signatures ask for one. So equal readers give
// equal serial numbers and passwords but never equal keys, and tests have to look at properties, not at bytes.
//
// Trust stores take no reader at all: see Authority.TrustStore for why their salts come from their content.
//
// # Key algorithms
//
// Authorities are RSA 4096 unless somebody asks for another kind, as the compatible API says; generating one takes about
// a second of one core, so a caller that needs both authorities of a new cluster should make them at the same time. Leaves
// that only pods hold are ECDSA P-256: a JVM that has just started spends a noticeable part of its time on RSA. They are
// RSA 2048 where a user pins cipher suites that need it.
//
// # Clock skew
//
// Every certificate starts five minutes before the time given as now, so that a machine whose clock runs a little
// late does not refuse a certificate made a second ago. The validity counts from now, not from that start.
package pki
