package kafka

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka/listener"
	"castellan.io/castellan/internal/kafka/template"
	"castellan.io/castellan/internal/outcome"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/plan"
)

// Cluster is a Kafka cluster in which everything is decided.
type Cluster struct {
	// Namespace and Name of the Kafka resource.
	Namespace, Name string
	// Owner is the Kafka resource as the owner of what is made for it.
	Owner plan.Owner
	// Version of Kafka, and the Image that holds it.
	Version, Image string
	// MetadataVersion that the cluster is to have once its nodes run, such as 4.3-IV0.
	MetadataVersion string
	// ID is Kafka's cluster id.
	ID string
	// Pools by name.
	Pools []Pool
	// Nodes by id.
	Nodes []Node
	// Listeners in the order of the manifest.
	Listeners []listener.Listener
	// ClusterCA and ClientsCA say how the authorities are kept, Leaves what they issue.
	ClusterCA, ClientsCA pki.Policy
	Leaves               LeafPolicy
	// Warnings for people, in the order in which they are shown.
	Warnings []Warning
	// Notes for the operator's log: what was ignored.
	Notes []string
	// BlockedBrokers are wanted away and still hold replicas, or would go together with such; ascending.
	BlockedBrokers []int32

	spec         v1.KafkaClusterSpec
	settings     Settings
	resizing     map[string]string
	options      map[string]string
	logging      string
	certificates map[string]listenerCertificate
	addresses    map[int32][]address
}

// Warning is something unwise that does not keep the cluster from working.
type Warning struct {
	// Reason is the condition's reason, Message its text.
	Reason, Message string
	// Pool is the node pool that it is about; empty for the cluster as a whole.
	Pool string
}

func (c *Cluster) warn(reason, pool, message string) {
	c.Warnings = append(c.Warnings, Warning{Reason: reason, Message: message, Pool: pool})
}

// Component names the nodes of the cluster as a part of it.
func (c *Cluster) Component() plan.Component {
	return plan.Component{Type: v1.ComponentKafka, Name: c.Name + "-kafka"}
}

// Controllers of the cluster by id.
func (c *Cluster) Controllers() []Node {
	return slices.DeleteFunc(slices.Clone(c.Nodes), func(n Node) bool { return !n.Controller })
}

// Brokers of the cluster by id.
func (c *Cluster) Brokers() []Node {
	return slices.DeleteFunc(slices.Clone(c.Nodes), func(n Node) bool { return !n.Broker })
}

func (c *Cluster) pool(name string) Pool {
	i := slices.IndexFunc(c.Pools, func(p Pool) bool { return p.Name == name })
	return c.Pools[i]
}

// resolution is a Cluster in the making.
type resolution struct {
	in       Input
	cluster  *Cluster
	problems problems
}

// Resolve checks a Kafka resource with its pools and decides what the cluster is to be.
// The error is an outcome.Invalid when a person must change something.
func Resolve(in Input) (*Cluster, error) {
	version, err := decideVersion(in)
	if err != nil {
		return nil, err
	}
	r := &resolution{in: in, cluster: newCluster(in, version)}
	if err := r.resolvePools(); err != nil {
		return nil, err
	}
	r.resolveStorage()
	r.resolveListeners()
	r.resolveOptions()
	r.resolveLogging()
	r.resolveKeeping()
	r.checkResource()
	r.checkTemplates()
	if err := r.problems.err(); err != nil {
		return nil, err
	}
	r.cluster.addWarnings(in.Kafka)
	return r.cluster, nil
}

func newCluster(in Input, version target) *Cluster {
	k := in.Kafka
	c := &Cluster{
		Namespace: k.Namespace, Name: k.Name, Owner: clusterOwner(k, in.Settings),
		Version: version.version.Name, Image: cmp.Or(k.Spec.Kafka.Image, version.version.Image),
		MetadataVersion: version.metadata, ID: clusterID(in),
		Listeners: listener.All(k.Spec.Kafka.Listeners),
		spec:      k.Spec.Kafka, settings: in.Settings, resizing: resizing(k),
	}
	if version.note != "" {
		c.Notes = append(c.Notes, version.note)
	}
	return c
}

// clusterID prefers what is on record: another id would not fit the data on the volumes.
func clusterID(in Input) string {
	known := in.Kafka.Status.ClusterID
	for _, w := range wishes(in.Pools) {
		known = cmp.Or(known, w.pool.Status.ClusterID)
	}
	return cmp.Or(known, in.Seen.ClusterID, in.NewClusterID)
}

