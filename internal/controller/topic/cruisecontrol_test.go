package topic

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/cruisecontrol"
	"castellan.io/castellan/internal/topic"
)

// executor is a Cruise Control that executes one change at a time.
type executor struct {
	*testing.T
	mu sync.Mutex
	// log are the requests, states those of tasks by session, refuse what is said to requests that change something.
	log    []string
	states map[string]string
	refuse string
	// during is done while a request is under way; unwanted are topics that no resource wants to have other replicas.
	during   func()
	unwanted map[string]bool
	client   *CruiseControl
	at       time.Time
}

func newExecutor(t *testing.T) *executor {
	t.Helper()
	e := &executor{T: t, states: map[string]string{}, during: func() {}, unwanted: map[string]bool{}, at: time.Unix(1000, 0)}
	server := httptest.NewServer(http.HandlerFunc(e.serve))
	t.Cleanup(server.Close)
	e.client = NewCruiseControl(cruisecontrol.New(cruisecontrol.Settings{Address: server.Listener.Addr().String()}), nil, func() time.Time { return e.at })
	return e
}

func (e *executor) serve(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if r.Method == http.MethodGet {
		ids := r.URL.Query().Get("user_task_ids")
		e.log = append(e.log, "tasks "+ids)
		var tasks []map[string]string
		for id := range strings.SplitSeq(ids, ",") {
			if state := e.states[id]; state != "" {
				tasks = append(tasks, map[string]string{"UserTaskId": id, "Status": state})
			}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"userTasks": tasks})
		return
	}
	body, _ := io.ReadAll(r.Body)
	e.log = append(e.log, string(body))
	e.during()
	if e.refuse != "" {
		w.WriteHeader(http.StatusInternalServerError)
		_ = json.NewEncoder(w).Encode(map[string]string{"errorMessage": e.refuse})
		return
	}
	session := fmt.Sprintf("session-%d", len(e.states)+1)
	e.states[session] = "Active"
	w.Header().Set("User-Task-ID", session)
}

// asked are the requests since the last time.
func (e *executor) asked(want ...string) {
	e.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	if diff := cmp.Diff(want, e.log); diff != "" {
		e.Errorf("asked (-want +got):\n%s", diff)
	}
	e.log = nil
}

// wish is a look at a topic that has another number of replicas than wanted; 0 if it has not.
func (e *executor) wish(name string, wanted int32, before *v1.ReplicasChangeStatus) ReplicasProgress {
	e.Helper()
	out, err := e.client.Change(e.Context(), []ReplicasChange{{Topic: &topic.Actual{Name: name}, Wanted: wanted, Before: before}})
	if err != nil {
		e.Fatal(err)
	}
	return out[name]
}

// round has Cruise Control asked; news are the topics about which it says something.
func (e *executor) round(news ...string) {
	e.Helper()
	if diff := cmp.Diff(news, e.client.round(e.Context(), e.wants)); diff != "" {
		e.Errorf("news (-want +got):\n%s", diff)
	}
}

func (e *executor) wants(topic string, _ int32) bool { return !e.unwanted[topic] }

