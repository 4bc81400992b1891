package cruisecontrol_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/cruisecontrol"
)

func pending(target int32, message string) *v1.ReplicasChangeStatus {
	return &v1.ReplicasChangeStatus{TargetReplicas: target, State: v1.ReplicasChangePending, Message: message}
}

func ongoing(target int32, id, message string) *v1.ReplicasChangeStatus {
	return &v1.ReplicasChangeStatus{TargetReplicas: target, State: v1.ReplicasChangeOngoing, SessionID: id, Message: message}
}

func TestWhatToAskNext(t *testing.T) {
	odd := pending(3, "")
	odd.SessionID = session
	tests := map[string]struct {
		change cruisecontrol.Change
		want   cruisecontrol.Question
	}{
		"nothing if nothing differs":                        {change: cruisecontrol.Change{}, want: cruisecontrol.Nothing},
		"a new change is requested":                         {change: cruisecontrol.Change{Wanted: 3, Differs: true}, want: cruisecontrol.RequestIt},
		"a pending change is requested again":               {change: cruisecontrol.Change{Wanted: 3, Differs: true, Stored: pending(3, "busy")}, want: cruisecontrol.RequestIt},
		"a pending change that was taken back is over":      {change: cruisecontrol.Change{Wanted: 1, Stored: pending(5, "too many")}, want: cruisecontrol.Nothing},
		"a pending change that came to be anyway is over":   {change: cruisecontrol.Change{Wanted: 3, Stored: pending(3, "")}, want: cruisecontrol.Nothing},
		"an ongoing change is looked up":                    {change: cruisecontrol.Change{Wanted: 3, Differs: true, Stored: ongoing(3, session, "")}, want: cruisecontrol.LookUp},
		"an ongoing change is looked up though all is done": {change: cruisecontrol.Change{Wanted: 3, Stored: ongoing(3, session, "")}, want: cruisecontrol.LookUp},
		"an ongoing change to what nobody wants any more":   {change: cruisecontrol.Change{Wanted: 2, Differs: true, Stored: ongoing(3, session, "")}, want: cruisecontrol.LookUp},
		// Strimzi's operator leaves this after an error.
		"an ongoing change whose session is lost is requested":     {change: cruisecontrol.Change{Wanted: 3, Differs: true, Stored: ongoing(3, "", "failed")}, want: cruisecontrol.RequestIt},
		"an ongoing change whose session is lost is over if equal": {change: cruisecontrol.Change{Wanted: 3, Stored: ongoing(3, "", "failed")}, want: cruisecontrol.Nothing},
		"a pending change with a session is requested":             {change: cruisecontrol.Change{Wanted: 3, Differs: true, Stored: odd}, want: cruisecontrol.RequestIt},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := test.change.Question(); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

func TestTheStatusAfterARequest(t *testing.T) {
	refused := errors.New("Request failed (500), Another task is executing")
	tests := map[string]struct {
		change  cruisecontrol.Change
		session string
		err     error
		want    *v1.ReplicasChangeStatus
	}{
		"it goes on": {
			change: cruisecontrol.Change{Wanted: 3, Differs: true}, session: session,
			want: ongoing(3, session, ""),
		},
		"it goes on after an error": {
			change: cruisecontrol.Change{Wanted: 3, Differs: true, Stored: pending(5, "no")}, session: session,
			want: ongoing(3, session, ""),
		},
		"it is refused": {
			change: cruisecontrol.Change{Wanted: 3, Differs: true}, err: refused,
			want: pending(3, "Replicas change failed, Request failed (500), Another task is executing"),
		},
		"another number is refused": {
			change: cruisecontrol.Change{Wanted: 4, Differs: true, Stored: pending(3, "no")}, err: refused,
			want: pending(4, "Replicas change failed, Request failed (500), Another task is executing"),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.change.Requested(test.session, test.err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheStatusAfterALookUp(t *testing.T) {
	stored := ongoing(3, session, "Replicas change failed, Connection failed")
	differs := cruisecontrol.Change{Wanted: 3, Differs: true, Stored: stored}
	same := cruisecontrol.Change{Wanted: 3, Stored: stored}
	other := cruisecontrol.Change{Wanted: 2, Differs: true, Stored: stored}
	tests := map[string]struct {
		change cruisecontrol.Change
		state  cruisecontrol.TaskState
		err    error
		want   *v1.ReplicasChangeStatus
	}{
		"it goes on": {change: differs, state: cruisecontrol.Active, want: ongoing(3, session, "")},
		"it goes on to what nobody wants any more": {change: other, state: cruisecontrol.Active, want: ongoing(3, session, "")},
		"it is done": {change: same, state: cruisecontrol.Completed},
		"it is done, and another number is wanted":       {change: other, state: cruisecontrol.Completed, want: pending(2, "")},
		"it is done, and the topic was left out":         {change: differs, state: cruisecontrol.Completed, want: pending(3, "")},
		"it is forgotten":                                {change: differs, state: cruisecontrol.NoTask, want: pending(3, "")},
		"it is forgotten, and another number is wanted":  {change: other, state: cruisecontrol.NoTask, want: pending(2, "")},
		"it is forgotten after it was done":              {change: same, state: cruisecontrol.NoTask},
		"it failed":                                      {change: differs, state: cruisecontrol.CompletedWithError, want: pending(3, "Replicas change completed with error")},
		"it failed after all was done":                   {change: same, state: cruisecontrol.CompletedWithError},
		"the session is kept when there is no answer":    {change: differs, err: errors.New("request timed out"), want: ongoing(3, session, "Replicas change failed, request timed out")},
		"the session is kept whatever number is wanted":  {change: other, err: errors.New("Connection failed"), want: ongoing(3, session, "Replicas change failed, Connection failed")},
		"the session is kept in a state yet to come":     {change: differs, state: 99, want: stored},
		"the session is kept when there are no tasks":    {change: differs, err: errors.New("x"), want: ongoing(3, session, "Replicas change failed, x")},
		"it goes on though all partitions are as wanted": {change: same, state: cruisecontrol.Active, want: ongoing(3, session, "")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			tasks := map[string]cruisecontrol.TaskState{session: test.state, "other": cruisecontrol.Completed}
			if test.err != nil {
				tasks = nil
			}
			if diff := cmp.Diff(test.want, test.change.LookedUp(tasks, test.err)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(ongoing(3, session, "Replicas change failed, Connection failed"), stored); diff != "" {
				t.Errorf("what was stored is written to: %s", diff)
			}
		})
	}
}

func TestTopicsWithOneTargetShareARequest(t *testing.T) {
	changes := []cruisecontrol.Change{
		{Topic: "d", Wanted: 3, Differs: true},
		{Topic: "b", Wanted: 2, Differs: true, Stored: pending(2, "")},
		{Topic: "a", Wanted: 3, Differs: true},
		{Topic: "c", Wanted: 3},
		{Topic: "f", Wanted: 3, Stored: ongoing(3, "2", "")},
		{Topic: "e", Wanted: 4, Differs: true, Stored: ongoing(3, "1", "")},
		{Topic: "g", Wanted: 3, Differs: true, Stored: ongoing(3, "1", "")},
	}
	requests := []cruisecontrol.Request{{Target: 2, Topics: []string{"b"}}, {Target: 3, Topics: []string{"a", "d"}}}
	if diff := cmp.Diff(requests, cruisecontrol.Requests(changes)); diff != "" {
		t.Error(diff)
	}
}
