package runtimetest

import (
	"fmt"

	"castellan.io/castellan/internal/plan"
	"castellan.io/castellan/internal/runtime"
)

func (w world) owner() plan.Owner {
	return plan.Owner{APIVersion: "kafka.strimzi.io/v1", Kind: "Kafka", Namespace: w.Namespace, Name: "one", UID: "uid-one"}
}

func (w world) ref() runtime.Ref {
	return runtime.Ref{Namespace: w.Namespace, Cluster: "one", Kind: "Kafka", Component: "one-kafka"}
}

func authority() plan.Component {
	return plan.Component{Type: "certificate-authority", Name: "strimzi"}
}

func instanceName(id int32) string { return fmt.Sprintf("one-pool-%d", id) }

// plan has one group with the given instances; each has a volume and a secret.
func (w world) plan(ids ...int32) plan.Plan {
	pool := w.owner()
	pool.Kind, pool.Name, pool.UID = "KafkaNodePool", "pool", "uid-pool"
	out := plan.Plan{
		Owner: w.owner(), Component: plan.Component{Type: "kafka", Name: "one-kafka"}, Account: plan.Account{Name: "one-kafka"},
		Groups: []plan.Group{{Name: "pool", Set: "one-pool", Owner: pool, Facts: map[string]string{"example.com/group": "fact"}}},
	}
	for _, id := range ids {
		in := instance(id)
		out.Groups[0].Instances = append(out.Groups[0].Instances, in)
		out.Secrets = append(out.Secrets, plan.Secret{
			Name: in.Name, Data: map[string][]byte{"key": []byte("secret")}, Facts: map[string]string{"example.com/secret": "fact"},
		})
	}
	return out
}

func instance(id int32) plan.Instance {
	name := instanceName(id)
	return plan.Instance{
		Name: name, ID: id, Domain: "one-kafka-brokers",
		Roles: map[string]bool{"broker": true, "controller": false},
		Facts: map[string]string{"example.com/fact": "one"},
		Main: plan.Process{
			Name: "kafka", Image: "kafka", Mounts: []string{"data"},
			Resources: plan.Resources{Limits: map[string]string{"cpu": "1"}},
		},
		Files:  map[string]string{"a": "text"},
		Mounts: []plan.Mount{{Name: "data", Path: "/data", Volume: &plan.Volume{Name: "data-" + name, Size: "1Gi", Class: "fast"}}},
	}
}

// changed is the plan with a change of every instance.
func changed(p plan.Plan, change func(*plan.Instance)) plan.Plan {
	for i := range p.Groups {
		for j := range p.Groups[i].Instances {
			change(&p.Groups[i].Instances[j])
		}
	}
	return p
}

// workload is a plan that has nothing but a workload, and a secret of one of its parts.
func (w world) workload(change func(*plan.Workload)) plan.Plan {
	out := w.plan()
	part := plan.Component{Type: "part", Name: out.Component.Name}
	out.Groups = nil
	out.Secrets = []plan.Secret{{Name: "identity", Component: part, Data: map[string][]byte{"key": []byte("secret")}}}
	out.Account.Roles = []plan.Role{{
		Name: "one-kafka", Rules: []plan.Rule{{Resources: []string{"secrets"}, Verbs: []string{"get"}}},
		Grants: []plan.Grant{{Name: "one-kafka-part", Component: part}},
	}}
	out.Workload = &plan.Workload{
		Name: "one-worker", Replicas: 1, Facts: map[string]string{"example.com/fact": "one"},
		Processes: []plan.Process{{Name: "worker", Image: "worker", Mounts: []string{"files"}}},
		Files:     []plan.FileSet{{Name: "one-files", Component: part, Files: map[string]string{"a": "text"}}},
		Mounts:    []plan.Mount{{Name: "files", Path: "/files", FileSet: "one-files"}},
	}
	if change != nil {
		change(out.Workload)
	}
	return out
}
