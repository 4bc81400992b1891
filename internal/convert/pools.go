package convert

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/internal/yamltree"
)

// The names are other than those that pods of a cluster with ZooKeeper have (kafka, zookeeper): new nodes must never find the volumes of such a
// cluster, whose topics their metadata does not know.
const (
	brokerPool     = "broker"
	controllerPool = "controller"
)

// poolTemplates are the members of a Kafka resource's template that pools have too (contract: node pools).
var poolTemplates = []string{"pod", "podSet", "perPodService", "perPodRoute", "perPodIngress", "persistentVolumeClaim", "kafkaContainer", "initContainer"}

// runsOnZooKeeper says why a Kafka resource must not be converted: it is one of a running cluster that keeps its metadata in ZooKeeper.
func runsOnZooKeeper(r *resource) string {
	if r.kind() != "Kafka" || !r.spec().has("zookeeper") {
		return ""
	}
	switch mode := r.annotation("strimzi.io/kraft"); {
	case mode == "enabled":
		return ""
	case mode == "migration", mode == "rollback":
		return "this cluster is on its way from ZooKeeper to KRaft (annotation strimzi.io/kraft: " + mode + ")"
	case r.live():
		return "this cluster runs with ZooKeeper"
	}
	return ""
}

// nodes makes node pools of what a Kafka resource says about its nodes, or gives it to those that there are.
func (c *conversion) nodes(r *resource) {
	spec := r.spec()
	pools := c.pools[clusterName{r.namespace(), r.name()}]
	pooled := len(pools) > 0 || r.annotation("strimzi.io/node-pools") == "enabled" || len(yamltree.Items(yamltree.Child(r.root, "status", "kafkaNodePools"))) > 0
	controllers := r.annotation("strimzi.io/kraft") == "enabled" || slices.ContainsFunc(pools, isController)
	switch {
	case !spec.has("zookeeper"):
		checkVersion(spec.in("kafka"))
	case pooled && controllers:
		spec.remove("zookeeper", "this cluster has controllers")
		checkVersion(spec.in("kafka"))
	default:
		r.changed(spec.key("zookeeper"), "Kafka 4 keeps its metadata itself. What is made here is a new cluster; one that runs with ZooKeeper must be migrated to KRaft by its operator before")
		version(spec.in("kafka"))
		if !pooled {
			c.add(r, c.brokers(r))
		}
		c.add(r, c.controllers(r))
	}
	c.leftOver(spec.in("kafka"), pools, pooled)
}

func isController(r *resource) bool {
	return slices.ContainsFunc(yamltree.Items(yamltree.Child(r.root, "spec", "roles")), func(n *yaml.Node) bool { return n.Value == "controller" })
}

// checkVersion leaves a version that is not supported: the cluster may run it, and its next version is not ours to pick.
func checkVersion(cluster section) {
	supported := kafka.SupportedVersions()
	if v := cluster.text("version"); v != "" && !slices.Contains(supported, v) {
		cluster.left("version", v+" is not supported; expected one of "+strings.Join(supported, ", ")+". A running cluster must be able to go there from where it is")
	}
}

// brokers is the pool that spec.kafka becomes.
func (c *conversion) brokers(r *resource) *resource {
	cluster := r.spec().in("kafka")
	pool := c.pool(r, brokerPool)
	if pool == nil {
		return nil
	}
	for _, field := range []string{"replicas", "storage", "resources", "jvmOptions"} {
		toPool(cluster, pool, field, field)
	}
	for _, member := range poolTemplates {
		toPool(cluster, pool, "template."+member, "template."+member)
	}
	return pool
}

// controllers is the pool that spec.zookeeper becomes.
func (c *conversion) controllers(r *resource) *resource {
	nodes := r.spec().in("zookeeper")
	pool := c.pool(r, controllerPool)
	if pool == nil {
		return nil
	}
	nodes.move("affinity", "template.pod.affinity")
	nodes.move("tolerations", "template.pod.tolerations")
	for _, field := range []string{"replicas", "storage", "resources", "jvmOptions", "template.pod", "template.podSet", "template.persistentVolumeClaim"} {
		toPool(nodes, pool, field, field)
	}
	toPool(nodes, pool, "template.zookeeperContainer", "template.kafkaContainer")
	for _, rest := range yamltree.Keys(nodes.node) {
		nodes.remove(rest, "it is about ZooKeeper")
	}
	r.spec().take("zookeeper")
	return pool
}

