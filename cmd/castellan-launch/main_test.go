package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestEveryCommandShowsAnExample(t *testing.T) {
	commands := newRootCommand().Commands()
	if len(commands) != 2 {
		t.Errorf("%d commands", len(commands))
	}
	for _, c := range commands {
		help, err := run(t, newRootCommand(), c.Name(), "--help")
		if _, example, found := strings.Cut(help, "Examples:\n"); err != nil || !found || !strings.Contains(example, c.CommandPath()) {
			t.Errorf("error %v, no example of %q in:\n%s", err, c.CommandPath(), help)
		}
	}
}

func TestWordsThatNoCommandKnowsAreRefused(t *testing.T) {
	for _, arguments := range [][]string{{"rocket"}, {"kafka", "rocket"}, {"prepare", "rocket"}} {
		out, err := run(t, newRootCommand(), arguments...)
		if err == nil || !strings.Contains(err.Error(), "rocket") || strings.Contains(err.Error(), "\n") || out != "" {
			t.Errorf("%v: error %v, output %q", arguments, err, out)
		}
	}
}

func run(t *testing.T, root *cobra.Command, arguments ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(arguments)
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}
