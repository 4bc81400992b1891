package kafka

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka/storage"
	"castellan.io/castellan/internal/kafka/union"
)

// addWarnings says what is unwise and what is not acted on, after the warnings that decisions have left.
func (c *Cluster) addWarnings(k *v1.Kafka) {
	c.warnReplication()
	c.warnEphemeral()
	c.warnControllers()
	c.warnVersions()
	c.warnUnsupported(k)
	c.warnUnknown()
}

func (c *Cluster) warnReplication() {
	brokers := len(c.Brokers())
	if brokers <= 1 {
		return
	}
	if _, set := c.spec.Config[optionReplication]; !set {
		c.warn(v1.WarningDefaultReplicationFactor, "", fmt.Sprintf("spec.kafka.config.default.replication.factor is not set: new topics get one replica although the cluster has %d brokers, and are lost with it. Set it to 3, or to the number of brokers if that is smaller.", brokers))
	}
	if _, set := c.spec.Config[optionMinInsync]; !set {
		c.warn(v1.WarningMinInsyncReplicas, "", fmt.Sprintf("spec.kafka.config.min.insync.replicas is not set: a write counts as safe with one replica although the cluster has %d brokers. Set it to one less than the replication factor.", brokers))
	}
}

func (c *Cluster) warnEphemeral() {
	for _, role := range []struct {
		nodes []Node
		name  string
		loss  string
	}{
		{c.Brokers(), "broker", "all topics"},
		{c.Controllers(), "controller", "the cluster's metadata"},
	} {
		if len(role.nodes) == 1 && storage.Ephemeral(c.pool(role.nodes[0].Pool).Storage) {
			c.warn(v1.WarningStorage, "", fmt.Sprintf("The only %s has ephemeral storage: a restart loses %s. Use storage of type persistent-claim, or more nodes.", role.name, role.loss))
		}
	}
}

func (c *Cluster) warnControllers() {
	switch count := len(c.Controllers()); {
	case count == 2:
		c.warn(v1.WarningControllerNodeCount, "", "The cluster has 2 controllers: it stops when either fails. Use 3 controllers, or 1.")
	case count%2 == 0:
		c.warn(v1.WarningControllerNodeCount, "", fmt.Sprintf("The cluster has %d controllers: an even number survives no more failures than one controller less. Use an odd number.", count))
	}
}

func (c *Cluster) warnVersions() {
	if compareDotted(c.MetadataVersion, c.Version, 2) != 0 {
		advice := "it follows when all nodes run that version."
		if c.spec.MetadataVersion != "" {
			advice = "features of the newer one are missing. Once the cluster runs well, remove spec.kafka.metadataVersion or raise it."
		}
		c.warn(v1.WarningMetadataVersion, "", fmt.Sprintf("Metadata version %s is not that of Kafka %s: %s", c.MetadataVersion, c.Version, advice))
	}
	for _, option := range []struct{ name, reason string }{
		{"inter.broker.protocol.version", v1.WarningInterBrokerProtocolVersion},
		{"log.message.format.version", v1.WarningLogMessageFormatVersion},
	} {
		if _, set := c.spec.Config[option.name]; set {
			c.warn(option.reason, "", fmt.Sprintf("spec.kafka.config.%s has no effect: a KRaft cluster has spec.kafka.metadataVersion instead. Remove the option.", option.name))
		}
	}
}

// warnUnsupported names every field that is set and not acted on.
func (c *Cluster) warnUnsupported(k *v1.Kafka) {
	spec, entity := k.Spec.Kafka, k.Spec.EntityOperator
	if entity == nil {
		entity = &v1.EntityOperatorSpec{}
	}
	template := spec.Template
	if template == nil {
		template = &v1.KafkaClusterTemplate{}
	}
	for _, field := range []struct {
		name string
		set  bool
	}{
		{"spec.kafka.brokerRackInitImage", spec.BrokerRackInitImage != ""},
		{"spec.kafka.jmxOptions", spec.JmxOptions != nil},
		{"spec.kafka.metricsConfig", spec.MetricsConfig != nil},
		{"spec.kafka.tieredStorage", spec.TieredStorage != nil},
		{"spec.kafka.quotas", spec.Quotas != nil},
		{"spec.kafka.template.clusterRoleBinding", template.ClusterRoleBinding != nil},
		{"spec.entityOperator.topicOperator.resources.claims", entity.TopicOperator != nil && claims(entity.TopicOperator.Resources)},
		{"spec.entityOperator.userOperator.resources.claims", entity.UserOperator != nil && claims(entity.UserOperator.Resources)},
		{"spec.cruiseControl", k.Spec.CruiseControl != nil},
		{"spec.kafkaExporter", k.Spec.KafkaExporter != nil},
	} {
		if field.set {
			c.warnIgnored(field.name, "")
		}
	}
	for _, p := range c.Pools {
		if claims(p.spec.Spec.Resources) {
			c.warnIgnored(p.path()+".resources.claims", p.Name)
		}
	}
}

func claims(r *corev1.ResourceRequirements) bool { return r != nil && len(r.Claims) > 0 }

func (c *Cluster) warnIgnored(field, pool string) {
	c.warn(v1.ReasonNotSupportedYet, pool, field+" is set, and this version does not act on it. The rest of the cluster runs.")
}

// warnUnknown names the fields of pools that mean nothing where they are.
func (c *Cluster) warnUnknown() {
	for _, p := range c.Pools {
		for _, message := range union.Storage(p.path()+".storage", p.spec.Spec.Storage) {
			c.warn(v1.WarningUnknownFields, p.Name, message)
		}
	}
}

// UnknownFields names the fields of a Kafka resource that mean nothing where they are, whatever becomes of it.
func UnknownFields(k *v1.Kafka) []Warning {
	var out []Warning
	for _, message := range union.Kafka(k) {
		out = append(out, Warning{Reason: v1.WarningUnknownFields, Message: message})
	}
	return out
}
