package golden

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The flag must be known before the testing package reads its flags.
var update = flag.Bool("update", false, "write golden files instead of comparing with them")

// Equal fails the test when got differs from the content of the file, and says where.
func Equal(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("reading golden file (run with -update to write it): %v", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-file +made; run with -update to take it over):\n%s", file, diff)
	}
}

// Inputs returns the files testdata/<name>.in.yaml by name, and fails the test when there are none.
func Inputs(t *testing.T) map[string]string {
	t.Helper()
	const suffix = ".in.yaml"
	files, err := filepath.Glob(filepath.Join("testdata", "*"+suffix))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files testdata/*%s: %v", suffix, err)
	}
	inputs := make(map[string]string, len(files))
	for _, file := range files {
		inputs[strings.TrimSuffix(filepath.Base(file), suffix)] = file
	}
	return inputs
}
