package podset_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	podsetv1 "castellan.io/castellan/api/core/v1"
	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/podset"
)

// decision is a podset.Change with the pods' names.
type decision struct {
	Create, Delete, Adopt, Annotate, Restart []string
	Unmark                                   bool
	Pods, Ready, Current                     int32
}

func TestNextKeepsThePodsOfASet(t *testing.T) {
	cases := map[string]struct {
		mark bool
		pods []corev1.Pod
		want decision
	}{
		"pods that do not exist are created": {
			want: decision{Create: []string{"a", "b"}, Pods: 2},
		},
		"pods that run are left alone": {
			pods: []corev1.Pod{pod("a"), pod("b", ready)},
			want: decision{Pods: 2, Ready: 1, Current: 2},
		},
		"a pod of an older revision is left alone and counted": {
			pods: []corev1.Pod{pod("a", revision("old")), pod("b")},
			want: decision{Pods: 2, Current: 1},
		},
		"a pod whose resources are old is left alone and counted": {
			pods: []corev1.Pod{pod("a", annotation(v1.AnnotationResourceRevision, "old")), pod("b")},
			want: decision{Pods: 2, Current: 1},
		},
		"a pod whose remarks are old is told the new ones": {
			pods: []corev1.Pod{pod("a", annotation("remark", "old")), pod("b")},
			want: decision{Annotate: []string{"a"}, Pods: 2, Current: 2},
		},
		"a pod of an older revision keeps its remarks": {
			pods: []corev1.Pod{pod("a", revision("old"), annotation("remark", "old")), pod("b")},
			want: decision{Pods: 2, Current: 1},
		},
		"a failed pod is deleted, for its place to be taken": {
			pods: []corev1.Pod{pod("a", phase(corev1.PodFailed)), pod("b", phase(corev1.PodSucceeded))},
			want: decision{Delete: []string{"a", "b"}, Pods: 2},
		},
		"a pod that is ending is waited for": {
			pods: []corev1.Pod{pod("a", ending, ready), pod("b")},
			want: decision{Pods: 2, Current: 1},
		},
		"a pod without an owner is adopted": {
			pods: []corev1.Pod{pod("a", ownedBy("")), pod("b")},
			want: decision{Adopt: []string{"a"}, Pods: 2, Current: 2},
		},
		"a pod of an earlier set is left to Kubernetes": {
			pods: []corev1.Pod{pod("a", ownedBy("earlier"), phase(corev1.PodFailed)), pod("b"), pod("c", ownedBy("earlier"))},
			want: decision{Pods: 2, Current: 1},
		},
		"a pod that is not listed is deleted": {
			pods: []corev1.Pod{pod("a"), pod("b"), pod("c")},
			want: decision{Delete: []string{"c"}, Pods: 3, Current: 2},
		},
		"a pod that is not listed and ends already counts until it has ended": {
			pods: []corev1.Pod{pod("a"), pod("b"), pod("c", ending)},
			want: decision{Pods: 3, Current: 2},
		},
		"an orphan of the set that is not listed is deleted": {
			pods: []corev1.Pod{pod("a"), pod("b"), pod("c", ownedBy(""))},
			want: decision{Delete: []string{"c"}, Pods: 3, Current: 2},
		},
		"a pod of a user that has the selected labels is left alone": {
			pods: []corev1.Pod{pod("a"), pod("b"), pod("c", ownedBy(""), setLabel(""))},
			want: decision{Pods: 2, Current: 2},
		},
		"a marked set marks its pods that run": {
			mark: true,
			pods: []corev1.Pod{pod("a"), pod("b", annotation(v1.AnnotationManualRollingUpdate, "True"))},
			want: decision{Restart: []string{"a"}, Unmark: true, Pods: 2, Current: 2},
		},
		"a marked set does not mark pods that are about to be new": {
			mark: true,
			pods: []corev1.Pod{pod("b", ending)},
			want: decision{Create: []string{"a"}, Unmark: true, Pods: 2},
		},
		"a marked pod of a set that is not marked stays": {
			pods: []corev1.Pod{pod("a", annotation(v1.AnnotationManualRollingUpdate, "true")), pod("b")},
			want: decision{Pods: 2, Current: 2},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := set(t)
			if c.mark {
				s.Annotations = map[string]string{v1.AnnotationManualRollingUpdate: "true"}
			}
			change, err := podset.Next(s, c.pods)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, decided(change)); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
			if change.Status.ObservedGeneration != s.Generation {
				t.Errorf("observed generation is %d", change.Status.ObservedGeneration)
			}
		})
	}
}

