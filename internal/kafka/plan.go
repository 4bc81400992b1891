package kafka

import (
	"maps"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka/jvm"
	"castellan.io/castellan/internal/kafka/storage"
	"castellan.io/castellan/internal/kafka/template"
	"castellan.io/castellan/internal/plan"
)

// Names of the mounts of a node besides its volumes.
const (
	mountFiles        = "kafka-metrics-and-logging"
	mountTemporary    = "strimzi-tmp"
	mountCertificates = "node-certificates"
	mountTrust        = "trust"
	mountLauncher     = "launcher"
	mountRack         = "rack-volume"
	mountAccount      = "kube-api-access"
)

// votersVariable gives a node the controllers that its annotation says it knows: its files may tell of others already when its
// container starts again.
const votersVariable = "CASTELLAN_QUORUM_VOTERS"

// healthPort is where the launcher answers health questions.
const healthPort = 8080

// Share of the memory that the heap of a node gets, and its bound in bytes: what is left serves Kafka as page cache.
const (
	heapPercentage = 50
	heapMaxBytes   = 5 << 30
)

// Plan writes down what should exist. certs must hold a certificate for every node.
func (c *Cluster) Plan(certs Certificates) plan.Plan {
	p := plan.Plan{
		Owner: c.Owner, Component: c.Component(),
		Account: plan.Account{
			Name: c.Component().Name, ReadsPlatformNodes: c.machineLabel() != "",
			Template: template.Opaque(c.templateOf().ServiceAccount),
		},
		Secrets: c.secrets(certs), Endpoints: c.endpoints(), Disruption: c.disruption(), Inbound: c.inbound(),
	}
	for _, pool := range c.Pools {
		p.Groups = append(p.Groups, c.group(pool, certs))
	}
	return p
}

// machineLabel is the label of machines that names the rack of a broker; empty when racks come from elsewhere.
func (c *Cluster) machineLabel() string {
	if c.spec.Rack == nil || c.spec.Rack.Type == v1.RackEnvironmentVariable {
		return ""
	}
	return c.spec.Rack.TopologyKey
}

func (c *Cluster) disruption() *plan.Disruption {
	if !c.settings.DisruptionBudgets {
		return nil
	}
	missing := 1
	t := c.templateOf().PodDisruptionBudget
	if t != nil && t.MaxUnavailable != nil {
		missing = int(*t.MaxUnavailable)
	}
	return &plan.Disruption{Name: c.Component().Name, MinAvailable: int32(max(0, len(c.Nodes)-missing)), Template: template.Opaque(t)}
}

func (c *Cluster) group(p Pool, certs Certificates) plan.Group {
	facts := map[string]string{
		v1.AnnotationStorage: storage.Format(p.Storage), v1.AnnotationKafkaVersion: c.Version, v1.AnnotationClusterID: c.ID,
	}
	maps.Copy(facts, c.resizing)
	g := plan.Group{Name: p.Name, Set: p.Set, Owner: p.Owner, Facts: facts, Template: p.template}
	for _, n := range c.Nodes {
		if n.Pool == p.Name {
			g.Instances = append(g.Instances, c.instance(p, n, certs))
		}
	}
	return g
}

func (c *Cluster) instance(p Pool, n Node, certs Certificates) plan.Instance {
	files := map[string]string{
		"server.config": c.ServerConfig(n), "cluster.id": c.ID, "metadata.version": c.MetadataVersion, loggingFile: c.logging,
	}
	in := plan.Instance{
		Name: n.Name, ID: n.ID, Domain: c.nodesEndpoint(),
		Roles: map[string]bool{roleBroker: n.Broker, roleController: n.Controller},
		Facts: map[string]string{
			v1.AnnotationConfigurationHash: configurationHash(files["server.config"]),
			v1.AnnotationKafkaVersion:      c.Version,
			v1.AnnotationQuorumVoters:      formatVoters(controllerIDs(c.Nodes)),
		},
		LiveFacts: c.certificateFacts(n, certs),
		Files:     files,
		Prepare:   []plan.Process{c.prepare(p, n)},
		Mounts:    c.mounts(p, n),
	}
	in.Main = c.process(p, n, in.Mounts)
	if n.Broker {
		in.Spread = c.machineLabel()
	}
	return in
}

// certificateFacts tell what certificates a node was given. Nodes take those over as they run.
func (c *Cluster) certificateFacts(n Node, certs Certificates) map[string]string {
	facts := map[string]string{
		v1.AnnotationClusterCACertGeneration: strconv.Itoa(certs.ClusterCACertGeneration),
		v1.AnnotationClusterCAKeyGeneration:  strconv.Itoa(certs.ClusterCAKeyGeneration),
		v1.AnnotationClientsCACertGeneration: strconv.Itoa(certs.ClientsCACertGeneration),
		v1.AnnotationServerCertHash:          certs.Nodes[n.Name].Hash,
	}
	if prints := c.thumbprints(); n.Broker && prints != "" {
		facts[v1.AnnotationCustomListenerCertThumbprints] = prints
	}
	return facts
}

// looksUpRack tells whether a node learns its rack from the machine that it runs on.
func (c *Cluster) looksUpRack(n Node) bool { return n.Broker && c.machineLabel() != "" }

