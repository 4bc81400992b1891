package controller

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/outcome"
	"castellan.io/castellan/internal/runtime"
)

const (
	patience = 5 * time.Minute
	resync   = 2 * time.Minute
)

// act is what a kind does with a resource.
type act func(*v1.Kafka) ([]v1.Condition, error)

// scripted is a Kind that does what a test tells it.
type scripted struct {
	next act
	due  time.Duration
	acts int
	gone []types.NamespacedName
}

func (s *scripted) New() *v1.Kafka { return &v1.Kafka{} }

func (s *scripted) Reconcile(_ context.Context, k *v1.Kafka) (Report, error) {
	s.acts++
	warnings, err := s.next(k)
	return Report{Warnings: warnings, Next: s.due}, err
}

func (s *scripted) Gone(_ context.Context, key types.NamespacedName) error {
	s.gone = append(s.gone, key)
	return nil
}

func (s *scripted) Status(k *v1.Kafka) (*[]v1.Condition, *int64) {
	return &k.Status.Conditions, &k.Status.ObservedGeneration
}

// Check warns of a version of metadata.
func (s *scripted) Check(k *v1.Kafka) []v1.Condition {
	if k.Spec.Kafka.MetadataVersion == "" {
		return nil
	}
	return []v1.Condition{{Type: v1.ConditionWarning, Status: v1.ConditionTrue, Reason: v1.WarningUnknownFields}}
}

func (s *scripted) Pause(k *v1.Kafka) {
	k.Status = v1.KafkaStatus{ObservedGeneration: k.Status.ObservedGeneration, ClusterID: k.Status.ClusterID}
}

func fails(err error) act {
	return func(*v1.Kafka) ([]v1.Condition, error) { return nil, err }
}

// stage is a shell with one resource and a clock that a test moves.
type stage struct {
	client client.WithWatch
	kind   *scripted
	shell  *Shell[*v1.Kafka]
	now    time.Time
	writes int
}

func key() types.NamespacedName { return types.NamespacedName{Namespace: "space", Name: "one"} }

func newStage(t *testing.T, edit func(*v1.Kafka)) *stage {
	t.Helper()
	scheme := kruntime.NewScheme()
	if err := v1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	k := &v1.Kafka{ObjectMeta: metav1.ObjectMeta{Namespace: key().Namespace, Name: key().Name, Generation: 3}}
	edit(k)
	s := &stage{kind: &scripted{next: fails(nil)}, now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	s.client = interceptor.NewClient(
		fake.NewClientBuilder().WithScheme(scheme).WithObjects(k).WithStatusSubresource(k).Build(),
		interceptor.Funcs{SubResourcePatch: func(
			ctx context.Context, c client.Client, sub string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption,
		) error {
			s.writes++
			return c.SubResource(sub).Patch(ctx, o, p, opts...)
		}},
	)
	s.shell = s.newShell()
	return s
}

func (s *stage) newShell() *Shell[*v1.Kafka] {
	timing := Timing{Resync: resync, Patience: patience, Now: func() time.Time { return s.now }}
	return NewShell(s.client, s.kind, "Kafka", labels.Everything(), timing)
}

func (s *stage) reconcile(t *testing.T) (reconcile.Result, error) {
	t.Helper()
	return s.shell.Reconcile(t.Context(), reconcile.Request{NamespacedName: key()})
}

func (s *stage) status(t *testing.T) v1.KafkaStatus {
	t.Helper()
	var k v1.Kafka
	if err := s.client.Get(t.Context(), key(), &k); err != nil {
		t.Fatal(err)
	}
	return k.Status
}

func (s *stage) later(d time.Duration) { s.now = s.now.Add(d) }

func served(k *v1.Kafka) {
	k.Status.ObservedGeneration = 2
	k.Status.Conditions = []v1.Condition{{Type: v1.ConditionReady, Status: v1.ConditionTrue, LastTransitionTime: "then"}}
}

func untouched(*v1.Kafka) {}

func forbidden() error {
	resource := schema.GroupResource{Group: "rbac.authorization.k8s.io", Resource: "clusterrolebindings"}
	return fmt.Errorf("apply the binding: %w", apierrors.NewForbidden(resource, "name", errors.New("user may not")))
}

// ending is what the API server says in a namespace that is being deleted.
func ending() error {
	err := apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "name", errors.New("it is being terminated"))
	err.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}
	return fmt.Errorf("create: %w", err)
}

