package convert

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"castellan.io/castellan/internal/yamltree"
)

// The directories of Secrets and ConfigMaps that a Connect cluster mounts: where externalConfiguration had them, and where v1 allows them.
const (
	oldMounts = "/opt/kafka/external-configuration/"
	newMounts = "/mnt/external-configuration/"
)

// byDefault is why a field is written that was not there.
const byDefault = "it was so by default, and v1 requires it"

func (c *conversion) connect(r *resource) {
	spec := r.spec()
	workers(spec, "connect", "3")
	spec.move("build.output.additionalKanikoOptions", "build.output.additionalBuildOptions")
	topics(spec, spec, "connect-cluster", byDefault)
	oauth(spec)
}

// connectS2I makes a Connect cluster of one whose image OpenShift built.
func (c *conversion) connectS2I(r *resource) {
	kind := yamltree.Key(r.root, "kind")
	yamltree.Child(r.root, "kind").Value = "KafkaConnect"
	r.changed(kind, "kind KafkaConnectS2I is now KafkaConnect")
	spec := r.spec()
	spec.remove("buildResources", "there is no build by OpenShift")
	spec.remove("insecureSourceRepository", "there is no build by OpenShift")
	if !spec.has("build") && !spec.has("image") {
		r.left(kind, "an OpenShift build put the plugins into the image; name the plugins in spec.build, or an image that has them in spec.image")
	}
	c.connect(r)
}

func (c *conversion) connector(r *resource) {
	pause(r.spec())
	if c.remounted[r.cluster()] {
		externalPaths(r)
		return
	}
	yamltree.Walk(r.root, func(n *yaml.Node) {
		if n.Kind == yaml.ScalarNode && strings.Contains(n.Value, oldMounts) {
			r.left(n, "the Connect cluster %s is not converted along with this connector; in v1 volumes are below /mnt, so name the path that it has there", r.cluster().name)
		}
	})
}

// pause converts the truth value that pause was to the state that it is.
func pause(s section) {
	if s.has("state") {
		s.remove("pause", "state is set and counts")
		return
	}
	if s.text("pause") == "true" {
		p := s.take("pause")
		s.put("state", pair{p.key, text("paused", p.value)})
		s.resource.changed(p.key, "%s.pause is now state: paused", s.path)
		return
	}
	s.remove("pause", "it is so by default")
}

// workers converts what Connect clusters and mirrors have in common.
func workers(spec section, component, replicas string) {
	required(spec, replicas)
	spec.move("affinity", "template.pod.affinity")
	spec.move("tolerations", "template.pod.tolerations")
	version(spec)
	moved := spec.has("externalConfiguration.volumes")
	externalConfiguration(spec)
	spec.remove("template.deployment", "pods are not in a Deployment; template.podSet is for the StrimziPodSet")
	jaeger(spec)
	logging(spec, "log4j.properties")
	metrics(spec, component)
	sizeLimits(spec.resource)
	if moved {
		externalPaths(spec.resource)
	}
}

// required writes the number of replicas that was meant when none was given.
func required(spec section, replicas string) {
	if spec.has("replicas") {
		return
	}
	spec.put("replicas", pair{nil, yamltree.Plain(replicas)})
	spec.resource.changed(nil, "spec.replicas is %s: %s", replicas, byDefault)
}

func jaeger(spec section) {
	if spec.text("tracing.type") == "jaeger" {
		spec.remove("tracing", "jaeger is not in v1; type: opentelemetry is")
	}
}

// oauth names what v1 does not have.
func oauth(s section) {
	if s.text("authentication.type") == "oauth" {
		s.left("authentication", "has type oauth, which is not in v1; use type: custom with sasl: true, and the options of the login module and callback handler in config")
	}
}

// topics are the group and the topics of Connect workers: options until now, fields in v1. What is not given gets a name from the prefix.
func topics(from, to section, prefix, because string) {
	config := from.in("config")
	for _, topic := range []struct{ field, option, value string }{
		{"groupId", "group.id", prefix},
		{"configStorageTopic", "config.storage.topic", prefix + "-configs"},
		{"offsetStorageTopic", "offset.storage.topic", prefix + "-offsets"},
		{"statusStorageTopic", "status.storage.topic", prefix + "-status"},
	} {
		key, value := yamltree.Take(config.node, topic.option)
		switch {
		case to.has(topic.field) && key != nil:
			to.resource.changed(key, "%s.%s is removed: %s.%s is set and counts", config.path, topic.option, to.path, topic.field)
		case to.has(topic.field):
		case key != nil:
			to.put(topic.field, pair{key, value})
			to.resource.changed(key, "%s.%s is now %s.%s", config.path, topic.option, to.path, topic.field)
		default:
			to.put(topic.field, pair{nil, yamltree.Text(topic.value)})
			to.resource.changed(nil, "%s.%s is %s: %s", to.path, topic.field, topic.value, because)
		}
	}
	if config.node != nil && len(config.node.Content) == 0 {
		from.take("config")
	}
}

