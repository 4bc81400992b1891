package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
)

func kafkaInMemory(t *testing.T, options ...kfake.Opt) string {
	t.Helper()
	fake, err := kfake.NewCluster(append(options, kfake.NumBrokers(1), kfake.SeedTopics(2, "orders", "app-changelog"))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	return fake.ListenAddrs()[0]
}

func TestTopicsOfAnyKafkaArePrinted(t *testing.T) {
	at := kafkaInMemory(t, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", "me", "pass"))
	properties := filepath.Join(t.TempDir(), "client.properties")
	text := "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-256\nsasl.jaas.config=x required username=\"me\" password=\"pass\";\n"
	if err := os.WriteFile(properties, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, err := runWith(t, "", "topics", "import", "--bootstrap-server", at, "--command-config", properties, "-n", "kafka", "--label", "team=a")
	if err != nil {
		t.Fatal(err)
	}
	want := "---\napiVersion: kafka.strimzi.io/v1\nkind: KafkaTopic\nmetadata:\n  labels:\n    team: a\n  name: orders\n  namespace: kafka\n" +
		"spec:\n  partitions: 2\n  replicas: 1\n"
	if diff := cmp.Diff(want, stdout); diff != "" {
		t.Errorf("manifests (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("left out: 1 of the topics are excluded (--exclude says which)\n", stderr); diff != "" {
		t.Errorf("standard error (-want +got):\n%s", diff)
	}
}

func TestAnImportThatCannotBeSaysWhyInOneLine(t *testing.T) {
	at := kafkaInMemory(t)
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	unknown := filepath.Join(t.TempDir(), "client.properties")
	if err := os.WriteFile(unknown, []byte("group.id=a"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		arguments []string
		want      string
	}{
		"nothing to import from":           {nil, "neither --cluster nor --bootstrap-server is given"},
		"a listener of nothing":            {[]string{"--listener=a", "--bootstrap-server", at}, "--listener is given: expected --cluster"},
		"properties for nobody":            {[]string{"--cluster=a", "--command-config=a"}, "--command-config is given: expected --bootstrap-server or --listener"},
		"properties that are not there":    {[]string{"--bootstrap-server", at, "--command-config=none"}, "--command-config: open none"},
		"properties of other programs":     {[]string{"--bootstrap-server", at, "--command-config", unknown}, unknown + ": the file has group.id, which is not supported"},
		"a form nobody writes":             {[]string{"--bootstrap-server", at, "-o", "wide"}, `--output is "wide": expected yaml, json or name`},
		"a label that is none":             {[]string{"--bootstrap-server", at, "--label", "a"}, `--label is "a": expected name=value`},
		"a pattern that is none":           {[]string{"--bootstrap-server", at, "--topic", "("}, `--topic: "(" is no regular expression`},
		"an exclusion that is none":        {[]string{"--bootstrap-server", at, "--exclude", "("}, `--exclude: "(" is no regular expression`},
		"no Kubernetes to look for Kafka":  {[]string{"--cluster=a"}, "find the API server: "},
		"no Kubernetes to create anything": {[]string{"--bootstrap-server", at, "--apply"}, "find the API server: "},
		"a Kafka that does not answer":     {[]string{"--bootstrap-server", "127.0.0.1:1"}, "list the topics: Kafka does not answer"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			stdout, stderr, err := runWith(t, "", append([]string{"topics", "import"}, c.arguments...)...)
			checkRefusal(t, stdout, err, []string{c.want})
			if strings.Contains(stderr, "Usage") {
				t.Errorf("standard error: %q", stderr)
			}
		})
	}
}
