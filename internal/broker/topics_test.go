package broker_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/topic"
	"castellan.io/castellan/internal/topic/placement"
)

// topics is a Kafka in memory with a connection to it.
type topics struct {
	*broker.Topics
	*testing.T
	fake *kfake.Cluster
}

func openTopics(t *testing.T, opts ...kfake.Opt) topics {
	t.Helper()
	fake, err := kfake.NewCluster(append(opts, kfake.NumBrokers(3), kfake.DefaultNumPartitions(2))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	return topics{connect(t, broker.Access{Brokers: fake.ListenAddrs()}), t, fake}
}

func connect(t *testing.T, to broker.Access) *broker.Topics {
	t.Helper()
	out, err := broker.OpenTopics(to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(out.Close)
	return out
}

func (k topics) create(wanted ...topic.Wanted) {
	k.Helper()
	made, err := k.Create(k.Context(), wanted)
	if err != nil || len(made) != len(wanted) {
		k.Fatal(made, err)
	}
	for name, c := range made {
		if c.Err != nil {
			k.Fatal(name, c.Err)
		}
	}
}

func (k topics) describe(questions ...broker.Question) map[string]broker.Answer {
	k.Helper()
	out, err := k.Describe(k.Context(), questions)
	if err != nil {
		k.Fatal(err)
	}
	return out
}

func wanted(name string, partitions, replicas int32) topic.Wanted {
	return topic.Wanted{Name: name, Partitions: partitions, Replicas: replicas}
}

// isClass fails unless the error is the refusal of that name.
func isClass(t *testing.T, err error, class string) {
	t.Helper()
	refused, is := errors.AsType[*broker.Refused](err)
	if !is || refused.Class != "org.apache.kafka.common.errors."+class {
		t.Errorf("got %v, want %s", err, class)
	}
}

func TestTopicsAreMade(t *testing.T) {
	k := openTopics(t)
	made, err := k.Create(t.Context(), []topic.Wanted{wanted("a", 3, 2), wanted("b", topic.BrokerDefault, topic.BrokerDefault)})
	if err != nil {
		t.Fatal(err)
	}
	if a := made["a"]; a.Err != nil || a.Partitions != 3 || a.Replicas != 2 || len(a.ID) != 22 {
		t.Errorf("made %+v", a)
	}
	if b := made["b"]; b.Err != nil || b.Partitions != 2 {
		t.Errorf("made %+v", b)
	}
	all, err := k.List(t.Context())
	if err != nil || len(all) != 2 || all[0].Config != nil {
		t.Errorf("all topics: %+v, %v", all, err)
	}
	if id := k.describe(broker.Question{Name: "a"})["a"].Topic.ID; id != made["a"].ID {
		t.Errorf("the id is %s, and was %s", id, made["a"].ID)
	}
	if k.Requests() < 4 {
		t.Errorf("%d requests were counted", k.Requests())
	}
}

func TestTopicsAreDescribed(t *testing.T) {
	k := openTopics(t)
	options := map[string]string{"retention.ms": "5", "cleanup.policy": "compact,delete"}
	k.create(topic.Wanted{Name: "a", Partitions: 3, Replicas: 2, Config: options})
	answers := k.describe(broker.Question{Name: "a", Options: []string{"max.message.bytes"}}, broker.Question{Name: "none"})
	a := answers["a"].Topic
	if a == nil || len(a.Partitions) != 3 || a.ReplicationFactor() != 2 {
		t.Fatalf("described %+v, %v", a, answers["a"].Err)
	}
	if diff := cmp.Diff(options, a.Config); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	if len(a.Inherited) != 1 || a.Inherited["max.message.bytes"] == "" {
		t.Errorf("inherited options: %v", a.Inherited)
	}
	if none := answers["none"]; none.Topic != nil || none.Err != nil {
		t.Errorf("a topic that is not there: %+v", none)
	}
}

func TestTopicsAreChangedAndDeleted(t *testing.T) {
	k := openTopics(t)
	k.create(topic.Wanted{Name: "a", Partitions: 3, Replicas: 1, Config: map[string]string{"retention.ms": "5", "cleanup.policy": "compact"}})
	failed, err := k.Grow(t.Context(), []broker.Growth{{Name: "a", From: 3, To: 4}, {Name: "none", From: 1, To: 2}})
	if err != nil || len(failed) != 1 {
		t.Errorf("growing: %v, %v", failed, err)
	}
	isClass(t, failed["none"], "UnknownTopicOrPartitionException")
	value := "9"
	changes := map[string][]topic.Option{"a": {{Name: "retention.ms", Value: &value}, {Name: "cleanup.policy"}}, "none": {{Name: "retention.ms"}}}
	if failed, err = k.Configure(t.Context(), changes); err != nil || len(failed) != 1 {
		t.Errorf("configuring: %v, %v", failed, err)
	}
	isClass(t, failed["none"], "UnknownTopicOrPartitionException")
	a := k.describe(broker.Question{Name: "a"})["a"].Topic
	if diff := cmp.Diff(map[string]string{"retention.ms": "9"}, a.Config); diff != "" || len(a.Partitions) != 4 {
		t.Errorf("%d partitions, options (-want +got):\n%s", len(a.Partitions), diff)
	}
	if failed, err := k.Delete(t.Context(), []string{"a", "none"}); err != nil || len(failed) > 0 {
		t.Errorf("deleting: %v, %v", failed, err)
	}
	if is := k.describe(broker.Question{Name: "a"})["a"]; is.Topic != nil || is.Err != nil {
		t.Errorf("after its deletion: %+v", is)
	}
}

// TestOptionsWithoutAValueAreNone has one as Kafka tells secrets: without their values.
func TestOptionsWithoutAValueAreNone(t *testing.T) {
	k := openTopics(t)
	k.create(wanted("a", 1, 1))
	k.fake.ControlKey(kmsg.DescribeConfigs.Int16(), func(request kmsg.Request) (kmsg.Response, error, bool) {
		answer := request.ResponseKind().(*kmsg.DescribeConfigsResponse)
		one := kmsg.NewDescribeConfigsResponseResource()
		one.ResourceType, one.ResourceName = kmsg.ConfigResourceTypeTopic, "a"
		c := kmsg.NewDescribeConfigsResponseResourceConfig()
		c.Name, c.IsSensitive, c.Source = "secret", true, kmsg.ConfigSourceDynamicTopicConfig
		one.Configs = append(one.Configs, c)
		answer.Resources = append(answer.Resources, one)
		return answer, nil, true
	})
	if a := k.describe(broker.Question{Name: "a", Options: []string{"secret"}})["a"].Topic; a == nil || len(a.Config)+len(a.Inherited) > 0 {
		t.Errorf("described %+v", a)
	}
}

func TestNoQuestionIsNotAskedAboutAllTopics(t *testing.T) {
	k := openTopics(t)
	k.create(wanted("a", 1, 1))
	before := k.Requests()
	if got := k.describe(); len(got) > 0 || k.Requests() != before {
		t.Errorf("got %v", got)
	}
}

func TestWhatKafkaRefusesAboutOneTopicIsAboutThatTopic(t *testing.T) {
	value := "1"
	tests := map[string]struct {
		key   kmsg.Key
		err   *kerr.Error
		class string
		// ask does something about topics bad and good, and gives the errors.
		ask func(topics) (bad, good error)
	}{
		"making": {kmsg.CreateTopics, kerr.InvalidReplicationFactor, "InvalidReplicationFactorException", func(k topics) (error, error) {
			made, err := k.Create(k.Context(), []topic.Wanted{wanted("bad", 1, 1), wanted("new", 1, 1)})
			return made["bad"].Err, errors.Join(err, made["new"].Err)
		}},
		"growing": {kmsg.CreatePartitions, kerr.InvalidPartitions, "InvalidPartitionsException", func(k topics) (error, error) {
			failed, err := k.Grow(k.Context(), []broker.Growth{{Name: "bad", From: 1, To: 2}, {Name: "good", From: 1, To: 2}})
			return failed["bad"], errors.Join(err, failed["good"])
		}},
		"deleting": {kmsg.DeleteTopics, kerr.TopicDeletionDisabled, "TopicDeletionDisabledException", func(k topics) (error, error) {
			failed, err := k.Delete(k.Context(), []string{"bad", "good"})
			return failed["bad"], errors.Join(err, failed["good"])
		}},
		"describing": {kmsg.Metadata, kerr.TopicAuthorizationFailed, "TopicAuthorizationException", func(k topics) (error, error) {
			answers := k.describe(broker.Question{Name: "bad"}, broker.Question{Name: "good"})
			return answers["bad"].Err, answers["good"].Err
		}},
		"configuring": {kmsg.IncrementalAlterConfigs, kerr.InvalidConfig, "InvalidConfigurationException", func(k topics) (error, error) {
			change := []topic.Option{{Name: "retention.ms", Value: &value}}
			failed, err := k.Configure(k.Context(), map[string][]topic.Option{"bad": change, "good": change})
			return failed["bad"], errors.Join(err, failed["good"])
		}},
		"reading options": {kmsg.DescribeConfigs, kerr.TopicAuthorizationFailed, "TopicAuthorizationException", func(k topics) (error, error) {
			answers := k.describe(broker.Question{Name: "bad"}, broker.Question{Name: "good"})
			return answers["bad"].Err, answers["good"].Err
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			k := openTopics(t)
			k.create(wanted("good", 1, 1), wanted("bad", 1, 1))
			fault := kfake.Fault{Keys: []kmsg.Key{test.key}, Err: test.err, Topic: "bad", Count: -1}
			if test.key == kmsg.IncrementalAlterConfigs || test.key == kmsg.DescribeConfigs {
				fault.Topic, fault.Resource = "", "bad"
			}
			k.fake.Fault(fault)
			bad, good := test.ask(k)
			isClass(t, bad, test.class)
			if good != nil {
				t.Errorf("the other topic: %v", good)
			}
		})
	}
}

func TestBrokersThatDoNotAgreeYetAreAskedAgainLater(t *testing.T) {
	k := openTopics(t)
	k.create(wanted("a", 1, 1))
	k.fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.DescribeConfigs}, Err: kerr.UnknownTopicOrPartition, Resource: "a", Count: -1})
	if got := k.describe(broker.Question{Name: "a"})["a"]; !errors.Is(got.Err, broker.ErrUnreachable) || got.Topic != nil {
		t.Errorf("got %+v", got)
	}
}

