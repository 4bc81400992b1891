package kafka_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/test/golden"
)

func TestManifestsResolveToTheirGoldenFiles(t *testing.T) {
	for name, file := range golden.Inputs(t) {
		t.Run(name, func(t *testing.T) {
			cluster := mustResolve(t, load(t, file))
			out := filepath.Join("testdata", name)
			golden.Equal(t, out+".config.golden", configs(cluster))
			golden.Equal(t, out+".plan.golden", printed(t, cluster.Plan(certificates(cluster))))
			golden.Equal(t, out+".rest.golden", rest(t, cluster))
		})
	}
}

func mustResolve(t *testing.T, in kafka.Input) *kafka.Cluster {
	t.Helper()
	cluster, err := kafka.Resolve(in)
	if err != nil {
		t.Fatal(err)
	}
	return cluster
}

// certificates has a recognisable text in the place of every certificate.
func certificates(c *kafka.Cluster) kafka.Certificates {
	certs := kafka.Certificates{
		ClusterCACertGeneration: 3, ClusterCAKeyGeneration: 1, ClientsCACertGeneration: 2,
		ClusterTrust: []byte("cluster"), ClientsTrust: []byte("clients"), Nodes: map[string]kafka.NodeCertificate{},
	}
	for _, n := range c.Nodes {
		certs.Nodes[n.Name] = kafka.NodeCertificate{
			CertPEM: []byte("cert"), KeyPEM: []byte("key"), Hash: strings.Repeat("ab", 20), Generation: 3,
		}
	}
	return certs
}

func configs(c *kafka.Cluster) string {
	var out strings.Builder
	for _, n := range c.Nodes {
		fmt.Fprintf(&out, "# %s\n%s\n", n.Name, c.ServerConfig(n))
	}
	return out.String()
}

// rest shows what a cluster tells besides its plan.
func rest(t *testing.T, c *kafka.Cluster) string {
	t.Helper()
	names := map[string][]string{}
	for node, request := range c.LeafRequests() {
		names[node+" ("+request.CommonName+", "+request.Organization+")"] = request.Names
	}
	return printed(t, map[string]any{
		"Warnings": c.Warnings, "Notes": c.Notes, "Brokers": c.BrokerAddresses(), "Controllers": c.ControllerAddresses(),
		"Names": names, "Listeners": c.ListenerStatuses([]byte("cluster CA")),
		"Pools": c.Pools[0].Selector, "Nodes": c.Nodes,
	})
}

// printed writes a value as YAML without what is empty.
func printed(t *testing.T, value any) string {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	text, err := yaml.Marshal(pruned(tree))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func pruned(tree any) any {
	switch node := tree.(type) {
	case map[string]any:
		maps.DeleteFunc(node, func(key string, value any) bool {
			node[key] = pruned(value)
			return isEmpty(node[key])
		})
	case []any:
		for i := range node {
			node[i] = pruned(node[i])
		}
	}
	return tree
}

func isEmpty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}

// load reads a resolution's input from the documents of a file: Kafka, KafkaNodePools, and the ConfigMaps and Secrets that exist.
func load(t *testing.T, file string) kafka.Input {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, text)
}

func parse(t *testing.T, text []byte) kafka.Input {
	t.Helper()
	in := kafka.Input{Settings: settings(t), NewClusterID: "newnewnewnewnewnewnewn"}
	in.Seen.ConfigMaps, in.Seen.Secrets = map[string]map[string]string{}, map[string]map[string][]byte{}
	for _, document := range bytes.Split(text, []byte("\n---\n")) {
		add(t, &in, document)
	}
	return in
}

func add(t *testing.T, in *kafka.Input, document []byte) {
	t.Helper()
	var head struct{ Kind string }
	decode(t, document, &head, false)
	switch head.Kind {
	case "Kafka":
		in.Kafka = &v1.Kafka{}
		decode(t, document, in.Kafka, true)
	case "KafkaNodePool":
		var pool v1.KafkaNodePool
		decode(t, document, &pool, true)
		in.Pools = append(in.Pools, pool)
	case "ConfigMap":
		var m corev1.ConfigMap
		decode(t, document, &m, true)
		in.Seen.ConfigMaps[m.Name] = m.Data
	case "Secret":
		var s corev1.Secret
		decode(t, document, &s, true)
		in.Seen.Secrets[s.Name] = s.Data
	default:
		t.Fatalf("unknown kind %q", head.Kind)
	}
}

func decode(t *testing.T, document []byte, into any, strict bool) {
	t.Helper()
	read := func(text []byte, into any) error { return yaml.Unmarshal(text, into) }
	if strict {
		read = func(text []byte, into any) error { return yaml.UnmarshalStrict(text, into) }
	}
	if err := read(document, into); err != nil {
		t.Fatalf("%v in:\n%s", err, document)
	}
}

const exclusionPattern = `(^app.kubernetes.io/(?!part-of).*|^kustomize.toolkit.fluxcd.io.*)`

func settings(t *testing.T) kafka.Settings {
	t.Helper()
	images := map[string]string{}
	for _, version := range []string{"4.2.0", "4.2.1", "4.3.0", "4.3.1"} {
		images[version] = "kafka:" + version
	}
	versions, err := kafka.AllVersions(images)
	if err != nil {
		t.Fatal(err)
	}
	exclusion, err := kafka.ParseLabelExclusion(exclusionPattern)
	if err != nil {
		t.Fatal(err)
	}
	return kafka.Settings{
		Versions: versions, LauncherImage: "castellan:dev", DNSDomain: "cluster.local",
		NetworkPolicies: true, DisruptionBudgets: true, LabelExclusion: exclusion,
	}
}

func reasons(c *kafka.Cluster) []string {
	var list []string
	for _, w := range c.Warnings {
		list = append(list, w.Reason)
	}
	slices.Sort(list)
	return list
}