// pool is an empty pool for a cluster.
func (c *conversion) pool(r *resource, role string) *resource {
	name := role
	if c.names[r.namespace()+"/"+name] {
		name = r.name() + "-" + role
	}
	if c.names[r.namespace()+"/"+name] {
		r.left(yamltree.Key(r.root, "metadata"), "there is a KafkaNodePool %s already; write one with the role %s under another name", name, role)
		return nil
	}
	c.names[r.namespace()+"/"+name] = true
	metadata := yamltree.Pairs(yamltree.Pair{Key: "name", Value: yamltree.Text(name)})
	if r.namespace() != "" {
		yamltree.Append(metadata, yamltree.Text("namespace"), yamltree.Text(r.namespace()))
	}
	yamltree.Append(metadata, yamltree.Text("labels"), yamltree.Mapping(map[string]string{"strimzi.io/cluster": r.name()}))
	root := yamltree.Pairs(
		yamltree.Pair{Key: "apiVersion", Value: yamltree.Text("kafka.strimzi.io/v1")},
		yamltree.Pair{Key: "kind", Value: yamltree.Text("KafkaNodePool")},
		yamltree.Pair{Key: "metadata", Value: metadata},
		yamltree.Pair{Key: "spec", Value: yamltree.Pairs(yamltree.Pair{Key: "roles", Value: yamltree.Sequence(yamltree.Text(role))})},
	)
	root.Line = r.root.Line
	return newResource(root, r.file)
}

// add gives a resource a pool as what follows it, with the notes about it.
func (c *conversion) add(r, pool *resource) {
	if pool == nil {
		return
	}
	storageOverrides(pool)
	sizeLimits(pool)
	r.more = append(r.more, pool.root)
	r.notes = append(r.notes, pool.notes...)
	r.undecided = append(r.undecided, pool.undecided...)
	r.edited = true
}

func toPool(from section, pool *resource, path, to string) {
	p := from.take(path)
	if !p.exists() {
		return
	}
	pool.spec().put(to, p)
	from.resource.changed(p.key, "%s.%s is now spec.%s of KafkaNodePool %s", from.path, path, to, pool.name())
}

// leftOver is about what a Kafka resource still says about nodes: pools say it.
func (c *conversion) leftOver(cluster section, pools []*resource, pooled bool) {
	if !pooled {
		for _, field := range []string{"replicas", "storage", "resources"} {
			cluster.left(field, "belongs to a KafkaNodePool, and no pool of this cluster is given. Convert both together, or write a pool with the label strimzi.io/cluster: "+cluster.resource.name())
		}
		return
	}
	cluster.remove("replicas", "pools have it")
	cluster.remove("storage", "pools have it")
	if !cluster.has("resources") {
		return
	}
	if len(pools) == 0 {
		cluster.left("resources", "belongs to KafkaNodePools, and no pool of this cluster is given. Convert both together, or copy it to the pools that have none of their own")
		return
	}
	p := cluster.take("resources")
	for _, pool := range pools {
		if pool.spec().node == nil || pool.spec().has("resources") {
			continue
		}
		pool.spec().put("resources", pair{nil, yamltree.Clone(p.value)})
		pool.changed(yamltree.Key(pool.root, "spec"), "spec.resources is what Kafka %s says in spec.kafka.resources", cluster.resource.name())
	}
	cluster.resource.changed(p.key, "%s.resources is now spec.resources of the pools that have none of their own", cluster.path)
}

func (c *conversion) nodePool(r *resource) {
	storageOverrides(r)
	sizeLimits(r)
}

// storageOverrides names classes of single nodes' volumes: v1 has a class for each pool.
func storageOverrides(r *resource) {
	const remedy = "is not in v1; nodes with another storage class belong to a pool of their own"
	r.spec().in("storage").left("overrides", remedy)
	for _, volume := range r.spec().each("storage.volumes") {
		volume.left("overrides", remedy)
	}
}
