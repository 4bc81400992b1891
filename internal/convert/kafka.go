package convert

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/internal/yamltree"
)

func (c *conversion) kafka(r *resource) {
	spec := r.spec()
	entityOperator(spec)
	brokers(spec)
	c.nodes(r)
	cruiseControl(spec)
	spec.in("kafkaExporter").remove("template.service", "the exporter has no Service")
	spec.remove("jmxTrans", "v1 does not have it; spec.kafka.metricsConfig gives metrics to Prometheus")
	sizeLimits(r)
}

// brokers converts spec.kafka but for what belongs to pools.
func brokers(spec section) {
	cluster := spec.in("kafka")
	cluster.move("affinity", "template.pod.affinity")
	cluster.move("tolerations", "template.pod.tolerations")
	cluster.remove("tlsSidecar", "there is no sidecar")
	cluster.remove("template.tlsSidecarContainer", "there is no sidecar")
	cluster.remove("template.statefulset", "pods are not in a StatefulSet; template.podSet is for the StrimziPodSet")
	listeners(cluster)
	brokerOptions(cluster)
	logging(cluster, "log4j.properties")
	metrics(cluster, "kafka")
	if kind := cluster.text("authorization.type"); kind == "keycloak" || kind == "opa" {
		cluster.left("authorization", "has type "+kind+", which is not in v1; use type: custom with authorizerClass and superUsers, and the authorizer's options in spec.kafka.config")
	}
}

// brokerOptions removes options that Kafka 4 does not have.
func brokerOptions(cluster section) {
	config := cluster.in("config")
	for _, option := range yamltree.Keys(config.node) {
		switch {
		case option == "inter.broker.protocol.version", option == "log.message.format.version":
			removeOption(config, option, "Kafka 4 does not have it; spec.kafka.metadataVersion is the level of a cluster")
		case strings.HasPrefix(option, "zookeeper."):
			removeOption(config, option, "Kafka 4 has no ZooKeeper")
		}
	}
	if config.node != nil && len(config.node.Content) == 0 {
		cluster.take("config")
	}
}

// removeOption removes an option of Kafka, whose name has dots.
func removeOption(config section, option, why string) {
	key, _ := yamltree.Take(config.node, option)
	config.resource.changed(key, "%s.%s is removed: %s", config.path, option, why)
}

func entityOperator(spec section) {
	if spec.has("topicOperator") {
		spec.move("topicOperator.affinity", "entityOperator.template.pod.affinity")
		spec.move("topicOperator.tolerations", "entityOperator.template.pod.tolerations")
		spec.remove("topicOperator.tlsSidecar", "there is no sidecar")
		spec.move("topicOperator", "entityOperator.topicOperator")
	}
	operator := spec.in("entityOperator")
	operator.move("affinity", "template.pod.affinity")
	operator.move("tolerations", "template.pod.tolerations")
	operator.remove("tlsSidecar", "there is no sidecar")
	operator.remove("template.tlsSidecarContainer", "there is no sidecar")
	for _, name := range []string{"topicOperator", "userOperator"} {
		part := operator.in(name)
		part.remove("zookeeperSessionTimeoutSeconds", "there is no ZooKeeper")
		part.remove("topicMetadataMaxAttempts", "it has no effect")
		milliseconds(part)
		logging(part, "log4j2.properties")
	}
}

// milliseconds converts the interval of an operator in the entity operator.
func milliseconds(part section) {
	seconds := part.text("reconciliationIntervalSeconds")
	if seconds == "" {
		return
	}
	if part.has("reconciliationIntervalMs") {
		part.remove("reconciliationIntervalSeconds", "reconciliationIntervalMs is set and counts")
		return
	}
	p := part.take("reconciliationIntervalSeconds")
	milliseconds := yamltree.Plain(seconds + "000")
	milliseconds.LineComment = p.value.LineComment
	part.put("reconciliationIntervalMs", pair{p.key, milliseconds})
	part.resource.changed(p.key, "%s.reconciliationIntervalSeconds is now reconciliationIntervalMs", part.path)
}

func cruiseControl(spec section) {
	control := spec.in("cruiseControl")
	control.remove("tlsSidecar", "there is no sidecar")
	control.remove("template.tlsSidecarContainer", "there is no sidecar")
	control.remove("brokerCapacity.disk", "it has no effect: capacity comes from the storage of the nodes")
	control.remove("brokerCapacity.cpuUtilization", "it has no effect")
	logging(control, "log4j2.properties")
	metrics(control, "cruise-control")
}

// version removes a version of Kafka that Castellan does not run, where that is safe.
func version(s section) {
	if v := s.text("version"); v != "" && !slices.Contains(kafka.SupportedVersions(), v) {
		s.remove("version", "Kafka "+v+" is not supported; without it the newest supported one counts")
		s.left("image", "was made for Kafka "+v+"; remove it, or name one of the version that the cluster is to run")
	}
}

// sizeLimits converts sizes of emptyDir volumes that were written as amount and format.
func sizeLimits(r *resource) {
	yamltree.Walk(r.root, func(n *yaml.Node) {
		limit := yamltree.Child(n, "emptyDir", "sizeLimit")
		amount := yamltree.Value(limit, "amount")
		if amount == "" {
			return
		}
		key := yamltree.Key(yamltree.Child(n, "emptyDir"), "sizeLimit")
		yamltree.Set(yamltree.Child(n, "emptyDir"), "sizeLimit", yamltree.Text(amount+yamltree.Value(limit, "format")))
		r.changed(key, "emptyDir.sizeLimit is one value")
	})
}
