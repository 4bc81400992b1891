package rendertest

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/plan"
)

// workload is what has no groups: an entity operator that may do something in another namespace, too.
func workload() plan.Plan {
	part := plan.Component{Type: v1.ComponentTopicOperator, Name: "prod-entity-operator"}
	topics := plan.Rule{Group: "kafka.strimzi.io", Resources: []string{"kafkatopics"}, Verbs: []string{"get", "list", "watch", "delete"}}
	secrets := plan.Rule{Resources: []string{"secrets"}, Verbs: []string{"get"}}
	grants := []plan.Grant{{Name: "prod-entity-topic-operator-role", Component: part}}
	return plan.Plan{
		Owner:     Owner(),
		Component: plan.Component{Type: v1.ComponentEntityOperator, Name: "prod-entity-operator"},
		Account: plan.Account{Name: "prod-entity-operator", Roles: []plan.Role{
			{Name: "prod-entity-operator", Rules: []plan.Rule{topics, secrets}, Grants: grants},
			{Name: "prod-entity-operator", Namespace: metav1.NamespaceDefault, Rules: []plan.Rule{topics}, Grants: grants},
		}},
		Secrets: []plan.Secret{{
			Name: "prod-entity-topic-operator-certs", Component: part, Data: map[string][]byte{"entity-operator.key": []byte("key")},
			Facts: map[string]string{v1.AnnotationClusterCACertGeneration: "0"},
		}},
		Disruption: &plan.Disruption{Name: "prod-entity-operator", MaxMissing: new(int32(1))},
		Inbound:    &plan.Inbound{Name: "prod-entity-operator", Rules: []plan.InboundRule{{Port: 8080, Anyone: true}}},
		Workload: &plan.Workload{
			Name: "prod-entity-operator", Replicas: 1,
			Facts: map[string]string{v1.AnnotationClusterCACertGeneration: "0", v1.AnnotationServerCertHash: "01234567"},
			Files: []plan.FileSet{{Name: "prod-entity-topic-operator-config", Component: part, Files: map[string]string{"log4j2.properties": "rootLogger.level = INFO\n"}}},
			Mounts: []plan.Mount{
				{Name: "strimzi-to-tmp", Path: "/tmp", Scratch: &plan.Scratch{SizeLimit: "5Mi", Memory: true}},
				{Name: "entity-topic-operator-metrics-and-logging", Path: "/opt/topic-operator/custom-config/", FileSet: "prod-entity-topic-operator-config"},
				{Name: "kube-api-access", Path: "/var/run/secrets/kubernetes.io/serviceaccount", Account: true},
			},
			Processes: []plan.Process{{
				Name: "topic-operator", Image: "castellan:1", Args: []string{"topic-operator"},
				Env:       []plan.Env{{Name: "STRIMZI_NAMESPACE", Value: Namespace}},
				Ports:     []plan.Port{{Name: "healthcheck-to", Number: 8080}},
				Startup:   &plan.Check{Path: "/healthy", Port: 8080, FailureThreshold: 12},
				Ready:     &plan.Check{Path: "/ready", Port: 8080, InitialDelaySeconds: 1, PeriodSeconds: 5},
				Alive:     &plan.Check{Path: "/healthy", Port: 8080, InitialDelaySeconds: 10, TimeoutSeconds: 5},
				Resources: plan.Resources{Limits: map[string]string{"cpu": "1000m", "memory": "256Mi"}},
				Mounts:    []string{"strimzi-to-tmp", "entity-topic-operator-metrics-and-logging", "kube-api-access"},
			}},
		},
	}
}

// workloadTemplates has every template that there is for a workload.
func workloadTemplates() plan.Plan {
	p := workload()
	pod := podTemplate().PodTemplate
	p.Account.Template = resource("account")
	p.Disruption.Template = &v1.PodDisruptionBudgetTemplate{Metadata: metadata("disruption")}
	p.Account.Roles = p.Account.Roles[:1]
	p.Account.Roles[0].Template = resource("role")
	p.Account.Roles[0].Grants = []plan.Grant{{Name: "prod-entity-topic-operator-role", Template: resource("grant")}}
	p.Workload.Template = &v1.DeploymentTemplate{Metadata: metadata("deployment"), DeploymentStrategy: "RollingUpdate"}
	p.Workload.InstanceTemplate = &pod
	in := plan.Instance{Main: p.Workload.Processes[0], Prepare: make([]plan.Process, 1)}
	containers(&in)
	in.Main.Template.(*v1.ContainerTemplate).VolumeMounts = in.Main.Template.(*v1.ContainerTemplate).VolumeMounts[:1]
	p.Workload.Processes[0] = in.Main
	return p
}
