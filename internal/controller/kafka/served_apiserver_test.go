//go:build apiserver

package kafka_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/launch/report"
	"castellan.io/castellan/internal/pki"
)

// launchers are those of played nodes. Their nodes take over what the secrets hold at once, but for those that are held up.
type launchers struct {
	namespace string

	mu sync.Mutex
	// heldUp nodes go on with what they served when they were first asked, or do not answer if that is nil.
	heldUp map[string][]report.Listener
	asked  int
}

func (l *launchers) Listeners(ctx context.Context, address string) ([]report.Listener, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	node, _, _ := strings.Cut(address, ".")
	if stale, held := l.heldUp[node]; held {
		if stale == nil {
			return nil, errors.New("no route to host")
		}
		return stale, nil
	}
	return l.serves(ctx, node)
}

// serves is what a node does that goes by its secrets.
func (l *launchers) serves(ctx context.Context, node string) ([]report.Listener, error) {
	var own, trust corev1.Secret
	if err := api.Get(ctx, types.NamespacedName{Namespace: l.namespace, Name: node}, &own); err != nil {
		return nil, err
	}
	if err := api.Get(ctx, types.NamespacedName{Namespace: l.namespace, Name: "one-trustbundle"}, &trust); err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(own.Data[node+".crt"], own.Data[node+".key"])
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return nil, err
	}
	var out []report.Listener
	for _, name := range []string{"CONTROLPLANE-9090", "REPLICATION-9091"} {
		out = append(out, report.Listener{Name: name, Serial: leaf.SerialNumber.Text(16), NotAfter: leaf.NotAfter, Trust: (pki.Trust{Bundle: trust.Data["cluster-ca.crt"]}).Digest()})
	}
	return out, nil
}

func (l *launchers) holdUp(node string, answer []report.Listener) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.heldUp == nil {
		l.heldUp = map[string][]report.Listener{}
	}
	l.heldUp[node] = answer
}

func (l *launchers) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heldUp = nil
}

func TestALostCertificateIsIssuedWithoutARestart(t *testing.T) {
	const node = "one-both-1"
	w := newWorld(t, combined(3))
	w.settle(t)
	before, lost := uids(w.pods(t)), w.secret(t, node)
	stale, err := w.launchers.serves(t.Context(), node)
	must(t, err)
	w.launchers.holdUp(node, stale)

	must(t, api.Delete(t.Context(), lost))
	for range 3 {
		w.reconcile(t)
		w.others(t)
	}
	equal(t, "pods", before, uids(w.pods(t)))
	hash, err := pki.Fingerprint(w.secret(t, node).Data[node+".crt"])
	must(t, err)
	for _, p := range w.pods(t) {
		if p.Name == node {
			equal(t, "the certificate that the pod says it was given", hash, p.Annotations[v1.AnnotationServerCertHash])
		}
	}
	equal(t, "next look while the node goes on with its certificate", time.Second, w.reconcile(t).RequeueAfter)
	equal(t, "verdict", v1.ConditionReady, verdict(w.cluster(t)).Type)
	w.now = w.now.Add(time.Hour)
	w.reconcile(t)
	if got := warningsOf(w.cluster(t))["CertificatesNotLoaded"]; !strings.Contains(got, node) {
		t.Errorf("warning %q after an hour", got)
	}

	w.launchers.release()
	w.settle(t)
	if got := warningsOf(w.cluster(t)); len(got) > 0 {
		t.Errorf("warnings %v", got)
	}
	asked := w.launchers.asked
	w.reconcile(t)
	equal(t, "questions when everything is known", 0, w.launchers.asked-asked)
}
