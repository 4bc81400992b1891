package topic

import (
	"errors"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/topic"
)

// heldStatus says that the deletion of the resource or of its topic was held back.
func heldStatus(t *v1.KafkaTopic) {
	t.Status.Conditions = []v1.Condition{notReady(v1.ReasonDeletionHeld, "held")}
}

func TestWhatBecomesOfTheTopicOfAResourceThatIsDeleted(t *testing.T) {
	c := &clock{at: time.Unix(1000, 0)}
	deletedAt := func(ago time.Duration) func(*v1.KafkaTopic) {
		return func(t *v1.KafkaTopic) { t.DeletionTimestamp = &metav1.Time{Time: c.at.Add(-ago)} }
	}
	known := &topic.Agreed{TopicID: "id"}
	tests := map[string]struct {
		mode   topic.Mode
		change func(*v1.KafkaTopic)
		agreed *topic.Agreed
		is     *topic.Actual
		want   deed
	}{
		"one way it is deleted at once":                             {topic.Revert, deletedAt(0), nil, &topic.Actual{ID: "id"}, deleteTopic},
		"two ways it waits for others at first":                     {topic.TwoWay, deletedAt(time.Second), known, &topic.Actual{ID: "id"}, nothing},
		"then it is deleted":                                        {topic.TwoWay, deletedAt(time.Minute), known, &topic.Actual{ID: "id"}, deleteTopic},
		"one that is not there needs no deletion":                   {topic.TwoWay, deletedAt(0), known, nil, release},
		"one way even one that the broker does not know is deleted": {topic.Revert, deletedAt(0), nil, nil, deleteTopic},
		"another one of its name is kept":                           {topic.TwoWay, deletedAt(time.Minute), known, &topic.Actual{ID: "another"}, release},
		"another one is kept even if the deletion was meant": {topic.TwoWay, func(t *v1.KafkaTopic) {
			deletedAt(time.Minute)(t)
			t.Annotations = map[string]string{v1.AnnotationConfirmDeletion: "true"}
		}, known, &topic.Actual{ID: "another"}, release},
		"what was held is held on, however few are left of it": {topic.TwoWay, func(t *v1.KafkaTopic) { deletedAt(time.Minute)(t); heldStatus(t) }, known, &topic.Actual{ID: "id"}, tell},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := operator(func(o *Options) { o.Now = c.now })
			j := &job{key: key("a"), resource: made("a", test.change), mode: test.mode, agreed: test.agreed, actual: test.is, deed: undecided}
			o.decideDeletion(j, 100)
			if j.deed != test.want {
				t.Errorf("got %d, want %d", j.deed, test.want)
			}
		})
	}
}

func TestAHeldDeletionIsForgottenOverNothing(t *testing.T) {
	c := &clock{at: time.Unix(1000, 0)}
	answered := func(t *v1.KafkaTopic) {
		heldStatus(t)
		t.Annotations = map[string]string{v1.AnnotationConfirmDeletion: "false"}
	}
	tests := map[string]struct {
		resource func(*v1.KafkaTopic)
		meet     func(*Operator, *job)
		want     bool
	}{
		"Kafka is silent for long": {heldStatus, func(o *Operator, j *job) {
			o.silence([]*job{j}, broker.ErrUnreachable)
			c.passes(time.Hour)
			j.deed = undecided
			o.silence([]*job{j}, broker.ErrUnreachable)
		}, true},
		"Kafka refuses to tell":           {heldStatus, func(_ *Operator, j *job) { j.kafkaFailed(&broker.Refused{Class: "x"}) }, true},
		"the resource is paused":          {heldStatus, func(_ *Operator, j *job) { j.only = &v1.Condition{Type: v1.ConditionReconciliationPaused} }, true},
		"its name is changed":             {heldStatus, func(_ *Operator, j *job) { j.refuse(v1.ReasonNotSupported, "no") }, true},
		"it was answered, and more fails": {answered, func(_ *Operator, j *job) { j.fail(errors.New("other")) }, false},
		"all is well again":               {heldStatus, func(_ *Operator, j *job) { j.deed = compare }, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := operator(func(o *Options) { o.Now = c.now })
			j := &job{key: key("a"), resource: made("a", test.resource), mode: topic.TwoWay, deed: undecided}
			test.meet(o, j)
			after := made("a", func(t *v1.KafkaTopic) { t.Status = j.status() })
			if held(after) != test.want {
				t.Errorf("held: %t, in %+v", held(after), after.Status.Conditions)
			}
		})
	}
}

func TestOneTopicsRefusalOfADescriptionLetsOthersGo(t *testing.T) {
	j := &job{key: key("a"), resource: made("a", nil), deed: undecided}
	j.kafkaFailed(&broker.Refused{Class: "org.apache.kafka.common.errors.ClusterAuthorizationException", Message: "no"})
	if c := j.verdict(); c.Reason != v1.ReasonKafka || j.deed != tell || j.later {
		t.Errorf("%+v, deed %d, later %t", c, j.deed, j.later)
	}
}

func TestAResourceKeepsItsClaimWhateverNameItAsksForLater(t *testing.T) {
	o := operator(func(*Options) {})
	o.added(made("b", func(t *v1.KafkaTopic) { t.Spec.TopicName, t.Status.TopicName = "a", "b" }))
	if a, b := o.resources.Claiming("a"), o.resources.Claiming("b"); len(a) > 0 || len(b) != 1 {
		t.Errorf("a is claimed by %v, b by %v", a, b)
	}
}