func conflicting() error {
	return fmt.Errorf("write: %w", apierrors.NewConflict(schema.GroupResource{Resource: "pods"}, "name", errors.New("newer")))
}

func TestWhatIsDueIsLookedAtInTime(t *testing.T) {
	for name, test := range map[string]struct {
		due   time.Duration
		err   error
		after time.Duration
	}{
		"before the resync":                {time.Minute, nil, time.Minute},
		"no later than the resync":         {time.Hour, nil, resync},
		"before what is waited for":        {time.Second, outcome.Wait("Rolling", "x", time.Minute), time.Second},
		"no later than what is waited for": {time.Minute, outcome.Wait("Rolling", "x", time.Second), time.Second},
		"also while the input is invalid":  {time.Minute, outcome.Invalid(v1.ReasonInvalidResource, errors.New("x")), time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, served)
			s.kind.next, s.kind.due = fails(test.err), test.due
			result, err := s.reconcile(t)
			if err != nil || result.RequeueAfter != test.after {
				t.Errorf("comes back after %v, want %v, error %v", result.RequeueAfter, test.after, err)
			}
		})
	}
}

func TestTheEndOfAReconciliationHasOneMeaning(t *testing.T) {
	const ready, notReady = v1.ConditionReady, v1.ConditionNotReady
	rolling := outcome.Wait("Rolling", "node a restarts", time.Second)
	tests := map[string]struct {
		before func(*v1.Kafka)
		err    error
		// the verdict's type, reason and message, and the generation it is about
		kind, reason, message string
		observed              int64
		after                 time.Duration
		fails                 bool
	}{
		"done is Ready": {served, nil, ready, "", "", 3, resync, false},
		"a first wait goes on with Creating and says for what":             {untouched, rolling, notReady, v1.ReasonCreating, "node a restarts", 0, time.Second, false},
		"a wait of a cluster that serves leaves it Ready":                  {served, rolling, ready, "", "", 2, time.Second, false},
		"a wait for an event is looked at once in a while":                 {served, outcome.Wait("Rolling", "x", 0), ready, "", "", 2, resync, false},
		"a wait is looked at no later than anything else":                  {served, outcome.Wait("Rolling", "x", time.Hour), ready, "", "", 2, resync, false},
		"a wait keeps its meaning when something is said about it":         {served, fmt.Errorf("roll: %w", rolling), ready, "", "", 2, time.Second, false},
		"what is invalid is NotReady with its reason":                      {served, outcome.Invalid(v1.ReasonInvalidResource, errors.New("spec.x is 1: expected 2")), notReady, v1.ReasonInvalidResource, "spec.x is 1: expected 2", 3, resync, false},
		"what is invalid from the start is no Creating":                    {untouched, outcome.Invalid(v1.ReasonFatalProblem, errors.New("stuck")), notReady, v1.ReasonFatalProblem, "stuck", 3, resync, false},
		"a conflict of the platform leaves the last verdict":               {served, fmt.Errorf("restart: %w", runtime.ErrConflict), ready, "", "", 2, conflictPause, false},
		"a conflict of the API server leaves the last verdict":             {served, conflicting(), ready, "", "", 2, 0, true},
		"a conflict of a new cluster leaves it Creating":                   {untouched, runtime.ErrConflict, notReady, v1.ReasonCreating, "Kafka is being created", 0, conflictPause, false},
		"a refusal of the API server is CompletionException with its code": {served, forbidden(), notReady, v1.ReasonCompletion, forbidden().Error() + " (code=403)", 3, 0, true},
		"in a namespace that ends nothing is tried again at once":          {served, ending(), notReady, v1.ReasonCompletion, ending().Error() + " (code=403)", 3, resync, false},
		"any other failure is told as it is":                               {served, errors.New("disk is full"), notReady, v1.ReasonRuntime, "disk is full", 3, 0, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, test.before)
			s.kind.next = fails(test.err)
			result, err := s.reconcile(t)
			if (err != nil) != test.fails {
				t.Errorf("error: %v", err)
			}
			if result.RequeueAfter != test.after {
				t.Errorf("comes back after %v, want %v", result.RequeueAfter, test.after)
			}
			got := s.status(t)
			want := []v1.Condition{{Type: test.kind, Status: v1.ConditionTrue, Reason: test.reason, Message: test.message}}
			if diff := cmp.Diff(want, untimed(got.Conditions)); diff != "" {
				t.Errorf("conditions (-want +got):\n%s", diff)
			}
			if got.ObservedGeneration != test.observed {
				t.Errorf("observed generation %d, want %d", got.ObservedGeneration, test.observed)
			}
		})
	}
}

