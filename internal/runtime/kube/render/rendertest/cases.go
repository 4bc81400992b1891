package rendertest

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/plan"
	"castellan.io/castellan/internal/runtime/kube/render"
)

// Case is a plan and the settings to render it with.
type Case struct {
	Plan     plan.Plan
	Settings render.Settings
}

// Cases returns the cases by name; every call makes new ones.
func Cases() map[string]Case {
	return map[string]Case{
		"combined-jbod":     {combined(), Settings()},
		"dedicated-pools":   {dedicated(), Settings()},
		"ephemeral":         {ephemeral(), Settings()},
		"templates":         {templates(), Settings()},
		"network-peers":     {peers(), settings(func(s *render.Settings) { s.OperatorNamespace = Namespace })},
		"restricted":        {combined(), settings(func(s *render.Settings) { s.Restricted = true })},
		"rack":              {rack(), settings(withOperatorLabels)},
		"broker-endpoints":  {brokerEndpoints(), Settings()},
		"retiring":          {retiring(), Settings()},
		"empty-pool":        {emptyPool(), Settings()},
		"operator-settings": {combined(), settings(withEverything)},
		"workload":          {workload(), settings(func(s *render.Settings) { s.Restricted = true })},
		"workload-templates": {workloadTemplates(), settings(func(s *render.Settings) {
			s.PodLabels = map[string]map[string]string{"entity-operator": {"cost-centre": "7"}}
		})},
	}
}

// Namespace is where the plans' owners live.
const Namespace = "events"

// Settings are those of an operator in a namespace of its own that says nothing else.
func Settings() render.Settings {
	return render.Settings{OperatorNamespace: "castellan", MachineReaderRole: "strimzi-kafka-broker"}
}

func settings(change func(*render.Settings)) render.Settings {
	s := Settings()
	change(&s)
	return s
}

func withOperatorLabels(s *render.Settings) {
	s.OperatorNamespaceLabels = map[string]string{"kubernetes.io/metadata.name": "castellan"}
}

func withEverything(s *render.Settings) {
	s.PullPolicy = corev1.PullNever
	s.PullSecrets = []string{"registry", "mirror"}
	s.PodLabels = map[string]map[string]string{
		"kafka":          {"cost-centre": "7", v1.LabelCluster: "taken"},
		"cruise-control": {"not": "here"},
	}
}

// Owner is the Kafka resource of all cases.
func Owner() plan.Owner {
	return plan.Owner{
		APIVersion: v1.GroupVersion().String(), Kind: "Kafka", Namespace: Namespace, Name: "prod", UID: "u-kafka",
		Labels: map[string]string{"team": "streams"},
	}
}

func pool(name string) plan.Owner {
	return plan.Owner{
		APIVersion: v1.GroupVersion().String(), Kind: "KafkaNodePool", Namespace: Namespace, Name: name, UID: "u-" + name,
		Labels: map[string]string{v1.LabelCluster: "prod", "tier": name},
	}
}

// cluster is what all clusters have, without groups.
func cluster() plan.Plan {
	return plan.Plan{
		Owner:     Owner(),
		Component: plan.Component{Type: v1.ComponentKafka, Name: "prod-kafka"},
		Account:   plan.Account{Name: "prod-kafka"},
		Secrets: []plan.Secret{{
			Name: "prod-cluster-ca-cert", Component: plan.Component{Type: v1.ComponentCertificateAuthority, Name: v1.NameStrimzi},
			Data: map[string][]byte{"ca.crt": []byte("authority")}, Facts: map[string]string{v1.AnnotationCACertGeneration: "0"}, Unowned: true,
		}},
		Endpoints: []plan.Endpoint{
			{
				Name: "prod-kafka-bootstrap", Reach: plan.ReachCluster, Role: "broker",
				Ports:  []plan.Port{{Name: "tcp-replication", Number: 9091}, {Name: "tcp-clients", Number: 9092}},
				Facts:  map[string]string{v1.AnnotationDiscovery: "[]"},
				Labels: map[string]string{v1.LabelDiscovery: "true"},
			},
			{
				Name: "prod-kafka-brokers", Reach: plan.ReachInstances, EvenUnready: true,
				Ports: []plan.Port{{Name: "tcp-ctrlplane", Number: 9090}, {Name: "tcp-replication", Number: 9091}, {Name: "tcp-clients", Number: 9092}},
			},
		},
		Disruption: &plan.Disruption{Name: "prod-kafka", MinAvailable: 2},
		Inbound: &plan.Inbound{Name: "prod-network-policy-kafka", Rules: []plan.InboundRule{
			{Port: 9090, Operator: true, Components: []string{"prod-kafka"}},
			{Port: 9091, Operator: true, Components: []string{"prod-kafka", "prod-entity-operator"}},
			{Port: 9092, Anyone: true},
		}},
	}
}

