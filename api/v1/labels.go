package v1

import "strings"

// Domain is what the names of all labels, annotations and finalizers of the API start with.
const Domain = "strimzi.io/"

// Labels of generated objects. Users set LabelCluster, and on Secrets of their own CAs also LabelKind.
const (
	// LabelCluster names the resource an object belongs to.
	LabelCluster = Domain + "cluster"
	// LabelKind is the kind of that resource, such as Kafka.
	LabelKind = Domain + "kind"
	// LabelName names the component, such as my-cluster-kafka.
	LabelName = Domain + "name"
	// LabelComponentType is the kind of the component, such as kafka.
	LabelComponentType = Domain + "component-type"
	// LabelPoolName names the node pool.
	LabelPoolName = Domain + "pool-name"
	// LabelPodName names the pod, on a pod of a StrimziPodSet and on its ConfigMap.
	LabelPodName = Domain + "pod-name"
	// LabelController is the kind of the controller that creates the pod.
	LabelController = Domain + "controller"
	// LabelControllerName names the StrimziPodSet that creates the pod.
	LabelControllerName = Domain + "controller-name"
	// LabelBrokerRole tells whether a Kafka pod is a broker: true or false.
	LabelBrokerRole = Domain + "broker-role"
	// LabelControllerRole tells whether a Kafka pod is a controller: true or false.
	LabelControllerRole = Domain + "controller-role"
	// LabelDiscovery marks Services that clients can look up. AnnotationDiscovery describes them.
	LabelDiscovery = Domain + "discovery"
	// LabelCRDInstall marks the CustomResourceDefinitions of the API.
	LabelCRDInstall = Domain + "crd-install"
)

// Labels that Kubernetes recommends.
const (
	// LabelAppName is the kind of the component.
	LabelAppName = "app.kubernetes.io/name"
	// LabelAppInstance names the resource, cut to 63 characters.
	LabelAppInstance = "app.kubernetes.io/instance"
	// LabelAppPartOf is strimzi- and the name of the resource, cut to 63 characters.
	LabelAppPartOf = "app.kubernetes.io/part-of"
	// LabelAppManagedBy names the operator.
	LabelAppManagedBy = "app.kubernetes.io/managed-by"
)

// Values of LabelAppManagedBy, LabelController and LabelName.
const (
	// ManagedByClusterOperator is on everything but users' Secrets.
	ManagedByClusterOperator = "strimzi-cluster-operator"
	// ManagedByUserOperator is on users' Secrets.
	ManagedByUserOperator = "strimzi-user-operator"
	// ControllerPodSet is the LabelController of every pod of a StrimziPodSet.
	ControllerPodSet = "strimzipodset"
	// NameStrimzi is the LabelName of the Secrets of CAs, trust bundles and operators.
	NameStrimzi = "strimzi"
)

// Values of LabelComponentType.
const (
	// ComponentKafka is a Kafka node.
	ComponentKafka = "kafka"
	// ComponentEntityOperator is the pod of the topic and user operators.
	ComponentEntityOperator = "entity-operator"
	// ComponentTopicOperator is the topic operator.
	ComponentTopicOperator = "entity-topic-operator"
	// ComponentUserOperator is the user operator.
	ComponentUserOperator = "entity-user-operator"
	// ComponentCruiseControl is Cruise Control.
	ComponentCruiseControl = "cruise-control"
	// ComponentKafkaExporter is the exporter.
	ComponentKafkaExporter = "kafka-exporter"
	// ComponentKafkaConnect is a Connect worker.
	ComponentKafkaConnect = "kafka-connect"
	// ComponentKafkaConnectBuild is the build of a Connect image.
	ComponentKafkaConnectBuild = "kafka-connect-build"
	// ComponentKafkaMirrorMaker2 is a MirrorMaker 2 worker.
	ComponentKafkaMirrorMaker2 = "kafka-mirror-maker-2"
	// ComponentKafkaBridge is the HTTP bridge.
	ComponentKafkaBridge = "kafka-bridge"
	// ComponentCertificateAuthority is a CA.
	ComponentCertificateAuthority = "certificate-authority"
	// ComponentTrustBundle is a set of certificates to trust.
	ComponentTrustBundle = "trust-bundle"
	// ComponentStrimzi is what the operators use themselves.
	ComponentStrimzi = "strimzi"
	// ComponentKafkaRebalance is a rebalance.
	ComponentKafkaRebalance = "kafka-rebalance"
	// ComponentKafkaConnector is a connector.
	ComponentKafkaConnector = "kafka-connector"
)

// Finalizers.
const (
	// FinalizerTopic keeps a KafkaTopic until its topic is gone.
	FinalizerTopic = Domain + "topic-operator"
	// FinalizerAutoRebalance keeps a generated KafkaRebalance until it has ended.
	FinalizerAutoRebalance = Domain + "auto-rebalancing"
)

// LabelCopyOf names the KafkaUser of whose Secret a Secret in another namespace is a copy.
const LabelCopyOf = "castellan.io/copy-of"

// labelValueLimit is how long the value of a label may be.
const labelValueLimit = 63

// LabelValue is what of a text can be the value of a label.
func LabelValue(text string) string {
	return strings.TrimRight(text[:min(len(text), labelValueLimit)], ".-_")
}
