package main

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	v1 "castellan.io/castellan/api/v1"
)

// prober answers for an operator of topics or users.
type prober interface {
	Alive() bool
	Ready() bool
}

// probed is nil as long as there is no operator.
func probed[T any, P interface {
	*T
	prober
}](operator P) prober {
	if operator == nil {
		return nil
	}
	return operator
}

// garbage is how much of it there may be before it is collected, in percent of what lives.
const garbage = 20

// spareMemory is for programs whose memory is mostly what they remember of tens of thousands of resources: garbage should not be as much again.
func spareMemory() { debug.SetGCPercent(garbage) }

// newEntityManager caches nothing but the resources of one kind in one namespace.
func newEntityManager(namespace, address string, caching cache.ByObject, of client.Object, operator func() prober) (ctrl.Manager, error) {
	connection, err := ctrl.GetConfig()
	if err != nil {
		return nil, fmt.Errorf("find the API server: %w", err)
	}
	// How much is written at the same time is bounded where it is written.
	connection.QPS = -1
	scheme := runtime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(scheme), v1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	mgr, err := ctrl.NewManager(connection, ctrl.Options{
		Scheme: scheme,
		Cache: cache.Options{
			DefaultNamespaces: map[string]cache.Config{namespace: {}},
			ByObject:          map[client.Object]cache.ByObject{of: caching},
		},
		Metrics: metricsserver.Options{BindAddress: address, ExtraHandlers: map[string]http.Handler{
			"/healthy": health(func() bool { return operator() != nil && operator().Alive() }),
			"/ready":   health(func() bool { return operator() != nil && operator().Ready() }),
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("set up: %w", err)
	}
	return mgr, nil
}

// health answers a probe in the compatible API's words.
func health(fine func() bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if !fine() {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write([]byte(`{"status": "not-ok"}`))
			return
		}
		_, _ = w.Write([]byte(`{"status": "ok"}`))
	})
}
