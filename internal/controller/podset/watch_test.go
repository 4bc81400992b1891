package podset

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "castellan.io/castellan/api/v1"
)

func TestAPodCallsForTheSetThatItsLabelsName(t *testing.T) {
	cases := map[string]struct {
		labels map[string]string
		want   []reconcile.Request
	}{
		"a pod of a set": {
			labels: map[string]string{v1.LabelController: v1.ControllerPodSet, v1.LabelControllerName: "set"},
			want:   []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: "space", Name: "set"}}},
		},
		"a pod of another kind of controller": {labels: map[string]string{v1.LabelController: "other", v1.LabelControllerName: "set"}},
		"a pod without a set":                 {labels: map[string]string{v1.LabelController: v1.ControllerPodSet}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "space", Name: "pod", Labels: c.labels}}
			if diff := cmp.Diff(c.want, setOfPod(t.Context(), pod)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