func (e *executor) is(what string, want *v1.ReplicasChangeStatus, got ReplicasProgress) {
	e.Helper()
	if diff := cmp.Diff(want, got.Status); diff != "" {
		e.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func change(state v1.ReplicasChangeState, target int32, session, message string) *v1.ReplicasChangeStatus {
	return &v1.ReplicasChangeStatus{State: state, TargetReplicas: target, SessionID: session, Message: message}
}

func request(target int, topics string) string {
	return fmt.Sprintf(`{"replication_factor":{"topic_by_replication_factor":{"%d":"%s"}}}`, target, topics)
}

func TestCruiseControlIsAskedForOneChangeAtATime(t *testing.T) {
	e := newExecutor(t)
	waiting2, waiting3 := change("pending", 2, "", ""), change("pending", 3, "", "")
	e.is("a", waiting3, e.wish("a", 3, nil))
	e.is("b", waiting2, e.wish("b", 2, nil))
	e.is("c", waiting3, e.wish("c", 3, nil))
	e.round("b")
	e.asked(request(2, "b"))
	begun := change("ongoing", 2, "session-1", "")
	e.is("b has begun", begun, e.wish("b", 2, waiting2))
	e.is("a waits", waiting3, e.wish("a", 3, waiting3))
	e.round()
	e.asked("tasks session-1")

	e.is("b goes on", begun, e.wish("b", 2, begun))
	e.states["session-1"] = "Completed"
	e.round("a", "b", "c")
	e.asked("tasks session-1", request(3, "a|c"))
	e.is("b is done", nil, e.wish("b", 0, begun))
	e.is("c has begun", change("ongoing", 3, "session-2", ""), e.wish("c", 3, waiting3))
}

func TestASessionThatHasBegunIsFollowedWhateverIsWantedMeanwhile(t *testing.T) {
	for name, wanted := range map[string]int32{"another number": 2, "what there is": 0} {
		t.Run(name, func(t *testing.T) {
			e := newExecutor(t)
			e.wish("a", 3, nil)
			e.round("a")
			begun := change("ongoing", 3, "session-1", "")
			e.is("it has begun", begun, e.wish("a", wanted, change("pending", 3, "", "")))
			e.states["session-1"] = "Completed"
			e.wish("a", wanted, begun)
			e.round("a")
			want := change("pending", 2, "", "")
			if wanted == 0 {
				want = nil
			}
			e.is("then", want, e.wish("a", wanted, begun))
		})
	}
}

func TestNobodyAsksTwiceWhileARequestIsUnderWay(t *testing.T) {
	e := newExecutor(t)
	e.wish("a", 3, nil)
	e.during = func() { e.wish("a", 3, nil) }
	e.round("a")
	e.is("it has begun", change("ongoing", 3, "session-1", ""), e.wish("a", 3, nil))
	e.states["session-1"] = "Completed"
	e.round("a")
	e.asked(request(3, "a"), "tasks session-1")
}

func TestATopicThatASessionLeftOutIsAskedForAgain(t *testing.T) {
	e := newExecutor(t)
	e.wish("a", 3, nil)
	e.round("a")
	e.wish("a", 3, nil)
	begun := change("ongoing", 3, "session-1", "")
	e.states["session-1"] = "Completed"
	e.wish("a", 3, begun)
	e.round("a")
	waiting := change("pending", 3, "", "")
	e.is("it still differs", waiting, e.wish("a", 3, begun))
	e.wish("a", 3, waiting)
	e.round("a")
	e.asked(request(3, "a"), "tasks session-1", request(3, "a"))
}

func TestWhatCruiseControlRefusesForGoodIsAskedLater(t *testing.T) {
	for refusal, again := range map[string]time.Duration{
		"Requested RF cannot be more than number of alive brokers.":                      time.Minute,
		"com.x.NotEnoughValidWindowsException: no":                                       10 * time.Second,
		"There are already 5 active user tasks, which has reached the servlet capacity.": 10 * time.Second,
	} {
		e := newExecutor(t)
		e.refuse = refusal
		e.wish("a", 5, nil)
		e.round("a")
		got := e.wish("a", 5, nil)
		if got.Again != again || !strings.HasPrefix(got.Status.Message, "Replicas change failed, Request failed (500), ") {
			t.Errorf("%s: again after %s: %+v", refusal, got.Again, got.Status)
		}
		e.at = e.at.Add(cruiseControlLook)
		e.is("when it is looked at earlier", got.Status, e.wish("a", 5, got.Status))
		e.client.round(t.Context(), e.wants)
		if again == refusedLook {
			e.asked(request(5, "a"))
		} else {
			e.asked(request(5, "a"), request(5, "a"))
		}
		e.wish("a", 4, got.Status)
		e.round("a")
	}
}

func TestWhatNobodyWantsAnyMoreIsNotAskedFor(t *testing.T) {
	e := newExecutor(t)
	e.wish("first", 2, nil)
	e.round("first")
	for _, name := range []string{"deleted", "other", "agrees"} {
		e.wish(name, 3, nil)
	}
	e.is("it agrees now", nil, e.wish("agrees", 0, nil))
	e.unwanted["deleted"] = true
	e.states["session-1"] = "Completed"
	e.round("first", "other")
	e.asked(request(2, "first"), "tasks session-1", request(3, "other"))
}

func TestWhatChangesWhileAnotherRequestIsUnderWayCounts(t *testing.T) {
	e := newExecutor(t)
	e.refuse = "no"
	e.wish("first", 2, nil)
	e.wish("other", 3, nil)
	e.wish("deleted", 3, nil)
	e.wish("stays", 3, nil)
	e.during = func() {
		e.wish("other", 4, nil)
		e.unwanted["deleted"] = true
	}
	e.round("first", "stays")
	e.asked(request(2, "first"), request(3, "stays"))
	e.round("other")
	e.asked(request(4, "other"))
}

func TestASessionIsFollowedAlthoughItsTopicWasMadeAgain(t *testing.T) {
	e := newExecutor(t)
	e.wish("a", 3, nil)
	e.round("a")
	e.states["session-1"] = "Completed"
	e.round("a")
	e.is("it differs then", change("pending", 1, "", ""), e.wish("a", 1, nil))
	e.round("a")
	e.asked(request(3, "a"), "tasks session-1", request(1, "a"))
}

func TestTopicsAreLookedAtWhenSomethingIsNewAboutTheirSession(t *testing.T) {
	e := newExecutor(t)
	e.states["earlier"] = "InExecution"
	before := change("ongoing", 3, "earlier", "Replicas change failed, Connection failed")
	e.is("an earlier operator's", before, e.wish("a", 3, before))
	e.round("a")
	e.is("it answers now", change("ongoing", 3, "earlier", ""), e.wish("a", 3, before))
	e.round()
	delete(e.states, "earlier")
	e.round("a")
	lost := e.wish("a", 3, change("ongoing", 3, "earlier", ""))
	e.is("it was restarted", change("pending", 3, "", ""), lost)
	if lost.Again != endedLook {
		t.Errorf("looked at again after %s", lost.Again)
	}
}

func TestACruiseControlThatIsGoneIsToldToAllWhoWait(t *testing.T) {
	e := newExecutor(t)
	e.client.client = cruisecontrol.New(cruisecontrol.Settings{Address: "127.0.0.1:1"})
	e.wish("a", 3, nil)
	before := change("ongoing", 3, "session-9", "")
	e.wish("b", 3, before)
	e.round("a", "b")
	const why = "Replicas change failed, Connection failed, connection refused"
	e.is("a", change("pending", 3, "", why), e.wish("a", 3, nil))
	e.is("b", change("ongoing", 3, "session-9", why), e.wish("b", 3, before))
}

func TestNobodyWaitsForACruiseControlThatHangs(t *testing.T) {
	hangs, called := make(chan struct{}), make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		called <- struct{}{}
		<-hangs
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(hangs) })
	e := newExecutor(t)
	e.client.client = cruisecontrol.New(cruisecontrol.Settings{Address: server.Listener.Addr().String()})
	ctx, cancel := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	t.Cleanup(func() { cancel(); ended.Wait() })
	ended.Go(func() { e.client.Run(ctx, func(topic string) { t.Errorf("there is news of %s", topic) }, e.wants) })
	waiting := change("pending", 3, "", "")
	e.is("a new one", waiting, e.wish("a", 3, nil))
	<-called
	e.is("one that is asked about", waiting, e.wish("a", 3, waiting))
	e.is("another", waiting, e.wish("b", 3, nil))
}