func TestATopicThatExistsIsRefusedAsSuch(t *testing.T) {
	k := openTopics(t)
	k.create(wanted("a", 1, 1))
	made, err := k.Create(t.Context(), []topic.Wanted{wanted("a", 1, 1)})
	if err != nil || !broker.Existed(made["a"].Err) || broker.Existed(nil) || broker.Existed(errors.New("another")) {
		t.Errorf("got %+v, %v", made, err)
	}
	isClass(t, made["a"].Err, "TopicExistsException")
}

// watched are the sizes of the requests of a kind, which are answered without doing anything.
type watched struct {
	mu    sync.Mutex
	sizes []int
}

func (w *watched) sees(size int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sizes = append(w.sizes, size)
}

func TestWhatIsTooMuchForOneRequestIsCut(t *testing.T) {
	k := openTopics(t)
	var creating, growing, configuring, deleting watched
	answer := func(key kmsg.Key, size func(kmsg.Request) int, w *watched) {
		k.fake.ControlKey(key.Int16(), func(request kmsg.Request) (kmsg.Response, error, bool) {
			k.fake.KeepControl()
			w.sees(size(request))
			return request.ResponseKind(), nil, true
		})
	}
	answer(kmsg.CreateTopics, func(r kmsg.Request) int { return len(r.(*kmsg.CreateTopicsRequest).Topics) }, &creating)
	answer(kmsg.CreatePartitions, func(r kmsg.Request) int { return len(r.(*kmsg.CreatePartitionsRequest).Topics) }, &growing)
	answer(kmsg.IncrementalAlterConfigs, func(r kmsg.Request) int { return len(r.(*kmsg.IncrementalAlterConfigsRequest).Resources) }, &configuring)
	answer(kmsg.DeleteTopics, func(r kmsg.Request) int { return len(r.(*kmsg.DeleteTopicsRequest).Topics) }, &deleting)
	// 9,000 records go alone; then three topics have 7,985, and one of unknown size counts as 17.
	many := []topic.Wanted{wanted("a", 9000, 1), wanted("b", 2666, 1), wanted("c", 2666, 1), wanted("d", 2650, 1), wanted("e", topic.BrokerDefault, 1)}
	changes := map[string][]topic.Option{}
	var grown []broker.Growth
	var names []string
	for i := range 9000 {
		names = append(names, fmt.Sprint("t", i))
	}
	for i := range 3 {
		changes[names[i]] = make([]topic.Option, 4000)
		grown = append(grown, broker.Growth{Name: names[i], From: 1000, To: 5000})
	}
	_, err1 := k.Create(t.Context(), many)
	_, err2 := k.Grow(t.Context(), grown)
	_, err3 := k.Configure(t.Context(), changes)
	_, err4 := k.Delete(t.Context(), names)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	want := [][]int{{1, 3, 1}, {2, 1}, {2, 1}, {8000, 1000}}
	if diff := cmp.Diff(want, [][]int{creating.sizes, growing.sizes, configuring.sizes, deleting.sizes}); diff != "" {
		t.Errorf("topics in each request, making, growing, configuring and deleting (-want +got):\n%s", diff)
	}
}

