package credential

import (
	"fmt"
	"time"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/user"
)

// Defaults are for users who do not say.
type Defaults struct {
	pki.Lifetime
	Key            pki.KeyAlgorithm
	PKCS12         bool
	PasswordLength int
}

// Read finds out what a KafkaUser wants of its Secret. A supplied password is not part of that: it is elsewhere. The error is a user.Problems,
// which tells everything that is wrong.
func Read(u *v1.KafkaUser, usual Defaults) (Wish, error) {
	out := Wish{
		Username: user.UsernameOf(u), Lifetime: usual.Lifetime, Key: usual.Key, PKCS12: usual.PKCS12, PasswordLength: usual.PasswordLength,
		Rotate: u.Annotations[v1.AnnotationRotate],
	}
	if u.Spec.Authentication == nil {
		return out, nil
	}
	out.How = u.Spec.Authentication.Type
	r := &reader{annotations: u.Annotations}
	out.Lifetime = r.lifetime(u.Spec.Authentication, usual.Lifetime)
	if text, set := u.Annotations[v1.AnnotationKeyAlgorithm]; set {
		var err error
		if out.Key, err = pki.ParseKeyAlgorithm(text, Algorithms()...); err != nil {
			r.wrong(v1.AnnotationKeyAlgorithm, fmt.Sprintf("is %q", text), err.Error())
		}
	}
	out.RotateAfter = r.duration(v1.AnnotationRotateAfter)
	if text, set := u.Annotations[v1.AnnotationCertificateRequest]; set && out.certified() {
		var err error
		if out.Request, err = ReadRequest(text, out.Username); err != nil {
			r.problems = append(r.problems, user.Problem{Field: "metadata.annotations." + v1.AnnotationCertificateRequest, What: "cannot be signed", Right: err.Error()})
		}
	}
	if len(r.problems) > 0 {
		return out, r.problems
	}
	return out, nil
}

// Algorithms are the kinds of keys that users can have: those that Kafka's clients read from PEM.
func Algorithms() []pki.KeyAlgorithm {
	return []pki.KeyAlgorithm{pki.RSA2048, pki.RSA4096, pki.ECDSAP256, pki.ECDSAP384}
}

type reader struct {
	annotations map[string]string
	problems    user.Problems
}

func (r *reader) wrong(annotation, what, right string) {
	r.problems = append(r.problems, user.Problem{Field: "metadata.annotations." + annotation, What: what, Right: right})
}

// duration is that of an annotation; 0 if it is not set.
func (r *reader) duration(annotation string) time.Duration {
	text, set := r.annotations[annotation]
	if !set {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < pki.MinimumLifetime {
		r.wrong(annotation, fmt.Sprintf("is %q", text), "write a duration of at least 1m, such as 90m or 36h")
		return 0
	}
	return d
}

// longestDays are a hundred years.
const longestDays = 36_500

func (r *reader) days(field string, n int32) time.Duration {
	if n < 1 || n > longestDays {
		r.problems = append(r.problems, user.Problem{Field: field, What: fmt.Sprintf("is %d", n), Right: fmt.Sprintf("write a number from 1 to %d", longestDays)})
		return pki.Days(1)
	}
	return pki.Days(int(n))
}

// lifetime is what annotations say, or else the spec, or else what is usual.
func (r *reader) lifetime(a *v1.UserAuthentication, usual pki.Lifetime) pki.Lifetime {
	out := usual
	if a.ValidityDays != nil {
		out.Validity = r.days("spec.authentication.validityDays", *a.ValidityDays)
	}
	if a.RenewalDays != nil {
		out.RenewBefore = r.days("spec.authentication.renewalDays", *a.RenewalDays)
	}
	if validity := r.duration(v1.AnnotationLifetime); validity > 0 {
		out = pki.Lifetime{Validity: validity, RenewBefore: validity / partBefore}
	}
	if before, set := r.annotations[v1.AnnotationRenewBefore]; set {
		d, err := time.ParseDuration(before)
		if err != nil || d <= 0 {
			r.wrong(v1.AnnotationRenewBefore, fmt.Sprintf("is %q", before), "write a duration, such as 20m or 12h")
			return out
		}
		out.RenewBefore = d
	}
	if out.RenewBefore >= out.Validity {
		if _, set := r.annotations[v1.AnnotationRenewBefore]; set {
			r.wrong(v1.AnnotationRenewBefore, fmt.Sprintf("is %s, and certificates are valid for %s", out.RenewBefore, out.Validity), "write a shorter duration")
		} else {
			out.RenewBefore = out.Validity / partBefore
		}
	}
	return out
}

// partBefore is the part of its life in which a certificate is renewed if nobody says when.
const partBefore = 3
