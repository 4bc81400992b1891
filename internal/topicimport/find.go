package topicimport

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/topic"
)

// batch is how many topics are described with one request.
const batch = 500

// Options say which topics become resources, and what those look like.
type Options struct {
	// Topic matches whole names of the topics that are wanted; nil wants all.
	Topic *regexp.Regexp
	// Exclude matches whole names of topics that are not; nil excludes none.
	Exclude *regexp.Regexp
	// Internal takes Kafka's own topics too; OwnExclusion says that Exclude is somebody's choice, which counts for those as well.
	Internal, OwnExclusion bool
	// Namespace and Labels are those of the resources. The namespace may be empty.
	Namespace string
	Labels    map[string]string
	// Existing are the resources of the namespace.
	Existing []v1.KafkaTopic
	// Progress is told what is being done.
	Progress func(string)
}

// Found is what an import would make, and what it leaves out.
type Found struct {
	// Resources are in the order of their topics' names.
	Resources []*v1.KafkaTopic
	// Present, Excluded and Internal are numbers of topics that are left out: those that have a resource, those that are excluded, and
	// Kafka's own.
	Present, Excluded, Internal int
	// Problems tell in words about topics that are wanted and that cannot be imported.
	Problems []string
	// Notes tell in words what should be known about resources.
	Notes []string
}

// Find looks for topics without a resource.
func Find(ctx context.Context, kafka *broker.Topics, o Options) (Found, error) {
	o.Progress("asking Kafka for its topics")
	all, err := kafka.List(ctx)
	if err != nil {
		return Found{}, fmt.Errorf("list the topics: %w", err)
	}
	var out Found
	names := out.choose(all, o)
	if len(names) == 0 {
		return out, nil
	}
	moving, err := kafka.Reassignments(ctx)
	if errors.Is(err, broker.ErrUnreachable) {
		return out, fmt.Errorf("list the replicas that move: %w", err)
	}
	if err != nil {
		out.Notes = append(out.Notes, fmt.Sprintf("cannot see whether replicas are on their way, which would count twice: %v", err))
	}
	for begin := 0; begin < len(names); begin += batch {
		o.Progress(fmt.Sprintf("described %d of %d topics", begin, len(names)))
		part := names[begin:min(begin+batch, len(names))]
		if err := out.describe(ctx, kafka, part, moving, o); err != nil {
			return out, err
		}
	}
	return out, nil
}

// choose are the names of topics to import, in order.
func (f *Found) choose(all []topic.Actual, o Options) []string {
	slices.SortFunc(all, func(a, b topic.Actual) int { return cmp.Compare(a.Name, b.Name) })
	claims, holders := o.existing()
	var out []string
	for i := range all {
		name := all[i].Name
		switch holder := holders[topic.ResourceName(name)]; {
		case o.Topic != nil && !o.Topic.MatchString(name):
		case all[i].Internal && !o.Internal:
			f.Internal++
		case o.excludes(&all[i]):
			f.Excluded++
		case claims[name]:
			f.Present++
		case holder != nil:
			f.Problems = append(f.Problems, fmt.Sprintf(
				"topic %s: the name of its resource is taken by KafkaTopic %s of topic %s%s: import it into another namespace",
				name, holder.Name, topic.Name(holder), ofCluster(holder),
			))
		default:
			out = append(out, name)
		}
	}
	return out
}

// excludes tells whether a topic is excluded. The default exclusion matches Kafka's own topics, which who asks for them has decided on.
func (o Options) excludes(t *topic.Actual) bool {
	return o.Exclude != nil && (!t.Internal || o.OwnExclusion) && o.Exclude.MatchString(t.Name)
}

// existing are the topics that resources are for, and all resources by their names. A resource of another cluster is for a topic there.
func (o Options) existing() (claims map[string]bool, holders map[string]*v1.KafkaTopic) {
	claims, holders = map[string]bool{}, map[string]*v1.KafkaTopic{}
	cluster := o.Labels[v1.LabelCluster]
	for i := range o.Existing {
		t := &o.Existing[i]
		holders[t.Name] = t
		if cluster == "" || t.Labels[v1.LabelCluster] == cluster {
			claims[topic.Name(t)] = true
		}
	}
	return claims, holders
}

func ofCluster(t *v1.KafkaTopic) string {
	if cluster := t.Labels[v1.LabelCluster]; cluster != "" {
		return " in cluster " + cluster
	}
	return ""
}

func (f *Found) describe(ctx context.Context, kafka *broker.Topics, names []string, moving map[string]map[int32]broker.Moving, o Options) error {
	questions := make([]broker.Question, 0, len(names))
	for _, name := range names {
		questions = append(questions, broker.Question{Name: name})
	}
	answers, err := kafka.Describe(ctx, questions)
	if err != nil {
		return fmt.Errorf("describe topics: %w", err)
	}
	for _, name := range names {
		answer := answers[name]
		switch {
		case answer.Err != nil:
			f.Problems = append(f.Problems, fmt.Sprintf("topic %s: %v", name, answer.Err))
		case answer.Topic == nil: // deleted meanwhile
		default:
			f.add(answer.Topic, moving[name], o)
		}
	}
	return nil
}

func (f *Found) add(is *topic.Actual, moving map[int32]broker.Moving, o Options) {
	for number, m := range moving {
		if int(number) < len(is.Partitions) {
			is.Partitions[number].Adding, is.Partitions[number].Removing = m.Adding, m.Removing
		}
	}
	if is.ReplicationFactor() == 0 {
		f.Notes = append(f.Notes, fmt.Sprintf("topic %s: its partitions have different numbers of replicas, so spec.replicas is left open", is.Name))
	}
	for _, option := range topic.Throttles() {
		if _, set := is.Config[option]; set {
			f.Notes = append(f.Notes, fmt.Sprintf("topic %s: %s is set, as while replicas move: remove it from the resource when they have moved", is.Name, option))
		}
	}
	f.Resources = append(f.Resources, resource(is, o))
}

// resource has exactly what the topic has.
func resource(is *topic.Actual, o Options) *v1.KafkaTopic {
	name := topic.ResourceName(is.Name)
	return &v1.KafkaTopic{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1.GroupVersion().String(), Kind: "KafkaTopic"},
		ObjectMeta: metav1.ObjectMeta{Namespace: o.Namespace, Name: name, Labels: maps.Clone(o.Labels)},
		Spec:       topic.Spec(name, is),
	}
}

// Existing are the resources of a namespace.
func Existing(ctx context.Context, from client.Reader, namespace string) ([]v1.KafkaTopic, error) {
	var list v1.KafkaTopicList
	if err := from.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("list the KafkaTopics in namespace %s: %w", namespace, err)
	}
	return list.Items, nil
}
