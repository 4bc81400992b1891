//go:build apiserver

package user_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	v1 "castellan.io/castellan/api/v1"
)

// eventually waits until look finds nothing wrong.
func (w *world) eventually(what string, look func() error) {
	w.Helper()
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if err = look(); err == nil {
			return
		}
	}
	w.Fatalf("%s: %v", what, err)
}

// never looks for a while whether something stays as it is.
func (w *world) never(what string, look func() error) {
	w.Helper()
	for end := time.Now().Add(time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if err := look(); err != nil {
			w.Fatalf("%s: %v", what, err)
		}
	}
}

// ready waits until a resource is Ready for its newest generation.
func (w *world) ready(name string) *v1.KafkaUser {
	w.Helper()
	var out *v1.KafkaUser
	w.eventually(name+" is Ready", func() error {
		out = w.get(name)
		return is(out, v1.ConditionReady, "")
	})
	return out
}

// refused waits until a resource is NotReady for the reason, and gives the message.
func (w *world) refused(name, reason string) string {
	w.Helper()
	var out *v1.KafkaUser
	w.eventually(name+" is refused", func() error {
		out = w.get(name)
		return is(out, v1.ConditionNotReady, reason)
	})
	return condition(out, v1.ConditionNotReady).Message
}

// is tells what keeps a resource from having a condition about its newest generation.
func is(u *v1.KafkaUser, kind, reason string) error {
	if u == nil {
		return errors.New("it does not exist")
	}
	if c := condition(u, kind); c == nil || c.Status != v1.ConditionTrue || c.Reason != reason || u.Status.ObservedGeneration != u.Generation {
		text, _ := json.Marshal(u.Status)
		return fmt.Errorf("generation %d, status %s", u.Generation, text)
	}
	return nil
}

func condition(u *v1.KafkaUser, kind string) *v1.Condition {
	for i := range u.Status.Conditions {
		if u.Status.Conditions[i].Type == kind {
			return &u.Status.Conditions[i]
		}
	}
	return nil
}

// warns waits for a warning, and gives its message.
func (w *world) warns(name, reason string) string {
	w.Helper()
	var out *v1.Condition
	w.eventually(name+" has a warning", func() error {
		out = condition(w.get(name), v1.ConditionWarning)
		if out == nil || out.Reason != reason {
			return fmt.Errorf("%+v", w.get(name).Status)
		}
		return nil
	})
	return out.Message
}
