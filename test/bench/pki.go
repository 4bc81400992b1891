package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/test/bench/figure"
	"castellan.io/castellan/test/bench/stage"
	"castellan.io/castellan/test/rotation"
)

const (
	pkiNamespace = "bench-pki"
	// leafLife and authorityLife are the lifetimes under which a cluster has to live.
	leafLife, authorityLife = 3 * time.Minute, 12 * time.Minute
	// issuing is how long certificates of each kind are issued one after the other.
	issuing = 2 * time.Second
)

// rotation keeps a cluster under load while its certificates change, and has its authority's key replaced half-way.
func (b *bench) rotation(ctx context.Context, report *figure.Report) (err error) {
	b.issueFast(report)
	if err := b.removeNamespace(ctx, pkiNamespace); err != nil {
		return err
	}
	if err := b.makeNamespace(ctx, pkiNamespace); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.removeNamespace(context.WithoutCancel(ctx), pkiNamespace)) }()
	objects, err := manifest("pki.yaml", map[string]any{"Leaf": leafLife, "Authority": authorityLife})
	if err != nil {
		return err
	}
	if err := b.apply(ctx, pkiNamespace, objects); err != nil {
		return err
	}
	if err := b.reached(ctx, pkiNamespace); err != nil {
		return err
	}
	b.say("three brokers and three controllers are ready; certificates live %s, authorities %s; load for %s", leafLife, authorityLife, b.duration)
	result, seen, err := b.rotate(ctx)
	if err != nil {
		return err
	}
	b.tellRotation(report, result, seen)
	return nil
}

func (b *bench) rotate(ctx context.Context) (rotation.Result, rotation.Seen, error) {
	cluster := rotation.Cluster{Client: b.client, Namespace: pkiNamespace, Name: clusterName}
	watch, err := rotation.StartWatch(ctx, cluster)
	if err != nil {
		return rotation.Result{}, rotation.Seen{}, err
	}
	load, err := rotation.Start(ctx, cluster, leafLife)
	if err != nil {
		return rotation.Result{}, rotation.Seen{}, err
	}
	err = b.pause(ctx, b.duration/2)
	if err == nil {
		b.say("half-way: the key of the cluster's authority is replaced")
		err = b.forceReplace(ctx)
	}
	if err == nil {
		err = b.pause(ctx, b.duration/2)
	}
	result := load.Finish()
	seen, watchErr := watch.Finish(ctx)
	return result, seen, errors.Join(err, watchErr)
}

func (b *bench) forceReplace(ctx context.Context) error {
	var key corev1.Secret
	name := client.ObjectKey{Namespace: pkiNamespace, Name: clusterName + "-" + string(pki.ClusterAuthority)}
	if err := b.client.Get(ctx, name, &key); err != nil {
		return fmt.Errorf("read the authority's key: %w", err)
	}
	asked := key.DeepCopy()
	asked.Annotations[v1.AnnotationForceReplace] = "true"
	if err := b.client.Patch(ctx, asked, client.MergeFrom(&key)); err != nil {
		return fmt.Errorf("ask for another key: %w", err)
	}
	return nil
}

func (b *bench) tellRotation(report *figure.Report, result rotation.Result, seen rotation.Seen) {
	renewals := 0
	for _, times := range seen.Renewals {
		renewals += times
	}
	none := figure.AtMost(0)
	report.Figures = append(report.Figures, []*figure.Figure{
		{Name: "certificates that listeners of nodes took over", Ours: []float64{float64(renewals)}},
		{Name: "certificates of the cluster's authority", Ours: []float64{float64(seen.Authorities)}},
		{Name: "certificates of the clients, one after the other", Ours: []float64{float64(result.ClientCertificates)}},
		{Name: "new client connections", Ours: []float64{float64(result.Connections)}},
		{Name: "records", Ours: []float64{float64(result.Produced)}},
		{Name: "restarts", Ours: []float64{float64(len(seen.Restarts))}, Target: none},
		{Name: "client errors", Ours: []float64{float64(result.ErrorCount)}, Target: none},
		{Name: "records lost", Ours: []float64{float64(result.Lost)}, Target: none},
		{Name: "records repeated", Ours: []float64{float64(result.Repeated)}, Target: none},
		{Name: "times that a certificate was served past its end", Ours: []float64{float64(len(seen.Expired))}, Target: none},
		{Name: "longest stall of a client", Unit: figure.Milliseconds, Ours: []float64{float64(result.LongestStall.Milliseconds())}},
	}...)
	for _, c := range seen.Changes {
		b.say("%s  %-22s %-18s serves %s until %s", c.At.UTC().Format(time.TimeOnly), c.Node, c.Listener, c.Serial[:8], c.NotAfter.UTC().Format(time.TimeOnly))
	}
	report.Notes = append(report.Notes, slices.Concat(result.Errors, seen.Restarts, seen.Expired)...)
}

// issueFast counts how many certificates of nodes one core issues, by the kind of their keys.
func (b *bench) issueFast(report *figure.Report) {
	kinds := []struct {
		name string
		key  pki.KeyAlgorithm
	}{{"RSA 2048", pki.RSA2048}, {"RSA 4096", pki.RSA4096}, {"ECDSA P-256", pki.ECDSAP256}, {"ECDSA P-384", pki.ECDSAP384}}
	authority, err := pki.NewAuthority(pki.ClusterAuthority, pki.Policy{Lifetime: pki.Lifetime{Validity: pki.Days(1)}, Key: pki.RSA4096}, b.now(), rand.Reader)
	if err != nil {
		report.Notes = append(report.Notes, err.Error())
		return
	}
	for _, kind := range kinds {
		issued, began := 0, b.now()
		for b.now().Sub(began) < issuing {
			_, err := pki.IssueLeaf(authority, pki.LeafRequest{
				CommonName: "node", Names: []string{"a.example.com", "b.example.com"}, Key: kind.key, Chain: true, Lifetime: pki.Lifetime{Validity: pki.Days(1)},
			}, b.now(), rand.Reader)
			if err != nil {
				report.Notes = append(report.Notes, err.Error())
				return
			}
			issued++
		}
		report.Figures = append(report.Figures, &figure.Figure{
			Name: kind.name + " certificates of nodes issued in a second by an RSA 4096 authority",
			Ours: []float64{float64(issued) / b.now().Sub(began).Seconds()},
		})
	}
}

// reached waits until the cluster is Ready.
func (b *bench) reached(ctx context.Context, namespace string) error {
	return b.until(ctx, "the cluster is ready", func() error {
		var k v1.Kafka
		if err := b.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: clusterName}, &k); err != nil {
			return err
		}
		ready := slices.ContainsFunc(stage.Of(&k), func(s stage.Sight) bool { return s.Stage == stage.ClusterReady })
		if !ready {
			return fmt.Errorf("conditions: %+v", k.Status.Conditions)
		}
		return nil
	})
}
