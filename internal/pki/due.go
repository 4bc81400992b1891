package pki

import "time"

// soon is the shortest time to the next look: a certificate that is due this very moment is not asked about in a loop.
const soon = time.Second

// Kept is a certificate in PEM and how long before its end it is renewed; 0 for one that is not.
type Kept struct {
	Certificate []byte
	RenewBefore time.Duration
}

// NextLook is how long after now the next decision about some certificate is due: when the time of its renewal comes, or,
// where that has passed and something keeps it from being renewed, when half of the time is over and when it has expired. 0 when none will
// ever be due.
func NextLook(kept []Kept, now time.Time) time.Duration {
	var next time.Duration
	for _, k := range kept {
		due := k.due(now)
		if due > 0 && (next == 0 || due < next) {
			next = due
		}
	}
	return next
}

func (k Kept) due(now time.Time) time.Duration {
	certificates, err := ParseCertificates(k.Certificate)
	if err != nil {
		return 0
	}
	// A certificate is good for the whole of its last second.
	end := certificates[0].NotAfter.Add(time.Second)
	lifetime := Lifetime{RenewBefore: k.RenewBefore}
	for _, moment := range []time.Time{lifetime.Renewal(certificates[0].NotAfter), lifetime.Latest(certificates[0].NotAfter), end} {
		if now.Before(moment) {
			return max(moment.Sub(now), soon)
		}
	}
	return 0
}
