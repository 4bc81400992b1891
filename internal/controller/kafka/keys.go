package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/entityoperator"
	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/internal/maintenance"
	"castellan.io/castellan/internal/outcome"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/plan"
)

// operatorCertificate is the entry of the operator's own certificate in its secret, and its common name.
const operatorCertificate = "cluster-operator"

// keys are what is to be trusted in a cluster, and the certificates of its nodes and of programs, by name.
type keys struct {
	cluster, clients pki.Trust
	nodes, programs  map[string]pki.Leaf
	// issued are the leaves that this pass made, as their secrets are about to hold them.
	issued []change
	// again is when to look at leaves that had to wait; zero if none had to, or an event will tell.
	again time.Time
	// kept are all certificates by name, with when they are renewed.
	kept map[string]pki.Kept
	// warnings tell what is due and not done.
	warnings []v1.Condition
}

// change is something that was done about certificates, and why.
type change struct{ what, subject, why string }

// keys decides about the certificates of the cluster and makes those that are missing or due. Nothing is written before
// everything is decided. Authorities are stored before anything that they issued.
func (r *Reconciler) keys(ctx context.Context, k *v1.Kafka, cluster *kafka.Cluster, seen observed) (keys, error) {
	if err := ownSecrets(k, seen.secrets); err != nil {
		return keys{}, err
	}
	open, wrong := maintenance.Open(k.Spec.MaintenanceTimeWindows, r.Now())
	ours, err := r.decideAuthorities(ctx, k, cluster, seen, open)
	if err != nil {
		return keys{}, err
	}
	if err := r.makeAuthorities(ours); err != nil {
		return keys{}, err
	}
	if err := nobodyCutOff(ours.cluster, seen, r.Now()); err != nil {
		return keys{}, err
	}
	to := subjects{cluster.LeafRequests(), programs(k)}
	out, err := r.issue(ctx, to, seen, pki.BuiltIn{Authority: ours.cluster.is, Random: r.Random}, open)
	if err != nil {
		return keys{}, err
	}
	ours.cluster.retireOld(ctx, runningNodes(seen, out.nodes))
	if err := r.storeAuthorities(ctx, k, cluster.Owner, ours, seen); err != nil {
		return keys{}, err
	}
	out.cluster, out.clients = ours.cluster.is.Trust(), ours.clients.is.Trust()
	out.kept = keptCertificates(ours, cluster, out)
	out.warnings = slices.Concat(ours.clients.warnings(r.Now()), ours.cluster.warnings(r.Now()), wrongWindows(wrong))
	return out, nil
}

