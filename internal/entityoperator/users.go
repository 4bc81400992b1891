package entityoperator

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/outcome"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/plan"
)

// userEnv are the variables of the user operator, without those that only a JVM reads.
func userEnv(o *operator, in Input) ([]plan.Env, []string) {
	cluster := in.Kafka.Name
	env := []plan.Env{
		{Name: "STRIMZI_KAFKA_BOOTSTRAP_SERVERS", Value: cluster + "-kafka-bootstrap:9091"},
		{Name: "STRIMZI_NAMESPACE", Value: o.watched},
		{Name: "STRIMZI_LABELS", Value: v1.LabelCluster + "=" + cluster},
	}
	if interval := o.spec.ReconciliationIntervalMs; interval != nil {
		env = append(env, plan.Env{Name: "STRIMZI_FULL_RECONCILIATION_INTERVAL_MS", Value: strconv.FormatInt(*interval, 10)})
	}
	lifetime, problems := lifetimeEnv(in)
	problems = append(problems, o.checkPrefix(in)...)
	copies, wrong := o.copiesEnv(in)
	wished, unknown := wishes([]wish{
		{v1.AnnotationUserKeyAlgorithm, "CASTELLAN_USER_KEY_ALGORITHM", notKeyAlgorithm}, driftWish(),
	}, in.Kafka)
	env = append(
		env,
		plan.Env{Name: "STRIMZI_CA_KEY_NAME", Value: cluster + "-clients-ca"},
		plan.Env{Name: "STRIMZI_CA_CERT_NAME", Value: cluster + "-clients-ca-cert"},
		plan.Env{Name: "STRIMZI_CA_NAMESPACE", Value: in.Kafka.Namespace},
	)
	env = append(env, lifetime...)
	env = append(
		env,
		plan.Env{Name: "STRIMZI_CLUSTER_CA_CERT_SECRET_NAME", Value: cluster + "-cluster-ca-cert"},
		plan.Env{Name: "STRIMZI_EO_KEY_SECRET_NAME", Value: o.object(cluster, "certs")},
		plan.Env{Name: "STRIMZI_GC_LOG_ENABLED", Value: "false"},
		plan.Env{Name: "STRIMZI_SECRET_PREFIX", Value: secretPrefix(in)},
		plan.Env{Name: "STRIMZI_ACLS_ADMIN_API_SUPPORTED", Value: strconv.FormatBool(changeableACLs(in.Kafka.Spec.Kafka.Authorization))},
		plan.Env{Name: "STRIMZI_PKCS12_KEYSTORE_GENERATION", Value: strconv.FormatBool(in.Settings.KeyStores)},
	)
	if windows := in.Kafka.Spec.MaintenanceTimeWindows; len(windows) > 0 {
		env = append(env, plan.Env{Name: "STRIMZI_MAINTENANCE_TIME_WINDOWS", Value: strings.Join(windows, ";")})
	}
	return slices.Concat(env, wished, copies), slices.Concat(problems, unknown, wrong)
}

func secretPrefix(in Input) string { return in.Kafka.Spec.EntityOperator.UserOperator.SecretPrefix }

func (o *operator) checkPrefix(in Input) []string {
	prefix := secretPrefix(in)
	if len(validation.IsDNS1123Subdomain(prefix+"a")) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s.secretPrefix: %q cannot begin the name of a Secret: write small letters, digits and -, beginning with a letter or digit", o.path(), prefix)}
}

// changeableACLs tells whether Kafka keeps access control lists that can be changed through its own API.
func changeableACLs(a *v1.KafkaAuthorization) bool {
	if a == nil {
		return false
	}
	return a.Type == v1.KafkaAuthorizationSimple || a.SupportsAdminAPI != nil && *a.SupportsAdminAPI
}

func notKeyAlgorithm(value string) string {
	if _, err := pki.ParseKeyAlgorithm(value, pki.RSA2048, pki.RSA4096, pki.ECDSAP256, pki.ECDSAP384); err != nil {
		return "is not known: write RSA-2048, RSA-4096, ECDSA-P256 or ECDSA-P384"
	}
	return ""
}

