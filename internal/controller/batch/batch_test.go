package batch

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
)

func key(name string) types.NamespacedName { return types.NamespacedName{Namespace: "ns", Name: name} }

func TestWorkComesInBatches(t *testing.T) {
	q := NewQueue(10, time.Millisecond, nil, time.Now)
	for i := range 25 {
		q.Add(key(fmt.Sprintf("key-%02d", i)))
	}
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	seen, sizes := map[types.NamespacedName]int{}, []int{}
	q.Work(ctx, 1, func(_ context.Context, keys []types.NamespacedName) {
		mu.Lock()
		defer mu.Unlock()
		sizes = append(sizes, len(keys))
		for _, k := range keys {
			seen[k]++
		}
		if len(seen) == 25 {
			cancel()
		}
	})
	if diff := cmp.Diff([]int{10, 10, 5}, sizes); diff != "" {
		t.Errorf("sizes (-want +got):\n%s", diff)
	}
	for k, times := range seen {
		if times != 1 {
			t.Errorf("%s came %d times", k, times)
		}
	}
}

func TestWorkEndsWhenAllWorkersHave(t *testing.T) {
	q := NewQueue(1, 0, nil, time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	q.Add(key("a"))
	working, ended := make(chan struct{}), false
	go func() { <-working; cancel() }()
	q.Work(ctx, 4, func(ctx context.Context, _ []types.NamespacedName) {
		close(working)
		<-ctx.Done()
		ended = true
	})
	if !ended {
		t.Error("a worker was left behind")
	}
}

func TestAQueueIsAliveWhileWorkIsTakenUp(t *testing.T) {
	at := time.Unix(1000, 0)
	q := NewQueue(1, 0, nil, func() time.Time { return at })
	if !q.Alive() {
		t.Error("dead before it starts")
	}
	q.Beat()
	at = at.Add(time.Hour)
	if !q.Alive() {
		t.Error("dead although there is nothing to do")
	}
	q.Add(key("a"))
	if q.Alive() {
		t.Error("alive although work has waited for an hour")
	}
	q.Beat()
	if !q.Alive() {
		t.Error("dead although it works")
	}
}

func TestSilenceIsCountedFromItsBeginning(t *testing.T) {
	at := time.Unix(1000, 0)
	r := NewReach(func() time.Time { return at })
	lost := func() time.Duration { at = at.Add(time.Minute); return r.Lost() }
	got := []time.Duration{r.Lost(), lost(), lost()}
	r.Restored()
	got = append(got, lost(), lost())
	if diff := cmp.Diff([]time.Duration{0, time.Minute, 2 * time.Minute, 0, time.Minute}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestItemsThatNeedNothingAreLeftAlone(t *testing.T) {
	var mu sync.Mutex
	sum := 0
	Each(NewWriters(2), []int{1, 2, 3, 4, 5}, func(i int) bool { return i%2 == 1 }, func(i int) {
		mu.Lock()
		defer mu.Unlock()
		sum += i
	})()
	if sum != 9 {
		t.Errorf("sum %d", sum)
	}
}

type counted struct{}

func (counted) Resources() int  { return 2 }
func (counted) Paused() int     { return 1 }
func (counted) Requests() int64 { return 7 }

func TestMetricsHaveTheNamesThatDashboardsKnow(t *testing.T) {
	m := NewMetrics("KafkaTopic", "ns", "l=1", []string{"create_topics", "delete_topics"}, time.Now)
	m.Counter("strimzi_reconciliations_periodical_total", "…").Inc()
	registry := prometheus.NewRegistry()
	if err := m.Register(registry, counted{}); err != nil {
		t.Fatal(err)
	}
	m.batch(3, 5)
	m.batch(2, 9)
	for range 2 {
		m.Request("create_topics")()
	}
	want := map[string]float64{
		"strimzi_resources": 2, "strimzi_resources_paused": 1, "strimzi_reconciliations_max_batch_size": 3, "strimzi_reconciliations_max_queue_size": 9,
		"strimzi_reconciliations_locked_total": 0, "strimzi_create_topics_duration_seconds": 2, "strimzi_delete_topics_duration_seconds": 0,
		"strimzi_reconciliations_periodical_total": 1, "castellan_kafka_requests_total": 7,
	}
	if diff := cmp.Diff(want, gathered(t, registry)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var none *Metrics
	none.batch(1, 1)
	none.Count(nil, 0)
	none.Counter("strimzi_reconciliations_periodical_total", "…").Inc()
	none.Request("create_topics")()
	NewMetrics("KafkaTopic", "ns", "", nil, time.Now).Request("create_topics")()
}

// gathered are the values, or for durations the numbers of them.
func gathered(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, f := range families {
		for _, one := range f.GetMetric() {
			out[f.GetName()] += one.GetGauge().GetValue() + one.GetCounter().GetValue() + float64(one.GetHistogram().GetSampleCount())
			labels := map[string]string{}
			for _, l := range one.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if diff := cmp.Diff(map[string]string{"kind": "KafkaTopic", "namespace": "ns", "selector": "l=1"}, labels); diff != "" && len(labels) > 0 {
				t.Errorf("labels of %s (-want +got):\n%s", f.GetName(), diff)
			}
		}
	}
	return out
}
