package convert

import (
	"cmp"
	"strings"

	"go.yaml.in/yaml/v3"

	"castellan.io/castellan/internal/yamltree"
)

// mirrorMaker makes a MirrorMaker 2 of a MirrorMaker: its consumer is the source, its producer the target, and topics keep their names.
func (c *conversion) mirrorMaker(r *resource) {
	kind := yamltree.Key(r.root, "kind")
	spec := r.spec()
	consumer, producer := spec.in("consumer"), spec.in("producer")
	if consumer.node == nil || producer.node == nil {
		r.left(kind, "it has no consumer or no producer; write a KafkaMirrorMaker2")
		return
	}
	yamltree.Child(r.root, "kind").Value = "KafkaMirrorMaker2"
	r.changed(kind, "kind KafkaMirrorMaker is now KafkaMirrorMaker2: consumer is mirrors[0].source, producer is target, and topics keep their names (IdentityReplicationPolicy)")
	if group := consumer.text("groupId"); group != "" {
		consumer.left("groupId", group+" is how far MirrorMaker has come, and MirrorMaker 2 keeps that elsewhere: it begins at the start of the topics, or where consumer.auto.offset.reset says. If records must not be mirrored twice, mirror into fresh topics or let the old one drain first")
	}
	workers(spec, "mirror-maker-2", "3")
	spec.move("template.mirrorMakerContainer", "template.connectContainer")
	tasks := consumer.take("numStreams")
	options := yamltree.Mapping(map[string]string{
		"replication.policy.class": "org.apache.kafka.connect.mirror.IdentityReplicationPolicy",
		"sync.topic.acls.enabled":  "false",
	})
	clientOptions(consumer, options, "consumer.")
	clientOptions(producer, options, "producer.override.")
	mirror := &yaml.Node{Kind: yaml.MappingNode, Line: consumer.node.Line}
	into := section{resource: r, node: mirror, path: "spec.mirrors[0]"}
	into.put("source", pair{spec.key("consumer"), end(consumer, "source")})
	into.put("sourceConnector.tasksMax", tasks)
	into.put("sourceConnector.config", pair{nil, options})
	pattern := spec.take("include")
	if old := spec.take("whitelist"); old.exists() && !pattern.exists() {
		pattern = old
	}
	into.put("topicsPattern", pattern)
	spec.put("target", pair{spec.key("producer"), end(producer, "target")})
	topics(spec.in("target"), spec.in("target"), cmp.Or(r.name(), "mirror"), "MirrorMaker 2 keeps its state there")
	spec.put("mirrors", pair{nil, yamltree.Sequence(mirror)})
	spec.take("consumer")
	spec.take("producer")
	oauth(spec.in("target"))
	oauth(into.in("source"))
}

// clientOptions moves the options of a client to those of the connector, where MirrorMaker 2 has them. Those of connections stay with the cluster.
func clientOptions(client section, options *yaml.Node, prefix string) {
	config := client.in("config")
	for _, option := range yamltree.Keys(config.node) {
		switch {
		case option == "group.id", option == "enable.auto.commit":
			removeOption(config, option, "MirrorMaker 2 sets it")
		case strings.HasPrefix(option, "ssl."), strings.HasPrefix(option, "sasl."), strings.HasPrefix(option, "security."):
		default:
			key, value := yamltree.Take(config.node, option)
			key.Value = prefix + option
			yamltree.Append(options, key, value)
			client.resource.changed(key, "%s.%s is now the option %s of spec.mirrors[0].sourceConnector", config.path, option, key.Value)
		}
	}
	if config.node != nil && len(config.node.Content) == 0 {
		client.take("config")
	}
}

// end is a cluster of MirrorMaker 2: what it is called, where it is, how to get in.
func end(client section, name string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Line: client.node.Line}
	cluster := section{resource: client.resource, node: n, path: client.path}
	cluster.put("alias", pair{nil, yamltree.Text(name)})
	for _, field := range []string{"bootstrapServers", "tls", "authentication", "config"} {
		cluster.put(field, client.take(field))
	}
	for _, rest := range yamltree.Keys(client.node) {
		if rest != "groupId" {
			client.remove(rest, "MirrorMaker 2 does not have it")
		}
	}
	return n
}
