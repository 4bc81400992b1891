package user

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/user"
)

func TestTheStatusTellsHowItIs(t *testing.T) {
	ready := v1.Condition{Type: v1.ConditionReady, Status: v1.ConditionTrue}
	was := v1.KafkaUserStatus{Conditions: []v1.Condition{ready}, ObservedGeneration: 2, Username: "CN=a", Secret: "a"}
	failed := func(reason, message string) []v1.Condition {
		return []v1.Condition{{Type: v1.ConditionNotReady, Status: v1.ConditionTrue, Reason: reason, Message: message}}
	}
	silence := fmt.Errorf("%w: no answer", broker.ErrUnreachable)
	tests := map[string]struct {
		job  job
		was  v1.KafkaUserStatus
		want v1.KafkaUserStatus
	}{
		"as wanted": {job{secret: "a"}, v1.KafkaUserStatus{}, was},
		"warned": {
			job{secret: "a", warnings: []v1.Condition{warning("A", "b")}, vain: "c", drift: []string{"d", "e"}},
			was,
			v1.KafkaUserStatus{Conditions: []v1.Condition{
				ready, warning("A", "b"), warning(v1.WarningInvalidConfig, "c"),
				warning(v1.WarningDrift, "Kafka differs from the resource and is left like that: d, e"),
			}, ObservedGeneration: 2, Username: "CN=a", Secret: "a"},
		},
		"much is different": {
			job{secret: "a", drift: strings.Split(strings.Repeat("d ", 25)+"d", " ")},
			was,
			v1.KafkaUserStatus{Conditions: []v1.Condition{
				ready, warning(v1.WarningDrift, "Kafka differs from the resource and is left like that: "+strings.Repeat("d, ", 20)+"and 6 more"),
			}, ObservedGeneration: 2, Username: "CN=a", Secret: "a"},
		},
		"paused": {
			job{only: &v1.Condition{Type: v1.ConditionReconciliationPaused, Status: v1.ConditionTrue}},
			v1.KafkaUserStatus{Conditions: []v1.Condition{ready}, ObservedGeneration: 1, Username: "CN=a", Secret: "a"},
			v1.KafkaUserStatus{Conditions: []v1.Condition{{Type: v1.ConditionReconciliationPaused, Status: v1.ConditionTrue}}, ObservedGeneration: 1, Username: "CN=a", Secret: "a"},
		},
		"wrong": {
			job{secret: "a", err: &problem{v1.ReasonResourceConflict, "b"}},
			was,
			v1.KafkaUserStatus{Conditions: failed(v1.ReasonResourceConflict, "b"), ObservedGeneration: 2},
		},
		"something failed": {
			job{secret: "a", err: errors.New("b"), warnings: []v1.Condition{warning("A", "b")}},
			was,
			v1.KafkaUserStatus{Conditions: append(failed(v1.ReasonExecution, "b"), warning("A", "b")), ObservedGeneration: 2},
		},
		"Kafka is silent": {
			job{secret: "a", err: silence}, was, v1.KafkaUserStatus{Conditions: failed(v1.ReasonTimeout, silence.Error()), ObservedGeneration: 2},
		},
		"Kafka is silent still": {
			job{secret: "a", err: silence},
			v1.KafkaUserStatus{Conditions: failed(v1.ReasonTimeout, "before")},
			v1.KafkaUserStatus{Conditions: failed(v1.ReasonTimeout, "before"), ObservedGeneration: 2},
		},
		"Kafka is silent about a user whose drift is reported": {
			job{secret: "a", reports: true, err: silence},
			was,
			v1.KafkaUserStatus{Conditions: failed(v1.ReasonTimeout, silence.Error()), ObservedGeneration: 2, Username: "CN=a", Secret: "a"},
		},
		"Kafka is silent about what such a user says anew": {
			job{secret: "a", reports: true, err: silence},
			v1.KafkaUserStatus{ObservedGeneration: 1, Username: "CN=a", Secret: "a"},
			v1.KafkaUserStatus{Conditions: failed(v1.ReasonTimeout, silence.Error()), ObservedGeneration: 2},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			j := test.job
			j.resource, j.wanted = &v1.KafkaUser{Status: test.was}, user.Wanted{Principal: "CN=a"}
			j.resource.Generation = 2
			if diff := cmp.Diff(test.want, j.status()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