func untimed(conditions []v1.Condition) []v1.Condition {
	var out []v1.Condition
	for _, c := range conditions {
		c.LastTransitionTime = ""
		out = append(out, c)
	}
	return out
}

func TestAWaitBeyondPatienceIsTold(t *testing.T) {
	tests := map[string]struct {
		before func(*v1.Kafka)
		// messages of waits, each of which takes the given time; then a look at the verdict.
		messages []string
		each     time.Duration
		pause    bool
		reason   string
	}{
		"a wait as long as patience is no news":         {served, []string{"a", "a"}, patience, false, ""},
		"a wait beyond patience is a timeout":           {served, []string{"a", "a"}, patience + 1, false, v1.ReasonTimeout},
		"waits for one thing after another are none":    {served, []string{"a", "b", "c", "d"}, patience, false, ""},
		"a wait after progress has patience of its own": {served, []string{"a", "b", "b"}, patience + 1, false, v1.ReasonTimeout},
		"a new cluster stays Creating":                  {untouched, []string{"a", "a"}, patience + 1, false, v1.ReasonCreating},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, test.before)
			for i, message := range test.messages {
				if i > 0 {
					s.later(test.each)
				}
				s.kind.next = fails(outcome.Wait("Rolling", message, time.Second))
				if _, err := s.reconcile(t); err != nil {
					t.Fatal(err)
				}
			}
			got := s.status(t)
			if got.Conditions[0].Reason != test.reason {
				t.Errorf("conditions: %+v", got.Conditions)
			}
			if told := got.ObservedGeneration == 3; told != (test.reason == v1.ReasonTimeout) {
				t.Errorf("observed generation %d", got.ObservedGeneration)
			}
		})
	}
}

func TestPatienceStartsAnew(t *testing.T) {
	tests := map[string]func(*testing.T, *stage){
		"after something that was done":  func(_ *testing.T, s *stage) { s.kind.next = fails(nil) },
		"after a failure":                func(_ *testing.T, s *stage) { s.kind.next = fails(runtime.ErrConflict) },
		"after a restart of the program": func(_ *testing.T, s *stage) { s.shell = s.newShell() },
	}
	for name, between := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, served)
			waits := fails(outcome.Wait("Rolling", "a", time.Second))
			s.kind.next = waits
			s.mustReconcile(t)
			s.later(patience)
			between(t, s)
			s.mustReconcile(t)
			s.kind.next = waits
			s.mustReconcile(t)
			s.later(patience)
			s.mustReconcile(t)
			if got := s.status(t).Conditions; got[0].Reason == v1.ReasonTimeout {
				t.Errorf("conditions: %+v", got)
			}
		})
	}
}

func (s *stage) mustReconcile(t *testing.T) {
	t.Helper()
	if _, err := s.reconcile(t); err != nil {
		t.Fatal(err)
	}
}

func (s *stage) edit(t *testing.T, edit func(*v1.Kafka)) {
	t.Helper()
	var k v1.Kafka
	if err := s.client.Get(t.Context(), key(), &k); err != nil {
		t.Fatal(err)
	}
	edit(&k)
	if err := s.client.Update(t.Context(), &k); err != nil {
		t.Fatal(err)
	}
}

func (s *stage) annotate(t *testing.T, paused string) {
	t.Helper()
	s.edit(t, func(k *v1.Kafka) { k.Annotations = map[string]string{v1.AnnotationPauseReconciliation: paused} })
}

