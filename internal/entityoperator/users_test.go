package entityoperator_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/entityoperator"
	"castellan.io/castellan/internal/outcome"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/plan"
)

// variables of the operator in a container, by name.
func variables(p plan.Plan, container int) map[string]string {
	out := map[string]string{}
	for _, e := range p.Workload.Processes[container].Env {
		out[e.Name] = e.Value
	}
	return out
}

func TestWhatCannotWorkForUsersIsRefusedWithWhatWouldBeRight(t *testing.T) {
	const lifetime, renewBefore, algorithm, namespaces = "metadata.annotations[castellan.io/user-lifetime]", "metadata.annotations[castellan.io/user-renew-before]",
		"metadata.annotations[castellan.io/user-key-algorithm]", "metadata.annotations[castellan.io/user-secret-namespaces]"
	template := func(text string) func(*v1.Kafka) {
		return func(k *v1.Kafka) {
			if err := yaml.UnmarshalStrict([]byte(text), &k.Spec.EntityOperator.Template); err != nil {
				t.Fatal(err)
			}
		}
	}
	var many []string
	for i := range 51 {
		many = append(many, fmt.Sprintf("n%d", i))
	}
	tests := map[string]struct {
		change func(*v1.Kafka)
		want   []string
	}{
		"a life in days":                       {annotated(v1.AnnotationUserLifetime, "1d"), []string{lifetime, `"1d"`, "36h or 90m"}},
		"a life of seconds":                    {annotated(v1.AnnotationUserLifetime, "59s"), []string{lifetime, `"59s"`, "at least 1m"}},
		"a renewal of nothing":                 {annotated(v1.AnnotationUserRenewBefore, ""), []string{renewBefore, `""`, "at least 1m"}},
		"a renewal before the clients CA's":    {annotated(v1.AnnotationUserRenewBefore, "8760h"), []string{renewBefore, "8760h0m0s is not less than the lifetime of 8760h0m0s", v1.AnnotationUserLifetime}},
		"a kind of key that Kafka cannot read": {annotated(v1.AnnotationUserKeyAlgorithm, "Ed25519"), []string{algorithm, `"Ed25519"`, "RSA-2048, RSA-4096, ECDSA-P256 or ECDSA-P384"}},
		"another word for drift":               {annotated(v1.AnnotationDrift, "ignore"), []string{"metadata.annotations[castellan.io/drift]", "report or revert"}},
		"copies to nowhere":                    {annotated(v1.AnnotationUserSecretNamespaces, ""), []string{namespaces, `"" is no name of a namespace`, "separated by commas"}},
		"copies to all":                        {annotated(v1.AnnotationUserSecretNamespaces, "a,*"), []string{namespaces, `"*" is no name of a namespace`}},
		"copies where the users are":           {annotated(v1.AnnotationUserSecretNamespaces, "a, ns"), []string{namespaces, "ns is where the users are", "name other namespaces"}},
		"copies to too many":                   {annotated(v1.AnnotationUserSecretNamespaces, strings.Join(many, ",")), []string{namespaces, "names 51 namespaces", "at most 50"}},
		"a prefix of no name": {
			func(k *v1.Kafka) { k.Spec.EntityOperator.UserOperator.SecretPrefix = "My_" },
			[]string{"spec.entityOperator.userOperator.secretPrefix", `"My_"`, "small letters"},
		},
		"an interval of nothing": {
			func(k *v1.Kafka) { k.Spec.EntityOperator.UserOperator.ReconciliationIntervalMs = new(int64(0)) },
			[]string{"spec.entityOperator.userOperator.reconciliationIntervalMs", "at least 1"},
		},
		"a level that is none": {
			func(k *v1.Kafka) {
				k.Spec.EntityOperator.UserOperator.Logging = &v1.Logging{Type: v1.LoggingInline, Loggers: map[string]string{"rootLogger.level": "LOUD"}}
			},
			[]string{"spec.entityOperator.userOperator.logging.loggers[rootLogger.level]", `"LOUD"`},
		},
		"a label of the API on the role binding": {template("userOperatorRoleBinding: {metadata: {labels: {strimzi.io/kind: mine}}}"), []string{"spec.entityOperator.template.userOperatorRoleBinding.metadata.labels"}},
		"a volume of the operator's name":        {template("pod: {volumes: [{name: strimzi-uo-tmp, emptyDir: {}}]}"), []string{"spec.entityOperator.template.pod.volumes[0].name", "strimzi-uo-tmp"}},
		"a mount outside of what is the user's":  {template("userOperatorContainer: {volumeMounts: [{name: a, mountPath: /opt}]}"), []string{"spec.entityOperator.template.userOperatorContainer.volumeMounts[0].mountPath", "/mnt"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(t, users)
			test.change(in.Kafka)
			refused(t, in, test.want)
		})
	}
}