func TestSilenceIsTold(t *testing.T) {
	k := openTopics(t)
	k.create(wanted("a", 1, 1))
	k.fake.Close()
	ask := map[string]func(context.Context) error{
		"describing": func(ctx context.Context) error {
			_, err := k.Describe(ctx, []broker.Question{{Name: "a"}})
			return err
		},
		"listing": func(ctx context.Context) error { _, err := k.List(ctx); return err },
		"making": func(ctx context.Context) error {
			_, err := k.Create(ctx, []topic.Wanted{wanted("b", 1, 1)})
			return err
		},
		"growing": func(ctx context.Context) error {
			_, err := k.Grow(ctx, []broker.Growth{{Name: "a", To: 2}})
			return err
		},
		"configuring": func(ctx context.Context) error {
			_, err := k.Configure(ctx, map[string][]topic.Option{"a": nil})
			return err
		},
		"deleting":      func(ctx context.Context) error { _, err := k.Delete(ctx, []string{"a"}); return err },
		"reassignments": func(ctx context.Context) error { _, err := k.Reassignments(ctx); return err },
		"brokers":       func(ctx context.Context) error { _, err := k.Brokers(ctx); return err },
		"throttling":    func(ctx context.Context) error { return k.Throttle(ctx, []int32{0}, 1) },
		"reassigning": func(ctx context.Context) error {
			_, err := k.Reassign(ctx, map[string][]placement.Move{"a": {{Partition: 0, Replicas: []int32{0}}}})
			return err
		},
	}
	for what, do := range ask {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 200*time.Millisecond)
			defer cancel()
			if err := do(ctx); !errors.Is(err, broker.ErrUnreachable) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestReplicasOnTheirWay(t *testing.T) {
	k := openTopics(t)
	k.create(wanted("a", 2, 1), wanted("b", 1, 1))
	brokers, err := k.Brokers(t.Context())
	if err != nil || len(brokers) != 3 || !brokers[0].Usable {
		t.Errorf("brokers: %+v, %v", brokers, err)
	}
	k.fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.AlterPartitionAssignments}, Err: kerr.InvalidReplicaAssignment, Topic: "a", Partitions: []int32{1}})
	failed, err := k.Reassign(t.Context(), map[string][]placement.Move{
		"a": {{Partition: 0, Replicas: []int32{0, 1}}, {Partition: 1, Replicas: []int32{7}}}, "b": {{Partition: 0, Replicas: []int32{1, 2}}},
	})
	if err != nil || len(failed) != 1 || !strings.HasPrefix(fmt.Sprint(failed["a"]), "partition 1: ") {
		t.Errorf("reassigning: %v, %v", failed, err)
	}
	isClass(t, failed["a"], "InvalidReplicaAssignmentException")
	if moving, err := k.Reassignments(t.Context()); err != nil || len(moving) > 0 {
		t.Errorf("on their way: %v, %v", moving, err)
	}
	k.fake.ControlKey(kmsg.ListPartitionReassignments.Int16(), func(request kmsg.Request) (kmsg.Response, error, bool) {
		answer := request.ResponseKind().(*kmsg.ListPartitionReassignmentsResponse)
		answer.Topics = []kmsg.ListPartitionReassignmentsResponseTopic{{
			Topic:      "a",
			Partitions: []kmsg.ListPartitionReassignmentsResponseTopicPartition{{Partition: 1, Replicas: []int32{0, 1}, AddingReplicas: []int32{1}, RemovingReplicas: []int32{0}}},
		}}
		return answer, nil, true
	})
	moving, err := k.Reassignments(t.Context())
	want := map[string]map[int32]broker.Moving{"a": {1: {Adding: []int32{1}, Removing: []int32{0}}}}
	if diff := cmp.Diff(want, moving); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	k.fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.AlterPartitionAssignments}, Err: kerr.ClusterAuthorizationFailed, TopLevel: true})
	if _, err := k.Reassign(t.Context(), map[string][]placement.Move{"b": {{Replicas: []int32{1}}}}); !errors.Is(err, kerr.ClusterAuthorizationFailed) || errors.Is(err, broker.ErrUnreachable) {
		t.Errorf("a refusal of all: %v", err)
	}
}

