package user_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kmsg"
	"sigs.k8s.io/yaml"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/user"
)

func made(t *testing.T, manifest string) *v1.KafkaUser {
	t.Helper()
	out := &v1.KafkaUser{}
	if err := yaml.UnmarshalStrict([]byte(manifest), out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestNamesInKafkaFollowFromTheAuthentication(t *testing.T) {
	tests := map[string]struct {
		manifest         string
		principal, other string
	}{
		"a certificate":             {`{metadata: {name: a}, spec: {authentication: {type: tls}}}`, "CN=a", "a"},
		"somebody's certificate":    {`{metadata: {name: a}, spec: {authentication: {type: tls-external}}}`, "CN=a", "a"},
		"a password":                {`{metadata: {name: a}, spec: {authentication: {type: scram-sha-512}}}`, "a", "CN=a"},
		"nothing":                   {`{metadata: {name: a}, spec: {}}`, "a", "CN=a"},
		"a name of its own":         {`{metadata: {name: a, annotations: {castellan.io/username: My_App}}, spec: {authentication: {type: tls}}}`, "CN=My_App", "My_App"},
		"a long name and no TLS":    {`{metadata: {name: ` + strings.Repeat("a", 200) + `}, spec: {authentication: {type: scram-sha-512}}}`, strings.Repeat("a", 200), "CN=" + strings.Repeat("a", 200)},
		"the longest name for a CN": {`{metadata: {name: ` + strings.Repeat("a", 64) + `}, spec: {authentication: {type: tls}}}`, "CN=" + strings.Repeat("a", 64), strings.Repeat("a", 64)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w, err := user.Read(made(t, test.manifest), user.Rules{})
			if err != nil {
				t.Fatal(err)
			}
			if w.Principal != test.principal || w.Other != test.other {
				t.Errorf("principal %s, other %s", w.Principal, w.Other)
			}
		})
	}
}

func TestRulesAndQuotasAreRead(t *testing.T) {
	w, err := user.Read(made(t, `
metadata: {name: a}
spec:
  authentication: {type: scram-sha-512}
  authorization:
    type: simple
    acls:
    - resource: {type: topic, name: t, patternType: prefix}
      operations: [Write, Read, Read]
    - resource: {type: cluster, name: ignored, patternType: prefix}
      operations: [IdempotentWrite]
      host: 10.0.0.1
    - type: deny
      resource: {type: group, name: "*"}
      operations: [All]
    - resource: {type: transactionalId, name: x}
      operations: [Describe]
  quotas: {producerByteRate: 5, requestPercentage: 55, controllerMutationRate: 0.5}
`), user.Rules{ACLs: true})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range w.ACLs {
		got = append(got, r.String())
	}
	want := []string{
		"ALLOW READ on TOPIC t* from *", "ALLOW WRITE on TOPIC t* from *", "DENY ALL on GROUP * from *",
		"ALLOW IDEMPOTENT_WRITE on CLUSTER kafka-cluster from 10.0.0.1", "ALLOW DESCRIBE on TRANSACTIONAL_ID x from *",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(user.Quotas{"producer_byte_rate": 5, "request_percentage": 55, "controller_mutation_rate": 0.5}, w.Quotas); diff != "" {
		t.Errorf("quotas (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]user.Mechanism{user.ScramSha512}, w.Scram); diff != "" {
		t.Errorf("mechanisms (-want +got):\n%s", diff)
	}
}

func TestWhatCannotBeIsRefusedWithTheFieldAndWhatWouldBeRight(t *testing.T) {
	rule := func(text string) string {
		return `{metadata: {name: a}, spec: {authorization: {type: simple, acls: [` + text + `]}}}`
	}
	tests := map[string]struct {
		manifest string
		want     []string
	}{
		"a name that is too long for a certificate": {
			`{metadata: {name: ` + strings.Repeat("a", 65) + `}, spec: {authentication: {type: tls}}}`,
			[]string{"metadata.name", "65 characters", "only up to 64 characters", "scram-sha-512"},
		},
		"a name like that of a certificate": {
			`{metadata: {name: a, annotations: {castellan.io/username: "CN=a"}}, spec: {}}`, []string{"metadata.annotations.castellan.io/username", `"CN=a"`, "without ="},
		},
		"a name that certificates write differently": {
			`{metadata: {name: a, annotations: {castellan.io/username: "a+b"}}, spec: {authentication: {type: tls}}}`, []string{`"a+b"`, "without any of"},
		},
		"everybody":                {`{metadata: {name: a, annotations: {castellan.io/username: "*"}}, spec: {}}`, []string{`"*"`}},
		"nobody":                   {`{metadata: {name: a, annotations: {castellan.io/username: ANONYMOUS}}, spec: {}}`, []string{`"ANONYMOUS"`}},
		"an empty name":            {`{metadata: {name: a, annotations: {castellan.io/username: ""}}, spec: {}}`, []string{`""`}},
		"a name with a line break": {`{metadata: {name: a, annotations: {castellan.io/username: "a\nb"}}, spec: {}}`, []string{`"a\nb"`}},
		"a mechanism that is unknown": {
			`{metadata: {name: a, annotations: {castellan.io/scram-mechanisms: "SCRAM-SHA-512, MD5"}}, spec: {authentication: {type: scram-sha-512}}}`,
			[]string{"metadata.annotations.castellan.io/scram-mechanisms", `" MD5"`, "SCRAM-SHA-256"},
		},
		"a quota below nothing":         {`{metadata: {name: a}, spec: {quotas: {consumerByteRate: -1}}}`, []string{"spec.quotas.consumerByteRate", "-1", "greater than 0"}},
		"a quota of nothing":            {`{metadata: {name: a}, spec: {quotas: {controllerMutationRate: 0}}}`, []string{"spec.quotas.controllerMutationRate", "is 0", "leave it out"}},
		"a resource without a name":     {rule(`{resource: {type: topic}, operations: [Read]}`), []string{"spec.authorization.acls[0].resource.name", "missing", "*"}},
		"a resource of an unknown kind": {rule(`{resource: {type: table, name: x}, operations: [Read]}`), []string{"acls[0].resource.type", `"table"`, "topic, group"}},
		"an operation that is unknown":  {rule(`{resource: {type: topic, name: x}, operations: [Read, Eat]}`), []string{"acls[0].operations[1]", `"Eat"`}},
		"an operation that means any":   {rule(`{resource: {type: topic, name: x}, operations: [Any]}`), []string{"acls[0].operations[0]", `"Any"`}},
		"no operation":                  {rule(`{resource: {type: topic, name: x}, operations: []}`), []string{"acls[0].operations", "at least one"}},
		"a pattern that is unknown":     {rule(`{resource: {type: topic, name: x, patternType: glob}, operations: [Read]}`), []string{"patternType", `"glob"`, "literal or prefix"}},
		"a type that is unknown":        {rule(`{type: maybe, resource: {type: topic, name: x}, operations: [Read]}`), []string{"acls[0].type", `"maybe"`, "allow or deny"}},
		"two things at once": {
			rule(`{type: maybe, resource: {type: topic}, operations: [Read]}`), []string{"acls[0].type", "acls[0].resource.name"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := user.Read(made(t, test.manifest), user.Rules{ACLs: true})
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q lacks %q", err, want)
				}
			}
		})
	}
}

func TestRulesNeedAnAuthorizer(t *testing.T) {
	_, err := user.Read(made(t, `{metadata: {name: a}, spec: {authorization: {type: simple, acls: []}}}`), user.Rules{})
	if err == nil || !strings.Contains(err.Error(), "spec.authorization") || !strings.Contains(err.Error(), "spec.kafka.authorization.type") {
		t.Errorf("error: %v", err)
	}
}

func TestRulesThatNeverHaveAnEffectAreTold(t *testing.T) {
	got := user.Futile(made(t, `
metadata: {name: a}
spec:
  authorization:
    type: simple
    acls:
    - {resource: {type: topic, name: good}, operations: [Read, All], host: "::1"}
    - {resource: {type: group, name: g}, operations: [Read, Write]}
    - {resource: {type: topic, name: "my topic"}, operations: [Read], host: example.com}
    - {resource: {type: topic, name: "*"}, operations: [Read], host: "*"}
    - {resource: {type: cluster}, operations: [Delete]}
`))
	var fields []string
	for _, p := range got {
		fields = append(fields, p.Field+" "+p.What)
	}
	want := []string{
		"spec.authorization.acls[1].operations[1] Write has no meaning for a group",
		`spec.authorization.acls[2].resource.name "my topic" is no name of a topic`,
		`spec.authorization.acls[2].host "example.com" is no address`,
		"spec.authorization.acls[4].operations[0] Delete has no meaning for a cluster",
	}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestUsernamesOfNamesInKafka(t *testing.T) {
	tests := map[string]string{"a": "a", "CN=a": "a", "*": "", "ANONYMOUS": "", "CN=a,O=b": "", "OU=x": "", "": "", "CN=": "", "a b": "a b"}
	for name, want := range tests {
		if got, is := user.Username(name); got != want || is != (want != "") {
			t.Errorf("%q: %q, %v", name, got, is)
		}
	}
}

func rule(name string, operation kmsg.ACLOperation) user.ACL {
	return user.ACL{
		Resource: kmsg.ACLResourceTypeTopic, Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: operation,
		Permission: kmsg.ACLPermissionTypeAllow, Name: name, Host: "*",
	}
}

func TestChanges(t *testing.T) {
	read, write := rule("t", kmsg.ACLOperationRead), rule("t", kmsg.ACLOperationWrite)
	tests := map[string]struct {
		wanted user.Wanted
		held   map[string]user.Held
		want   map[string]user.Change
	}{
		"nothing is wanted, and nothing is there": {user.Wanted{Principal: "CN=a", Other: "a"}, nil, map[string]user.Change{}},
		"all is there": {
			user.Wanted{Principal: "a", Other: "CN=a", ACLs: []user.ACL{read}, Quotas: user.Quotas{"x": 1}, Scram: []user.Mechanism{user.ScramSha512}},
			map[string]user.Held{"a": {ACLs: []user.ACL{read}, Quotas: user.Quotas{"x": 1}, Scram: user.Scram{Sha512: 4096}}},
			map[string]user.Change{},
		},
		"nothing is there yet": {
			user.Wanted{Principal: "a", Other: "CN=a", ACLs: []user.ACL{read}, Quotas: user.Quotas{"x": 1}, Scram: []user.Mechanism{user.ScramSha512}},
			nil,
			map[string]user.Change{"a": {Add: []user.ACL{read}, Quotas: user.QuotaChange{Set: user.Quotas{"x": 1}}, Password: []user.Mechanism{user.ScramSha512}}},
		},
		"something else is there": {
			user.Wanted{Principal: "a", Other: "CN=a", ACLs: []user.ACL{write}, Quotas: user.Quotas{"x": 1, "y": 3}},
			map[string]user.Held{"a": {ACLs: []user.ACL{read}, Quotas: user.Quotas{"x": 2, "z": 1}}},
			map[string]user.Change{"a": {Add: []user.ACL{write}, Remove: []user.ACL{read}, Quotas: user.QuotaChange{Set: user.Quotas{"x": 1, "y": 3}, Remove: []string{"z"}}}},
		},
		"the other name holds something": {
			user.Wanted{Principal: "CN=a", Other: "a", ACLs: []user.ACL{read}},
			map[string]user.Held{"CN=a": {ACLs: []user.ACL{read}}, "a": {ACLs: []user.ACL{read}, Quotas: user.Quotas{"x": 1}, Scram: user.Scram{Sha512: 4096}}},
			map[string]user.Change{"a": {Remove: []user.ACL{read}, Quotas: user.QuotaChange{Remove: []string{"x"}}, Forget: []user.Mechanism{user.ScramSha512}}},
		},
		"a password of another strength is replaced, one of another mechanism goes": {
			user.Wanted{Principal: "a", Other: "CN=a", Scram: []user.Mechanism{user.ScramSha512}},
			map[string]user.Held{"a": {Scram: user.Scram{Sha256: 4096, Sha512: 8192}}},
			map[string]user.Change{"a": {Password: []user.Mechanism{user.ScramSha512}, Forget: []user.Mechanism{user.ScramSha256}}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := user.Compare(test.wanted, func(name string) user.Held { return test.held[name] })
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestADeletedUserLeavesNothing(t *testing.T) {
	held := map[string]user.Held{
		"a":    {Scram: user.Scram{Sha256: 4096}, Quotas: user.Quotas{"x": 1}},
		"CN=a": {ACLs: []user.ACL{rule("t", kmsg.ACLOperationRead)}},
	}
	for _, name := range user.Names("a") {
		held[name] = held[name].After(user.Without(held[name]))
	}
	for name, h := range held {
		if !h.Empty() {
			t.Errorf("%s still has %+v", name, h)
		}
	}
}

// Whatever Kafka holds, one change makes it what is wanted, and then there is nothing left to change.
func TestOneChangeIsEnough(t *testing.T) {
	for seed := range uint64(500) {
		random := rand.New(rand.NewPCG(seed, 1))
		wanted := user.Wanted{Principal: "CN=a", Other: "a", ACLs: someRules(random), Quotas: someQuotas(random)}
		if random.IntN(2) == 0 {
			wanted.Principal, wanted.Other = wanted.Other, wanted.Principal
			wanted.Scram = []user.Mechanism{user.ScramSha256}
		}
		held := map[string]user.Held{}
		for _, name := range []string{"a", "CN=a"} {
			held[name] = user.Held{ACLs: someRules(random), Quotas: someQuotas(random), Scram: someScram(random)}
		}
		look := func(name string) user.Held { return held[name] }
		for name, change := range user.Compare(wanted, look) {
			after := held[name].After(change)
			if held[name] = after.After(change); !cmp.Equal(after, held[name]) {
				t.Fatalf("seed %d: %+v makes another change of %+v than of what it was", seed, change, after)
			}
		}
		if again := user.Compare(wanted, look); len(again) > 0 {
			t.Fatalf("seed %d: %+v is left of %+v", seed, again, wanted)
		}
		is := held[wanted.Principal]
		if !slices.Equal(is.ACLs, wanted.ACLs) || len(is.Quotas) != len(wanted.Quotas) || !slices.Equal(is.Scram.Mechanisms(), wanted.Scram) || !held[wanted.Other].Empty() {
			t.Fatalf("seed %d: wanted %+v, is %+v", seed, wanted, held)
		}
	}
}

func someRules(random *rand.Rand) []user.ACL {
	var out []user.ACL
	for range random.IntN(5) {
		out = append(out, rule(string(rune('a'+random.IntN(3))), kmsg.ACLOperation(3+random.IntN(3))))
	}
	slices.SortFunc(out, user.ACL.Compare)
	return slices.Compact(out)
}

func someQuotas(random *rand.Rand) user.Quotas {
	out := user.Quotas{}
	for range random.IntN(4) {
		out[string(rune('a'+random.IntN(4)))] = float64(random.IntN(3))
	}
	return out
}

func someScram(random *rand.Rand) user.Scram {
	out := user.Scram{}
	for _, m := range []user.Mechanism{user.ScramSha256, user.ScramSha512} {
		if random.IntN(2) == 0 {
			out = out.With(m, int32(4096*(1+random.IntN(2))))
		}
	}
	return out
}
