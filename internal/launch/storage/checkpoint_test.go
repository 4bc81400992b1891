package storage

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheckpointEqualsWhatKafkasToolWrites(t *testing.T) {
	goldens, err := filepath.Glob("testdata/*.checkpoint")
	if err != nil || len(goldens) == 0 {
		t.Fatalf("no golden files (%v)", err)
	}
	for _, path := range goldens {
		t.Run(filepath.Base(path), func(t *testing.T) {
			golden, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			features, known := Features(goldenRelease(path))
			if !known {
				t.Fatalf("the release of %s is not in the table", path)
			}
			if diff := cmp.Diff(golden, encodeCheckpoint(features, goldenTimes(golden))); diff != "" {
				t.Errorf("(-Kafka's +ours):\n%s", diff)
			}
		})
	}
}

// goldenRelease takes "4.2-IV1" out of testdata/kafka-4.3.1-4.2-IV1.checkpoint.
func goldenRelease(path string) string {
	parts := strings.SplitN(filepath.Base(path), "-", 3)
	return strings.TrimSuffix(parts[2], ".checkpoint")
}

// goldenTimes reads the batches' timestamps, the only part of the file that is not fixed by the release.
func goldenTimes(golden []byte) times {
	var at [3]int64
	for i := range at {
		at[i] = int64(binary.BigEndian.Uint64(golden[27:]))
		golden = golden[12+binary.BigEndian.Uint32(golden[8:]):]
	}
	return times{at[0], at[1], at[2]}
}

func TestFeaturesAreFoundByRelease(t *testing.T) {
	cases := map[string]struct {
		version string
		want    []Feature
	}{
		"the oldest has one feature":              {"3.3-IV3", []Feature{{"metadata.version", 7}}},
		"a release has its features":              {"4.0-IV3", []Feature{{"metadata.version", 25}, {"group.version", 1}, {"transaction.version", 2}}},
		"a short name is the last of a release":   {"4.0", []Feature{{"metadata.version", 25}, {"group.version", 1}, {"transaction.version", 2}}},
		"a later release is not known":            {"4.4-IV0", nil},
		"a comment's first word is not a release": {"#", nil},
		"nothing is not a release":                {"", nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, known := Features(c.version)
			if diff := cmp.Diff(c.want, got); diff != "" || known != (c.want != nil) {
				t.Errorf("known %v (-want +got):\n%s", known, diff)
			}
		})
	}
}
