//go:build apiserver

package user_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
)

// wire counts what the operator writes to the API server, and may keep it from there.
type wire struct {
	mu     sync.Mutex
	writes []string
	// before is asked before a write such as "update secrets ns/orders" or "status kafkausers ns/orders"; after comes when it was done. What is
	// created has no name yet.
	before func(write string) error
	after  func(write string)
}

// intercept sets what happens around writes; both may be nil.
func (w *wire) intercept(before func(string) error, after func(string)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.before, w.after = before, after
}

// written are the writes so far.
func (w *wire) written() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string{}, w.writes...)
}

// through is a connection that passes a wire.
type through struct {
	to   http.RoundTripper
	wire *wire
}

func (t through) RoundTrip(r *http.Request) (*http.Response, error) {
	what := written(r)
	if what == "" {
		return t.to.RoundTrip(r)
	}
	t.wire.mu.Lock()
	t.wire.writes = append(t.wire.writes, what)
	before, after := t.wire.before, t.wire.after
	t.wire.mu.Unlock()
	if before != nil {
		if err := before(what); err != nil {
			return nil, err
		}
	}
	response, err := t.to.RoundTrip(r)
	if err == nil && response.StatusCode < http.StatusMultipleChoices && after != nil {
		after(what)
	}
	return response, err
}

// written says what a request writes; nothing if it only reads.
func written(r *http.Request) string {
	verbs := map[string]string{http.MethodPost: "create", http.MethodPut: "update", http.MethodDelete: "delete"}
	_, path, _ := strings.Cut(r.URL.Path, "/namespaces/")
	parts := append(strings.Split(path, "/"), "", "", "")
	verb := verbs[r.Method]
	if verb != "" && parts[3] == "status" {
		verb = "status"
	}
	if verb == "" {
		return ""
	}
	return fmt.Sprintf("%s %s %s/%s", verb, parts[1], parts[0], parts[2])
}

// record is all that operators of all tests have logged.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) logger() logr.Logger {
	return funcr.New(func(prefix, args string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		fmt.Fprintln(&r.text, prefix, args)
	}, funcr.Options{Verbosity: 10})
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// tellsNoSecret checks that nothing of what is in Secrets was logged, or is in a status.
func (w *world) tellsNoSecret() {
	ctx := context.WithoutCancel(w.Context())
	var list corev1.SecretList
	var users v1.KafkaUserList
	for _, l := range []client.ObjectList{&list, &users} {
		if err := api.List(ctx, l, client.InNamespace(w.namespace)); err != nil {
			w.Fatal(err)
		}
	}
	told := logged.String()
	for _, u := range users.Items {
		told += fmt.Sprintf("%+v", u.Status)
	}
	for _, s := range list.Items {
		for name, content := range s.Data {
			public := strings.HasSuffix(name, ".crt")
			for line := range strings.Lines(string(content)) {
				if line = strings.TrimSpace(line); !public && len(line) >= 8 && !strings.HasPrefix(line, "-----") && strings.Contains(told, line) {
					w.Errorf("%s of Secret %s was told to everybody", name, s.Name)
				}
			}
		}
	}
}
