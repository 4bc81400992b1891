package idle

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/yaml"
)

func TestOnlyWhatDecidesIsCached(t *testing.T) {
	cases := map[string]struct{ full, want string }{
		"of a resource with everything": {`
apiVersion: kafka.strimzi.io/v1
kind: KafkaTopic
metadata:
  name: t
  namespace: space
  uid: u
  resourceVersion: "7"
  generation: 3
  labels: {a: b}
  annotations: {strimzi.io/pause-reconciliation: "true", strimzi.io/rebalance-template: "true", other: large}
  managedFields: [{manager: m}]
spec: {partitions: 3}
status: {observedGeneration: 2, topicName: t, conditions: [{type: Ready, status: "True"}]}
`, `
apiVersion: kafka.strimzi.io/v1
kind: KafkaTopic
metadata:
  name: t
  namespace: space
  uid: u
  resourceVersion: "7"
  generation: 3
  annotations: {strimzi.io/pause-reconciliation: "true", strimzi.io/rebalance-template: "true"}
status: {observedGeneration: 2, conditions: [{type: Ready, status: "True"}]}
`},
		"of a resource that is new": {
			`{apiVersion: kafka.strimzi.io/v1, kind: KafkaTopic, metadata: {name: t, namespace: space, uid: u, resourceVersion: "7", generation: 1}, spec: {}}`,
			`{apiVersion: kafka.strimzi.io/v1, kind: KafkaTopic, metadata: {name: t, namespace: space, uid: u, resourceVersion: "7", generation: 1}}`,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			once, err := trim(parse(t, c.full))
			if diff := cmp.Diff(parse(t, c.want), once); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			if again, err := trim(once); err != nil || !cmp.Equal(once, again) {
				t.Errorf("again: %v %v", again, err)
			}
		})
	}
}

func TestTheNoteOfAResourceThatIsGoneIsLeftAlone(t *testing.T) {
	note := cache.DeletedFinalStateUnknown{Key: "n/t"}
	if got, err := trim(note); err != nil || got != any(note) {
		t.Errorf("got %v, %v", got, err)
	}
}

func parse(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
		t.Fatal(err)
	}
	// Numbers are what the API server's are.
	json, err := o.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if err := o.UnmarshalJSON(json); err != nil {
		t.Fatal(err)
	}
	return o
}
