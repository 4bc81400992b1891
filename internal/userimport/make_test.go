package userimport_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kmsg"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/manifest"
	"castellan.io/castellan/internal/user"
	"castellan.io/castellan/internal/userimport"
	"castellan.io/castellan/test/golden"
)

const (
	topics  = kmsg.ACLResourceTypeTopic
	groups  = kmsg.ACLResourceTypeGroup
	cluster = kmsg.ACLResourceTypeCluster

	literal  = kmsg.ACLResourcePatternTypeLiteral
	prefixed = kmsg.ACLResourcePatternTypePrefixed
)

// allow is what is allowed about a literal name, from everywhere.
func allow(operation kmsg.ACLOperation, resource kmsg.ACLResourceType, name string) user.ACL {
	return user.ACL{Resource: resource, Pattern: literal, Name: name, Host: "*", Operation: operation, Permission: kmsg.ACLPermissionTypeAllow}
}

func sorted(rules ...user.ACL) []user.ACL {
	slices.SortFunc(rules, user.ACL.Compare)
	return slices.Compact(rules)
}

func mine() userimport.Options {
	return userimport.Options{Labels: map[string]string{v1.LabelCluster: "my-cluster"}}
}

func printed(t *testing.T, format manifest.Format, resources []*v1.KafkaUser) string {
	t.Helper()
	var out bytes.Buffer
	if err := manifest.Print(&out, format, resources); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// all is a Kafka with everything that there may be.
func all() map[string]user.Held {
	denied := allow(kmsg.ACLOperationAll, topics, "secret-")
	denied.Pattern, denied.Permission = prefixed, kmsg.ACLPermissionTypeDeny
	matching := allow(kmsg.ACLOperationRead, topics, "orders")
	matching.Pattern = kmsg.ACLResourcePatternTypeMatch
	local := allow(kmsg.ACLOperationRead, groups, "orders")
	local.Host = "10.0.0.1"
	scram := func(mechanisms ...user.Mechanism) user.Scram {
		out := user.Scram{}
		for _, m := range mechanisms {
			out = out.With(m, user.Iterations)
		}
		return out
	}
	return map[string]user.Held{
		"CN=orders": {
			ACLs: sorted(
				allow(kmsg.ACLOperationWrite, topics, "orders"), allow(kmsg.ACLOperationDescribe, topics, "orders"), allow(kmsg.ACLOperationRead, topics, "orders"),
				allow(kmsg.ACLOperationRead, groups, "orders"), local, denied, allow(kmsg.ACLOperationIdempotentWrite, cluster, "kafka-cluster"),
				allow(kmsg.ACLOperationAll, kmsg.ACLResourceTypeTransactionalId, "*"),
			),
			Quotas: user.Quotas{user.QuotaProducerByteRate: 1048576, user.QuotaControllerMutationRate: 0.5},
		},
		"alice":          {Scram: scram(user.ScramSha512), ACLs: sorted(allow(kmsg.ACLOperationRead, topics, "orders"))},
		"bob":            {Scram: scram(user.ScramSha256)},
		"Carol@Example":  {Scram: scram(user.ScramSha256, user.ScramSha512)},
		"dave":           {Quotas: user.Quotas{user.QuotaRequestPercentage: 55, user.QuotaConsumerByteRate: math.MaxInt64}},
		"CN=Eve Example": {Quotas: user.Quotas{user.QuotaConsumerByteRate: 1}},
		"frank": {
			ACLs: sorted(
				allow(kmsg.ACLOperationDescribe, kmsg.ACLResourceTypeDelegationToken, "token"), allow(kmsg.ACLOperationCreateTokens, kmsg.ACLResourceTypeUser, "bob"),
				allow(kmsg.ACLOperationDescribe, cluster, "another-cluster"), allow(kmsg.ACLOperationDescribeTokens, topics, "orders"), matching,
				allow(kmsg.ACLOperationRead, topics, "orders"),
			),
			Quotas: user.Quotas{user.QuotaRequestPercentage: 12.5, "of_another_kind": 1},
		},
		"large":           {Quotas: user.Quotas{user.QuotaRequestPercentage: 1e12}},
		"grace":           {ACLs: sorted(allow(kmsg.ACLOperationDescribe, kmsg.ACLResourceTypeDelegationToken, "token"))},
		"heidi":           {Quotas: user.Quotas{user.QuotaConsumerByteRate: 1}},
		"CN=heidi":        {Quotas: user.Quotas{user.QuotaConsumerByteRate: 1}},
		"CN=ivan":         {Scram: scram(user.ScramSha512)},
		" judy":           {Scram: scram(user.ScramSha512)},
		"nobody":          {Scram: user.Scram{}},
		"*":               {ACLs: sorted(allow(kmsg.ACLOperationDescribe, topics, "*"))},
		"ANONYMOUS":       {ACLs: sorted(allow(kmsg.ACLOperationDescribe, topics, "*"))},
		"CN=a,O=Example":  {ACLs: sorted(allow(kmsg.ACLOperationDescribe, topics, "*"))},
		"CN=held":         {Quotas: user.Quotas{user.QuotaConsumerByteRate: 1}},
		"taken":           {Quotas: user.Quotas{user.QuotaConsumerByteRate: 1}},
		"CN=not.imported": {Quotas: user.Quotas{user.QuotaConsumerByteRate: 1}},
	}
}

func resourceOf(name, username, cluster string) v1.KafkaUser {
	out := v1.KafkaUser{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{v1.LabelCluster: cluster}}}
	if username != "" {
		out.Annotations = map[string]string{v1.AnnotationUsername: username}
	}
	return out
}