func TestOnlyAResourceThatMayHaveItWantsReplicas(t *testing.T) {
	three := int32(3)
	for name, test := range map[string]struct {
		change func(*v1.KafkaTopic)
		want   bool
	}{
		"it does":              {func(*v1.KafkaTopic) {}, true},
		"another number":       {func(t *v1.KafkaTopic) { t.Spec.Replicas = nil }, false},
		"it is paused":         {func(t *v1.KafkaTopic) { t.Annotations = map[string]string{v1.AnnotationPauseReconciliation: "true"} }, false},
		"it is unmanaged":      {func(t *v1.KafkaTopic) { t.Annotations = map[string]string{v1.AnnotationManaged: "false"} }, false},
		"it is being deleted":  {func(t *v1.KafkaTopic) { t.DeletionTimestamp = &metav1.Time{} }, false},
		"it has another label": {func(t *v1.KafkaTopic) { t.Labels = nil }, false},
		"it has another name":  {func(t *v1.KafkaTopic) { t.Spec.TopicName = "b" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			o := operator(nil)
			resource := made("a", func(t *v1.KafkaTopic) {
				t.Labels, t.Spec.Replicas = map[string]string{"l": "1"}, &three
				test.change(t)
			})
			o.resources.Put("a", topic.Claimed(resource), false)
			if err := o.topics.GetStore().Add(resource); err != nil {
				t.Fatal(err)
			}
			if got := o.wants("a", 3); got != test.want {
				t.Errorf("wants: %v", got)
			}
		})
	}
}

func TestAResourceThatDoesNotManageItsTopicWantsNoReplicas(t *testing.T) {
	o := operator(nil)
	for i, name := range []string{"older", "newer"} {
		replicas := int32(i + 2)
		resource := made(name, func(t *v1.KafkaTopic) {
			t.Labels, t.Spec.Replicas, t.Spec.TopicName = map[string]string{"l": "1"}, &replicas, "a"
			t.CreationTimestamp = metav1.Unix(int64(1000+i), 0)
		})
		o.resources.Put(name, "a", false)
		if err := o.topics.GetStore().Add(resource); err != nil {
			t.Fatal(err)
		}
	}
	if older, newer := o.wants("a", 2), o.wants("a", 3); !older || newer {
		t.Errorf("wants: older %v, newer %v", older, newer)
	}
}
