package kafka

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka/nodeid"
	"castellan.io/castellan/internal/kafka/storage"
	"castellan.io/castellan/internal/plan"
)

// Pool is a checked node pool.
type Pool struct {
	// Name of the KafkaNodePool; Set is the name of its workload, <cluster>-<pool>.
	Name, Set string
	// Owner is the KafkaNodePool as the owner of what is made for it.
	Owner plan.Owner
	// Controller and Broker are the roles of its nodes.
	Controller, Broker bool
	// IDs of its nodes, ascending; Added are new among them, Removed go.
	IDs, Added, Removed []int32
	// Storage of each node: the wanted one, or the present one when the wanted one cannot take its place.
	Storage v1.Storage
	// Selector are the labels that select the pool's instances, as key=value joined by commas.
	Selector string

	// leaving are the brokers that go or lose their role.
	leaving []int32
	spec    *v1.KafkaNodePool
	// template has the pool's members, and the cluster's where the pool has none.
	template *v1.KafkaNodePoolTemplate
	jvm      *v1.JvmOptions
}

// Roles of the pool's nodes, controller first.
func (p Pool) Roles() []v1.NodeRole {
	var roles []v1.NodeRole
	if p.Controller {
		roles = append(roles, v1.RoleController)
	}
	if p.Broker {
		roles = append(roles, v1.RoleBroker)
	}
	return roles
}

func (p Pool) path() string { return "KafkaNodePool " + p.Name + ": spec" }

// Node is one node of the cluster.
type Node struct {
	// ID is the node's number; Name is its instance's, <cluster>-<pool>-<id>.
	ID   int32
	Name string
	// Pool that it belongs to.
	Pool string
	// Controller and Broker are its roles.
	Controller, Broker bool
	// Cordoned brokers are about to go and take no new replicas.
	Cordoned bool
}

// wish is what a pool should be after changes that brokers in use forbid are taken back.
type wish struct {
	pool     *v1.KafkaNodePool
	replicas int32
	broker   bool
}

func wishes(pools []v1.KafkaNodePool) []wish {
	list := make([]wish, 0, len(pools))
	for i := range pools {
		spec := pools[i].Spec
		list = append(list, wish{pool: &pools[i], replicas: spec.Replicas, broker: slices.Contains(spec.Roles, v1.RoleBroker)})
	}
	slices.SortFunc(list, func(a, b wish) int { return cmp.Compare(a.pool.Name, b.pool.Name) })
	return list
}

// assign gives every pool its ids. Annotations that cannot be read are ignored and noted.
func assign(cluster string, list []wish, holders map[int32][]string) (pools []Pool, notes []string, err error) {
	inputs := make([]nodeid.Pool, 0, len(list))
	for _, w := range list {
		next, nextNote := idAnnotation(w.pool, v1.AnnotationNextNodeIDs)
		remove, removeNote := idAnnotation(w.pool, v1.AnnotationRemoveNodeIDs)
		notes = append(append(notes, nextNote...), removeNote...)
		inputs = append(inputs, nodeid.Pool{
			Name: w.pool.Name, Current: w.pool.Status.NodeIDs, Replicas: w.replicas, Next: next, Remove: remove,
			Elsewhere: heldElsewhere(holders, w.pool.Name),
		})
	}
	assignments, err := nodeid.Assign(inputs)
	if err != nil {
		return nil, nil, err
	}
	for i, w := range list {
		pools = append(pools, newPool(cluster, w, assignments[i]))
	}
	return pools, notes, nil
}

// heldElsewhere lists ids that nodes or volumes of other pools have. The pool's own come back with their data.
func heldElsewhere(holders map[int32][]string, pool string) []int32 {
	var ids []int32
	for id, pools := range holders {
		if slices.ContainsFunc(pools, func(name string) bool { return name != pool }) {
			ids = append(ids, id)
		}
	}
	return ids
}

func idAnnotation(pool *v1.KafkaNodePool, name string) (nodeid.Ranges, []string) {
	ranges, err := nodeid.Parse(pool.Annotations[name])
	if err != nil {
		return nil, []string{fmt.Sprintf("KafkaNodePool %s: annotation %s is ignored: %v", pool.Name, name, err)}
	}
	return ranges, nil
}

func newPool(cluster string, w wish, a nodeid.Assignment) Pool {
	p := Pool{
		Name: w.pool.Name, Set: cluster + "-" + w.pool.Name,
		Controller: slices.Contains(w.pool.Spec.Roles, v1.RoleController), Broker: w.broker,
		IDs: a.IDs, Added: a.Added, Removed: a.Removed,
		Storage: w.pool.Spec.Storage, spec: w.pool,
	}
	if wasBroker(w.pool) {
		p.leaving = slices.Clone(a.Removed)
	}
	if wasBroker(w.pool) && !w.broker {
		p.leaving = slices.Clone(w.pool.Status.NodeIDs)
	}
	return p
}

// wasBroker tells whether the nodes that a pool has are brokers.
func wasBroker(p *v1.KafkaNodePool) bool {
	if len(p.Status.Roles) == 0 {
		return slices.Contains(p.Spec.Roles, v1.RoleBroker)
	}
	return slices.Contains(p.Status.Roles, v1.RoleBroker)
}

// mostReplicas is far beyond any cluster; a greater number is a slip that must not keep the operator busy.
const mostReplicas = 10_000

