package kafka

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/plan"
)

// issue has the certificates of the nodes and of the operator, keeping those that are still right.
func (r *Reconciler) issue(ctx context.Context, cluster *kafka.Cluster, seen observed, issuer pki.Issuer, open bool) (keys, error) {
	out := keys{nodes: map[string]pki.Leaf{}}
	leaves := leafIssuer{issuer: issuer, moment: pki.Moment{
		Now: r.Now(), WindowOpen: open, Awaits: pki.AwaitTrust(issuer.Trust(), runningNodes(seen, nil)),
	}}
	requests := cluster.LeafRequests()
	var mu sync.Mutex
	var group errgroup.Group
	for name, request := range requests {
		group.Go(func() error {
			leaf, err := leaves.leaf(name, storedLeaf(seen.secrets[name], name), request)
			if err != nil {
				return fmt.Errorf("issue the certificate of node %s: %w", name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			out.nodes[name] = leaf
			return nil
		})
	}
	err := group.Wait()
	if err != nil {
		return out, err
	}
	stored := storedLeaf(seen.secrets[operatorSecret(cluster.Name)], operatorCertificate)
	out.operator, err = leaves.leaf(operatorCertificate, stored, operatorRequest(requests))
	if err != nil {
		return out, fmt.Errorf("issue the operator's certificate: %w", err)
	}
	out.again = leaves.again
	for _, why := range slices.Sorted(maps.Keys(leaves.postponed)) {
		log.FromContext(ctx).Info("certificates stay for now", "certificates", listed(leaves.postponed[why]), "why", why)
	}
	for _, why := range slices.Sorted(maps.Keys(leaves.issued)) {
		out.issued = append(out.issued, change{v1.EventCertificateIssued, listed(leaves.issued[why]), why})
	}
	return out, nil
}

func listed(names []string) string { return strings.Join(slices.Sorted(slices.Values(names)), ", ") }

// operatorRequest asks for the operator's client certificate, which lives as long as those of the nodes and has a key of
// the same kind.
func operatorRequest(nodes map[string]pki.LeafRequest) pki.LeafRequest {
	out := pki.LeafRequest{CommonName: operatorCertificate, Organization: pki.Organization}
	for _, n := range nodes {
		out.Lifetime, out.Key = n.Lifetime, n.Key
		break
	}
	return out
}

func operatorSecret(cluster string) string { return cluster + "-cluster-operator-certs" }

func storedLeaf(s plan.Secret, entry string) pki.Leaf {
	out := pki.Leaf{Certificate: s.Data[entry+".crt"], Key: s.Data[entry+".key"], AuthorityGeneration: -1}
	if g, ok := s.Facts[v1.AnnotationClusterCACertGeneration]; ok {
		out.AuthorityGeneration = generation(g)
	}
	return out
}

// leafIssuer decides about the certificates of one pass, and notes by reason whose were issued and whose have to wait.
type leafIssuer struct {
	issuer pki.Issuer
	moment pki.Moment

	mu                sync.Mutex
	issued, postponed map[string][]string
	// again is when the first wait is over; zero if none is known to be.
	again time.Time
}

func (i *leafIssuer) leaf(name string, stored pki.Leaf, request pki.LeafRequest) (pki.Leaf, error) {
	decision := pki.DecideLeaf(stored, request, i.issuer.Trust(), i.moment)
	i.note(name, decision)
	if !decision.Issue {
		return stored, nil
	}
	return i.issuer.Issue(request, i.moment.Now)
}

func (i *leafIssuer) note(name string, d pki.LeafDecision) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.issued == nil {
		i.issued, i.postponed = map[string][]string{}, map[string][]string{}
	}
	if d.Issue {
		i.issued[d.Reason] = append(i.issued[d.Reason], name)
	}
	if d.Postponed {
		i.postponed[d.Reason] = append(i.postponed[d.Reason], name)
		if !d.Until.IsZero() && (i.again.IsZero() || d.Until.Before(i.again)) {
			i.again = d.Until
		}
	}
}
