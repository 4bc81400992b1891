package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/internal/maintenance"
	"castellan.io/castellan/internal/outcome"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/plan"
)

// operatorCertificate is the entry of the operator's own certificate in its secret, and its common name.
const operatorCertificate = "cluster-operator"

// keys are the certificate authorities of a cluster and the certificates they issued.
type keys struct {
	cluster, clients pki.Authority
	nodes            map[string]pki.Leaf
	operator         pki.Leaf
}

// keys finds the certificates that the cluster's nodes and the operator need, and makes those that are missing.
// New authorities are stored before anything is issued by them.
func (r *Reconciler) keys(ctx context.Context, k *v1.Kafka, cluster *kafka.Cluster, seen observed) (keys, error) {
	var out keys
	if err := ownSecrets(k, seen.secrets); err != nil {
		return out, err
	}
	spreading := trustSpreads(k, seen)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		out.cluster, err = r.authority(ctx, cluster.Owner, clusterAuthority(k), seen)
		return err
	})
	group.Go(func() (err error) {
		out.clients, err = r.authority(ctx, cluster.Owner, clientsAuthority(k), seen)
		return err
	})
	if err := group.Wait(); err != nil {
		return out, err
	}
	if spreading && len(out.cluster.Old) == 0 {
		return out, outcome.Invalid(v1.ReasonInvalidResource, fmt.Errorf(
			"spec.clusterCa: Secret %s holds an authority that running nodes do not trust yet, and not the one they trust: add the earlier certificate to it under another name that ends in .crt",
			certificateSecret(k.Name, pki.ClusterAuthority)))
	}
	return out, r.issue(k, cluster, seen, spreading, &out)
}

