package kafka

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "castellan.io/castellan/api/v1"
)

func TestObjectsLeadToTheClusterForWhichTheyWereMade(t *testing.T) {
	tests := map[string]struct {
		labels, annotations map[string]string
		want                string
	}{
		"in the cluster's namespace":     {map[string]string{v1.LabelKind: "Kafka", v1.LabelCluster: "one"}, nil, "here/one"},
		"in another namespace":           {map[string]string{v1.LabelKind: "Kafka", v1.LabelCluster: "one"}, map[string]string{v1.AnnotationClusterNamespace: "there"}, "there/one"},
		"of another kind of resource":    {map[string]string{v1.LabelKind: "KafkaConnect", v1.LabelCluster: "one"}, nil, ""},
		"without the name of a cluster":  {map[string]string{v1.LabelKind: "Kafka"}, map[string]string{v1.AnnotationClusterNamespace: "there"}, ""},
		"of somebody else's Deployments": {nil, nil, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := &appsv1.Deployment{}
			d.Namespace, d.Labels, d.Annotations = "here", test.labels, test.annotations
			var want []reconcile.Request
			if test.want != "" {
				want = []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: test.want[:len(test.want)-4], Name: "one"}}}
			}
			if diff := cmp.Diff(want, ownedBy(t.Context(), d)); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}
