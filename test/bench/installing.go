package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"castellan.io/castellan/internal/runtime/kube/kubetest"
	"castellan.io/castellan/test/bench/figure"
)

// prints is how often `castellan install` is timed in each run.
const prints = 5

// installing measures what a user waits for who installs: the definitions on an API server that was never used, and the command.
func (b *bench) installing(ctx context.Context, report *figure.Report) error {
	established := &figure.Figure{Name: "all definitions applied and established, fresh API server", Unit: figure.Seconds, Target: figure.AtMost(5)}
	printed := &figure.Figure{Name: "castellan install", Unit: figure.Milliseconds, Target: figure.AtMost(100)}
	for i := range b.runs {
		b.say("run %d of %d: a fresh API server", i+1, b.runs)
		seconds, err := b.define(ctx)
		if err != nil {
			return err
		}
		established.Ours = append(established.Ours, seconds)
		for range prints {
			began := b.now()
			if out, err := exec.CommandContext(ctx, b.castellan, "install").CombinedOutput(); err != nil {
				return fmt.Errorf("castellan install: %w: %s", err, out)
			}
			printed.Ours = append(printed.Ours, float64(b.now().Sub(began).Milliseconds()))
		}
	}
	report.Figures = append(report.Figures, established, printed)
	return nil
}

// define starts an API server of its own, and returns the seconds from the first definition until all are established.
func (b *bench) define(ctx context.Context) (seconds float64, err error) {
	definitions, err := kubetest.Definitions()
	if err != nil {
		return 0, err
	}
	server := &envtest.Environment{}
	connection, err := server.Start()
	if err != nil {
		return 0, fmt.Errorf("start an API server (KUBEBUILDER_ASSETS names the directory that `bin/dev assets` prints): %w", err)
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	scheme := runtime.NewScheme()
	if err := apiextensionsv1.AddToScheme(scheme); err != nil {
		return 0, err
	}
	c, err := client.New(connection, client.Options{Scheme: scheme})
	if err != nil {
		return 0, err
	}
	began := b.now()
	for _, definition := range definitions {
		if err := c.Create(ctx, definition); err != nil {
			return 0, fmt.Errorf("define %s: %w", definition.Name, err)
		}
	}
	err = b.every(ctx, look, "the definitions are established", func() error {
		var list apiextensionsv1.CustomResourceDefinitionList
		if err := c.List(ctx, &list); err != nil {
			return err
		}
		ready := slices.DeleteFunc(list.Items, func(d apiextensionsv1.CustomResourceDefinition) bool { return !isEstablished(d) })
		if len(ready) < len(definitions) {
			return fmt.Errorf("%d of %d are", len(ready), len(definitions))
		}
		return nil
	})
	return b.now().Sub(began).Seconds(), err
}

func isEstablished(d apiextensionsv1.CustomResourceDefinition) bool {
	return slices.ContainsFunc(d.Status.Conditions, func(c apiextensionsv1.CustomResourceDefinitionCondition) bool {
		return c.Type == apiextensionsv1.Established && c.Status == apiextensionsv1.ConditionTrue
	})
}
