package credential

import (
	"time"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/pki"
)

// Wish is how the credentials of a user should be.
type Wish struct {
	// Username is the user's in Kafka: the common name of a certificate, at most 64 characters then.
	Username string
	// How is tls or scram-sha-512: for others there is no Secret.
	How v1.UserAuthenticationType

	// Lifetime is that of a certificate.
	pki.Lifetime
	// Key is the kind of key that is made. An existing one is not replaced because it is of another kind.
	Key pki.KeyAlgorithm
	// Request is the user's own request, for which no key is made; nil without one.
	Request *Request
	// PKCS12 adds certificate and key as a PKCS#12 store.
	PKCS12 bool

	// Password is one that the user supplies, not empty; nil to have one made, with PasswordLength characters.
	Password       *string
	PasswordLength int

	// RotateAfter is how old credentials may get, at least a minute; 0 for any age.
	RotateAfter time.Duration
	// Rotate is a text that asks for new credentials once; empty for none.
	Rotate string
}

// entries are those that the Secret should have.
func (w Wish) entries() entries {
	switch {
	case !w.certified():
		return password | login
	case w.Request != nil:
		return authority | certificate
	case w.PKCS12:
		return authority | certificate | key | store | storePassword
	default:
		return authority | certificate | key
	}
}

// certified tells a user with a certificate from one with a password.
func (w Wish) certified() bool { return w.How == v1.UserAuthenticationTLS }

// supplied tells that the password is the user's own, which is never replaced.
func (w Wish) supplied() bool { return !w.certified() && w.Password != nil }
