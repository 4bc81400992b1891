package rendertest

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/plan"
)

func jbod(instance string) []plan.Mount {
	return []plan.Mount{
		{Name: "data-0", Path: "/var/lib/kafka/data-0", Volume: &plan.Volume{
			Name: "data-0-" + instance, Size: "10Gi", Class: "fast", DeleteWhenUnused: true,
		}},
		{Name: "data-1", Path: "/var/lib/kafka/data-1", Volume: &plan.Volume{
			Name: "data-1-" + instance, Size: "0.5Ti", AttributesClass: "gold", Selector: map[string]string{"disk": "ssd"},
		}},
	}
}

func single(instance string) []plan.Mount {
	return []plan.Mount{{Name: "data", Path: "/var/lib/kafka/data", Volume: &plan.Volume{Name: "data-" + instance, Size: "1Gi"}}}
}

func scratch(string) []plan.Mount {
	return []plan.Mount{{Name: "data", Path: "/var/lib/kafka/data", Scratch: &plan.Scratch{SizeLimit: "1.5Gi"}}}
}

func combined() plan.Plan {
	p := cluster()
	add(&p, "both", shape{broker: true, controller: true, storage: jbod, edit: func(in *plan.Instance) {
		in.Main.Resources = plan.Resources{
			Requests: map[string]string{"cpu": "1000m", "memory": "2048Mi"}, Limits: map[string]string{"memory": "2Gi"},
		}
		in.Prepare[0].Resources = in.Main.Resources
	}}, 0, 1, 2)
	return p
}

func dedicated() plan.Plan {
	p := cluster()
	add(&p, "a-brokers", shape{broker: true, storage: jbod}, 10)
	add(&p, "b-brokers", shape{broker: true, storage: single}, 20, 21)
	add(&p, "controllers", shape{controller: true, storage: single, edit: func(in *plan.Instance) {
		in.Main.Ports = []plan.Port{{Name: "tcp-ctrlplane", Number: 9090}}
	}}, 0)
	return p
}

func ephemeral() plan.Plan {
	p := cluster()
	p.Disruption, p.Inbound = nil, nil
	add(&p, "both", shape{broker: true, controller: true, storage: scratch}, 0)
	return p
}

func emptyPool() plan.Plan {
	p := ephemeral()
	add(&p, "spare", shape{broker: true, storage: single})
	return p
}

// peers has, besides rules for some and for all, one for nobody: it must not let anybody in.
func peers() plan.Plan {
	p := ephemeral()
	p.Inbound = &plan.Inbound{Name: "prod-network-policy-kafka", Rules: []plan.InboundRule{
		{Port: 9090, Operator: true, Components: []string{"prod-kafka"}},
		{Port: 9092, Anyone: true},
		{Port: 9093, Template: []networkingv1.NetworkPolicyPeer{
			{PodSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "shop"}}},
			{NamespaceSelector: &metav1.LabelSelector{}},
			{IPBlock: &networkingv1.IPBlock{CIDR: "192.0.2.0/24", Except: []string{"192.0.2.128/25"}}},
		}},
		{Port: 9094, Template: []networkingv1.NetworkPolicyPeer{}},
	}}
	return p
}

func rack() plan.Plan {
	p := cluster()
	p.Account.ReadsPlatformNodes = true
	add(&p, "brokers", shape{broker: true, storage: single, edit: func(in *plan.Instance) {
		in.Spread = "topology.kubernetes.io/zone"
		in.Mounts = append(in.Mounts,
			plan.Mount{Name: "rack-volume", Path: "/opt/kafka/init", Scratch: &plan.Scratch{SizeLimit: "1Mi", Memory: true}},
			plan.Mount{Name: "kube-api-access", Path: "/var/run/secrets/kubernetes.io/serviceaccount", Account: true})
		in.Prepare[0].Env = []plan.Env{{Name: "NODE_NAME", Machine: true}, {Name: "RACK_TOPOLOGY_KEY", Value: in.Spread}}
		in.Prepare[0].Mounts = append(in.Prepare[0].Mounts, "rack-volume", "kube-api-access")
		in.Main.Mounts = append(in.Main.Mounts, "rack-volume")
		in.Main.Env = append(in.Main.Env, plan.Env{Name: "PASSWORD", SecretName: "prod-kafka-jmx", SecretKey: "jmx-password"})
	}}, 0)
	g := add(&p, "anywhere", shape{broker: true, storage: single, edit: func(in *plan.Instance) { in.Spread = "topology.kubernetes.io/zone" }}, 1)
	g.Template = &v1.KafkaNodePoolTemplate{Pod: &v1.PodSetPodTemplate{PodTemplate: v1.PodTemplate{Affinity: affinity()}}}
	return p
}

// affinity has two terms, one of which needs to hold.
func affinity() *corev1.Affinity {
	term := func(value string) corev1.NodeSelectorTerm {
		return corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{
			{Key: "disk", Operator: corev1.NodeSelectorOpIn, Values: []string{value}},
		}}
	}
	return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{term("ssd"), term("nvme")}},
	}}
}

func brokerEndpoints() plan.Plan {
	p := cluster()
	g := add(&p, "both", shape{broker: true, controller: true, storage: single}, 0, 1)
	ports := []plan.Port{{Name: "tcp-external", Number: 9094}}
	p.Endpoints = append(p.Endpoints, plan.Endpoint{
		Name: "prod-kafka-external-bootstrap", Reach: plan.ReachCluster, Role: "broker", Ports: ports,
		IPFamilyPolicy: "SingleStack", IPFamilies: []string{"IPv4"},
		Facts: map[string]string{"dns": "kafka.example.com"}, Labels: map[string]string{"zone": "dmz"},
	})
	for _, in := range g.Instances {
		p.Endpoints = append(p.Endpoints, plan.Endpoint{
			Name: in.Name, Reach: plan.ReachCluster, Group: g.Name, Instance: in.Name, Ports: ports, EvenUnready: true,
			Facts:  map[string]string{"dns": fmt.Sprintf("broker-%d.example.com", in.ID)},
			Labels: map[string]string{"broker": fmt.Sprint(in.ID), v1.LabelName: "taken"},
			Template: &v1.ResourceTemplate{Metadata: &v1.MetadataTemplate{
				Labels: map[string]string{"from": "template", "broker": "template"}, Annotations: map[string]string{"dns": "template"},
			}},
		})
	}
	return p
}

func retiring() plan.Plan {
	p := cluster()
	g := add(&p, "controllers", shape{controller: true, storage: single}, 0, 1, 2)
	g.Retiring = []string{"prod-controllers-3", "prod-controllers-4"}
	return p
}
