package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupName is the API group of every kind in this package.
const GroupName = "kafka.strimzi.io"

// GroupVersion returns group and version of every kind in this package.
func GroupVersion() schema.GroupVersion {
	return schema.GroupVersion{Group: GroupName, Version: "v1"}
}

// AddToScheme makes the kinds of this package known to a scheme.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion(),
		&Kafka{}, &KafkaList{},
		&KafkaNodePool{}, &KafkaNodePoolList{},
		&KafkaTopic{}, &KafkaTopicList{},
		&KafkaUser{}, &KafkaUserList{},
		&KafkaConnect{}, &KafkaConnectList{},
		&KafkaConnector{}, &KafkaConnectorList{},
		&KafkaMirrorMaker2{}, &KafkaMirrorMaker2List{},
		&KafkaBridge{}, &KafkaBridgeList{},
		&KafkaRebalance{}, &KafkaRebalanceList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion())
	return nil
}
