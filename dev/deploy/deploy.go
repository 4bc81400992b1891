package deploy

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"castellan.io/castellan/dev/kubectl"
	"castellan.io/castellan/dev/progress"
)

const (
	// storageNamespace is where the storage provisioner is installed.
	storageNamespace = "castellan-storage"
	// patience is how long pods may take to become ready, an image pull included.
	patience = 3 * time.Minute
)

// Deployment installs the operator.
type Deployment struct {
	// Source is the repository's root.
	Source string
	// Kubectl reaches the cluster.
	Kubectl kubectl.Client
	// Progress hears of what is done.
	Progress progress.Reporter
	// Storage installs the storage provisioner too, whose class becomes the default one.
	Storage bool
	Choice
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

func (d Deployment) definitions(ctx context.Context) error {
	step := d.Progress.Start("applying the resource definitions")
	objects, err := read(filepath.Join(d.Source, "install/crds"))
	if err != nil {
		return step.End(err)
	}
	if err := d.apply(ctx, objects); err != nil {
		return step.End(err)
	}
	return step.End(d.established(ctx, objects))
}

// established waits until the definitions can be used. kubectl fails on a definition that has no conditions yet
// instead of waiting for them, so it is asked again.
func (d Deployment) established(ctx context.Context, definitions []object) error {
	arguments := []string{"wait", "--for=condition=Established", "--timeout=30s"}
	for _, definition := range definitions {
		arguments = append(arguments, fmt.Sprintf("crd/%s", child(definition, "metadata")["name"]))
	}
	var err error
	for range 5 {
		if _, err = d.Kubectl.Run(ctx, arguments...); err == nil || ctx.Err() != nil {
			return err
		}
		time.Sleep(time.Second)
	}
	return err
}

func (d Deployment) storage(ctx context.Context) error {
	choice := d.Choice
	choice.Namespace = storageNamespace
	// Directories of nodes are mounted, which the stricter levels refuse.
	if err := d.namespace(ctx, storageNamespace, "privileged"); err != nil {
		return err
	}
	return d.install(ctx, "storage-provisioner", "daemonset/castellan-storage-provisioner", choice)
}

func (d Deployment) operator(ctx context.Context) error {
	if err := d.namespace(ctx, d.Namespace, ""); err != nil {
		return err
	}
	return d.install(ctx, "cluster-operator", "deployment/strimzi-cluster-operator", d.Choice)
}

// namespace makes a namespace; without a level, its Pod Security labels stay what they are.
func (d Deployment) namespace(ctx context.Context, name, level string) error {
	metadata := object{"name": name}
	if level != "" {
		metadata["labels"] = object{"pod-security.kubernetes.io/enforce": level}
	}
	return d.apply(ctx, []object{{"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}})
}

// install applies one folder and waits for its workload.
func (d Deployment) install(ctx context.Context, folder, workload string, choice Choice) error {
	step := d.Progress.Start("installing " + folder + " into namespace " + choice.Namespace)
	objects, err := read(filepath.Join(d.Source, "install", folder))
	if err != nil {
		return step.End(err)
	}
	choose(objects, choice)
	if err := d.apply(ctx, objects); err != nil {
		return step.End(err)
	}
	step.Detail("waiting for %s", workload)
	_, err = d.Kubectl.Run(ctx, "rollout", "status", workload, "--namespace", choice.Namespace, "--timeout", patience.String())
	if err != nil {
		err = errors.Join(err, d.lastWords(ctx, workload, choice.Namespace))
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

func (d Deployment) apply(ctx context.Context, objects []object) error {
	manifests, err := list(objects)
	if err != nil {
		return fmt.Errorf("writing manifests: %w", err)
	}
	return d.Kubectl.Apply(ctx, manifests)
}