// runningNodes are the nodes that exist, with the leaves that were issued to them, by name.
func runningNodes(seen observed, leaves map[string]pki.Leaf) []pki.RunningNode {
	var out []pki.RunningNode
	for name := range seen.nodes.Instances {
		n := pki.RunningNode{Name: name, Leaf: leaves[name].Certificate}
		if served, known := seen.served[name]; known {
			n.Served = &served
		}
		out = append(out, n)
	}
	slices.SortFunc(out, func(a, b pki.RunningNode) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// nobodyCutOff refuses an authority that vouches for none of what running nodes show: whoever restarts first would be alone.
func nobodyCutOff(a *authority, seen observed, now time.Time) error {
	for _, n := range runningNodes(seen, nil) {
		if !pki.CutOff(storedLeaf(seen.secrets[n.Name], n.Name), a.is.Trust(), now) {
			continue
		}
		return outcome.Invalid(v1.ReasonInvalidResource, fmt.Errorf(
			"%s: Secret %s holds an authority that running nodes do not trust yet, and not the one they trust: add the earlier certificate to it under another name that ends in .crt, or, to cut over at once, delete the Secrets of the nodes (%s and so on)",
			a.spec.path, a.certificateSecret(), n.Name))
	}
	return nil
}

// keptCertificates are all certificates of a cluster by the names that metrics have for them.
func keptCertificates(ours authorities, cluster *kafka.Cluster, issued keys) map[string]pki.Kept {
	out := map[string]pki.Kept{}
	for _, leaves := range []map[string]pki.Leaf{issued.programs, issued.nodes} {
		for name, leaf := range leaves {
			out[name] = pki.Kept{Certificate: leaf.Certificate, RenewBefore: cluster.Leaves.RenewBefore}
		}
	}
	for _, a := range []*authority{ours.cluster, ours.clients} {
		out[string(a.spec.kind)] = pki.Kept{Certificate: a.is.Certificate, RenewBefore: a.spec.policy.RenewBefore}
		for name, old := range a.is.Old {
			out[string(a.spec.kind)+"/"+name] = pki.Kept{Certificate: old}
		}
	}
	return out
}

// nextLook is how long it takes until something about the certificates is due.
func (k keys) nextLook(now time.Time) time.Duration {
	kept := make([]pki.Kept, 0, len(k.kept))
	for _, one := range k.kept {
		kept = append(kept, one)
	}
	next := pki.NextLook(kept, now)
	if again := k.again.Sub(now); again > 0 && (next == 0 || again < next) {
		return again
	}
	return next
}

// ownSecrets makes sure that no secret is left of an earlier resource of the same name: Kubernetes is about to
// delete those, and what was issued by them would be worthless.
func ownSecrets(k *v1.Kafka, secrets map[string]plan.Secret) error {
	for _, name := range authoritySecrets(k.Name) {
		if s, ok := secrets[name]; ok && s.OwnerUID != "" && s.OwnerUID != string(k.UID) {
			return outcome.Wait(v1.ReasonCreating, "Secret "+name+" of an earlier Kafka "+k.Name+" is being deleted", time.Second)
		}
	}
	return nil
}

// warningMaintenanceWindow is the reason of a warning about a window that cannot be read and is never open.
const warningMaintenanceWindow = "MaintenanceTimeWindowInvalid"

func wrongWindows(wrong []error) []v1.Condition {
	if len(wrong) == 0 {
		return nil
	}
	return []v1.Condition{{
		Type: v1.ConditionWarning, Status: v1.ConditionTrue, Reason: warningMaintenanceWindow,
		Message: "spec.maintenanceTimeWindows: " + joined(wrong),
	}}
}

func joined(errs []error) string {
	texts := make([]string, 0, len(errs))
	for _, err := range errs {
		texts = append(texts, err.Error())
	}
	return strings.Join(texts, "; ")
}

// certificates is what the plan needs of the keys.
func (k keys) certificates() (kafka.Certificates, error) {
	out := kafka.Certificates{
		ClusterCACertGeneration: k.cluster.Generation,
		ClusterCAKeyGeneration:  k.cluster.KeyGeneration,
		ClientsCACertGeneration: k.clients.Generation,
		Nodes:                   map[string]kafka.NodeCertificate{},
		ClusterTrust:            k.cluster.Bundle,
		ClientsTrust:            k.clients.Bundle,
	}
	for name, leaf := range k.nodes {
		hash, err := pki.Fingerprint(leaf.Certificate)
		if err != nil {
			return out, fmt.Errorf("certificate of node %s: %w", name, err)
		}
		out.Nodes[name] = kafka.NodeCertificate{CertPEM: leaf.Certificate, KeyPEM: leaf.Key, Hash: hash, Generation: leaf.AuthorityGeneration}
	}
	return out, nil
}

// secret is a program's client certificate as a secret.
func (k keys) secret(p program) plan.Secret {
	leaf := k.programs[p.name]
	return plan.Secret{
		Name: p.secret, Component: p.component,
		Data:  map[string][]byte{p.entry + ".crt": leaf.Certificate, p.entry + ".key": leaf.Key},
		Facts: kafka.WithEnd(map[string]string{v1.AnnotationClusterCACertGeneration: strconv.Itoa(leaf.AuthorityGeneration)}, leaf.Certificate),
	}
}

// entity is what the plan of the entity operator needs of the keys.
func (k keys) entity(cluster *v1.Kafka) (entityoperator.Certificates, error) {
	out := entityoperator.Certificates{ClusterCACertGeneration: k.cluster.Generation, ClusterCAKeyGeneration: k.cluster.KeyGeneration}
	for _, p := range entityPrograms(cluster) {
		thumbprint, err := pki.ShortFingerprint(k.programs[p.name].Certificate)
		if err != nil {
			return out, fmt.Errorf("certificate of %s: %w", p.name, err)
		}
		out.Hash += thumbprint
		out.Secrets = append(out.Secrets, k.secret(p))
	}
	return out, nil
}

// identity is how the operator proves who it is to brokers, and whom it believes to be one.
type identity struct {
	certificate, key, trust []byte
}

func (k keys) operatorIdentity() identity {
	leaf := k.programs[operatorCertificate]
	return identity{certificate: leaf.Certificate, key: leaf.Key, trust: k.cluster.Bundle}
}

// storedIdentity is the identity as the secrets have it, for questions that come before certificates are decided.
func storedIdentity(secrets map[string]plan.Secret, cluster string) (identity, error) {
	leaf := storedLeaf(secrets[operatorSecret(cluster)], operatorCertificate)
	authority := storedAuthority(secrets, cluster, pki.ClusterAuthority)
	if len(leaf.Key) == 0 || len(authority.Certificate) == 0 {
		return identity{}, errors.New("the operator has no certificate for the cluster yet")
	}
	return identity{certificate: leaf.Certificate, key: leaf.Key, trust: authority.TrustBundle()}, nil
}