// externalConfiguration moves variables and volumes to the templates.
func externalConfiguration(spec section) {
	external := spec.in("externalConfiguration")
	for _, variable := range external.each("env") {
		if !external.moveElement(variable, "env", "template.connectContainer.env") {
			continue
		}
		spec.resource.changed(variable.node, "%s is now in spec.template.connectContainer.env", variable.path)
	}
	for _, volume := range external.each("volumes") {
		if !external.moveElement(volume, "volumes", "template.pod.volumes") {
			continue
		}
		name := volume.text("name")
		appendTo(spec, "template.connectContainer.volumeMounts", yamltree.Pairs(
			yamltree.Pair{Key: "name", Value: yamltree.Text(name)},
			yamltree.Pair{Key: "mountPath", Value: yamltree.Text(newMounts + name)},
		))
		spec.resource.changed(volume.node, "%s is now in spec.template.pod.volumes, and mounted at %s%s instead of %s%s; connectors whose options name files there must name the new path", volume.path, newMounts, name, oldMounts, name)
	}
	if external.node != nil && len(external.node.Content) == 0 {
		spec.take("externalConfiguration")
	}
}

// moveElement moves an element of the external configuration to a list of the spec, unless one of its name is there.
func (s section) moveElement(element section, list, to string) bool {
	spec := s.resource.spec()
	switch name := element.text("name"); {
	case name == "":
		spec.undecided("externalConfiguration")
		spec.resource.left(element.node, "%s has no name; give it one", element.path)
		return false
	case named(spec, to, name):
		spec.undecided("externalConfiguration")
		spec.resource.left(element.node, "%s: %s is in spec.%s already; keep one of them", element.path, name, to)
		return false
	}
	elements := yamltree.Child(s.node, list)
	elements.Content = slices.DeleteFunc(elements.Content, func(n *yaml.Node) bool { return n == element.node })
	if len(elements.Content) == 0 {
		s.take(list)
	}
	appendTo(spec, to, element.node)
	return true
}

func named(spec section, path, name string) bool {
	for _, element := range spec.each(path) {
		if element.text("name") == name {
			return true
		}
	}
	return false
}

func appendTo(spec section, path string, element *yaml.Node) {
	if !spec.has(path) {
		spec.put(path, pair{nil, yamltree.Sequence()})
	}
	list := yamltree.Child(spec.node, steps(path)...)
	list.Content = append(list.Content, element)
}

// externalPaths writes the new directory where options name files in the old one.
func externalPaths(r *resource) {
	yamltree.Walk(r.root, func(n *yaml.Node) {
		if n.Kind == yaml.ScalarNode && strings.Contains(n.Value, oldMounts) {
			n.Value = strings.ReplaceAll(n.Value, oldMounts, newMounts)
			r.changed(n, "the path %s is now %s", oldMounts, newMounts)
		}
	})
}

func (c *conversion) bridge(r *resource) {
	spec := r.spec()
	required(spec, "1")
	oauth(spec)
	jaeger(spec)
	logging(spec, "log4j2.properties")
	sizeLimits(r)
	enabled := spec.take("enableMetrics")
	switch {
	case !enabled.exists():
	case enabled.value.Value != "true":
		r.changed(enabled.key, "spec.enableMetrics is removed: there are none without metricsConfig")
	case spec.has("metricsConfig"):
		r.changed(enabled.key, "spec.enableMetrics is removed: metricsConfig is set and counts")
	default:
		name := metricsFrom(spec, enabled, "bridge", bridgeRules)
		r.changed(enabled.key, "spec.enableMetrics is now metricsConfig, with rules in the ConfigMap %s that give the metrics the names that they had", name)
	}
}

// bridgeRules give metrics of clients the names that the bridge had for them without rules: strimzi_bridge_kafka_<group>_<attribute>.
const bridgeRules = `lowercaseOutputName: true
rules:
  - pattern: kafka.(producer|consumer)<type=(.+), client-id=(.+), topic=(.+)><>([a-z-]+)-total
    name: strimzi_bridge_kafka_$1_$5_total
    type: COUNTER
    labels: {type: "$2", clientId: "$3", topic: "$4"}
  - pattern: kafka.(producer|consumer)<type=(.+), client-id=(.+), topic=(.+)><>([a-z-]+)
    name: strimzi_bridge_kafka_$1_$5
    type: GAUGE
    labels: {type: "$2", clientId: "$3", topic: "$4"}
  - pattern: kafka.(\w+)<type=(.+), client-id=(.+)><>([a-z-]+-total-[a-z-]+)
    name: strimzi_bridge_kafka_$1_$4
    type: GAUGE
    labels: {type: "$2", clientId: "$3"}
  - pattern: kafka.(\w+)<type=(.+), client-id=(.+)><>([a-z-]+)-total
    name: strimzi_bridge_kafka_$1_$4_total
    type: COUNTER
    labels: {type: "$2", clientId: "$3"}
  - pattern: kafka.(\w+)<type=(.+), client-id=(.+)><>([a-z-]+)
    name: strimzi_bridge_kafka_$1_$4
    type: GAUGE
    labels: {type: "$2", clientId: "$3"}
`

// user converts rules for one operation to rules for several.
func (c *conversion) user(r *resource) {
	for _, rule := range r.spec().each("authorization.acls") {
		if len(yamltree.Items(rule.in("operations").node)) > 0 {
			rule.remove("operation", "operations is set and counts")
			continue
		}
		if p := rule.take("operation"); p.exists() {
			rule.take("operations")
			comment := p.value.LineComment
			p.value.LineComment = ""
			operations := yamltree.Sequence(p.value)
			operations.Style, operations.LineComment = yaml.FlowStyle, comment
			rule.put("operations", pair{p.key, operations})
			r.changed(p.key, "%s.operation is now operations", rule.path)
		}
	}
}
