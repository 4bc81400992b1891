package main

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/user"
)

// usersInMemory is a Kafka that holds something about alice, who has a password, and orders, who has a certificate.
func usersInMemory(t *testing.T) (string, *broker.Users) {
	t.Helper()
	fake, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	kafka, err := broker.OpenUsers(broker.Access{Brokers: fake.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kafka.Close)
	rule := user.ACL{
		Resource: kmsg.ACLResourceTypeTopic, Pattern: kmsg.ACLResourcePatternTypeLiteral, Name: "orders", Host: "*",
		Operation: kmsg.ACLOperationRead, Permission: kmsg.ACLPermissionTypeAllow,
	}
	if refusals, err := kafka.AddACLs(t.Context(), map[string][]user.ACL{"CN=orders": {rule}, "*": {rule}}); err != nil || len(refusals) > 0 {
		t.Fatal(refusals, err)
	}
	if refusals, err := kafka.SetCredentials(t.Context(), []broker.Credential{{Name: "alice", Mechanism: user.ScramSha512, Password: "secret"}}); err != nil || len(refusals) > 0 {
		t.Fatal(refusals, err)
	}
	return fake.ListenAddrs()[0], kafka
}

func TestUsersOfAnyKafkaArePrinted(t *testing.T) {
	at, kafka := usersInMemory(t)
	stdout, stderr, err := runWith(t, "", "users", "import", "--bootstrap-server", at, "-n", "kafka", "--label", "team=a", "--tls", "--exclude", "alice")
	want := "---\napiVersion: kafka.strimzi.io/v1\nkind: KafkaUser\nmetadata:\n  labels:\n    team: a\n  name: orders\n  namespace: kafka\n" +
		"spec:\n  authentication:\n    type: tls\n  authorization:\n    acls:\n    - operations:\n      - Read\n      resource:\n        name: orders\n" +
		"        type: topic\n    type: simple\n"
	if diff := cmp.Diff(want, stdout); diff != "" || err != nil {
		t.Errorf("%v, manifests (-want +got):\n%s", err, diff)
	}
	said := "left out: 1 of the users are excluded (--exclude says which)\n" +
		"no KafkaUser can be *: a user operator leaves what Kafka holds about them as it is\n"
	if diff := cmp.Diff(said, stderr); diff != "" {
		t.Errorf("standard error (-want +got):\n%s", diff)
	}
	if _, err := kafka.SetQuotas(t.Context(), map[string]user.QuotaChange{"orders": {Set: user.Quotas{user.QuotaConsumerByteRate: 1}}}); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, err = runWith(t, "", "users", "import", "--bootstrap-server", at, "-o", "name")
	checkImport(t, stdout, "kafkauser.kafka.strimzi.io/alice\n")
	if err == nil || err.Error() != "1 of the users cannot be imported: see above" {
		t.Errorf("error %v, standard error %q", err, stderr)
	}
	stdout, stderr, err = runWith(t, "", "users", "import", "--bootstrap-server", at, "--user", "nobody")
	checkImport(t, stdout, "")
	checkImport(t, stderr, "there is no user to import\n")
	if err != nil {
		t.Error(err)
	}
}

func checkImport(t *testing.T, got, want string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnImportOfUsersThatCannotBeSaysWhyInOneLine(t *testing.T) {
	at, _ := usersInMemory(t)
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	for name, c := range map[string]struct {
		arguments []string
		want      string
	}{
		"nothing to import from":           {nil, "neither --cluster nor --bootstrap-server is given"},
		"a pattern that is none":           {[]string{"--bootstrap-server", at, "--user", "("}, `--user: "(" is no regular expression`},
		"an exclusion that is none":        {[]string{"--bootstrap-server", at, "--exclude", "("}, `--exclude: "(" is no regular expression`},
		"no Kubernetes to create anything": {[]string{"--bootstrap-server", at, "--apply"}, "find the API server: "},
		"a Kafka that does not answer":     {[]string{"--bootstrap-server", "127.0.0.1:1"}, "list the rules: Kafka does not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			stdout, _, err := runWith(t, "", append([]string{"users", "import"}, c.arguments...)...)
			checkRefusal(t, stdout, err, []string{c.want})
		})
	}
}
