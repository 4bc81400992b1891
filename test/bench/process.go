package main

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"castellan.io/castellan/test/bench/figure"
)

// settling is how long an operator may have something left to do after much has changed: that of users makes spare keys for half a minute.
const settling = 45 * time.Second

// process is an operator that runs and tells about itself.
type process struct {
	// name is what figures call it, address where it serves its metrics.
	name, address string
	// most is the largest resident memory that was seen, in bytes.
	most *atomic.Int64
	// alone tells that nobody is to look meanwhile: to answer costs processor time.
	alone *atomic.Bool
}

// watchProcess looks at an operator's memory until the context ends.
func watchProcess(ctx context.Context, name, address string) process {
	out := process{name: name, address: address, most: &atomic.Int64{}, alone: &atomic.Bool{}}
	go func() {
		for ctx.Err() == nil {
			time.Sleep(300 * time.Millisecond)
			if out.alone.Load() {
				continue
			}
			if m, err := out.metrics(ctx); err == nil {
				out.most.Store(max(out.most.Load(), int64(m.sum("process_resident_memory_bytes", nil))))
			}
		}
	}()
	return out
}

func (p process) metrics(ctx context.Context) (metrics, error) {
	out, err := readMetrics(ctx, p.address)
	if err != nil {
		return nil, fmt.Errorf("read the %s's metrics: %w", p.name, err)
	}
	return out, nil
}

func readMetrics(ctx context.Context, address string) (metrics, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(response.Body)
}

// mostMemory is the largest resident memory that the process was seen with, in mebibytes.
func (p process) mostMemory() float64 { return float64(p.most.Load()) / mebibyte }

// lookedAt waits until the operator has reconciled that many resources.
func (b *bench) lookedAt(ctx context.Context, p process, count int) error {
	return b.every(ctx, 100*time.Millisecond, "all resources are looked at", func() error {
		m, err := p.metrics(ctx)
		if err != nil {
			return err
		}
		if done := m.sum("strimzi_reconciliations_total", nil); int(done) < count {
			return fmt.Errorf("%.0f are", done)
		}
		return nil
	})
}

// rest watches an operator do nothing for as long as it waits between two looks at everything. what it has to look after begins the figures' names.
func (b *bench) rest(ctx context.Context, report *figure.Report, p process, what string) error {
	p.alone.Store(true)
	defer p.alone.Store(false)
	if err := b.pause(ctx, settling); err != nil {
		return err
	}
	before, err := p.metrics(ctx)
	if err != nil {
		return err
	}
	b.say("%s: watching the %s do nothing for %s", what, p.name, idle)
	if err := b.pause(ctx, idle); err != nil {
		return err
	}
	after, err := p.metrics(ctx)
	if err != nil {
		return err
	}
	difference := func(name string) float64 { return (after.sum(name, nil) - before.sum(name, nil)) / idle.Minutes() }
	b.found(report,
		once(what+", idle, memory of the "+p.name, figure.Mebibytes, after.sum("process_resident_memory_bytes", nil)/mebibyte),
		once(what+", idle, processor time a minute", figure.Milliseconds, difference("process_cpu_seconds_total")*1000),
		once(what+", idle, API requests a minute", figure.Count, difference("rest_client_requests_total")),
		once(what+", idle, requests for Kafka a minute", figure.Count, difference("castellan_kafka_requests_total")))
	return nil
}

// once is a figure that is measured once.
func once(name string, unit figure.Unit, value float64) *figure.Figure {
	return &figure.Figure{Name: name, Unit: unit, Ours: []float64{value}}
}

// atMost gives a figure its target.
func atMost(f *figure.Figure, most float64) *figure.Figure {
	f.Target = figure.AtMost(most)
	return f
}

// found reports figures, and says them at once: the report comes much later.
func (b *bench) found(report *figure.Report, figures ...*figure.Figure) {
	for _, f := range figures {
		b.say("%s: %.1f", f.Name, f.Ours[0])
	}
	report.Figures = append(report.Figures, figures...)
}
