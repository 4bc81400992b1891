package kafka_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/internal/pki"
)

func annotated(annotations map[string]string) func(*kafka.Input) {
	return func(in *kafka.Input) { in.Kafka.Annotations = annotations }
}

func TestAnnotationsSayHowCertificatesAreKept(t *testing.T) {
	year := pki.Lifetime{Validity: pki.Days(365), RenewBefore: pki.Days(30)}
	lasts := func(validity, before time.Duration) pki.Lifetime {
		return pki.Lifetime{Validity: validity, RenewBefore: before}
	}
	type keeping struct{ Cluster, Clients, Leaves pki.Lifetime }
	for name, test := range map[string]struct {
		annotations map[string]string
		want        keeping
	}{
		"nothing is said": {nil, keeping{year, year, year}},
		"leaves live as long as the cluster CA": {
			map[string]string{v1.AnnotationClusterCALifetime: "90m", v1.AnnotationClusterCARenewBefore: "10m"},
			keeping{lasts(90*time.Minute, 10*time.Minute), year, lasts(90*time.Minute, 10*time.Minute)},
		},
		"a short life is renewed in its last third": {
			map[string]string{v1.AnnotationClientsCALifetime: "3m", v1.AnnotationLeafLifetime: "1h"},
			keeping{year, lasts(3*time.Minute, time.Minute), lasts(time.Hour, 20*time.Minute)},
		},
		"only the renewal is said": {
			map[string]string{v1.AnnotationLeafRenewBefore: "36h", v1.AnnotationClientsCARenewBefore: "48h"},
			keeping{year, lasts(pki.Days(365), 48*time.Hour), lasts(pki.Days(365), 36*time.Hour)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := mustResolve(t, changed(t, annotated(test.annotations)))
			got := keeping{cluster.ClusterCA.Lifetime, cluster.ClientsCA.Lifetime, cluster.LeafRequests()["c-b-3"].Lifetime}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnnotationsSayWhichKeysAreMade(t *testing.T) {
	cluster := mustResolve(t, changed(t, annotated(map[string]string{v1.AnnotationCAKeyAlgorithm: "Ed25519", v1.AnnotationLeafKeyAlgorithm: "ecdsa-p384"})))
	got := []pki.KeyAlgorithm{cluster.ClusterCA.Key, cluster.ClientsCA.Key, cluster.LeafRequests()["c-b-3"].Key}
	if diff := cmp.Diff([]pki.KeyAlgorithm{pki.Ed25519, pki.Ed25519, pki.ECDSAP384}, got); diff != "" {
		t.Errorf("as asked for (-want +got):\n%s", diff)
	}
	cluster = mustResolve(t, changed(t, nil))
	got = []pki.KeyAlgorithm{cluster.ClusterCA.Key, cluster.ClientsCA.Key, cluster.LeafRequests()["c-b-3"].Key}
	if diff := cmp.Diff([]pki.KeyAlgorithm{pki.RSA4096, pki.RSA4096, pki.ECDSAP256}, got); diff != "" {
		t.Errorf("by default (-want +got):\n%s", diff)
	}
}

func TestKeepingThatCannotWorkIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		annotations map[string]string
		want        string
	}{
		"a text that is no duration": {
			map[string]string{v1.AnnotationLeafLifetime: "1 day"},
			`metadata.annotations[castellan.io/leaf-lifetime]: "1 day" is not a duration: write it like 36h or 90m`,
		},
		"less than a minute": {
			map[string]string{v1.AnnotationClusterCALifetime: "59s"},
			"metadata.annotations[castellan.io/cluster-ca-lifetime]: 59s is too short: it must be at least 1m0s",
		},
		"a renewal of less than a minute": {
			map[string]string{v1.AnnotationClientsCARenewBefore: "-1h"},
			"metadata.annotations[castellan.io/clients-ca-renew-before]: -1h is too short: it must be at least 1m0s",
		},
		"a renewal as early as the life is long": {
			map[string]string{v1.AnnotationClientsCALifetime: "1h", v1.AnnotationClientsCARenewBefore: "1h"},
			"metadata.annotations[castellan.io/clients-ca-renew-before]: 1h0m0s is not less than the lifetime of 1h0m0s: set it to less, or castellan.io/clients-ca-lifetime to more",
		},
		"a leaf that outlives its authority": {
			map[string]string{v1.AnnotationClusterCALifetime: "1h", v1.AnnotationLeafLifetime: "2h"},
			"metadata.annotations[castellan.io/leaf-lifetime]: 2h0m0s is longer than the cluster CA lives (1h0m0s): set it to that or less, or castellan.io/cluster-ca-lifetime to more",
		},
		"a key that Kafka cannot read": {
			map[string]string{v1.AnnotationLeafKeyAlgorithm: "Ed25519"},
			`metadata.annotations[castellan.io/leaf-key-algorithm]: "Ed25519" is not one of RSA-2048, RSA-4096, ECDSA-P256, ECDSA-P384`,
		},
		"a key of an authority that nobody knows": {
			map[string]string{v1.AnnotationCAKeyAlgorithm: "DSA"},
			`metadata.annotations[castellan.io/ca-key-algorithm]: "DSA" is not one of RSA-2048, RSA-4096, ECDSA-P256, ECDSA-P384, Ed25519`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := kafka.Resolve(changed(t, annotated(test.annotations)))
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
	_, err := kafka.Resolve(changed(t, func(in *kafka.Input) {
		in.Kafka.Spec.ClientsCA = &v1.CertificateAuthority{ValidityDays: ptr(int32(200000))}
	}))
	if err == nil || !strings.Contains(err.Error(), "spec.clientsCa.validityDays: 200000 is too much: it must be at most 106751") {
		t.Errorf("more days than can be counted: %v", err)
	}
}
