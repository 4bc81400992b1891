package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"castellan.io/castellan/dev/kubectl"
	"castellan.io/castellan/dev/progress"
	"castellan.io/castellan/install"
)

const (
	// storageNamespace is where the storage provisioner is installed.
	storageNamespace = "castellan-storage"
	// patience is how long pods may take to become ready, an image pull included.
	patience = 3 * time.Minute
	// digestAnnotation on pods makes a new image under an old tag roll out.
	digestAnnotation = "castellan.io/image-digest"
	// definitionsLabel selects the resource definitions.
	definitionsLabel = "strimzi.io/crd-install=true"
)

// Deployment installs the operator.
type Deployment struct {
	// Kubectl reaches the cluster.
	Kubectl kubectl.Client
	// Progress hears of what is done.
	Progress progress.Reporter
	// Storage installs the storage provisioner too, whose class becomes the default one.
	Storage bool
	// Namespace is where the operator runs.
	Namespace string
	// AllNamespaces makes it watch every namespace instead of its own.
	AllNamespaces bool
	// Registry has the images; empty for castellan.local.
	Registry string
	// Digest of Castellan's image, which tells one image from the next under the same tag; may be empty.
	Digest string
}

// Run installs everything and waits until it runs. It may be repeated.
func (d Deployment) Run(ctx context.Context) error {
	if err := d.definitions(ctx); err != nil {
		return err
	}
	if d.Storage {
		if err := d.storage(ctx); err != nil {
			return err
		}
	}
	return d.operator(ctx)
}

// definitions are there before the operator, which cannot start without those of the kinds that it reconciles.
func (d Deployment) definitions(ctx context.Context) error {
	step := d.Progress.Start("applying the resource definitions")
	manifests, err := install.Definitions()
	if err != nil {
		return step.End(err)
	}
	if err := d.Kubectl.Apply(ctx, manifests); err != nil {
		return step.End(err)
	}
	return step.End(d.established(ctx))
}

// established waits until the definitions can be used. kubectl fails on a definition that has no conditions yet
// instead of waiting for them, so it is asked again.
func (d Deployment) established(ctx context.Context) error {
	var err error
	for range 5 {
		_, err = d.Kubectl.Run(ctx, "wait", "crd", "--for=condition=Established", "--timeout=30s", "--selector", definitionsLabel)
		if err == nil || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
	return err
}

func (d Deployment) storage(ctx context.Context) error {
	// Directories of nodes are mounted, which the stricter levels refuse.
	if err := d.namespace(ctx, storageNamespace, "privileged"); err != nil {
		return err
	}
	options := d.options()
	options.Namespace = storageNamespace
	manifests, err := install.StorageProvisioner(options)
	if err != nil {
		return err
	}
	return d.install(ctx, manifests, "daemonset/castellan-storage-provisioner", storageNamespace)
}

func (d Deployment) operator(ctx context.Context) error {
	manifests, err := install.Operator(d.options())
	if err != nil {
		return err
	}
	if err := d.namespace(ctx, d.Namespace, ""); err != nil {
		return err
	}
	return d.install(ctx, manifests, "deployment/strimzi-cluster-operator", d.Namespace)
}

func (d Deployment) options() install.Options {
	out := install.Options{Namespace: d.Namespace, Registry: d.Registry}
	if d.AllNamespaces {
		out.Watch = []string{"*"}
	}
	if d.Digest != "" {
		out.PodAnnotations = map[string]string{digestAnnotation: d.Digest}
	}
	return out
}

// namespace makes a namespace; without a level, its Pod Security labels stay what they are.
func (d Deployment) namespace(ctx context.Context, name, level string) error {
	metadata := map[string]any{"name": name}
	if level != "" {
		metadata["labels"] = map[string]any{"pod-security.kubernetes.io/enforce": level}
	}
	manifest, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
	if err != nil {
		return fmt.Errorf("writing the manifest of namespace %s: %w", name, err)
	}
	return d.Kubectl.Apply(ctx, manifest)
}

// install applies manifests and waits for their workload.
func (d Deployment) install(ctx context.Context, manifests []byte, workload, namespace string) error {
	step := d.Progress.Start("installing " + workload + " into namespace " + namespace)
	if err := d.Kubectl.Apply(ctx, manifests); err != nil {
		return step.End(err)
	}
	step.Detail("waiting for %s", workload)
	_, err := d.Kubectl.Run(ctx, "rollout", "status", workload, "--namespace", namespace, "--timeout", patience.String())
	if err != nil {
		err = errors.Join(err, d.lastWords(ctx, workload, namespace))
	}
	return step.End(err)
}

// lastWords is the end of the log of a workload that does not get ready, which mostly says why.
func (d Deployment) lastWords(ctx context.Context, workload, namespace string) error {
	log, err := d.Kubectl.Run(ctx, "logs", workload, "--namespace", namespace, "--tail=3")
	if err != nil || strings.TrimSpace(log) == "" {
		return fmt.Errorf("see: kubectl describe %s --namespace %s", workload, namespace)
	}
	return fmt.Errorf("its log ends with: %s", strings.TrimSpace(log))
}