func TestWhatIsWrongForBothOperatorsIsSaidOnce(t *testing.T) {
	in := input(t, both)
	annotated(v1.AnnotationDrift, "ignore")(in.Kafka)
	_, err := entityoperator.Resolve(in)
	if err == nil || strings.Count(err.Error(), v1.AnnotationDrift) != 1 {
		t.Errorf("error: %v", err)
	}
}

func TestAnnotationsOfOneOperatorDoNotConcernTheOther(t *testing.T) {
	in := input(t, topics)
	annotated(v1.AnnotationUserLifetime, "for ever")(in.Kafka)
	resolve(t, in)
	in = input(t, users)
	annotated(v1.AnnotationTopicSync, "sometimes")(in.Kafka)
	resolve(t, in)
}

func TestCertificatesOfUsersLiveAsIsSaidOrAsThoseOfTheirAuthority(t *testing.T) {
	const validity, renewal, lifetime, renewBefore = "STRIMZI_CA_VALIDITY", "STRIMZI_CA_RENEWAL", "CASTELLAN_USER_LIFETIME", "CASTELLAN_USER_RENEW_BEFORE"
	year := pki.Lifetime{Validity: pki.Days(365), RenewBefore: pki.Days(30)}
	tests := map[string]struct {
		authority   pki.Lifetime
		annotations map[string]string
		want        map[string]string
	}{
		"as the authority":                  {year, nil, map[string]string{validity: "365", renewal: "30"}},
		"as one that lives for hours":       {pki.Lifetime{Validity: 36 * time.Hour, RenewBefore: 12 * time.Hour}, nil, map[string]string{lifetime: "36h0m0s", renewBefore: "12h0m0s"}},
		"as one whose days do not divide":   {pki.Lifetime{Validity: pki.Days(20), RenewBefore: pki.Days(20) / 3}, nil, map[string]string{validity: "20", renewBefore: "160h0m0s"}},
		"shorter, renewed after two thirds": {year, map[string]string{v1.AnnotationUserLifetime: "3h"}, map[string]string{lifetime: "3h0m0s", renewBefore: "1h0m0s"}},
		"in days":                           {year, map[string]string{v1.AnnotationUserLifetime: "2400h"}, map[string]string{validity: "100", renewal: "30"}},
		"for a minute":                      {year, map[string]string{v1.AnnotationUserLifetime: "1m"}, map[string]string{lifetime: "1m0s"}},
		"renewed as is said":                {year, map[string]string{v1.AnnotationUserRenewBefore: "90m"}, map[string]string{validity: "365", renewBefore: "1h30m0s"}},
		"both as is said":                   {year, map[string]string{v1.AnnotationUserLifetime: "2h", v1.AnnotationUserRenewBefore: "119m"}, map[string]string{lifetime: "2h0m0s", renewBefore: "1h59m0s"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(t, users)
			in.ClientsCA, in.Kafka.Annotations = test.authority, test.annotations
			all, got := variables(resolve(t, in).Plan(certificates(in.Kafka)), 0), map[string]string{}
			for _, name := range []string{validity, renewal, lifetime, renewBefore} {
				if value, set := all[name]; set {
					got[name] = value
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("variables (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhetherRightsCanBeChangedFollowsTheAuthorization(t *testing.T) {
	tests := map[string]struct {
		authorization *v1.KafkaAuthorization
		want          string
	}{
		"none":                             {nil, "false"},
		"simple":                           {&v1.KafkaAuthorization{Type: v1.KafkaAuthorizationSimple}, "true"},
		"custom, of which nothing is said": {&v1.KafkaAuthorization{Type: v1.KafkaAuthorizationCustom}, "false"},
		"custom that cannot":               {&v1.KafkaAuthorization{Type: v1.KafkaAuthorizationCustom, SupportsAdminAPI: new(false)}, "false"},
		"custom that can":                  {&v1.KafkaAuthorization{Type: v1.KafkaAuthorizationCustom, SupportsAdminAPI: new(true)}, "true"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(t, users)
			in.Kafka.Spec.Kafka.Authorization = test.authorization
			if got := variables(resolve(t, in).Plan(certificates(in.Kafka)), 0)["STRIMZI_ACLS_ADMIN_API_SUPPORTED"]; got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestCopiesOfSecretsNeedLeave shows that all else runs without it.
func TestCopiesOfSecretsNeedLeave(t *testing.T) {
	const role = "c-entity-user-operator-secrets.ns"
	tests := map[string]struct {
		watched   string
		copies    string
		elsewhere bool
		roles     []string
		variable  string
		refused   bool
	}{
		"none":                            {"", "", false, []string{"/c-entity-operator"}, "", false},
		"two, which is allowed":           {"", "a,b ,a", true, []string{"/c-entity-operator", "a/" + role, "b/" + role}, "a,b", false},
		"two, which nobody has allowed":   {"", "a,b", false, []string{"/c-entity-operator"}, "", true},
		"where the cluster is, as it may": {"other", "ns", true, []string{"/c-entity-operator", "other/c-entity-operator"}, "ns", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(t, both)
			in.Settings.Elsewhere = test.elsewhere
			in.Kafka.Spec.EntityOperator.UserOperator.WatchedNamespace = test.watched
			if test.copies != "" {
				annotated(v1.AnnotationUserSecretNamespaces, test.copies)(in.Kafka)
			}
			e := resolve(t, in)
			p := e.Plan(certificates(in.Kafka))
			var roles []string
			for _, r := range p.Account.Roles {
				roles = append(roles, r.Namespace+"/"+r.Name)
			}
			if diff := cmp.Diff(test.roles, roles); diff != "" {
				t.Errorf("roles (-want +got):\n%s", diff)
			}
			if got := variables(p, 1)["CASTELLAN_USER_SECRET_NAMESPACES"]; got != test.variable {
				t.Errorf("namespaces %q, want %q", got, test.variable)
			}
			reason, is := errors.AsType[*outcome.Refused](e.Refused)
			if is != test.refused {
				t.Fatalf("refused: %v", e.Refused)
			}
			if is && (reason.Reason != v1.ReasonInvalidConfiguration || !strings.Contains(reason.Error(), "STRIMZI_ENTITY_OPERATOR_WATCHED_NAMESPACE_ENABLED") || !strings.Contains(reason.Error(), v1.AnnotationUserSecretNamespaces)) {
				t.Errorf("refused: %v", e.Refused)
			}
		})
	}
}

func TestUsersElsewhereAreWithheldWhereThatIsNotAllowed(t *testing.T) {
	in := input(t, both)
	in.Settings.Elsewhere = false
	in.Kafka.Spec.EntityOperator.UserOperator.WatchedNamespace = "other"
	e := resolve(t, in)
	if p := e.Plan(certificates(in.Kafka)); p.Workload != nil || len(p.Secrets) != 2 {
		t.Errorf("plan: %+v", p)
	}
	if e.Withheld == nil || !strings.Contains(e.Withheld.Error(), "spec.entityOperator.userOperator.watchedNamespace") {
		t.Errorf("withheld: %v", e.Withheld)
	}
}