func (c *Cluster) mounts(p Pool, n Node) []plan.Mount {
	var mounts []plan.Mount
	for _, v := range storage.Volumes(p.Storage) {
		mounts = append(mounts, c.volumeMount(p, n, v))
	}
	mounts = append(mounts,
		plan.Mount{Name: mountFiles, Path: "/opt/kafka/custom-config", Files: true},
		plan.Mount{Name: mountTemporary, Path: "/tmp", Scratch: &plan.Scratch{SizeLimit: temporarySize(p.template.Pod), Memory: true}},
		plan.Mount{Name: mountCertificates, Path: "/opt/kafka/certificates/node", Secret: n.Name},
		plan.Mount{Name: mountTrust, Path: trustDir, Secret: c.trustSecret()},
		plan.Mount{Name: mountLauncher, Path: "/opt/castellan", Scratch: &plan.Scratch{}},
	)
	if c.looksUpRack(n) {
		mounts = append(mounts,
			plan.Mount{Name: mountRack, Path: initDir, Scratch: &plan.Scratch{SizeLimit: "1Mi", Memory: true}},
			plan.Mount{Name: mountAccount, Path: "/var/run/secrets/kubernetes.io/serviceaccount", Account: true})
	}
	return mounts
}

func (c *Cluster) volumeMount(p Pool, n Node, v storage.Volume) plan.Mount {
	mount := plan.Mount{Name: v.Name, Path: v.Path()}
	if !v.Persistent {
		mount.Scratch = &plan.Scratch{SizeLimit: v.Settings.SizeLimit}
		return mount
	}
	mount.Volume = &plan.Volume{
		Name: v.Name + "-" + n.Name, Size: v.Settings.Size,
		Class: v.Settings.Class, AttributesClass: v.Settings.VolumeAttributesClass, Selector: v.Settings.Selector,
		DeleteWhenUnused: v.Settings.DeleteClaim != nil && *v.Settings.DeleteClaim,
		Facts:            map[string]string{v1.AnnotationClusterID: c.ID},
		Template:         template.Opaque(p.template.PersistentVolumeClaim),
	}
	return mount
}

func temporarySize(pod *v1.PodSetPodTemplate) string {
	if pod != nil && pod.TmpDirSizeLimit != "" {
		return pod.TmpDirSizeLimit
	}
	return "5Mi"
}

// prepare puts the launcher into the instance, and the rack's name where the configuration reads it.
func (c *Cluster) prepare(p Pool, n Node) plan.Process {
	process := plan.Process{
		Name: "kafka-init", Image: c.settings.LauncherImage, Command: []string{"/castellan-launch", "prepare"},
		Resources: template.Requirements(p.spec.Spec.Resources), Mounts: []string{mountLauncher}, Template: template.Opaque(p.template.InitContainer),
	}
	if c.looksUpRack(n) {
		process.Env = []plan.Env{
			{Name: "NODE_NAME", Machine: true},
			{Name: "RACK_TOPOLOGY_KEY", Value: c.machineLabel()},
			{Name: "INIT_FOLDER", Value: initDir},
		}
		process.Mounts = append(process.Mounts, mountRack, mountAccount)
	}
	return process
}

func (c *Cluster) process(p Pool, n Node, mounts []plan.Mount) plan.Process {
	var seen []string
	for _, m := range mounts {
		if !m.Account {
			seen = append(seen, m.Name)
		}
	}
	return plan.Process{
		Name: "kafka", Image: c.Image, Command: []string{"/opt/castellan/castellan-launch", "kafka"},
		Env: append(c.env(p), plan.Env{Name: votersVariable, Value: c.voters()}), Ports: c.ports(n), Resources: template.Requirements(p.spec.Spec.Resources), Mounts: seen, Template: template.Opaque(p.template.KafkaContainer),
		Ready: template.Check("/ready", healthPort, c.spec.ReadinessProbe, plan.Check{PeriodSeconds: 1, TimeoutSeconds: 5, FailureThreshold: 3}),
		Alive: template.Check("/healthy", healthPort, c.spec.LivenessProbe, plan.Check{InitialDelaySeconds: 15, TimeoutSeconds: 5, FailureThreshold: 3}),
	}
}

func (c *Cluster) env(p Pool) []plan.Env {
	env := []plan.Env{
		{Name: "KAFKA_CLUSTER_NAME", Value: c.Name},
		{Name: "STRIMZI_KAFKA_GC_LOG_ENABLED", Value: strconv.FormatBool(jvm.GCLogging(p.jvm))},
	}
	return append(env, jvm.Env(p.jvm, jvm.Heap{Percentage: heapPercentage, MaxBytes: heapMaxBytes, MemoryKnown: memoryKnown(p.spec.Spec.Resources)})...)
}

func memoryKnown(r *corev1.ResourceRequirements) bool {
	if r == nil {
		return false
	}
	_, asks := r.Requests[corev1.ResourceMemory]
	_, limits := r.Limits[corev1.ResourceMemory]
	return asks || limits
}

func (c *Cluster) ports(n Node) []plan.Port {
	var ports []plan.Port
	if n.Controller {
		ports = append(ports, controlPlane())
	}
	if n.Broker {
		ports = append(ports, replication())
		for _, l := range c.Listeners {
			ports = append(ports, listenerPort(l))
		}
	}
	return ports
}