// trustSpreads tells whether nodes run that do not trust the present key of the cluster's authority yet. Until all do,
// certificates of the present key would be refused, so the old ones stay.
func trustSpreads(k *v1.Kafka, seen observed) bool {
	present := seen.secrets[keySecret(k.Name, pki.ClusterAuthority)].Facts[v1.AnnotationCAKeyGeneration]
	for _, is := range seen.nodes.Instances {
		if known := is.Facts[v1.AnnotationClusterCAKeyGeneration]; known != "" && generation(known) != generation(present) {
			return true
		}
	}
	return false
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

func authoritySecrets(cluster string) []string {
	var out []string
	for _, kind := range []pki.Kind{pki.ClusterAuthority, pki.ClientsAuthority} {
		out = append(out, keySecret(cluster, kind), certificateSecret(cluster, kind))
	}
	return out
}

func keySecret(cluster string, kind pki.Kind) string { return cluster + "-" + string(kind) }

func certificateSecret(cluster string, kind pki.Kind) string {
	return cluster + "-" + string(kind) + "-cert"
}

// authoritySpec is one authority as the resource wants it.
type authoritySpec struct {
	kind     pki.Kind
	path     string
	spec     v1.CertificateAuthority
	template *v1.ResourceTemplate
}

func clusterAuthority(k *v1.Kafka) authoritySpec {
	out := authoritySpec{kind: pki.ClusterAuthority, path: "spec.clusterCa"}
	if k.Spec.ClusterCA != nil {
		out.spec = *k.Spec.ClusterCA
	}
	if t := k.Spec.Kafka.Template; t != nil {
		out.template = t.ClusterCACert
	}
	return out
}

func clientsAuthority(k *v1.Kafka) authoritySpec {
	out := authoritySpec{kind: pki.ClientsAuthority, path: "spec.clientsCa"}
	if k.Spec.ClientsCA != nil {
		out.spec = *k.Spec.ClientsCA
	}
	return out
}

func (a authoritySpec) generated() bool {
	return a.spec.GenerateCertificateAuthority == nil || *a.spec.GenerateCertificateAuthority
}

func (a authoritySpec) unowned() bool {
	return a.spec.GenerateSecretOwnerReference != nil && !*a.spec.GenerateSecretOwnerReference
}

func (a authoritySpec) validityDays() int {
	if a.spec.ValidityDays == nil {
		return defaultValidityDays
	}
	return int(*a.spec.ValidityDays)
}

func (a authoritySpec) lifetime() pki.Lifetime {
	out := pki.Lifetime{ValidityDays: a.validityDays(), RenewalDays: min(defaultRenewalDays, a.validityDays()/3)}
	if a.spec.RenewalDays != nil {
		out.RenewalDays = int(*a.spec.RenewalDays)
	}
	return out
}

// defaultRenewalDays is how long before its end an authority is due for renewal when the resource says nothing.
const defaultRenewalDays = 30

// defaultValidityDays is how long an authority lasts when the resource says nothing.
const defaultValidityDays = 365

// authority reads an authority, or makes and stores it when the cluster is new.
func (r *Reconciler) authority(ctx context.Context, owner plan.Owner, spec authoritySpec, seen observed) (pki.Authority, error) {
	stored := storedAuthority(seen.secrets, owner.Name, spec.kind)
	if !spec.generated() {
		return stored, suppliedAuthority(owner.Name, spec, stored)
	}
	action, err := missing(owner.Name, spec, stored)
	if err != nil || action == pki.None {
		return stored, err
	}
	if err := r.nothingHidden(ctx, owner, spec, action); err != nil {
		return stored, err
	}
	made, err := stored.Apply(action, spec.validityDays(), r.Now(), r.Random)
	if err != nil {
		return stored, fmt.Errorf("make the %s: %w", spec.kind, err)
	}
	return made, r.keepAuthority(ctx, owner, spec, action, made)
}

// nothingHidden makes sure that the secrets which are to be made do not exist without the labels by which the operator
// finds them, or without their entry.
func (r *Reconciler) nothingHidden(ctx context.Context, owner plan.Owner, spec authoritySpec, action pki.Action) error {
	names := map[string]string{certificateSecret(owner.Name, spec.kind): pki.CertificateEntry}
	if action == pki.Create {
		names[keySecret(owner.Name, spec.kind)] = pki.KeyEntry
	}
	for name, entry := range names {
		var secret corev1.Secret
		found, err := r.read(ctx, owner.Namespace, name, &secret)
		if err != nil {
			return err
		}
		if found && secret.DeletionTimestamp == nil && len(secret.Data[entry]) == 0 {
			return outcome.Invalid(v1.ReasonInvalidResource, fmt.Errorf("%s: Secret %s exists without %s: restore that entry, or delete the Secret to have it made", spec.path, name, entry))
		}
		if found && (secret.Labels[v1.LabelKind] != owner.Kind || secret.Labels[v1.LabelCluster] != owner.Name) {
			return outcome.Invalid(v1.ReasonInvalidResource, fmt.Errorf("%s: Secret %s exists without the labels %s: %s and %s: %s: add them if it belongs to this cluster, or delete it",
				spec.path, name, v1.LabelKind, owner.Kind, v1.LabelCluster, owner.Name))
		}
	}
	return nil
}

// missing says how to complete an authority of which a part does not exist. A key is never replaced on doubt: whatever
// was issued with it would become worthless.
func missing(cluster string, spec authoritySpec, stored pki.Authority) (pki.Action, error) {
	switch hasKey, hasCertificate := len(stored.Key) > 0, len(stored.Certificate) > 0; {
	case hasKey && hasCertificate:
		return pki.None, nil
	case hasKey:
		return pki.RenewCertificate, nil
	case hasCertificate:
		return pki.None, outcome.Invalid(v1.ReasonInvalidResource, fmt.Errorf(
			"%s: Secret %s with the key is missing, while Secret %s with its certificate exists; restore the first, or delete the second to have a new authority made",
			spec.path, keySecret(cluster, spec.kind), certificateSecret(cluster, spec.kind)))
	}
	return pki.Create, nil
}

func suppliedAuthority(cluster string, spec authoritySpec, stored pki.Authority) error {
	key, certificate := keySecret(cluster, spec.kind), certificateSecret(cluster, spec.kind)
	if len(stored.Key) == 0 || len(stored.Certificate) == 0 {
		return outcome.Invalid(v1.ReasonInvalidResource, fmt.Errorf(
			"%s.generateCertificateAuthority is false: Secrets %s with %s and %s with %s must exist and carry the labels %s: Kafka and %s: %s",
			spec.path, key, pki.KeyEntry, certificate, pki.CertificateEntry, v1.LabelKind, v1.LabelCluster, cluster))
	}
	if err := stored.ValidateSupplied(); err != nil {
		return outcome.Invalid(v1.ReasonInvalidResource, fmt.Errorf("%s: Secrets %s and %s: %w", spec.path, key, certificate, err))
	}
	return nil
}

func storedAuthority(secrets map[string]plan.Secret, cluster string, kind pki.Kind) pki.Authority {
	key, certificate := secrets[keySecret(cluster, kind)], secrets[certificateSecret(cluster, kind)]
	out := pki.Authority{
		Kind:                  kind,
		Certificate:           certificate.Data[pki.CertificateEntry],
		Key:                   key.Data[pki.KeyEntry],
		CertificateGeneration: generation(certificate.Facts[v1.AnnotationCACertGeneration]),
		KeyGeneration:         generation(key.Facts[v1.AnnotationCAKeyGeneration]),
		Old:                   map[string][]byte{},
	}
	for name, data := range certificate.Data {
		if name != pki.CertificateEntry && isCertificate(name) {
			out.Old[name] = data
		}
	}
	return out
}

func isCertificate(entry string) bool { return len(entry) > 4 && entry[len(entry)-4:] == ".crt" }

func generation(annotation string) int {
	n, err := strconv.Atoi(annotation)
	if err != nil {
		return 0
	}
	return n
}

// keepAuthority stores the key first: a certificate without its key could not be completed any more.
func (r *Reconciler) keepAuthority(ctx context.Context, owner plan.Owner, spec authoritySpec, action pki.Action, a pki.Authority) error {
	component := plan.Component{Type: v1.ComponentCertificateAuthority, Name: v1.NameStrimzi}
	if action == pki.Create {
		err := r.Runtime.Keep(ctx, owner, plan.Secret{
			Name: keySecret(owner.Name, spec.kind), Component: component, Unowned: spec.unowned(),
			Data:  map[string][]byte{pki.KeyEntry: a.Key},
			Facts: map[string]string{v1.AnnotationCAKeyGeneration: strconv.Itoa(a.KeyGeneration)},
		})
		if err != nil {
			return err
		}
	}
	data := map[string][]byte{pki.CertificateEntry: a.Certificate}
	if r.KeyStores {
		if err := addTrustStore(data, a, r); err != nil {
			return err
		}
	}
	secret := plan.Secret{
		Name: certificateSecret(owner.Name, spec.kind), Component: component, Unowned: spec.unowned(), Data: data,
		Facts: map[string]string{v1.AnnotationCACertGeneration: strconv.Itoa(a.CertificateGeneration)},
	}
	if spec.template != nil {
		secret.Template = spec.template
	}
	return r.Runtime.Keep(ctx, owner, secret)
}

func addTrustStore(data map[string][]byte, a pki.Authority, r *Reconciler) error {
	password, err := pki.NewPassword(pki.TrustStorePasswordLength, r.Random)
	if err != nil {
		return fmt.Errorf("make a password for the trust store: %w", err)
	}
	store, err := a.TrustStore(password)
	if err != nil {
		return fmt.Errorf("make the trust store of the %s: %w", a.Kind, err)
	}
	data[pki.TrustStoreEntry], data[pki.PasswordEntry] = store, []byte(password)
	return nil
}

// issue fills in the certificates of the nodes and of the operator, keeping those that are still right.
func (r *Reconciler) issue(k *v1.Kafka, cluster *kafka.Cluster, seen observed, spreading bool, out *keys) error {
	now := r.Now()
	open, _ := maintenance.Open(k.Spec.MaintenanceTimeWindows, now)
	requests := maps.Clone(cluster.LeafRequests())
	operator := operatorRequest(requests)
	issuer := leafIssuer{reconciler: r, authority: out.cluster, now: now, open: open, spreading: spreading}
	stored := func(secret, entry string) pki.Leaf { return storedLeaf(seen.secrets[secret], entry) }
	out.nodes = map[string]pki.Leaf{}
	var mu sync.Mutex
	var group errgroup.Group
	for name, request := range requests {
		group.Go(func() error {
			leaf, err := issuer.leaf(stored(name, name), request)
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
		return err
	}
	out.operator, err = issuer.leaf(stored(operatorSecret(k.Name), operatorCertificate), operator)
	if err != nil {
		return fmt.Errorf("issue the operator's certificate: %w", err)
	}
	return nil
}

// operatorRequest asks for the operator's client certificate, which lives as long as those of the nodes.
func operatorRequest(nodes map[string]pki.LeafRequest) pki.LeafRequest {
	out := pki.LeafRequest{CommonName: operatorCertificate, Organization: pki.Organization, Key: pki.ECDSAP256}
	for _, n := range nodes {
		out.Lifetime = n.Lifetime
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

// leafIssuer decides about the certificates of one pass.
type leafIssuer struct {
	reconciler      *Reconciler
	authority       pki.Authority
	now             time.Time
	open, spreading bool
}

func (i leafIssuer) leaf(stored pki.Leaf, request pki.LeafRequest) (pki.Leaf, error) {
	if i.spreading && len(stored.Certificate) > 0 && len(stored.Key) > 0 {
		return stored, nil
	}
	if !pki.DecideLeaf(stored, request, i.authority, i.now, i.open).Issue {
		return stored, nil
	}
	return pki.IssueLeaf(i.authority, request, i.now, i.reconciler.Random)
}

// expiring warns of authorities that are due for renewal, which this version leaves to people.
func (r *Reconciler) expiring(k *v1.Kafka, held keys) []v1.Condition {
	var out []v1.Condition
	for spec, authority := range map[*authoritySpec]pki.Authority{ptr(clusterAuthority(k)): held.cluster, ptr(clientsAuthority(k)): held.clients} {
		due := pki.DecideAuthority(pki.AuthorityState{Authority: authority}, pki.Policy{Lifetime: spec.lifetime()}, r.Now(), true)
		if due.Action == pki.None {
			continue
		}
		out = append(out, v1.Condition{
			Type: v1.ConditionWarning, Status: v1.ConditionTrue, Reason: warningAuthorityExpires,
			Message: fmt.Sprintf("%s: the authority in Secret %s is due for renewal (%s), and this version does not renew it", spec.path, certificateSecret(k.Name, spec.kind), due.Reason),
		})
	}
	slices.SortFunc(out, func(a, b v1.Condition) int { return strings.Compare(a.Message, b.Message) })
	if _, wrong := maintenance.Open(k.Spec.MaintenanceTimeWindows, r.Now()); len(wrong) > 0 {
		out = append(out, v1.Condition{
			Type: v1.ConditionWarning, Status: v1.ConditionTrue, Reason: warningMaintenanceWindow,
			Message: "spec.maintenanceTimeWindows: " + joined(wrong),
		})
	}
	return out
}

const (
	// warningAuthorityExpires is the reason of a warning about an authority whose certificate ends soon.
	warningAuthorityExpires = "CertificateAuthorityExpiring"
	// warningMaintenanceWindow is the reason of a warning about a window that cannot be read and is never open.
	warningMaintenanceWindow = "MaintenanceTimeWindowInvalid"
)

func joined(errs []error) string {
	texts := make([]string, 0, len(errs))
	for _, err := range errs {
		texts = append(texts, err.Error())
	}
	return strings.Join(texts, "; ")
}

func ptr[T any](v T) *T { return &v }

// certificates is what the plan needs of the keys.
func (k keys) certificates() (kafka.Certificates, error) {
	out := kafka.Certificates{
		ClusterCACertGeneration: k.cluster.CertificateGeneration,
		ClusterCAKeyGeneration:  k.cluster.KeyGeneration,
		ClientsCACertGeneration: k.clients.CertificateGeneration,
		Nodes:                   map[string]kafka.NodeCertificate{},
		ClusterTrust:            k.cluster.TrustBundle(),
		ClientsTrust:            k.clients.TrustBundle(),
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

// identity is the operator's client certificate as a secret.
func (k keys) identity(cluster string) plan.Secret {
	return plan.Secret{
		Name:      operatorSecret(cluster),
		Component: plan.Component{Type: v1.ComponentStrimzi, Name: v1.NameStrimzi},
		Data: map[string][]byte{
			operatorCertificate + ".crt": k.operator.Certificate,
			operatorCertificate + ".key": k.operator.Key,
		},
		Facts: map[string]string{v1.AnnotationClusterCACertGeneration: strconv.Itoa(k.cluster.CertificateGeneration)},
	}
}

// identity is how the operator proves who it is to brokers, and whom it believes to be one.
type identity struct {
	certificate, key, trust []byte
}

func (k keys) operatorIdentity() identity {
	return identity{certificate: k.operator.Certificate, key: k.operator.Key, trust: k.cluster.TrustBundle()}
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
