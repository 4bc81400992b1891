package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestInstalledDefinitionsAreWhatTheTypesSay(t *testing.T) {
	files, err := definitions()
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no kind was found")
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("../../install", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, got) {
			t.Errorf("install/%s is out of date; run go generate ./api/...", name)
		}
	}
}
