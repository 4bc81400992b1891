package idle

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	accessv1alpha1 "castellan.io/castellan/api/access/v1alpha1"
	v1 "castellan.io/castellan/api/v1"
)

// Kind is a kind on which this version does not act.
type Kind struct {
	schema.GroupVersionKind
	// NotReady is how the kind says that it is not ready, without reason and message.
	NotReady v1.Condition
	// Instead is what a person can do without it.
	Instead string
}

// Kinds are all of them. One that gets a controller leaves the list.
func Kinds() []Kind {
	notReady := v1.Condition{Type: v1.ConditionNotReady, Status: v1.ConditionTrue}
	unready := v1.Condition{Type: v1.ConditionReady, Status: v1.ConditionFalse}
	return []Kind{
		{v1.GroupVersion().WithKind("KafkaConnect"), notReady, "Run the workers of Kafka Connect yourself, for example in a Deployment."},
		{v1.GroupVersion().WithKind("KafkaConnector"), notReady, "Create the connector through the REST API of a Kafka Connect that you run yourself."},
		{v1.GroupVersion().WithKind("KafkaMirrorMaker2"), notReady, "Run connect-mirror-maker.sh yourself, for example in a Deployment."},
		{v1.GroupVersion().WithKind("KafkaBridge"), notReady, "Run the bridge yourself, for example in a Deployment, or have clients speak Kafka's own protocol."},
		{v1.GroupVersion().WithKind("KafkaRebalance"), notReady, "Move partitions with kafka-reassign-partitions.sh."},
		{accessv1alpha1.GroupVersion().WithKind("KafkaAccess"), unready, "Take the addresses from the status of the Kafka resource and the certificate from Secret <cluster>-cluster-ca-cert."},
	}
}

// verdict is the condition of every resource of the kind.
func (k Kind) verdict() v1.Condition {
	out := k.NotReady
	out.Reason = v1.ReasonNotSupportedYet
	out.Message = "This version does not act on " + k.Kind + ": it has created and changed nothing for this resource, in Kafka or elsewhere. " + k.Instead
	return out
}
