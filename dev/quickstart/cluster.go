package quickstart

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"castellan.io/castellan/dev/progress"
)

const (
	// patience is how long the cluster may take to become ready.
	patience = 5 * time.Minute
	// glance is how often it is looked at meanwhile.
	glance = 2 * time.Second
)

// state is what kubectl tells of the cluster.
type state struct {
	uid, condition, image string
	ready                 bool
	// pods are the names of the cluster's nodes, up how many of them are ready.
	pods []string
	up   int
}

// whole is true when everything runs that is wanted.
func (s state) whole() bool { return s.ready && len(s.pods) > 0 && s.up == len(s.pods) }

// resource is the part of a resource that matters here, be it a Kafka or a pod.
type resource struct {
	Metadata struct{ Name, UID string }
	Spec     struct{ Containers []struct{ Image string } }
	Status   struct {
		Conditions []struct{ Type, Status, Message string }
	}
}

// condition returns whether the condition is true, and its message.
func (r resource) condition(kind string) (bool, string) {
	for _, c := range r.Status.Conditions {
		if c.Type == kind {
			return c.Status == "True", c.Message
		}
	}
	return false, ""
}

func newState(cluster resource, pods []resource) state {
	s := state{uid: cluster.Metadata.UID}
	s.ready, _ = cluster.condition("Ready")
	_, s.condition = cluster.condition("NotReady")
	for _, pod := range pods {
		s.pods = append(s.pods, pod.Metadata.Name)
		if len(pod.Spec.Containers) > 0 {
			s.image = pod.Spec.Containers[0].Image
		}
		if ready, _ := pod.condition("Ready"); ready {
			s.up++
		}
	}
	return s
}

func (p Proof) look(ctx context.Context) (state, error) {
	var cluster resource
	if err := p.get(ctx, &cluster, "kafkas.kafka.strimzi.io", Cluster); err != nil {
		return state{}, err
	}
	var pods struct{ Items []resource }
	if err := p.get(ctx, &pods, "pods", "-l", "strimzi.io/cluster="+Cluster+",strimzi.io/kind=Kafka"); err != nil {
		return state{}, err
	}
	return newState(cluster, pods.Items), nil
}

func (p Proof) get(ctx context.Context, into any, what ...string) error {
	answer, err := p.Kubectl.Run(ctx, append([]string{"get", "-n", Namespace, "-o", "json"}, what...)...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(answer), into); err != nil {
		return fmt.Errorf("reading kubectl's answer: %w", err)
	}
	return nil
}

// whole waits until the cluster is ready with all its nodes.
func (p Proof) whole(ctx context.Context, step *progress.Step) (state, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		s, err := p.look(ctx)
		if err != nil && ctx.Err() == nil {
			return s, err
		}
		if s.whole() {
			return s, nil
		}
		step.Detail("%d of %d nodes ready%s", s.up, len(s.pods), said(s.condition))
		select {
		case <-ctx.Done():
			return s, fmt.Errorf("the cluster is not ready after %s (%d of %d nodes are%s); see: bin/dev kubectl describe kafka,pods -n %s",
				patience, s.up, len(s.pods), said(s.condition), Namespace)
		case <-time.After(glance):
		}
	}
}

func said(message string) string {
	if message == "" {
		return ""
	}
	return "; " + message
}

// secret reads one entry of a Secret.
func (p Proof) secret(ctx context.Context, name, entry string) ([]byte, error) {
	path := strings.ReplaceAll(entry, ".", `\.`)
	encoded, err := p.Kubectl.Run(ctx, "get", "secret", name, "-n", Namespace, "-o", "jsonpath={.data."+path+"}")
	if err != nil {
		return nil, err
	}
	content, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(content) == 0 {
		return nil, fmt.Errorf("secret %s has no entry %s", name, entry)
	}
	return content, nil
}
