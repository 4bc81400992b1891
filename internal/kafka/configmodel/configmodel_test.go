package configmodel

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func model(t *testing.T, version string) *Model {
	t.Helper()
	model, ok := For(version)
	if !ok {
		t.Fatalf("there is no model for Kafka %s", version)
	}
	return model
}

func TestFor(t *testing.T) {
	tests := map[string]struct {
		version string
		known   bool
	}{
		"a version":                              {version: "4.3.1", known: true},
		"the oldest version":                     {version: "4.2.0", known: true},
		"a build of a version":                   {version: "4.3.1-acme", known: true},
		"a build with a dotted suffix":           {version: "4.2.1.acme-00001", known: true},
		"a longer patch number is another one":   {version: "4.3.12"},
		"a version that is not out":              {version: "9.0.0"},
		"a minor version alone names no release": {version: "4.3"},
		"nothing":                                {version: ""},
		"text before the version":                {version: "v4.3.1"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			model, known := For(tc.version)
			if known != tc.known || (model != nil) != tc.known {
				t.Errorf("For(%q) = %v, %v; want known %v", tc.version, model != nil, known, tc.known)
			}
		})
	}
}

func TestEqualVersionsShareAModelAndOthersDoNot(t *testing.T) {
	if model(t, "4.3.0") != model(t, "4.3.1") || model(t, "4.2.0") != model(t, "4.2.1-acme") {
		t.Error("versions with equal data do not share one parsed model")
	}
	if model(t, "4.2.0") == model(t, "4.3.0") {
		t.Error("Kafka 4.2 and 4.3 share a model, though their options differ")
	}
}

func TestOption(t *testing.T) {
	text := func(value string) *string { return &value }
	tests := map[string]Option{
		"a number with a least value that is altered cluster-wide": {
			Name: "num.io.threads", Type: Int, Scope: ClusterWide, Default: text("8"), Min: "1",
		},
		"hours of retention need a restart, unlike milliseconds": {
			Name: "log.retention.hours", Type: Int, Scope: ReadOnly, Default: text("168"),
		},
		"milliseconds of retention are altered and have no default": {
			Name: "log.retention.ms", Type: Long, Scope: ClusterWide,
		},
		"a string with allowed values": {
			Name: "compression.type", Type: String, Scope: ClusterWide, Default: text("producer"),
			Enum: []string{"uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"},
		},
		"a string whose allowed values have no case": {
			Name: "group.consumer.migration.policy", Type: String, Scope: ReadOnly, Default: text("bidirectional"),
			Enum: []string{"BIDIRECTIONAL", "DISABLED", "DOWNGRADE", "UPGRADE"}, AnyCase: true,
		},
		"a number that skips a value": {
			Name: "compression.gzip.level", Type: Int, Scope: ClusterWide, Default: text("-1"),
			Enum: []string{"-1", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
		},
		"a number between two values": {
			Name: "compression.zstd.level", Type: Int, Scope: ClusterWide, Default: text("3"), Min: "-131072", Max: "22",
		},
		"the replicas that must be in sync": {
			Name: "min.insync.replicas", Type: Int, Scope: ClusterWide, Default: text("1"), Min: "1",
		},
		"a double between two values": {
			Name: "log.cleaner.min.cleanable.ratio", Type: Double, Scope: ClusterWide, Default: text("0.5"), Min: "0", Max: "1",
		},
		"a list with allowed items": {
			Name: "log.cleanup.policy", Type: List, Scope: ClusterWide, Default: text("delete"),
			Items: []string{"compact", "delete"}, Distinct: true,
		},
		"a list that must not be empty and is altered per broker": {
			Name: "listeners", Type: List, Scope: PerBroker, Default: text("PLAINTEXT://:9092"), NonEmpty: true, Distinct: true,
		},
		"a password": {
			Name: "ssl.keystore.password", Type: Password, Scope: PerBroker,
		},
		"a boolean": {
			Name: "auto.create.topics.enable", Type: Boolean, Scope: ReadOnly, Default: text("true"),
		},
		"the option of the metrics reporter": {
			Name: "prometheus.metrics.reporter.allowlist", Type: List, Scope: ClusterWide,
		},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := model(t, "4.3.1").Option(want.Name)
			if diff := cmp.Diff(want, got); !ok || diff != "" {
				t.Errorf("option %s is there: %v (-want +got):\n%s", want.Name, ok, diff)
			}
			if !model(t, "4.3.1").Known(want.Name) {
				t.Errorf("%s is not known", want.Name)
			}
			if scope := model(t, "4.3.1").Scope(want.Name); scope != want.Scope {
				t.Errorf("the scope of %s is %s, want %s", want.Name, scope, want.Scope)
			}
		})
	}
}

func TestUnknownOptionNeedsARestart(t *testing.T) {
	for _, name := range []string{"no.such.option", "listener.name.tls-9093.max.connections", "zookeeper.connect", "NUM.IO.THREADS"} {
		model := model(t, "4.3.1")
		if _, ok := model.Option(name); ok || model.Known(name) || model.Scope(name) != ReadOnly {
			t.Errorf("%s is taken for an option of Kafka", name)
		}
	}
}

func TestOptionsDifferBetweenVersions(t *testing.T) {
	if !model(t, "4.3.0").Known("cordoned.log.dirs") || model(t, "4.2.1").Known("cordoned.log.dirs") {
		t.Error("cordoned.log.dirs came with Kafka 4.3")
	}
}