// rates are a Kafka's options of brokers, which kfake has only once for all of them.
type rates struct {
	set map[string]map[string]string
}

func (r *rates) simulate(k topics) {
	k.fake.ControlKey(kmsg.DescribeConfigs.Int16(), func(request kmsg.Request) (kmsg.Response, error, bool) {
		k.fake.KeepControl()
		answer := request.ResponseKind().(*kmsg.DescribeConfigsResponse)
		for _, asked := range request.(*kmsg.DescribeConfigsRequest).Resources {
			one := kmsg.NewDescribeConfigsResponseResource()
			one.ResourceType, one.ResourceName = asked.ResourceType, asked.ResourceName
			for name, value := range r.set[asked.ResourceName] {
				c := kmsg.NewDescribeConfigsResponseResourceConfig()
				c.Name, c.Value, c.Source = name, &value, kmsg.ConfigSourceDynamicBrokerConfig
				one.Configs = append(one.Configs, c)
			}
			answer.Resources = append(answer.Resources, one)
		}
		return answer, nil, true
	})
	k.fake.ControlKey(kmsg.IncrementalAlterConfigs.Int16(), func(request kmsg.Request) (kmsg.Response, error, bool) {
		k.fake.KeepControl()
		answer := request.ResponseKind().(*kmsg.IncrementalAlterConfigsResponse)
		for _, asked := range request.(*kmsg.IncrementalAlterConfigsRequest).Resources {
			for _, c := range asked.Configs {
				if c.Value == nil {
					delete(r.set[asked.ResourceName], c.Name)
					continue
				}
				if r.set[asked.ResourceName] == nil {
					r.set[asked.ResourceName] = map[string]string{}
				}
				r.set[asked.ResourceName][c.Name] = *c.Value
			}
			one := kmsg.NewIncrementalAlterConfigsResponseResource()
			one.ResourceType, one.ResourceName = asked.ResourceType, asked.ResourceName
			answer.Resources = append(answer.Resources, one)
		}
		return answer, nil, true
	})
}

