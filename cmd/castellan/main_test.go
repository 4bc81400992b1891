package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"castellan.io/castellan/internal/config"
)

// run executes the program with arguments and returns what it would tell.
func run(t *testing.T, arguments ...string) (stdout string, err error) {
	t.Helper()
	root := newRootCommand()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(arguments)
	err = root.ExecuteContext(t.Context())
	return out.String(), err
}

// runWith runs a command with a standard input.
func runWith(t *testing.T, stdin string, arguments ...string) (stdout, stderr string, err error) {
	t.Helper()
	root := newRootCommand()
	var out, said bytes.Buffer
	root.SetIn(strings.NewReader(stdin))
	root.SetOut(&out)
	root.SetErr(&said)
	root.SetArgs(arguments)
	err = root.ExecuteContext(t.Context())
	return out.String(), said.String(), err
}

// runnable are the commands that do something, with those that they belong to.
func runnable(c *cobra.Command) []*cobra.Command {
	var out []*cobra.Command
	if c.Runnable() {
		out = append(out, c)
	}
	for _, sub := range c.Commands() {
		out = append(out, runnable(sub)...)
	}
	return out
}

func TestTheHelpOfEveryCommandHasAnExampleOfIt(t *testing.T) {
	var paths []string
	for _, c := range runnable(newRootCommand()) {
		paths = append(paths, c.CommandPath())
		t.Run(c.CommandPath(), func(t *testing.T) {
			help, err := run(t, append(strings.Fields(c.CommandPath())[1:], "--help")...)
			if err != nil {
				t.Fatal(err)
			}
			_, example, found := strings.Cut(help, "Examples:\n")
			if !found || !strings.Contains(example, c.CommandPath()) {
				t.Errorf("no example of %q in:\n%s", c.CommandPath(), help)
			}
		})
	}
	want := []string{
		"castellan client-config", "castellan convert", "castellan install", "castellan operator", "castellan storage-provisioner", "castellan topic-operator",
		"castellan topics", "castellan topics import", "castellan user-operator", "castellan users", "castellan users import",
	}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}

func TestAnOperatorThatCannotStartSaysWhyInOneLine(t *testing.T) {
	images := "4.2.0=a 4.2.1=a 4.3.0=a 4.3.1=a"
	tests := map[string]struct {
		variables map[string]string
		want      []string
	}{
		"nothing is set": {nil, []string{"configuration: ", "STRIMZI_KAFKA_IMAGES is empty: expected", "STRIMZI_DEFAULT_KAFKA_INIT_IMAGE is empty: expected"}},
		"a number is none": {
			map[string]string{"STRIMZI_KAFKA_IMAGES": images, "STRIMZI_DEFAULT_KAFKA_INIT_IMAGE": "x", "STRIMZI_OPERATION_TIMEOUT_MS": "5m"},
			[]string{`configuration: STRIMZI_OPERATION_TIMEOUT_MS is "5m": expected a positive number of milliseconds`},
		},
		"a level of the log is none": {
			map[string]string{"STRIMZI_KAFKA_IMAGES": images, "STRIMZI_DEFAULT_KAFKA_INIT_IMAGE": "x", "STRIMZI_LOG_LEVEL": "loud"},
			[]string{`STRIMZI_LOG_LEVEL is "loud": expected debug, info, warn or error`},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for _, variable := range []string{"STRIMZI_KAFKA_IMAGES", "STRIMZI_DEFAULT_KAFKA_INIT_IMAGE", "STRIMZI_OPERATION_TIMEOUT_MS", "STRIMZI_LOG_LEVEL"} {
				t.Setenv(variable, test.variables[variable])
			}
			stdout, err := run(t, "operator")
			checkRefusal(t, stdout, err, test.want)
		})
	}
}

func checkRefusal(t *testing.T, stdout string, err error, want []string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, text := range want {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%q lacks %q", err, text)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than one line: %q", err)
	}
	if stdout != "" {
		t.Errorf("it says more than the error: %q", stdout)
	}
}

func TestWordsThatNoCommandKnowsAreRefused(t *testing.T) {
	for name, arguments := range map[string][]string{
		"a command":                         {"sail"},
		"an argument of the operator":       {"operator", "now"},
		"a flag of the storage provisioner": {"storage-provisioner", "--wish"},
		"a command below topics":            {"topics", "export"},
	} {
		t.Run(name, func(t *testing.T) {
			stdout, err := run(t, arguments...)
			checkRefusal(t, stdout, err, []string{arguments[len(arguments)-1]})
		})
	}
}

func TestImagesAndPatternsAreNamedWhenTheyAreWrong(t *testing.T) {
	tests := map[string]struct{ images, exclusion, want string }{
		"an image is missing":           {"4.3.1=a", "", "STRIMZI_KAFKA_IMAGES: no image is given for Kafka 4.2.0"},
		"an image is of no known Kafka": {"4.2.0=a 4.2.1=a 4.3.0=a 4.3.1=a 5.0.0=a", "", "STRIMZI_KAFKA_IMAGES: images are given for Kafka 5.0.0"},
		"a pattern is none":             {"4.2.0=a 4.2.1=a 4.3.0=a 4.3.1=a", "(", "STRIMZI_LABELS_EXCLUSION_PATTERN: "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			variables := map[string]string{
				"STRIMZI_KAFKA_IMAGES": test.images, "STRIMZI_DEFAULT_KAFKA_INIT_IMAGE": "x", "STRIMZI_LABELS_EXCLUSION_PATTERN": test.exclusion,
			}
			settings, err := config.ReadOperator(func(name string) string { return variables[name] })
			if err != nil {
				t.Fatal(err)
			}
			if _, err = kafkaSettings(settings); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error: %v, want %q", err, test.want)
			}
		})
	}
}