func TestAllThatThereMayBe(t *testing.T) {
	o := mine()
	o.Namespace, o.Exclude = "kafka", regexp.MustCompile(`^not\..*$`)
	o.Existing = []v1.KafkaUser{resourceOf("any", "held", "my-cluster"), resourceOf("taken", "", "other")}
	found := userimport.Make(all(), o)
	told := fmt.Sprintf("present %d, excluded %d\n\nnotes:\n%s\n\nproblems:\n%s\n", found.Present, found.Excluded, strings.Join(found.Notes, "\n"), strings.Join(found.Problems, "\n"))
	golden.Equal(t, "testdata/all.golden.yaml", printed(t, manifest.YAML, found.Resources))
	golden.Equal(t, "testdata/all.golden.txt", told)
}

func TestUsersAreChosen(t *testing.T) {
	held := map[string]user.Held{}
	for _, name := range []string{"CN=a-1", "a-2", "CN=b", "*"} {
		held[name] = user.Held{Quotas: user.Quotas{user.QuotaConsumerByteRate: 1}}
	}
	tests := map[string]struct {
		change            func(*userimport.Options)
		want              string
		present, excluded int
		notes, problems   int
	}{
		"all":                       {func(*userimport.Options) {}, "a-1 a-2 b", 0, 0, 1, 0},
		"some":                      {func(o *userimport.Options) { o.User = regexp.MustCompile("^a-.*$") }, "a-1 a-2", 0, 0, 0, 0},
		"all but some":              {func(o *userimport.Options) { o.Exclude = regexp.MustCompile("^a-.*$") }, "b", 0, 2, 1, 0},
		"what has a resource":       {func(o *userimport.Options) { o.Existing = []v1.KafkaUser{resourceOf("b", "", "my-cluster")} }, "a-1 a-2", 1, 0, 1, 0},
		"what has one elsewhere":    {func(o *userimport.Options) { o.Existing = []v1.KafkaUser{resourceOf("x", "b", "other")} }, "a-1 a-2 b", 0, 0, 1, 0},
		"not over one of elsewhere": {func(o *userimport.Options) { o.Existing = []v1.KafkaUser{resourceOf("b", "x", "other")} }, "a-1 a-2", 0, 0, 1, 1},
		"any resource counts where no cluster has a name": {
			func(o *userimport.Options) { o.Labels, o.Existing = nil, []v1.KafkaUser{resourceOf("b", "", "other")} }, "a-1 a-2", 1, 0, 1, 0,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := mine()
			test.change(&o)
			found := userimport.Make(held, o)
			var got []string
			for _, r := range found.Resources {
				got = append(got, user.UsernameOf(r))
			}
			if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("users (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]int{test.present, test.excluded, test.notes, test.problems}, []int{found.Present, found.Excluded, len(found.Notes), len(found.Problems)}); diff != "" {
				t.Errorf("left out, noted %q, problems %q (-want +got):\n%s", found.Notes, found.Problems, diff)
			}
		})
	}
}