func TestThrottlesOfOthersStay(t *testing.T) {
	const leader, follower = "leader.replication.throttled.rate", "follower.replication.throttled.rate"
	k := openTopics(t)
	r := &rates{set: map[string]map[string]string{"1": {leader: "77"}}}
	r.simulate(k)
	ids := []int32{0, 1}
	if err := k.Throttle(t.Context(), ids, 1000); err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]string{"0": {leader: "1000", follower: "1000"}, "1": {leader: "77", follower: "1000"}}
	if diff := cmp.Diff(want, r.set); diff != "" {
		t.Errorf("throttled (-want +got):\n%s", diff)
	}
	if err := k.Unthrottle(t.Context(), ids, 1000); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]map[string]string{"0": {}, "1": {leader: "77"}}, r.set, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("afterwards (-want +got):\n%s", diff)
	}
	before := k.Requests()
	if err := k.Unthrottle(t.Context(), ids, 1000); err != nil || k.Requests() > before+int64(len(ids)) {
		t.Errorf("nothing to take back: %v, %d requests", err, k.Requests()-before)
	}
}

func TestCertificatesAreAskedForWithEveryConnection(t *testing.T) {
	server, client := certificates(t)
	fake, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.TLS(server))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	var asked atomic.Int64
	now := func(context.Context) (*tls.Config, error) {
		if asked.Add(1) == 1 {
			return nil, errors.New("the Secret is not there yet")
		}
		return client, nil
	}
	first := connect(t, broker.Access{Brokers: fake.ListenAddrs(), TLSNow: now})
	if _, err := first.List(t.Context()); !errors.Is(err, broker.ErrUnreachable) || !strings.Contains(err.Error(), "not there yet") {
		t.Errorf("without certificates: %v", err)
	}
	if _, err := first.List(t.Context()); err != nil {
		t.Errorf("after certificates came: %v", err)
	}
	before := asked.Load()
	second := connect(t, broker.Access{Brokers: fake.ListenAddrs(), TLSNow: now})
	if _, err := second.List(t.Context()); err != nil || before < 2 || asked.Load() <= before {
		t.Errorf("asked %d times, then %d: %v", before, asked.Load(), err)
	}
	if client.ServerName != "" {
		t.Errorf("the configuration that was given was changed: %q", client.ServerName)
	}
}

