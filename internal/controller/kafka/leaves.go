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
	"castellan.io/castellan/internal/entityoperator"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/plan"
)

// program is a program that shows nodes a certificate of its own: the operator, and those of the entity operator.
type program struct {
	// name tells it from others, commonName is its certificate's.
	name, commonName string
	// secret holds certificate and key, whose names begin with entry; it belongs to the component.
	secret, entry string
	component     plan.Component
}

func operatorProgram(cluster string) program {
	return program{
		name: operatorCertificate, commonName: operatorCertificate, secret: operatorSecret(cluster), entry: operatorCertificate,
		component: plan.Component{Type: v1.ComponentStrimzi, Name: v1.NameStrimzi},
	}
}

// entityPrograms are the operators that the resource asks for.
func entityPrograms(k *v1.Kafka) []program {
	var out []program
	for _, i := range entityoperator.Identities(k) {
		out = append(out, program{name: i.Name, commonName: i.CommonName, secret: i.Secret, entry: entityoperator.IdentityEntry, component: i.Component})
	}
	return out
}

func programs(k *v1.Kafka) []program {
	return append([]program{operatorProgram(k.Name)}, entityPrograms(k)...)
}

// subjects are all that certificates are issued to: nodes, and programs with certificates that live as long as those of the nodes.
type subjects struct {
	nodes    map[string]pki.LeafRequest
	programs []program
}

// issue has the certificates of the nodes and of programs, keeping those that are still right.
func (r *Reconciler) issue(ctx context.Context, to subjects, seen observed, issuer pki.Issuer, open bool) (keys, error) {
	out := keys{nodes: map[string]pki.Leaf{}, programs: map[string]pki.Leaf{}}
	leaves := leafIssuer{issuer: issuer, moment: pki.Moment{
		Now: r.Now(), WindowOpen: open, Awaits: pki.AwaitTrust(issuer.Trust(), runningNodes(seen, nil)),
	}}
	var mu sync.Mutex
	var group errgroup.Group
	for name, request := range to.nodes {
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
	if err := group.Wait(); err != nil {
		return out, err
	}
	for _, p := range to.programs {
		leaf, err := leaves.leaf(p.name, storedLeaf(seen.secrets[p.secret], p.entry), p.request(to.nodes))
		if err != nil {
			return out, fmt.Errorf("issue the certificate of %s: %w", p.name, err)
		}
		out.programs[p.name] = leaf
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

// request asks for the client certificate of a program, which lives as long as those of the nodes and has a key of the same kind.
func (p program) request(nodes map[string]pki.LeafRequest) pki.LeafRequest {
	out := pki.LeafRequest{CommonName: p.commonName, Organization: pki.Organization}
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
