package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"text/template"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/apimachinery/pkg/watch"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	podsetv1 "castellan.io/castellan/api/core/v1"
	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/test/bench/stage"
)

//go:embed manifests
var manifests embed.FS

const (
	// patience ends waits for what will never come. It is no limit for a slow machine.
	patience = 10 * time.Minute
	// look is how often a wait looks; it bounds how exact the figures are where no watch tells.
	look = 20 * time.Millisecond
	// fieldOwner is who applies, as kubectl would be.
	fieldOwner = client.FieldOwner("bench")
)

// world is the Kubernetes cluster, the clock, and the place for progress.
type world struct {
	connection *rest.Config
	client     client.WithWatch
	now        func() time.Time
	progress   io.Writer
	began      time.Time
}

func newWorld(progress io.Writer) (*world, error) {
	// The libraries' remarks would tear the progress apart; what matters comes back as errors.
	ctrl.SetLogger(logr.Discard())
	connection, err := ctrl.GetConfig()
	if err != nil {
		return nil, fmt.Errorf("find the Kubernetes cluster (run with `bin/dev shell -- …`): %w", err)
	}
	// Waiting for a turn in this process would be counted as waiting for the operator.
	connection.QPS, connection.Burst = 500, 1000
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1.AddToScheme(scheme), podsetv1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	c, err := client.NewWithWatch(connection, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("set up: %w", err)
	}
	return &world{connection: connection, client: c, now: time.Now, progress: progress, began: time.Now()}, nil
}

// say tells a person what goes on.
func (w *world) say(format string, values ...any) {
	fmt.Fprintf(w.progress, "%6.1fs  %s\n", w.now().Sub(w.began).Seconds(), fmt.Sprintf(format, values...))
}

// until waits for a check to pass.
func (w *world) until(ctx context.Context, what string, check func() error) error {
	return w.every(ctx, 250*time.Millisecond, what, check)
}

func (w *world) every(ctx context.Context, pause time.Duration, what string, check func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := check()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting until %s: %w; at the end: %w", what, ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}

// manifest fills in a manifest and returns its objects.
func manifest(name string, values any) ([]*unstructured.Unstructured, error) {
	parsed, err := template.ParseFS(manifests, "manifests/"+name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	var text bytes.Buffer
	if err := parsed.Execute(&text, values); err != nil {
		return nil, fmt.Errorf("fill in %s: %w", name, err)
	}
	decoder := yaml.NewYAMLOrJSONDecoder(&text, text.Len())
	var out []*unstructured.Unstructured
	for {
		o := &unstructured.Unstructured{}
		err := decoder.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("decode %s: %w", name, err)
		}
		out = append(out, o)
	}
}

func (w *world) apply(ctx context.Context, namespace string, objects []*unstructured.Unstructured) error {
	for _, o := range objects {
		o = o.DeepCopy()
		o.SetNamespace(namespace)
		if err := w.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(o), fieldOwner, client.ForceOwnership); err != nil {
			return fmt.Errorf("apply %s %s: %w", o.GetKind(), o.GetName(), err)
		}
	}
	return nil
}

func (w *world) makeNamespace(ctx context.Context, name string) error {
	return w.until(ctx, "namespace "+name+" can be made", func() error {
		return w.client.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
	})
}

// removeNamespace deletes a namespace and waits until nothing of it is left: no process of a pod, no volume.
func (w *world) removeNamespace(ctx context.Context, name string) error {
	if err := w.client.Delete(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete namespace %s: %w", name, err)
	}
	hurried := map[string]bool{}
	return w.until(ctx, "namespace "+name+" is gone", func() error {
		w.hurry(ctx, name, hurried)
		err := w.client.Get(ctx, client.ObjectKey{Name: name}, &corev1.Namespace{})
		if !apierrors.IsNotFound(err) {
			return fmt.Errorf("still there: %w", orStill(err))
		}
		return w.volumesGone(ctx, name)
	})
}

// hurry shortens the end of pods: nobody needs their data, and brokers that end all at once find nobody to leave to.
func (w *world) hurry(ctx context.Context, namespace string, done map[string]bool) {
	var pods corev1.PodList
	if err := w.client.List(ctx, &pods, client.InNamespace(namespace)); err != nil {
		return
	}
	for i := range pods.Items {
		if uid := string(pods.Items[i].UID); !done[uid] {
			done[uid] = w.client.Delete(ctx, &pods.Items[i], client.GracePeriodSeconds(1)) == nil
		}
	}
}

func (w *world) volumesGone(ctx context.Context, namespace string) error {
	var volumes corev1.PersistentVolumeList
	if err := w.client.List(ctx, &volumes); err != nil {
		return err
	}
	for i := range volumes.Items {
		if claim := volumes.Items[i].Spec.ClaimRef; claim != nil && claim.Namespace == namespace {
			return fmt.Errorf("volume %s is still there", volumes.Items[i].Name)
		}
	}
	return nil
}

var errStill = errors.New("not yet")

func orStill(err error) error {
	if err == nil {
		return errStill
	}
	return err
}

// follow notes on a timeline what happens in a namespace, until the context ends.
func (w *world) follow(ctx context.Context, namespace string, line *stage.Timeline) error {
	for _, list := range []client.ObjectList{&corev1.PodList{}, &corev1.SecretList{}, &podsetv1.StrimziPodSetList{}, &v1.KafkaList{}} {
		first, err := w.client.Watch(ctx, list, client.InNamespace(namespace))
		if err != nil {
			return fmt.Errorf("watch %T: %w", list, err)
		}
		go w.followList(ctx, first, namespace, list, line)
	}
	return nil
}

// followList opens its watch again when the API server closes it. A new one begins with what is there.
func (w *world) followList(ctx context.Context, events watch.Interface, namespace string, list client.ObjectList, line *stage.Timeline) {
	for {
		w.noteAll(ctx, events, line)
		if ctx.Err() != nil {
			return
		}
		again, err := w.client.Watch(ctx, list, client.InNamespace(namespace))
		for err != nil && ctx.Err() == nil {
			time.Sleep(look)
			again, err = w.client.Watch(ctx, list, client.InNamespace(namespace))
		}
		events = again
	}
}

func (w *world) noteAll(ctx context.Context, events watch.Interface, line *stage.Timeline) {
	if events == nil {
		return
	}
	defer events.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e, open := <-events.ResultChan():
			if !open {
				return
			}
			o, ok := e.Object.(client.Object)
			switch {
			case !ok:
			case e.Type == watch.Deleted:
				line.Note(w.now(), stage.Deleted(o))
			default:
				line.Note(w.now(), stage.Of(o))
			}
		}
	}
}
