package idle

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	v1 "castellan.io/castellan/api/v1"
)

func TestWhatIsSaidOfAResource(t *testing.T) {
	kind := Kind{GroupVersionKind: v1.GroupVersion().WithKind("KafkaTopic"), NotReady: v1.Condition{Type: "Ready", Status: "False"}, Instead: "Do it."}
	verdict := v1.Condition{Type: "Ready", Status: "False", Reason: "NotSupportedYet", Message: "This version does not act on KafkaTopic: it has created and changed nothing for this resource, in Kafka or elsewhere. Do it."}
	stamped, earlier := verdict, verdict
	stamped.LastTransitionTime = "some time"
	earlier.Message = "An earlier version's words."
	pause := v1.Condition{Type: "ReconciliationPaused", Status: "True"}
	ready := v1.Condition{Type: "Ready", Status: "True"}
	failed := v1.Condition{Type: "Ready", Status: "False", Reason: "KafkaError"}
	warning := v1.Condition{Type: "Warning", Status: "True", Reason: "NotSupportedYet"}
	of := func(observed int64, conditions ...v1.Condition) status { return status{conditions, observed} }

	cases := map[string]struct {
		seen seen
		do   action
		want status // empty: as it is
	}{
		"a new resource is told at once":                               {seen{generation: 1}, write, of(1, verdict)},
		"what is said already is not written again":                    {seen{generation: 2, status: of(2, stamped)}, keep, status{}},
		"a change of the resource is taken note of":                    {seen{generation: 3, status: of(2, stamped)}, write, of(3, verdict)},
		"the words of an earlier version are replaced":                 {seen{generation: 2, status: of(2, earlier)}, write, of(2, verdict)},
		"another operator's success stands":                            {seen{generation: 2, status: of(2, ready)}, keep, status{}},
		"another operator's failure stands":                            {seen{generation: 2, status: of(2, failed)}, keep, status{}},
		"another operator's success may be about to be renewed":        {seen{generation: 3, status: of(2, ready)}, await, of(3, verdict)},
		"another operator's warning is no word of ours":                {seen{generation: 2, status: of(2, ready, warning)}, keep, status{}},
		"an observed generation without conditions says nothing":       {seen{generation: 2, status: of(2)}, write, of(2, verdict)},
		"a pause is said at once, of what was observed before":         {seen{generation: 2, status: of(1, ready), paused: true}, write, of(1, pause)},
		"a pause of a new resource is said at once":                    {seen{generation: 1, paused: true}, write, of(0, pause)},
		"a pause in the place of our words is said at once":            {seen{generation: 1, status: of(1, stamped), paused: true}, write, of(1, pause)},
		"a pause that another operator tells with warnings stands":     {seen{generation: 2, status: of(1, warning, pause), paused: true}, keep, status{}},
		"after a pause another operator may be about to say something": {seen{generation: 2, status: of(2, pause)}, await, of(2, verdict)},
		"a template has no status":                                     {seen{generation: 1, template: true}, keep, status{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			want := c.want
			if c.do == keep {
				want = c.seen.status
			}
			got, do := kind.decide(c.seen)
			if diff := cmp.Diff(want, got); diff != "" || do != c.do {
				t.Errorf("%s, want %s (-want +got):\n%s", do, c.do, diff)
			}
			if again, do := kind.decide(seen{generation: c.seen.generation, status: got, paused: c.seen.paused, template: c.seen.template}); do != keep {
				t.Errorf("after it was written: %s %+v", do, again)
			}
		})
	}
}
