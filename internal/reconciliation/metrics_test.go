package reconciliation

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/outcome"
)

// TestReconciliationsAreCountedUnderTheNamesThatDashboardsKnow has a kind of its own, as the collectors are the process's.
func TestReconciliationsAreCountedUnderTheNamesThatDashboardsKnow(t *testing.T) {
	registry := prometheus.NewRegistry()
	if err := Register(registry); err != nil {
		t.Fatal(err)
	}
	const kind = "Counted"
	for _, err := range []error{
		nil, outcome.Wait("Rolling", "a", 0), outcome.Invalid(v1.ReasonInvalidResource, errors.New("x")), errors.New("broken"), errors.New("again"),
	} {
		Count(kind, "space", "", err, time.Second)
	}
	want := map[string]float64{
		"strimzi_reconciliations_total": 5, "strimzi_reconciliations_successful_total": 2,
		"strimzi_reconciliations_failed_total": 3, "strimzi_reconciliations_duration_seconds": 5,
	}
	if diff := cmp.Diff(want, counted(t, registry, kind)); diff != "" {
		t.Errorf("counted (-want +got):\n%s", diff)
	}
}

// counted reads what the registry shows of one kind; of a duration, how often it was measured.
func counted(t *testing.T, registry *prometheus.Registry, kind string) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			found := map[string]string{}
			for _, label := range m.GetLabel() {
				found[label.GetName()] = label.GetValue()
			}
			if cmp.Equal(found, map[string]string{"kind": kind, "namespace": "space", "selector": ""}) {
				out[family.GetName()] = m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return out
}