func TestCertificatesAreIssuedOnRequest(t *testing.T) {
	for issue, want := range map[bool]v1.UserAuthenticationType{false: v1.UserAuthenticationTLSExternal, true: v1.UserAuthenticationTLS} {
		o := mine()
		o.Issue, o.User = issue, regexp.MustCompile("^(orders|alice|dave)$")
		for _, r := range userimport.Make(all(), o).Resources {
			switch {
			case r.Name == "orders" && r.Spec.Authentication.Type == want:
			case r.Name == "alice" && r.Spec.Authentication.Type == v1.UserAuthenticationScramSha512:
			case r.Name == "dave" && r.Spec.Authentication == nil:
			default:
				t.Errorf("%t: %s has %+v", issue, r.Name, r.Spec.Authentication)
			}
		}
	}
}

// TestAResourceThatWasImportedChangesNothingInKafka has a user operator's own decisions look at what was written and read again.
func TestAResourceThatWasImportedChangesNothingInKafka(t *testing.T) {
	for seed := range int64(300) {
		random := rand.New(rand.NewSource(seed))
		held := randomHeld(random)
		o := mine()
		o.Issue = random.Intn(2) == 0
		found := userimport.Make(held, o)
		if len(found.Resources) != len(held) || len(found.Problems) > 0 {
			t.Fatalf("seed %d: %d resources of %d: %q", seed, len(found.Resources), len(held), found.Problems)
		}
		format := []manifest.Format{manifest.YAML, manifest.JSON}[random.Intn(2)]
		decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(printed(t, format, found.Resources)), 4096)
		for range found.Resources {
			var r v1.KafkaUser
			if err := decoder.Decode(&r); err != nil {
				t.Fatal(err)
			}
			wanted, err := user.Read(&r, user.Rules{ACLs: true})
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if _, known := held[wanted.Principal]; !known {
				t.Fatalf("seed %d: nobody is called %s", seed, wanted.Principal)
			}
			if changes := user.Compare(wanted, func(name string) user.Held { return held[name] }); len(changes) > 0 {
				t.Fatalf("seed %d: %s would change %+v", seed, printed(t, manifest.YAML, []*v1.KafkaUser{&r}), changes)
			}
		}
	}
}

// randomHeld is what KafkaUsers can say.
func randomHeld(random *rand.Rand) map[string]user.Held {
	pick := func(words ...string) string { return words[random.Intn(len(words))] }
	out := map[string]user.Held{}
	for i := range 1 + random.Intn(5) {
		name := fmt.Sprint(pick("", "CN="), pick("a", "Ä b", "A.-_", "x@y", "null", "1e5", "~"), i)
		is := user.Held{}
		for range random.Intn(20) {
			is.ACLs = append(is.ACLs, randomRule(random))
		}
		is.ACLs = sorted(is.ACLs...)
		if random.Intn(2) == 0 {
			is.Quotas = user.Quotas{
				user.QuotaProducerByteRate: []float64{1, 1e6, math.MaxInt64}[random.Intn(3)], user.QuotaRequestPercentage: float64(1 + random.Intn(200)),
				user.QuotaControllerMutationRate: random.ExpFloat64(), user.QuotaConsumerByteRate: float64(1 + random.Int63n(1<<53)),
			}
		}
		if !strings.HasPrefix(name, "CN=") && random.Intn(2) == 0 {
			is.Scram = []user.Scram{{Sha256: user.Iterations}, {Sha512: user.Iterations}, {Sha256: user.Iterations, Sha512: user.Iterations}}[random.Intn(3)]
		}
		if is.Empty() {
			is.Quotas = user.Quotas{user.QuotaConsumerByteRate: 1}
		}
		out[name] = is
	}
	return out
}

func randomRule(random *rand.Rand) user.ACL {
	out := user.ACL{
		Resource:   []kmsg.ACLResourceType{topics, groups, cluster, kmsg.ACLResourceTypeTransactionalId}[random.Intn(4)],
		Pattern:    []kmsg.ACLResourcePatternType{literal, prefixed}[random.Intn(2)],
		Operation:  kmsg.ACLOperationAll + kmsg.ACLOperation(random.Intn(11)),
		Permission: []kmsg.ACLPermissionType{kmsg.ACLPermissionTypeAllow, kmsg.ACLPermissionTypeDeny}[random.Intn(2)],
		Name:       []string{"a", "b", "*", "true", "0x1", "é: ", "- x\n"}[random.Intn(7)],
		Host:       []string{"*", "10.0.0.1", "::1"}[random.Intn(3)],
	}
	if out.Resource == cluster {
		out.Pattern, out.Name = literal, "kafka-cluster"
	}
	return out
}
