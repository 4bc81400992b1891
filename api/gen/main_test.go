package main

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// loaded are the types, for all tests.
var loaded = sync.OnceValues(load)

func TestInstalledDefinitionsAreWhatTheTypesSay(t *testing.T) {
	types, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	files, err := types.definitions()
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
