package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/test/bench/stage"
)

const nodes = 3

// contender is one way to run three nodes.
type contender struct {
	label, namespace string
	// given is there before the clock starts; applied is what a person applies.
	given   []*corev1.Secret
	applied []*unstructured.Unstructured
	// goal is reached when so many objects are at the stage.
	goal  stage.Stage
	count int
	// pods are their names, domain is where their names are.
	pods   []string
	domain string
}

// addresses are those of the listener without TLS, one for each pod.
func (c *contender) addresses() []string {
	var out []string
	for _, pod := range c.pods {
		out = append(out, pod+"."+c.domain+":9092")
	}
	return out
}

func podNames(prefix string) []string {
	var out []string
	for i := range nodes {
		out = append(out, prefix+strconv.Itoa(i))
	}
	return out
}

// ours is the cluster that the operator runs.
func (b *bench) ours(persistent bool) (*contender, error) {
	const namespace = "bench-ours"
	applied, err := manifest("kafka.yaml", map[string]any{"Persistent": persistent, "StorageClass": b.storageClass})
	if err != nil {
		return nil, err
	}
	return &contender{
		label: "ours", namespace: namespace, applied: applied, goal: stage.ClusterReady, count: 1,
		pods: podNames("bench-dual-"), domain: "bench-kafka-brokers." + namespace + ".svc",
	}, nil
}

// floor is the same cluster without an operator.
func (b *bench) floor(persistent bool) (*contender, error) {
	const namespace = "bench-floor"
	c := &contender{
		label: "floor", namespace: namespace, goal: stage.Ready, count: nodes,
		pods: podNames("floor-"), domain: "nodes." + namespace + ".svc",
	}
	var hosts []string
	for _, pod := range c.pods {
		hosts = append(hosts, pod+"."+c.domain)
	}
	certificates, err := b.certificates(c.pods, hosts, "bootstrap."+namespace+".svc")
	if err != nil {
		return nil, err
	}
	c.given = []*corev1.Secret{{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "certificates"}, Data: certificates}}
	c.applied, err = manifest("floor.yaml", map[string]any{
		"Persistent": persistent, "StorageClass": b.storageClass, "Image": b.image, "Hosts": hosts, "Domain": c.domain,
	})
	return c, err
}

// certificates are like those that the operator makes: the same keys cost the brokers the same time.
func (b *bench) certificates(pods, hosts []string, bootstrap string) (map[string][]byte, error) {
	authority, err := pki.NewAuthority(pki.ClusterAuthority, pki.Policy{Lifetime: pki.Lifetime{Validity: pki.Days(1)}, Key: pki.RSA4096}, b.now(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make an authority: %w", err)
	}
	out := map[string][]byte{"ca.pem": authority.Certificate}
	for i, pod := range pods {
		leaf, err := pki.IssueLeaf(authority, pki.LeafRequest{
			CommonName: "floor", Names: []string{hosts[i], bootstrap}, Key: pki.ECDSAP256, Chain: true, Lifetime: pki.Lifetime{Validity: pki.Days(1)},
		}, b.now(), rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("make the certificate of %s: %w", pod, err)
		}
		out[pod+".pem"] = append(leaf.Key, leaf.Certificate...)
	}
	return out, nil
}

// prepare makes a contender's namespace and what is in it before the clock starts.
func (b *bench) prepare(ctx context.Context, c *contender) error {
	if err := b.removeNamespace(ctx, c.namespace); err != nil {
		return err
	}
	if err := b.makeNamespace(ctx, c.namespace); err != nil {
		return err
	}
	for _, secret := range c.given {
		if err := b.client.Create(ctx, secret.DeepCopy()); err != nil {
			return fmt.Errorf("make secret %s: %w", secret.Name, err)
		}
	}
	return nil
}
