package credential

import (
	v1 "castellan.io/castellan/api/v1"
)

func decidePassword(v view) Decision {
	if !v.kept.entries.has(password) {
		return Decision{Deed: Issue, Reason: "there is no password yet"}
	}
	if v.wish.supplied() {
		return decideSupplied(v)
	}
	if reason := firstReason(askedChecks(), v); reason != "" {
		if v.moment.Unreachable {
			return Decision{Deed: Keep, Postponed: true, Reason: "the password stays until Kafka can be told another: " + reason}
		}
		return Decision{Deed: Issue, Reason: reason}
	}
	return Decision{Deed: Keep, Look: v.rotation()}
}

// decideSupplied follows the user, who alone replaces a password of their own.
func decideSupplied(v view) Decision {
	if v.kept.password != digestOf(*v.wish.Password) {
		return Decision{Deed: Issue, Reason: "the user supplies another password"}
	}
	if rotationAsked(v) != "" {
		return Decision{Deed: Keep, Reason: inVain(v1.AnnotationRotate)}
	}
	if v.wish.RotateAfter != 0 {
		return Decision{Deed: Keep, Reason: inVain(v1.AnnotationRotateAfter)}
	}
	return Decision{Deed: Keep}
}

// inVain says of an annotation that it cannot replace a password.
func inVain(annotation string) string {
	return annotation + " is ignored: the password is the user's own"
}
