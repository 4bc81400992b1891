package v1_test

import (
	"encoding/json"
	"fmt"
	"os"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"

	v1 "castellan.io/castellan/api/v1"
)

// A program that makes topics needs this package and apimachinery, and nothing of the operators.
func ExampleKafkaTopic() {
	partitions := int32(12)
	topic := v1.KafkaTopic{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1.GroupVersion().String(), Kind: "KafkaTopic"},
		ObjectMeta: metav1.ObjectMeta{Name: "orders", Labels: map[string]string{v1.LabelCluster: "my-cluster"}},
		Spec: v1.KafkaTopicSpec{
			Partitions: &partitions,
			Config:     v1.FreeForm{"retention.ms": json.RawMessage("7200000")},
		},
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(topic); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {
	//   "kind": "KafkaTopic",
	//   "apiVersion": "kafka.strimzi.io/v1",
	//   "metadata": {
	//     "name": "orders",
	//     "labels": {
	//       "strimzi.io/cluster": "my-cluster"
	//     }
	//   },
	//   "spec": {
	//     "partitions": 12,
	//     "config": {
	//       "retention.ms": 7200000
	//     }
	//   }
	// }
}

// A program that reads resources makes the kinds known to a scheme first.
func ExampleAddToScheme() {
	scheme := runtime.NewScheme()
	if err := v1.AddToScheme(scheme); err != nil {
		fmt.Println(err)
		return
	}
	decoder := serializer.NewCodecFactory(scheme).UniversalDeserializer()
	object, _, err := decoder.Decode([]byte(`
apiVersion: kafka.strimzi.io/v1
kind: Kafka
metadata:
  name: my-cluster
spec:
  kafka:
    listeners:
      - {name: tls, port: 9093, type: internal, tls: true}
status:
  listeners:
    - {name: tls, bootstrapServers: "my-cluster-kafka-bootstrap.kafka.svc:9093"}
`), nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	if kafka, ok := object.(*v1.Kafka); ok {
		fmt.Println(kafka.Name, kafka.Status.Listeners[0].BootstrapServers)
	}
	// Output: my-cluster my-cluster-kafka-bootstrap.kafka.svc:9093
}