func TestANewResourceIsAnnouncedBeforeTheWork(t *testing.T) {
	s := newStage(t, untouched)
	s.kind.next = func(*v1.Kafka) ([]v1.Condition, error) {
		got := untimed(s.status(t).Conditions)
		want := []v1.Condition{{Type: v1.ConditionNotReady, Status: v1.ConditionTrue, Reason: v1.ReasonCreating, Message: "Kafka is being created"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("conditions during the work (-want +got):\n%s", diff)
		}
		return nil, nil
	}
	s.mustReconcile(t)
	if got := s.status(t).Conditions; len(got) != 1 || got[0].Type != v1.ConditionReady {
		t.Errorf("conditions: %+v", got)
	}
}

func TestWarningsStandAroundTheVerdictWhateverItIs(t *testing.T) {
	for name, err := range map[string]error{"done": nil, "waiting": outcome.Wait("Rolling", "a", 0), "invalid": outcome.Invalid("Reason", errors.New("x"))} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, served)
			s.edit(t, func(k *v1.Kafka) { k.Spec.Kafka.MetadataVersion = "checked" })
			s.kind.next = func(*v1.Kafka) ([]v1.Condition, error) {
				return []v1.Condition{{Type: v1.ConditionWarning, Status: v1.ConditionTrue, Reason: "Unwise"}}, err
			}
			s.mustReconcile(t)
			got := s.status(t).Conditions
			if len(got) != 3 || got[0].Reason != "Unwise" || got[1].Type == v1.ConditionWarning || got[2].Reason != "UnknownFields" {
				t.Errorf("conditions: %+v", got)
			}
		})
	}
}

func TestAStatusIsWrittenOnlyWhenItSaysSomethingNew(t *testing.T) {
	s := newStage(t, untouched)
	s.mustReconcile(t)
	first, writes := s.status(t), s.writes
	if first.Conditions[0].LastTransitionTime != "2026-05-01T12:00:00.000000000Z" {
		t.Errorf("conditions: %+v", first.Conditions)
	}
	s.later(time.Hour)
	s.mustReconcile(t)
	if s.writes != writes {
		t.Errorf("the status was written %d times more", s.writes-writes)
	}
	s.kind.next = func(k *v1.Kafka) ([]v1.Condition, error) {
		k.Status.KafkaVersion = "4.3.1"
		return []v1.Condition{{Type: v1.ConditionWarning, Status: v1.ConditionTrue, Reason: "New"}}, nil
	}
	s.mustReconcile(t)
	got := s.status(t)
	if s.writes != writes+1 || got.KafkaVersion != "4.3.1" {
		t.Errorf("written %d times, status %+v", s.writes-writes, got)
	}
	times := []string{got.Conditions[0].LastTransitionTime, got.Conditions[1].LastTransitionTime}
	if diff := cmp.Diff([]string{"2026-05-01T13:00:00.000000000Z", "2026-05-01T12:00:00.000000000Z"}, times); diff != "" {
		t.Errorf("times of the new and the old condition (-want +got):\n%s", diff)
	}
}

func TestAPausedResourceIsLeftAlone(t *testing.T) {
	s := newStage(t, func(k *v1.Kafka) {
		served(k)
		k.Annotations = map[string]string{v1.AnnotationPauseReconciliation: "True"}
		k.Status.ClusterID, k.Status.KafkaVersion = "id", "4.3.1"
	})
	for range 2 {
		if result, err := s.reconcile(t); err != nil || result.RequeueAfter != 0 {
			t.Fatalf("result %+v, error %v", result, err)
		}
	}
	got := s.status(t)
	want := v1.KafkaStatus{ObservedGeneration: 2, ClusterID: "id", Conditions: []v1.Condition{{
		Type: v1.ConditionReconciliationPaused, Status: v1.ConditionTrue, LastTransitionTime: "2026-05-01T12:00:00.000000000Z",
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
	if s.kind.acts != 0 || s.writes != 1 {
		t.Errorf("acted %d times, wrote %d times", s.kind.acts, s.writes)
	}
	s.edit(t, func(k *v1.Kafka) { k.Spec.Kafka.MetadataVersion = "checked" })
	s.mustReconcile(t)
	if got := s.status(t).Conditions; len(got) != 2 || got[0].Reason != "UnknownFields" || got[1] != want.Conditions[0] {
		t.Errorf("conditions with a field that means nothing: %+v", got)
	}
	s.edit(t, func(k *v1.Kafka) { k.Spec.Kafka.MetadataVersion = "" })
	s.annotate(t, "false")
	s.mustReconcile(t)
	if got := s.status(t); got.Conditions[0].Type != v1.ConditionReady || got.ObservedGeneration != 3 {
		t.Errorf("after the pause: %+v", got)
	}
}

func TestResourcesThatAreNotTheOperatorsAreLeftAlone(t *testing.T) {
	mine, err := labels.Parse("team=one")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		edit     func(*v1.Kafka)
		selector labels.Selector
		acts     int
	}{
		"one that is selected":     {func(k *v1.Kafka) { k.Labels = map[string]string{"team": "one"} }, mine, 1},
		"one that is not selected": {func(k *v1.Kafka) { k.Labels = map[string]string{"team": "two"} }, mine, 0},
		"one without labels":       {untouched, mine, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, test.edit)
			s.shell.selector = test.selector
			s.mustReconcile(t)
			if s.kind.acts != test.acts || len(s.status(t).Conditions) != test.acts {
				t.Errorf("acted %d times, status %+v", s.kind.acts, s.status(t))
			}
		})
	}
}

