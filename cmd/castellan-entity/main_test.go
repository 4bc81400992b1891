package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEveryCommandShowsAnExample(t *testing.T) {
	commands := newRootCommand().Commands()
	if len(commands) != 2 {
		t.Errorf("%d commands", len(commands))
	}
	for _, c := range commands {
		root := newRootCommand()
		var out bytes.Buffer
		root.SetOut(&out)
		root.SetArgs([]string{c.Name(), "--help"})
		if err := root.Execute(); err != nil || !strings.Contains(out.String(), c.CommandPath()) {
			t.Errorf("error %v, no example of %q in:\n%s", err, c.CommandPath(), out.String())
		}
	}
}

func TestAConfigurationThatLacksSomethingIsRefused(t *testing.T) {
	t.Setenv("STRIMZI_NAMESPACE", "")
	for _, role := range []string{"topic-operator", "user-operator"} {
		root := newRootCommand()
		root.SetArgs([]string{role})
		if err := root.Execute(); err == nil || !strings.HasPrefix(err.Error(), "configuration: ") || !strings.Contains(err.Error(), "STRIMZI_NAMESPACE") {
			t.Errorf("%s: %v", role, err)
		}
	}
}

// played is an operator that is as a test says.
type played struct {
	alive, ready bool
	run          func(context.Context) error
}

func (p played) Run(ctx context.Context) error { return p.run(ctx) }
func (p played) Alive() bool                   { return p.alive }
func (p played) Ready() bool                   { return p.ready }

func TestProbesAreAnsweredInTheCompatibleWords(t *testing.T) {
	registry, err := newRegistry()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler(registry, played{alive: true}))
	defer server.Close()
	got := map[string]string{}
	for _, path := range []string{"/healthy", "/ready"} {
		code, body := get(t, server.URL+path)
		got[path] = http.StatusText(code) + " " + body
	}
	want := map[string]string{"/healthy": `OK {"status": "ok"}`, "/ready": `Internal Server Error {"status": "not-ok"}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, metrics := get(t, server.URL+"/metrics")
	for _, name := range []string{"process_resident_memory_bytes", "go_goroutines"} {
		if !strings.Contains(metrics, name+" ") {
			t.Errorf("no %s", name)
		}
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestAllEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	waits := func(ctx context.Context) error { <-ctx.Done(); return nil }
	begins := func(ctx context.Context) error { cancel(); return waits(ctx) }
	if err := serve(ctx, "127.0.0.1:0", nil, played{run: begins}, waits); err != nil {
		t.Error(err)
	}
}

func TestAllEndsWithTheFirstThatFails(t *testing.T) {
	broken := errors.New("broken")
	waits := func(ctx context.Context) error { <-ctx.Done(); return nil }
	fails := func(context.Context) error { return broken }
	if err := serve(t.Context(), "127.0.0.1:0", nil, played{run: fails}, waits); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
