package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/test/bench/figure"
)

const (
	manyNamespace = "bench-many"
	// idle is how long the operator is watched doing nothing: its usual interval between two looks at every resource.
	idle = 2 * time.Minute
)

// many measures an operator of many clusters while nothing happens. Their pods are objects only: the operator sees
// nodes that are ready and brokers that answer, and the machine is left to it.
func (b *bench) many(ctx context.Context, report *figure.Report) (err error) {
	b.say("%d clusters with nodes that are played", b.clusters)
	if err := b.removeNamespace(ctx, manyNamespace); err != nil {
		return err
	}
	if err := b.makeNamespace(ctx, manyNamespace); err != nil {
		return err
	}
	// The played node ends its pods, so it goes last, and whatever happens.
	playing, stop := context.WithCancel(context.WithoutCancel(ctx))
	node, err := b.play(playing)
	defer func() {
		removeErr := b.removeNamespace(playing, manyNamespace)
		if node != nil {
			removeErr = errors.Join(removeErr, node.leave(playing))
		}
		stop()
		err = errors.Join(err, removeErr)
	}()
	if err != nil {
		return err
	}
	took, err := b.startMany(ctx)
	if err != nil {
		return err
	}
	return b.measureMany(ctx, took, report)
}

func (b *bench) startMany(ctx context.Context) (time.Duration, error) {
	var all []*unstructured.Unstructured
	for i := range b.clusters {
		objects, err := manifest("one-of-many.yaml", map[string]string{"Name": fmt.Sprintf("c%02d", i), "Scheduler": playedScheduler})
		if err != nil {
			return 0, err
		}
		all = append(all, objects...)
	}
	began, told := b.now(), b.now()
	if err := b.apply(ctx, manyNamespace, all); err != nil {
		return 0, err
	}
	err := b.until(ctx, "all clusters are ready", func() error {
		ready, err := b.readyClusters(ctx)
		if err != nil || ready == b.clusters {
			return err
		}
		if b.now().Sub(told) > 10*time.Second {
			told = b.now()
			b.say("%d of %d clusters are ready", ready, b.clusters)
		}
		return fmt.Errorf("%d are", ready)
	})
	b.say("all clusters are ready")
	return b.now().Sub(began), err
}

func (b *bench) readyClusters(ctx context.Context) (int, error) {
	var list v1.KafkaList
	if err := b.client.List(ctx, &list, client.InNamespace(manyNamespace)); err != nil {
		return 0, fmt.Errorf("list Kafka resources: %w", err)
	}
	ready := 0
	for i := range list.Items {
		for _, c := range list.Items[i].Status.Conditions {
			if c.Type == v1.ConditionReady && c.Status == v1.ConditionTrue {
				ready++
			}
		}
	}
	return ready, nil
}

func (b *bench) measureMany(ctx context.Context, took time.Duration, report *figure.Report) error {
	name := func(what string) string { return fmt.Sprintf("%s, %d clusters", what, b.clusters) }
	report.Figures = append(report.Figures, &figure.Figure{Name: name("played nodes, from apply to all Ready"), Unit: figure.Seconds, Ours: []float64{took.Seconds()}})
	// What the start has left to do is not idleness.
	if err := b.pause(ctx, 3*calm); err != nil {
		return err
	}
	b.say("watching the operator do nothing for %s", idle)
	quiet, err := b.watchIdle(ctx)
	if err != nil {
		return err
	}
	for i := range quiet {
		quiet[i].Name = name(quiet[i].Name)
	}
	report.Figures = append(report.Figures, quiet...)
	b.say("restarting the operator")
	changed, objects, err := b.changedByRestart(ctx, manyNamespace, b.clusters)
	if err != nil {
		return err
	}
	memory, err := b.operator.memory(ctx)
	if err != nil {
		return err
	}
	report.Figures = append(report.Figures,
		&figure.Figure{Name: name("memory of a restarted operator"), Unit: figure.Mebibytes, Ours: []float64{memory}},
		&figure.Figure{Name: name(fmt.Sprintf("objects that a restart of the operator changes, of %d", objects)), Ours: []float64{float64(changed)}, Target: figure.AtMost(0)})
	return nil
}

// watchIdle compares what the operator counts before and after a time.
func (b *bench) watchIdle(ctx context.Context) ([]*figure.Figure, error) {
	before, err := b.operator.metrics(ctx)
	if err != nil {
		return nil, err
	}
	counting, stop := context.WithCancel(ctx)
	defer stop()
	renewals, err := b.operator.countRenewals(counting)
	if err != nil {
		return nil, err
	}
	began := b.now()
	if err := b.pause(ctx, idle); err != nil {
		return nil, err
	}
	after, err := b.operator.metrics(ctx)
	if err != nil {
		return nil, err
	}
	minutes := b.now().Sub(began).Minutes()
	return idleFigures(before, after, float64(renewals()), minutes), nil
}

func idleFigures(before, after metrics, renewals, minutes float64) []*figure.Figure {
	const requests, durations = "rest_client_requests_total", "strimzi_reconciliations_duration_seconds"
	clusters := map[string]string{"kind": "Kafka"}
	count := after.sum(durations, clusters) - before.sum(durations, clusters)
	spent := after.seconds(durations, clusters) - before.seconds(durations, clusters)
	reads := map[string]string{"method": http.MethodGet}
	all := after.sum(requests, nil) - before.sum(requests, nil)
	read := after.sum(requests, reads) - before.sum(requests, reads)
	out := []*figure.Figure{
		{Name: "memory of the operator", Unit: figure.Mebibytes, Ours: []float64{after.sum("process_resident_memory_bytes", nil) / mebibyte}},
		{Name: "reconciliations a minute, idle", Ours: []float64{count / minutes}},
		{Name: "processor time of the operator a minute, idle", Unit: figure.Milliseconds, Ours: []float64{
			(after.sum("process_cpu_seconds_total", nil) - before.sum("process_cpu_seconds_total", nil)) * 1000 / minutes,
		}},
		{Name: "API requests a minute that change something, idle", Ours: []float64{max(0, all-read-renewals) / minutes}, Target: figure.AtMost(0)},
		{Name: "API requests a minute that read or open a watch again, idle", Ours: []float64{read / minutes}},
		{Name: "renewals of the lease a minute", Ours: []float64{renewals / minutes}},
	}
	if count > 0 {
		out = append(out, &figure.Figure{Name: "a reconciliation, idle, mean", Unit: figure.Milliseconds, Ours: []float64{spent / count * 1000}})
	}
	return out
}

// countRenewals counts the changes of the operator's lease until the context ends.
func (o *operator) countRenewals(ctx context.Context) (func() int, error) {
	events, err := o.client.Watch(ctx, &coordinationv1.LeaseList{}, client.InNamespace(o.namespace), client.MatchingFields{"metadata.name": operatorName})
	if err != nil {
		return nil, fmt.Errorf("watch the operator's lease: %w", err)
	}
	var count atomic.Int64
	go func() {
		defer events.Stop()
		for e := range events.ResultChan() {
			if e.Type == watch.Modified {
				count.Add(1)
			}
		}
	}()
	return func() int { return int(count.Load()) }, nil
}
