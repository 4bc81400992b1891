package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/test/bench/figure"
)

// bench is one call of the benchmark.
type bench struct {
	settings
	*world
	operator operator
}

func run(command *cobra.Command, s settings, parts []string) error {
	w, err := newWorld(command.ErrOrStderr())
	if err != nil {
		return err
	}
	b := &bench{settings: s, world: w, operator: operator{world: w, namespace: s.operatorNamespace}}
	report := &figure.Report{Runs: s.runs}
	if !slices.Equal(parts, []string{"install"}) { // which is for machines without an operator
		if report.Notes, err = b.disturbances(command.Context()); err != nil {
			return err
		}
	}
	if err := b.measure(command.Context(), report, parts); err != nil {
		return err
	}
	if s.output == "json" {
		return report.JSON(command.OutOrStdout())
	}
	return report.Table(command.OutOrStdout())
}

// measure does the parts that were asked for, in the order in which they are explained.
func (b *bench) measure(ctx context.Context, report *figure.Report, parts []string) error {
	asked := func(part string) bool { return slices.Contains(parts, part) }
	wanted := func(part string) bool { return len(parts) == 0 || asked(part) }
	for _, one := range []struct {
		wanted bool
		do     func(context.Context, *figure.Report) error
	}{
		{wanted("start") || wanted("restart"), func(ctx context.Context, r *figure.Report) error { return b.real(ctx, r, wanted) }},
		{wanted("many"), b.many},
		{wanted("install"), b.installing},
		{asked("topics"), b.topicsReal},
		{asked("manytopics"), b.topicsPlayed},
		{asked("users"), b.usersReal},
		{asked("manyusers"), b.manyUsers},
		{asked("pki"), b.rotation},
	} {
		if !one.wanted {
			continue
		}
		if err := one.do(ctx, report); err != nil {
			return err
		}
	}
	return nil
}

// disturbances checks that the operator is there, and notes what else it has to do.
func (b *bench) disturbances(ctx context.Context) ([]string, error) {
	err := b.operator.until(ctx, "the operator leads", func() error {
		_, err := b.operator.leader(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("is the operator installed (bin/dev deploy)? %w", err)
	}
	var others v1.KafkaList
	if err := b.client.List(ctx, &others); err != nil {
		return nil, fmt.Errorf("list Kafka resources: %w", err)
	}
	if len(others.Items) == 0 {
		return nil, nil
	}
	return []string{fmt.Sprintf("%d other Kafka resources are on this cluster and in the operator's figures", len(others.Items))}, nil
}

// real measures real clusters: ours and the floor in turns, so that a busy machine slows both.
func (b *bench) real(ctx context.Context, report *figure.Report, wanted func(string) bool) error {
	ephemeral, persistent := newStarts("ephemeral"), newStarts("persistent")
	rolled := newRestarts()
	for i := range b.runs {
		if wanted("start") {
			b.say("run %d of %d: ephemeral storage", i+1, b.runs)
			if err := b.pair(ctx, false, ephemeral, nil); err != nil {
				return err
			}
		}
		b.say("run %d of %d: persistent storage", i+1, b.runs)
		var then *restarts
		if wanted("restart") {
			then = rolled
		}
		if err := b.pair(ctx, true, persistent, then); err != nil {
			return err
		}
	}
	if wanted("start") {
		report.Figures = append(report.Figures, ephemeral.total, persistent.total)
		report.Stages = append(report.Stages, ephemeral.stages(), persistent.stages())
	}
	if wanted("restart") {
		report.Figures = append(report.Figures, rolled.figures()...)
	}
	return nil
}