func (r *resolution) resolvePools() error {
	if len(r.in.Pools) == 0 {
		return invalid(v1.ReasonInvalidConfiguration, "Kafka %s has no node pools: create a KafkaNodePool in namespace %s with label %s=%s", r.in.Kafka.Name, r.in.Kafka.Namespace, v1.LabelCluster, r.in.Kafka.Name)
	}
	for i := range r.in.Pools {
		if n := r.in.Pools[i].Spec.Replicas; n > mostReplicas || n < 0 {
			return invalid(v1.ReasonInvalidResource, "KafkaNodePool %s: spec.replicas: %d nodes cannot run; use 0 to %d", r.in.Pools[i].Name, n, mostReplicas)
		}
	}
	pools, err := r.keepBrokersInUse()
	if err != nil {
		return err
	}
	r.cluster.Pools = pools
	for i := range pools {
		r.completePool(&pools[i])
		r.checkPool(pools[i])
	}
	r.cluster.Nodes = nodes(pools, r.cluster.BlockedBrokers)
	r.checkRoles()
	r.checkQuorum()
	return nil
}

func (r *resolution) completePool(p *Pool) {
	shared := r.in.Kafka.Spec.Kafka
	p.Owner = poolOwner(p.spec, r.in.Settings)
	p.template = mergedTemplate(shared.Template, p.spec.Spec.Template)
	p.jvm = cmp.Or(p.spec.Spec.JvmOptions, shared.JvmOptions)
	p.Selector = strings.Join(selector(map[string]string{
		v1.LabelCluster: r.cluster.Name, v1.LabelKind: "Kafka", v1.LabelName: r.cluster.Component().Name, v1.LabelPoolName: p.Name,
	}), ",")
}

func selector(labels map[string]string) []string {
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		pairs = append(pairs, key+"="+labels[key])
	}
	return pairs
}

func nodes(pools []Pool, cordoned []int32) []Node {
	var list []Node
	for _, p := range pools {
		for _, id := range p.IDs {
			list = append(list, Node{
				ID: id, Name: fmt.Sprintf("%s-%d", p.Set, id), Pool: p.Name,
				Controller: p.Controller, Broker: p.Broker, Cordoned: p.Broker && slices.Contains(cordoned, id),
			})
		}
	}
	slices.SortFunc(list, func(a, b Node) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

func (r *resolution) checkPool(p Pool) {
	if len(p.spec.Spec.Roles) == 0 {
		r.problems.add(v1.ReasonInvalidResource, p.path()+".roles: is empty; use controller, broker or both")
	}
}

func (r *resolution) checkRoles() {
	if len(r.cluster.Nodes) == 0 {
		r.problems.add(v1.ReasonInvalidResource, "no KafkaNodePool has nodes: set spec.replicas of at least one pool with role controller and one with role broker to 1 or more")
		return
	}
	for _, role := range []struct {
		name  v1.NodeRole
		count int
	}{{v1.RoleController, len(r.cluster.Controllers())}, {v1.RoleBroker, len(r.cluster.Brokers())}} {
		if role.count == 0 {
			r.problems.add(v1.ReasonInvalidResource, fmt.Sprintf("no KafkaNodePool with role %[1]s in spec.roles has nodes: add the role to a pool, or set spec.replicas of a pool with role %[1]s to 1 or more", role.name))
		}
	}
}

// resolveStorage keeps the storage that a pool has when the wanted one cannot take its place.
func (r *resolution) resolveStorage() {
	for i := range r.cluster.Pools {
		p := &r.cluster.Pools[i]
		refused, err := r.refusedStorage(p)
		if err != nil {
			r.problems.add(v1.ReasonInvalidResource, err.Error())
			continue
		}
		if len(refused) > 0 {
			r.cluster.warn(v1.WarningStorage, p.Name, fmt.Sprintf("KafkaNodePool %s keeps its storage, spec.storage is not applied: %s. Volumes can be added, removed and enlarged; for other changes create a new pool.", p.Name, strings.Join(refused, "; ")))
		}
		r.checkStorage(*p)
	}
}

// refusedStorage puts the present storage into the pool and says why, when the wanted one is not allowed.
func (r *resolution) refusedStorage(p *Pool) ([]string, error) {
	text, exists := r.in.Seen.Storage[p.Name]
	if !exists {
		if wrong := storage.CheckSet(p.Storage); len(wrong) > 0 {
			return nil, errors.New(p.path() + ".storage.volumes: " + strings.Join(wrong, "; ") + "; give every volume an id of its own and mark at most one")
		}
		return nil, nil
	}
	current, err := storage.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("StrimziPodSet %s: annotation %s cannot be read: %w; correct it to the storage that the pool has", p.Set, v1.AnnotationStorage, err)
	}
	refused := storage.Change(current, p.Storage)
	if len(refused) > 0 {
		p.Storage = current
	}
	return refused, nil
}

func (r *resolution) checkStorage(p Pool) {
	path := p.path() + ".storage"
	r.problems.add(v1.ReasonInvalidResource, storage.Check(path, p.Storage)...)
	level, ok := parseMetadata(r.cluster.MetadataVersion)
	needed := jbodMetadata()
	if ok && len(p.Storage.Volumes) > 1 && slices.Compare(level[:], needed[:]) < 0 {
		r.problems.add(v1.ReasonInvalidResource, fmt.Sprintf("%s.volumes: %d volumes need metadata version 3.7-IV2 or newer, and the cluster has %s; use one volume, or raise spec.kafka.metadataVersion first", path, len(p.Storage.Volumes), r.cluster.MetadataVersion))
	}
}