func TestAResourceThatIsGoingIsLeftAloneUntilItIsGone(t *testing.T) {
	s := newStage(t, func(k *v1.Kafka) { k.Finalizers = []string{"example.com/wait"} })
	if err := s.client.Delete(t.Context(), &v1.Kafka{ObjectMeta: metav1.ObjectMeta{Namespace: "space", Name: "one"}}); err != nil {
		t.Fatal(err)
	}
	s.mustReconcile(t)
	if s.kind.acts != 0 || s.writes != 0 || len(s.kind.gone) != 0 {
		t.Errorf("acted %d times, wrote %d times, gone %v", s.kind.acts, s.writes, s.kind.gone)
	}
	s.edit(t, func(k *v1.Kafka) { k.Finalizers = nil })
	s.mustReconcile(t)
	if diff := cmp.Diff([]types.NamespacedName{key()}, s.kind.gone); diff != "" {
		t.Errorf("gone (-want +got):\n%s", diff)
	}
}

func TestAResourceThatGoesDuringTheWorkIsNoFailure(t *testing.T) {
	s := newStage(t, served)
	s.kind.next = func(k *v1.Kafka) ([]v1.Condition, error) {
		return nil, errors.Join(outcome.Invalid("Reason", errors.New("x")), s.client.Delete(t.Context(), k.DeepCopy()))
	}
	s.mustReconcile(t)
}

// TestAStatusIsNotDecidedOnTheOneBefore: a cache that lags behind shows the status before the last one that was written.
func TestAStatusIsNotDecidedOnTheOneBefore(t *testing.T) {
	s := newStage(t, served)
	var old v1.Kafka
	if err := s.client.Get(t.Context(), key(), &old); err != nil {
		t.Fatal(err)
	}
	s.kind.next = fails(forbidden())
	if _, err := s.reconcile(t); err == nil {
		t.Fatal("no error")
	}
	lagging := s.shell
	lagging.client = interceptor.NewClient(s.client, interceptor.Funcs{
		Get: func(_ context.Context, _ client.WithWatch, _ client.ObjectKey, into client.Object, _ ...client.GetOption) error {
			old.DeepCopyInto(into.(*v1.Kafka))
			return nil
		},
	})
	s.kind.next = fails(nil)
	result, err := s.reconcile(t)
	if err != nil || result.RequeueAfter != conflictPause || s.kind.acts != 1 {
		t.Errorf("result %+v, error %v, acted %d times", result, err, s.kind.acts)
	}
	lagging.client = s.client
	s.mustReconcile(t)
	if got := s.status(t).Conditions; got[0].Type != v1.ConditionReady {
		t.Errorf("conditions: %+v", got)
	}
}

func TestFailuresOfTheAPIServerAreTriedAgain(t *testing.T) {
	broken := errors.New("no answer")
	tests := map[string]interceptor.Funcs{
		"reading": {Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
			return broken
		}},
		"writing": {SubResourcePatch: func(context.Context, client.Client, string, client.Object, client.Patch, ...client.SubResourcePatchOption) error {
			return broken
		}},
	}
	for name, funcs := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, served)
			s.shell.client = interceptor.NewClient(s.client, funcs)
			s.kind.next = fails(outcome.Invalid("Reason", errors.New("x")))
			_, err := s.reconcile(t)
			if !errors.Is(err, broken) || !strings.Contains(err.Error(), "space/one") && !strings.Contains(err.Error(), "Kafka one") {
				t.Errorf("error: %v", err)
			}
		})
	}
}
