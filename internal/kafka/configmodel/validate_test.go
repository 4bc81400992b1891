package configmodel

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestValidate(t *testing.T) {
	tests := map[string]struct {
		options map[string]string
		want    []string
	}{
		"no options": {},
		"right options of every type": {options: map[string]string{
			"num.io.threads": " 16 ", "log.retention.ms": "-1", "auto.create.topics.enable": "FALSE",
			"log.cleaner.min.cleanable.ratio": "1e-1", "compression.type": "zstd", "log.cleanup.policy": "compact , delete",
			"offsets.topic.replication.factor": "3", "authorizer.class.name": "", "principal.builder.class": "org.acme.Builder",
		}},
		"an unknown option passes": {options: map[string]string{"quota.plugin.limit": "lots"}},
		"a number too small": {
			options: map[string]string{"num.io.threads": "0"},
			want:    []string{`num.io.threads: "0" is too small: the least allowed is 1`},
		},
		"a number too large": {
			options: map[string]string{"compression.zstd.level": "23"},
			want:    []string{`compression.zstd.level: "23" is too large: the most allowed is 22`},
		},
		"a number that is skipped": {
			options: map[string]string{"compression.gzip.level": "0"},
			want:    []string{`compression.gzip.level: "0" is not allowed: give one of -1, 1, 2, 3, 4, 5, 6, 7, 8, 9`},
		},
		"a number of one of the allowed in another spelling": {options: map[string]string{"compression.gzip.level": "+09"}},
		"a number with a unit": {
			options: map[string]string{"log.segment.bytes": "1Gi"},
			want:    []string{`log.segment.bytes: "1Gi" is not a whole number: give decimal digits only, without a unit`},
		},
		"a number beyond 16 bits": {
			options: map[string]string{"offsets.topic.replication.factor": "32768"},
			want:    []string{`offsets.topic.replication.factor: "32768" does not fit into 16 bits: give a number from -32768 to 32767`},
		},
		"a number beyond 32 bits": {
			options: map[string]string{"num.io.threads": "2147483648"},
			want:    []string{`num.io.threads: "2147483648" does not fit into 32 bits: give a number from -2147483648 to 2147483647`},
		},
		"a number beyond 64 bits": {
			options: map[string]string{"log.retention.ms": "9223372036854775808"},
			want: []string{`log.retention.ms: "9223372036854775808" does not fit into 64 bits: ` +
				`give a number from -9223372036854775808 to 9223372036854775807`},
		},
		"a double that is none": {
			options: map[string]string{"log.cleaner.min.cleanable.ratio": "50%"},
			want:    []string{`log.cleaner.min.cleanable.ratio: "50%" is not a number: give a decimal number such as 0.5`},
		},
		"a double too large": {
			options: map[string]string{"log.cleaner.min.cleanable.ratio": "1.01"},
			want:    []string{`log.cleaner.min.cleanable.ratio: "1.01" is too large: the most allowed is 1`},
		},
		"a boolean that is none": {
			options: map[string]string{"auto.create.topics.enable": "yes"},
			want:    []string{`auto.create.topics.enable: "yes" is not a boolean: give true or false`},
		},
		"a string that is not allowed": {
			options: map[string]string{"compression.type": "zip"},
			want:    []string{`compression.type: "zip" is not allowed: give one of uncompressed, zstd, lz4, snappy, gzip, producer`},
		},
		"a string that is not allowed in that case": {
			options: map[string]string{"compression.type": "ZSTD"},
			want:    []string{`compression.type: "ZSTD" is not allowed: give one of uncompressed, zstd, lz4, snappy, gzip, producer`},
		},
		"a string that is allowed in any case": {options: map[string]string{"group.consumer.migration.policy": "Upgrade"}},
		"a string that must have a character": {
			options: map[string]string{"remote.log.storage.manager.impl.prefix": " "},
			want:    []string{`remote.log.storage.manager.impl.prefix: the value is empty: give one, or leave the option out`},
		},
		"an item that is not allowed": {
			options: map[string]string{"log.cleanup.policy": "compact,deleet"},
			want:    []string{`log.cleanup.policy: the item "deleet" is not allowed: give only compact, delete`},
		},
		"an item twice": {
			options: map[string]string{"metric.reporters": "org.acme.A, org.acme.A"},
			want:    []string{`metric.reporters: the item "org.acme.A" is given twice: give each item once`},
		},
		"an item that is empty": {
			options: map[string]string{"metric.reporters": "org.acme.A,"},
			want:    []string{`metric.reporters: the list has an empty item: take out the extra comma`},
		},
		"a list that must not be empty": {
			options: map[string]string{"log.dirs": ""},
			want:    []string{`log.dirs: the list is empty: give at least one item, or leave the option out`},
		},
		"a list that may be empty": {options: map[string]string{"log.cleanup.policy": ""}},
		"many wrong options are sorted by name": {
			options: map[string]string{"num.io.threads": "a", "max.connections.per.ip": "-1", "max.connections": "-1", "background.threads": "4"},
			want: []string{
				`max.connections: "-1" is too small: the least allowed is 0`,
				`max.connections.per.ip: "-1" is too small: the least allowed is 0`,
				`num.io.threads: "a" is not a whole number: give decimal digits only, without a unit`,
			},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, model(t, "4.3.1").Validate(tc.options)); diff != "" {
				t.Errorf("wrong messages (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryDefaultIsRight(t *testing.T) {
	for version := range versions() {
		defaults := map[string]string{}
		for name, option := range model(t, version).options {
			if option.Default != nil {
				defaults[name] = *option.Default
			}
		}
		if len(defaults) < 200 {
			t.Errorf("Kafka %s: only %d options have a default", version, len(defaults))
		}
		if faults := model(t, version).Validate(defaults); len(faults) > 0 {
			t.Errorf("Kafka %s: its own defaults are refused:\n%s", version, strings.Join(faults, "\n"))
		}
	}
}

// verdicts are what Kafka's own parser and validators said about the values: a 1 in taken where it took them.
type verdicts struct {
	Unexpressed []string
	Values      []string
	Taken       map[string]string
}

func TestVerdictsAreThoseOfKafka(t *testing.T) {
	for line := range strings.Lines(read("versions.tsv")) {
		version, file, _ := strings.Cut(strings.TrimSpace(line), "\t")
		t.Run(version, func(t *testing.T) {
			kafka := readVerdicts(t, "verdicts-"+file)
			if len(kafka.Taken) != len(model(t, version).options)-1 {
				t.Errorf("%d options have verdicts, the model has %d and the reporter's", len(kafka.Taken), len(model(t, version).options))
			}
			for name, taken := range kafka.Taken {
				compareVerdicts(t, kafka, model(t, version).options[name], taken)
			}
		})
	}
}

func readVerdicts(t *testing.T, file string) verdicts {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	var kafka verdicts
	if err := json.Unmarshal(content, &kafka); err != nil {
		t.Fatal(err)
	}
	return kafka
}

// compareVerdicts allows the model to be more lenient than Kafka only where it cannot know: class names, and rules that
// were not expressed.
func compareVerdicts(t *testing.T, kafka verdicts, option Option, taken string) {
	t.Helper()
	lenient := option.Type == Class || slices.Contains(kafka.Unexpressed, option.Name)
	for i, value := range kafka.Values {
		kafkaTakes, fault := taken[i] == '1', option.fault(trim(value))
		if kafkaTakes && fault != "" {
			t.Errorf("%s: Kafka takes %q, but: %s", option.Name, value, fault)
		}
		if !kafkaTakes && fault == "" && !lenient {
			t.Errorf("%s: Kafka refuses %q, but the model takes it", option.Name, value)
		}
	}
}