// shape is what the instances of a group have in common.
type shape struct {
	broker, controller bool
	storage            func(instance string) []plan.Mount
	edit               func(*plan.Instance)
}

// add appends a group, and the secret of each of its instances.
func add(p *plan.Plan, name string, s shape, ids ...int32) *plan.Group {
	g := plan.Group{
		Name: name, Set: "prod-" + name, Owner: pool(name),
		Facts: map[string]string{v1.AnnotationStorage: `{"type":"jbod"}`, v1.AnnotationKafkaVersion: "4.3.1"},
	}
	for _, id := range ids {
		in := instance(p, &g, id, s)
		p.Secrets = append(p.Secrets, plan.Secret{
			Name: in.Name, Data: map[string][]byte{in.Name + ".crt": []byte("certificate"), in.Name + ".key": []byte("key")},
			Facts: map[string]string{v1.AnnotationClusterCACertGeneration: "0"},
		})
		g.Instances = append(g.Instances, in)
	}
	p.Groups = append(p.Groups, g)
	return &p.Groups[len(p.Groups)-1]
}

func instance(p *plan.Plan, g *plan.Group, id int32, s shape) plan.Instance {
	name := fmt.Sprintf("%s-%d", g.Set, id)
	in := plan.Instance{
		Name: name, ID: id, Domain: "prod-kafka-brokers",
		Roles: map[string]bool{"broker": s.broker, "controller": s.controller},
		Facts: map[string]string{v1.AnnotationKafkaVersion: "4.3.1", v1.AnnotationConfigurationHash: "01234567"},
		Files: map[string]string{"server.config": fmt.Sprintf("node.id=%d\n", id), "cluster.id": "abcdefghijklmnopqrstuv"},
		Prepare: []plan.Process{{
			Name: "kafka-init", Image: "castellan:latest", Command: []string{"/castellan-launch", "prepare"}, Mounts: []string{"launcher"},
		}},
		Mounts: append(s.storage(name),
			plan.Mount{Name: "kafka-metrics-and-logging", Path: "/opt/kafka/custom-config", Files: true},
			plan.Mount{Name: "strimzi-tmp", Path: "/tmp", Scratch: &plan.Scratch{SizeLimit: "5Mi", Memory: true}},
			plan.Mount{Name: "node-certificates", Path: "/opt/kafka/certificates/node", Secret: name},
			plan.Mount{Name: "launcher", Path: "/opt/castellan", Scratch: &plan.Scratch{}},
		),
		Main: plan.Process{
			Name: "kafka", Image: "kafka:4.3.1", Command: []string{"/opt/castellan/castellan-launch", "kafka"},
			Env:   []plan.Env{{Name: "KAFKA_CLUSTER_NAME", Value: p.Owner.Name}},
			Ports: []plan.Port{{Name: "tcp-replication", Number: 9091}, {Name: "tcp-clients", Number: 9092}},
			Ready: &plan.Check{Path: "/ready", Port: 8080, PeriodSeconds: 1, TimeoutSeconds: 5, FailureThreshold: 3},
			Alive: &plan.Check{Path: "/healthy", Port: 8080, InitialDelaySeconds: 15, TimeoutSeconds: 5},
		},
	}
	for _, m := range in.Mounts {
		in.Main.Mounts = append(in.Main.Mounts, m.Name)
	}
	if s.edit != nil {
		s.edit(&in)
	}
	return in
}
