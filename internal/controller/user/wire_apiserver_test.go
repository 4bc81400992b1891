//go:build apiserver

package user_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	v1 "castellan.io/castellan/api/v1"
)

// wire counts what the operator writes to the API server, and may keep it from there.
type wire struct {
	client.WithWatch

	mu     sync.Mutex
	writes []string
	// before is asked before a write such as "create Secret orders" or "status KafkaUser orders"; after comes when it was done.
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

func (w *wire) write(verb string, object client.Object, do func() error) error {
	kind := "KafkaUser"
	if gvk, err := apiutil.GVKForObject(object, scheme.Scheme); err == nil {
		kind = gvk.Kind
	}
	what := fmt.Sprintf("%s %s %s/%s", verb, kind, object.GetNamespace(), object.GetName())
	w.mu.Lock()
	w.writes = append(w.writes, what)
	before, after := w.before, w.after
	w.mu.Unlock()
	if before != nil {
		if err := before(what); err != nil {
			return err
		}
	}
	if err := do(); err != nil {
		return err
	}
	if after != nil {
		after(what)
	}
	return nil
}

func (w *wire) Create(ctx context.Context, o client.Object, opts ...client.CreateOption) error {
	return w.write("create", o, func() error { return w.WithWatch.Create(ctx, o, opts...) })
}

func (w *wire) Update(ctx context.Context, o client.Object, opts ...client.UpdateOption) error {
	return w.write("update", o, func() error { return w.WithWatch.Update(ctx, o, opts...) })
}

func (w *wire) Delete(ctx context.Context, o client.Object, opts ...client.DeleteOption) error {
	return w.write("delete", o, func() error { return w.WithWatch.Delete(ctx, o, opts...) })
}

func (w *wire) Status() client.SubResourceWriter {
	return &statusWire{w.WithWatch.Status(), w}
}

type statusWire struct {
	client.SubResourceWriter
	wire *wire
}

func (s *statusWire) Update(ctx context.Context, o client.Object, opts ...client.SubResourceUpdateOption) error {
	return s.wire.write("status", o, func() error { return s.SubResourceWriter.Update(ctx, o, opts...) })
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
