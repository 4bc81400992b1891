package fake_test

import (
	"testing"

	"castellan.io/castellan/internal/runtime"
	"castellan.io/castellan/internal/runtime/fake"
	"castellan.io/castellan/internal/runtime/runtimetest"
)

func TestTheFakeIsARuntime(t *testing.T) {
	runtimetest.Run(t, func(*testing.T) runtimetest.Harness {
		r := fake.New()
		ref := runtime.Ref{Namespace: "space", Cluster: "one", Kind: "Kafka", Component: "one-kafka"}
		return runtimetest.Harness{
			Runtime:   r,
			Namespace: ref.Namespace,
			Run: func(t *testing.T) {
				t.Helper()
				if err := r.Run(); err != nil {
					t.Fatal(err)
				}
			},
			Ready:  func(_ *testing.T, instance string) { r.SetReady(ref, instance, true) },
			Settle: func(*testing.T, string) { r.SettleWorkload(ref) },
		}
	})
}
