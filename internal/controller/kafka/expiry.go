package kafka

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/pki"
)

// expiry knows when certificates of clusters expire, for metrics. What is left of their lives is computed when it is asked
// for: between two reconciliations it goes down too.
type expiry struct {
	now func() time.Time

	mu    sync.Mutex
	known map[types.NamespacedName]map[string]time.Time
}

var _ prometheus.Collector = (*expiry)(nil)

var (
	// expirationTimestamp is the compatible API's, for the two authorities. Dashboards know its name.
	expirationTimestamp = prometheus.NewDesc("strimzi_certificate_expiration_timestamp_ms",
		"When a certificate authority expires, in milliseconds since 1970.", []string{"kind", "namespace", "cluster", "type", "resource_namespace"}, nil)
	expirySeconds = prometheus.NewDesc("castellan_certificate_expiry_seconds",
		"Seconds until a certificate expires; negative once it has.", []string{"namespace", "cluster", "certificate"}, nil)
)

// authorityTypes are the names that the compatible metric has for the authorities.
func authorityTypes() map[string]string {
	return map[string]string{string(pki.ClusterAuthority): "cluster-ca", string(pki.ClientsAuthority): "client-ca"}
}

func newExpiry(now func() time.Time) *expiry {
	return &expiry{now: now, known: map[types.NamespacedName]map[string]time.Time{}}
}

// Metrics tell when certificates expire.
func (r *Reconciler) Metrics() prometheus.Collector { return r.expiry }

func (e *expiry) set(k *v1.Kafka, kept map[string]pki.Kept) {
	ends := map[string]time.Time{}
	for name, one := range kept {
		if certificates, err := pki.ParseCertificates(one.Certificate); err == nil {
			ends[name] = certificates[0].NotAfter
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.known[client.ObjectKeyFromObject(k)] = ends
}

func (e *expiry) forget(key types.NamespacedName) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.known, key)
}

// Describe names the metrics.
func (e *expiry) Describe(out chan<- *prometheus.Desc) {
	out <- expirationTimestamp
	out <- expirySeconds
}

// Collect gives the metrics of all clusters that are known.
func (e *expiry) Collect(out chan<- prometheus.Metric) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now, compatible := e.now(), authorityTypes()
	for key, ends := range e.known {
		for name, end := range ends {
			out <- prometheus.MustNewConstMetric(expirySeconds, prometheus.GaugeValue, end.Sub(now).Seconds(), key.Namespace, key.Name, name)
			if kind, is := compatible[name]; is {
				out <- prometheus.MustNewConstMetric(expirationTimestamp, prometheus.GaugeValue, float64(end.UnixMilli()),
					"Kafka", key.Namespace, key.Name, kind, key.Namespace)
			}
		}
	}
}