// resizing are the annotations about resizing in place, which workloads carry too.
func resizing(k *v1.Kafka) map[string]string {
	kept := map[string]string{}
	for _, name := range []string{v1.AnnotationInPlaceResizing, v1.AnnotationInPlaceResizingWaitForDeferred} {
		if value, set := k.Annotations[name]; set {
			kept[name] = value
		}
	}
	return kept
}

// checkResource checks what belongs to no other subject.
func (r *resolution) checkResource() {
	spec := r.in.Kafka.Spec.Kafka
	if a := spec.Authorization; a != nil && a.Type == v1.KafkaAuthorizationCustom && a.AuthorizerClass == "" {
		r.problems.add(v1.ReasonInvalidResource, "spec.kafka.authorization.authorizerClass: is missing; authorization of type custom needs a Java class")
	}
	r.problems.add(v1.ReasonInvalidResource, checkRack(spec.Rack)...)
	if r.cluster.Image == "" {
		r.problems.add(v1.ReasonInvalidConfiguration, fmt.Sprintf("spec.kafka.image: is not set, and the operator has no image for Kafka %s; set it here or configure the operator", r.cluster.Version))
	}
	r.problems.add(v1.ReasonInvalidResource, checkSecurity(r.in.Kafka.Annotations[v1.AnnotationInternalClusterSecurity])...)
	r.problems.add(v1.ReasonIllegalArgument, template.OwnLabels("metadata.labels", r.in.Kafka.Labels)...)
	for _, p := range r.cluster.Pools {
		r.problems.add(v1.ReasonIllegalArgument, template.OwnLabels("KafkaNodePool "+p.Name+": metadata.labels", p.spec.Labels)...)
	}
}

func checkRack(rack *v1.Rack) []string {
	if rack == nil {
		return nil
	}
	if rack.Type == v1.RackEnvironmentVariable && rack.EnvVarName == "" {
		return []string{"spec.kafka.rack.envVarName: is empty; rack of type environment-variable needs the name of a variable"}
	}
	if rack.Type != v1.RackEnvironmentVariable && rack.TopologyKey == "" {
		return []string{"spec.kafka.rack.topologyKey: is empty; rack of type topology-label needs a node label such as topology.kubernetes.io/zone"}
	}
	return nil
}

// internalSecurity is how nodes and components protect the traffic among themselves.
type internalSecurity struct {
	Encryption     securityKind `json:"encryption"`
	Authentication securityKind `json:"authentication"`
}

type securityKind struct {
	Type string `json:"type"`
}

// builtInSecurity is the one way in which this version protects internal traffic.
func builtInSecurity() internalSecurity {
	return internalSecurity{Encryption: securityKind{"strimzi-tls"}, Authentication: securityKind{"strimzi-mtls"}}
}

func checkSecurity(annotation string) []string {
	if annotation == "" {
		return nil
	}
	wanted := builtInSecurity()
	if err := json.Unmarshal([]byte(annotation), &wanted); err != nil {
		return []string{fmt.Sprintf("annotation %s: is not JSON: %v", v1.AnnotationInternalClusterSecurity, err)}
	}
	if built := builtInSecurity(); wanted != built {
		return []string{fmt.Sprintf("annotation %s: asks for encryption %q and authentication %q; this version serves %s with %s only: remove the annotation", v1.AnnotationInternalClusterSecurity,
			wanted.Encryption.Type, wanted.Authentication.Type, built.Encryption.Type, built.Authentication.Type)}
	}
	return nil
}

// problems collects what a person must change, in the order in which it is found.
type problems struct {
	reasons []string
	byKind  map[string][]string
}

func (p *problems) add(reason string, messages ...string) {
	if len(messages) == 0 {
		return
	}
	if p.byKind == nil {
		p.byKind = map[string][]string{}
	}
	if len(p.byKind[reason]) == 0 {
		p.reasons = append(p.reasons, reason)
	}
	p.byKind[reason] = append(p.byKind[reason], messages...)
}

// err joins all problems of the kind that was found first: a condition has one reason.
func (p *problems) err() error {
	if len(p.reasons) == 0 {
		return nil
	}
	first := p.reasons[0]
	return outcome.Invalid(first, errors.New(strings.Join(p.byKind[first], "; ")))
}

func invalid(reason, format string, values ...any) error {
	return outcome.Invalid(reason, fmt.Errorf(format, values...))
}

// addOnce adds the messages that are not there yet: a template of the cluster is checked once for each pool that uses it.
func (p *problems) addOnce(reason string, messages []string) {
	for _, message := range messages {
		if !slices.Contains(p.byKind[reason], message) {
			p.add(reason, message)
		}
	}
}
