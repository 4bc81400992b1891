package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	oldTopic = "apiVersion: kafka.strimzi.io/v1beta2\nkind: KafkaTopic\nmetadata: {name: a}\nspec: {}\n"
	newTopic = "apiVersion: kafka.strimzi.io/v1\nkind: KafkaTopic\nmetadata: {name: a}\nspec: {}\n"
)

func TestConvertPrintsManifestsAndSaysWhatItDid(t *testing.T) {
	file := filepath.Join(t.TempDir(), "topic.yaml")
	if err := os.WriteFile(file, []byte(oldTopic), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct{ argument, name string }{
		"of a file":             {file, file},
		"of the standard input": {"-", "stdin"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			stdout, stderr, err := runWith(t, oldTopic, "convert", c.argument)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(newTopic, stdout); diff != "" {
				t.Errorf("manifests (-want +got):\n%s", diff)
			}
			said := c.name + ":1: KafkaTopic a: apiVersion kafka.strimzi.io/v1beta2 is now kafka.strimzi.io/v1\n"
			if diff := cmp.Diff(said, stderr); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConvertEndsWithAnErrorWhenSomethingIsLeft(t *testing.T) {
	stdout, stderr, err := runWith(t, strings.Replace(oldTopic, "{}", "{partition: 3}", 1), "convert", "-")
	if err == nil || !strings.Contains(err.Error(), "one place is not converted") {
		t.Errorf("want an error about one place, got %v", err)
	}
	if !strings.Contains(stdout, "spec: {partition: 3}") {
		t.Errorf("want it to be printed all the same:\n%s", stdout)
	}
	if !strings.Contains(stderr, "stdin:4: KafkaTopic a: NOT CONVERTED: v1 has no field spec.partition\n") {
		t.Errorf("want the place:\n%s", stderr)
	}
}

func TestConvertRefusesWhatItCannotRead(t *testing.T) {
	cases := map[string]struct {
		arguments []string
		want      []string
	}{
		"no file":              {nil, []string{"requires at least 1 arg"}},
		"a file that is not":   {[]string{"/nowhere.yaml"}, []string{"/nowhere.yaml: no such file"}},
		"what is not YAML":     {[]string{"-"}, []string{"stdin: yaml: ", "expected YAML"}},
		"one of several files": {[]string{"-", "/nowhere.yaml"}, []string{"/nowhere.yaml: no such file"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			stdout, stderr, err := runWith(t, "kind: a: b", append([]string{"convert"}, c.arguments...)...)
			checkRefusal(t, stdout+stderr, err, c.want)
		})
	}
}
