//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/test/rotation"
)

// TestCertificates has brokers and dedicated controllers whose certificates and authorities change again and again under load, and then
// the key of the authority, while nobody restarts and no client notices.
func TestCertificates(t *testing.T) {
	w := newWorld(t, "certificates")
	w.apply("certificates.yaml")
	w.waitReady()
	cluster := rotation.Cluster{Client: w.client, Namespace: w.namespace, Name: clusterName}
	watch, err := rotation.StartWatch(w.ctx, cluster)
	if err != nil {
		t.Fatal(err)
	}
	load, err := rotation.Start(w.ctx, cluster, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	w.awaitAuthority("the authority is renewed", func(certificate, _ *corev1.Secret) bool {
		return certificate.Annotations[v1.AnnotationCACertGeneration] != "0"
	})
	w.replaceKey()
	w.eventually("every listener has renewed its certificate again and again", func() error {
		renewals := watch.Renewals()
		if len(renewals) != 9 { // three controllers with a listener, three brokers with two
			return fmt.Errorf("listeners: %v", renewals)
		}
		for listener, times := range renewals {
			if times < 3 {
				return fmt.Errorf("%s took over %d certificates", listener, times)
			}
		}
		return nil
	})

	result := load.Finish()
	t.Logf("clients: %+v", result)
	seen, err := watch.Finish(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("renewals: %v, certificates of the authority: %d", seen.Renewals, seen.Authorities)
	if result.ErrorCount > 0 || result.Lost > 0 || result.Repeated > 0 || result.Produced == 0 || result.Connections == 0 || result.ClientCertificates < 2 {
		t.Errorf("clients noticed: %+v", result)
	}
	if len(seen.Restarts) > 0 || len(seen.Expired) > 0 {
		t.Errorf("restarts %v, expired %v", seen.Restarts, seen.Expired)
	}
}

// replaceKey has the authority's key replaced, and waits until nothing of the old one is left.
func (w *world) replaceKey() {
	w.t.Helper()
	key := &corev1.Secret{}
	if err := w.client.Get(w.ctx, w.key(clusterName+"-"+string(pki.ClusterAuthority)), key); err != nil {
		w.t.Fatal(err)
	}
	asked := key.DeepCopy()
	asked.Annotations[v1.AnnotationForceReplace] = "true"
	if err := w.client.Patch(w.ctx, asked, client.MergeFrom(key)); err != nil {
		w.t.Fatal(err)
	}
	before := key.Annotations[v1.AnnotationCAKeyGeneration]
	w.awaitAuthority("the key is replaced, and the old certificate gone", func(certificate, key *corev1.Secret) bool {
		for entry := range certificate.Data {
			if strings.HasSuffix(entry, ".crt") && entry != pki.CertificateEntry {
				return false
			}
		}
		return key.Annotations[v1.AnnotationCAKeyGeneration] != before
	})
}

func (w *world) awaitAuthority(what string, is func(certificate, key *corev1.Secret) bool) {
	w.t.Helper()
	w.eventually(what, func() error {
		var certificate, key corev1.Secret
		name := clusterName + "-" + string(pki.ClusterAuthority)
		if err := errors.Join(w.client.Get(w.ctx, w.key(name+"-cert"), &certificate), w.client.Get(w.ctx, w.key(name), &key)); err != nil {
			return err
		}
		if !is(&certificate, &key) {
			return fmt.Errorf("certificate %v %d entries, key %v", certificate.Annotations, len(certificate.Data), key.Annotations)
		}
		return nil
	})
}