// lifetimeEnv say how long certificates of users live: as annotations say, or else as those of the clients CA. For short lives the
// usual time before their end would mean to renew at once and for ever, so it is at most a third of the life if nothing is said about it.
func lifetimeEnv(in Input) ([]plan.Env, []string) {
	out := in.ClientsCA
	validity, before, problems := lifetimeWishes(in.Kafka.Annotations)
	if len(problems) > 0 {
		return nil, problems
	}
	if validity != 0 {
		out = pki.Lifetime{Validity: validity, RenewBefore: min(out.RenewBefore, validity/3)}
	}
	out.RenewBefore = cmp.Or(before, out.RenewBefore)
	if out.RenewBefore >= out.Validity {
		return nil, []string{fmt.Sprintf("metadata.annotations[%s]: %s is not less than the lifetime of %s: write less, or more in %s",
			v1.AnnotationUserRenewBefore, before, out.Validity, v1.AnnotationUserLifetime)}
	}
	env := []plan.Env{durationEnv("STRIMZI_CA_VALIDITY", "CASTELLAN_USER_LIFETIME", out.Validity)}
	if out.RenewBefore >= pki.MinimumLifetime { // Less is a part of a short life, which the user operator divides by itself.
		env = append(env, durationEnv("STRIMZI_CA_RENEWAL", "CASTELLAN_USER_RENEW_BEFORE", out.RenewBefore))
	}
	return env, nil
}

// lifetimeWishes are zero where nothing is said.
func lifetimeWishes(annotations map[string]string) (validity, before time.Duration, problems []string) {
	for _, wish := range []struct {
		annotation string
		into       *time.Duration
	}{
		{v1.AnnotationUserLifetime, &validity},
		{v1.AnnotationUserRenewBefore, &before},
	} {
		text, set := annotations[wish.annotation]
		if !set {
			continue
		}
		duration, err := time.ParseDuration(text)
		if err != nil || duration < pki.MinimumLifetime {
			problems = append(problems, fmt.Sprintf("metadata.annotations[%s]: %q is no such time: write one like 36h or 90m, at least 1m", wish.annotation, text))
			continue
		}
		*wish.into = duration
	}
	return validity, before, problems
}

// durationEnv says whole days in the API's variable, and anything else in one of our own.
func durationEnv(days, exactly string, d time.Duration) plan.Env {
	if n := d / pki.Days(1); n > 0 && d == pki.Days(int(n)) {
		return plan.Env{Name: days, Value: strconv.Itoa(int(n))}
	}
	return plan.Env{Name: exactly, Value: d.String()}
}

// mostCopies bounds the namespaces in which there may be copies of Secrets: each is another role that is given away.
const mostCopies = 50

// copiesEnv decides in which namespaces there may be copies of users' Secrets. Where rights elsewhere are not allowed, the user operator
// runs without them.
func (o *operator) copiesEnv(in Input) ([]plan.Env, []string) {
	text, set := in.Kafka.Annotations[v1.AnnotationUserSecretNamespaces]
	if !set {
		return nil, nil
	}
	at := fmt.Sprintf("metadata.annotations[%s]", v1.AnnotationUserSecretNamespaces)
	namespaces, problems := o.readNamespaces(at, text)
	if len(problems) > 0 {
		return nil, problems
	}
	elsewhere := slices.IndexFunc(namespaces, func(n string) bool { return n != in.Kafka.Namespace })
	if elsewhere >= 0 && !in.Settings.Elsewhere {
		o.refused = outcome.Invalid(v1.ReasonInvalidConfiguration, fmt.Errorf(
			"%s: names %s, and the cluster operator lets entity operators have rights in no namespace but that of their cluster: set %s to true on the cluster operator, or remove the annotation",
			at, namespaces[elsewhere], elsewhereVariable))
		return nil, nil
	}
	o.copies = namespaces
	return []plan.Env{{Name: "CASTELLAN_USER_SECRET_NAMESPACES", Value: strings.Join(namespaces, ",")}}, nil
}

func (o *operator) readNamespaces(at, text string) (namespaces, problems []string) {
	for name := range strings.SplitSeq(text, ",") {
		name = strings.TrimSpace(name)
		switch {
		case slices.Contains(namespaces, name):
		case len(validation.IsDNS1123Label(name)) > 0:
			problems = append(problems, fmt.Sprintf("%s: %q is no name of a namespace: write names separated by commas", at, name))
		case name == o.watched:
			problems = append(problems, fmt.Sprintf("%s: %s is where the users are, and their Secrets with them: name other namespaces", at, name))
		default:
			namespaces = append(namespaces, name)
		}
	}
	if len(namespaces) > mostCopies {
		problems = append(problems, fmt.Sprintf("%s: names %d namespaces: name at most %d", at, len(namespaces), mostCopies))
	}
	return namespaces, problems
}
