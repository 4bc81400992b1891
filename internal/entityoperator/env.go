package entityoperator

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/plan"
)

// resolveEnv decides the operator's variables.
func (o *operator) resolveEnv(in Input) []string {
	env, problems := o.env(o, in)
	env = append(env, plan.Env{Name: "STRIMZI_LOG_LEVEL", Value: o.level})
	if in.Settings.FeatureGates != "" {
		env = append(env, plan.Env{Name: "STRIMZI_FEATURE_GATES", Value: in.Settings.FeatureGates})
	}
	o.variables = env
	return problems
}

// topicEnv are the variables of the topic operator, without those that only a JVM reads.
func topicEnv(o *operator, in Input) ([]plan.Env, []string) {
	cluster := in.Kafka.Name
	env := []plan.Env{
		{Name: "STRIMZI_RESOURCE_LABELS", Value: v1.LabelCluster + "=" + cluster},
		{Name: "STRIMZI_KAFKA_BOOTSTRAP_SERVERS", Value: cluster + "-kafka-bootstrap:9091"},
		{Name: "STRIMZI_NAMESPACE", Value: o.watched},
		{Name: "STRIMZI_CLUSTER_NAMESPACE", Value: in.Kafka.Namespace},
	}
	if interval := o.spec.ReconciliationIntervalMs; interval != nil {
		env = append(env, plan.Env{Name: "STRIMZI_FULL_RECONCILIATION_INTERVAL_MS", Value: strconv.FormatInt(*interval, 10)})
	}
	env = append(
		env,
		plan.Env{Name: "STRIMZI_SECURITY_PROTOCOL", Value: "SSL"},
		plan.Env{Name: "STRIMZI_TLS_TRUSTED_CERTS_SECRET_NAME", Value: cluster + "-cluster-ca-cert"},
		plan.Env{Name: "STRIMZI_TLS_SECRET_NAME", Value: o.object(cluster, "certs")},
		plan.Env{Name: "STRIMZI_TLS_KEY_NAME", Value: IdentityEntry + ".key"},
		plan.Env{Name: "STRIMZI_TLS_CERT_NAME", Value: IdentityEntry + ".crt"},
		plan.Env{Name: "STRIMZI_GC_LOG_ENABLED", Value: "false"},
	)
	wished, problems := wishes(topicWishes(), in.Kafka)
	return append(env, wished...), problems
}

// wish is an annotation of the Kafka resource that an operator gets as a variable.
type wish struct {
	annotation, variable string
	// wrong says what is wrong with a value and what would be right; nothing if it is right.
	wrong func(value string) string
}

// wishes are the variables that a resource asks for.
func wishes(known []wish, k *v1.Kafka) (env []plan.Env, problems []string) {
	for _, wish := range known {
		value, set := k.Annotations[wish.annotation]
		if !set {
			continue
		}
		if wrong := wish.wrong(value); wrong != "" {
			problems = append(problems, fmt.Sprintf("metadata.annotations[%s]: %q %s", wish.annotation, value, wrong))
		}
		env = append(env, plan.Env{Name: wish.variable, Value: value})
	}
	return env, problems
}

func topicWishes() []wish {
	return []wish{
		{v1.AnnotationTopicSync, "CASTELLAN_TOPIC_SYNC", oneOf("two-way", "one-way")},
		{v1.AnnotationTopicSyncExclude, "CASTELLAN_TOPIC_SYNC_EXCLUDE", notRegexp},
		{v1.AnnotationTopicSyncIntervalMs, "CASTELLAN_TOPIC_SYNC_INTERVAL_MS", notInterval},
		driftWish(),
	}
}

// driftWish is for topics and users.
func driftWish() wish { return wish{v1.AnnotationDrift, "CASTELLAN_DRIFT", oneOf("report", "revert")} }

func oneOf(words ...string) func(string) string {
	return func(value string) string {
		if slices.Contains(words, value) {
			return ""
		}
		return "is not known: write " + strings.Join(words, " or ")
	}
}

func notRegexp(value string) string {
	if _, err := regexp.Compile(value); err != nil {
		return fmt.Sprintf("is not a regular expression (%v): write one for whole names, such as internal-.*", err)
	}
	return ""
}

// shortestInterval is what the topic operator may ask Kafka all the time, in milliseconds.
const shortestInterval = 1000

func notInterval(value string) string {
	interval, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return fmt.Sprintf("is not a whole number: write milliseconds, at least %d", shortestInterval)
	}
	if interval < shortestInterval {
		return fmt.Sprintf("is too short: write milliseconds, at least %d", shortestInterval)
	}
	return ""
}