func TestACreatedPodBelongsToItsSet(t *testing.T) {
	s := set(t)
	change, err := podset.Next(s, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := change.Create[0]
	if got.Namespace != s.Namespace {
		t.Errorf("namespace is %q", got.Namespace)
	}
	want := []metav1.OwnerReference{{
		APIVersion: "core.strimzi.io/v1", Kind: "StrimziPodSet", Name: "set", UID: "uid", Controller: new(true), BlockOwnerDeletion: new(true),
	}}
	if diff := cmp.Diff(want, got.OwnerReferences); diff != "" {
		t.Errorf("owners (-want +got):\n%s", diff)
	}
}

func TestAPodThatCannotBeReadIsNamed(t *testing.T) {
	s := set(t)
	s.Spec.Pods[1].Raw = []byte(`{"spec":{"terminationGracePeriodSeconds":"soon"}}`)
	if _, err := podset.Next(s, nil); err == nil || !strings.Contains(err.Error(), "spec.pods[1]") {
		t.Errorf("error is %v", err)
	}
}

func decided(c podset.Change) decision {
	return decision{
		Create: names(c.Create), Annotate: annotated(c.Annotate), Delete: names(c.Delete), Adopt: names(c.Adopt), Restart: names(c.Restart), Unmark: c.Unmark,
		Pods: c.Status.Pods, Ready: c.Status.ReadyPods, Current: c.Status.CurrentPods,
	}
}

func annotated(list []podset.Annotations) []string {
	var out []string
	for _, a := range list {
		if a.Changed["remark"] == "new" && len(a.Changed) == 1 {
			out = append(out, a.Pod.Name)
		}
	}
	return out
}

func names(pods []*corev1.Pod) []string {
	var out []string
	for _, p := range pods {
		out = append(out, p.Name)
	}
	return out
}

func set(t *testing.T) *podsetv1.StrimziPodSet {
	t.Helper()
	out := &podsetv1.StrimziPodSet{ObjectMeta: metav1.ObjectMeta{Namespace: "space", Name: "set", UID: "uid", Generation: 4}}
	for _, name := range []string{"a", "b"} {
		wanted := pod(name, ownedBy(""), annotation("remark", "new"))
		raw, err := json.Marshal(&wanted)
		if err != nil {
			t.Fatal(err)
		}
		out.Spec.Pods = append(out.Spec.Pods, runtime.RawExtension{Raw: raw})
	}
	return out
}

func pod(name string, edits ...func(*corev1.Pod)) corev1.Pod {
	p := corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name:        name,
		Labels:      map[string]string{v1.LabelControllerName: "set"},
		Annotations: map[string]string{v1.AnnotationRevision: "r", v1.AnnotationResourceRevision: "s", "remark": "new"},
	}}
	ownedBy("uid")(&p)
	for _, edit := range edits {
		edit(&p)
	}
	return p
}

func ownedBy(uid types.UID) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.OwnerReferences = nil
		if uid != "" {
			p.OwnerReferences = []metav1.OwnerReference{{UID: uid, Controller: new(true)}}
		}
	}
}

func ready(p *corev1.Pod) {
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
}

func ending(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{} }

func phase(phase corev1.PodPhase) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Status.Phase = phase }
}

func revision(hash string) func(*corev1.Pod) { return annotation(v1.AnnotationRevision, hash) }

func annotation(key, value string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Annotations[key] = value }
}

func setLabel(name string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Labels[v1.LabelControllerName] = name }
}