func TestSASL(t *testing.T) {
	const secret = "hunter2-secret"
	mechanisms := []string{broker.MechanismPlain, broker.MechanismScramSha256, broker.MechanismScramSha512}
	for _, mechanism := range mechanisms {
		t.Run(mechanism, func(t *testing.T) {
			k := openTopics(t, kfake.EnableSASL(), kfake.Superuser(mechanism, "me", secret))
			access := broker.Access{Brokers: k.fake.ListenAddrs(), SASL: &broker.SASL{Mechanism: mechanism, Username: "me", Password: secret}}
			if _, err := connect(t, access).List(t.Context()); err != nil {
				t.Errorf("with the password: %v", err)
			}
			for what, wrong := range map[string]*broker.SASL{
				"a wrong password": {Mechanism: mechanism, Username: "me", Password: secret + "x"},
				"a wrong name":     {Mechanism: mechanism, Username: "you", Password: secret},
				"nothing":          nil,
			} {
				access.SASL = wrong
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				_, err := connect(t, access).List(ctx)
				cancel()
				if err == nil || strings.Contains(err.Error(), secret) {
					t.Errorf("with %s: %v", what, err)
				}
			}
		})
	}
	if _, err := broker.OpenTopics(broker.Access{Brokers: []string{"localhost:1"}, SASL: &broker.SASL{Mechanism: "GSSAPI"}}); err == nil || slices.Contains(mechanisms, "GSSAPI") {
		t.Error("GSSAPI is taken")
	}
}
