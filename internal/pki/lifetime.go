package pki

import (
	"crypto/x509"
	"fmt"
	"time"
)

// MinimumLifetime is the shortest life a certificate may have: below it, issuing and handing out takes a noticeable
// part of the life.
const MinimumLifetime = time.Minute

// ClockSkew is how far clocks may be apart. Certificates begin to be valid that long before they are made, and one
// that begins up to that long from now counts as valid.
const ClockSkew = 5 * time.Minute

// Lifetime is how long a certificate is valid, counted from the moment it is made, and how long before its end it
// is made anew.
type Lifetime struct {
	Validity    time.Duration
	RenewBefore time.Duration
}

// Days is n days of 24 hours.
func Days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

// Validate refuses lifetimes that are too short, or that would renew a certificate the moment it is made, for ever.
func (l Lifetime) Validate() error {
	if l.Validity < MinimumLifetime {
		return fmt.Errorf("a validity of %s: it must be at least %s", spell(l.Validity), spell(MinimumLifetime))
	}
	if l.RenewBefore < 0 {
		return fmt.Errorf("renewal %s before expiry: it must not be negative", spell(l.RenewBefore))
	}
	if l.RenewBefore >= l.Validity {
		return fmt.Errorf("renewal %s before expiry: it must be less than the validity of %s", spell(l.RenewBefore), spell(l.Validity))
	}
	return nil
}

// Renewal is when a certificate with that end is to be made anew.
func (l Lifetime) Renewal(notAfter time.Time) time.Time { return notAfter.Add(-l.RenewBefore) }

// Latest is until when the renewal of a certificate with that end can wait for others to be ready.
func (l Lifetime) Latest(notAfter time.Time) time.Time { return notAfter.Add(-l.RenewBefore / 2) }

// expiring tells whether the time to make the certificate anew has come.
func (l Lifetime) expiring(certificate *x509.Certificate, now time.Time) bool {
	return !now.Before(l.Renewal(certificate.NotAfter))
}

// expired tells whether a certificate is past its end. Its last second still counts, as it does for those who verify it.
func expired(certificate *x509.Certificate, now time.Time) bool {
	return now.After(certificate.NotAfter)
}

// early tells whether a certificate begins later than clocks that are apart explain.
func early(certificate *x509.Certificate, now time.Time) bool {
	return certificate.NotBefore.After(now.Add(ClockSkew))
}

// spell writes whole days as days, as the resource has them, and anything else as Go does.
func spell(d time.Duration) string {
	switch {
	case d == Days(1):
		return "1 day"
	case d != 0 && d%Days(1) == 0:
		return fmt.Sprintf("%d days", d/Days(1))
	}
	return d.String()
}

func at(t time.Time) string { return t.UTC().Format(time.RFC3339) }

type validity struct{ notBefore, notAfter time.Time }

func span(now time.Time, valid time.Duration) validity {
	return validity{notBefore: now.Add(-ClockSkew), notAfter: now.Add(valid)}
}
