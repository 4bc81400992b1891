package convert

import (
	"cmp"

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
		consumer.left("groupId", group+" is how far MirrorMaker has come, and MirrorMaker 2 keeps that elsewhere: it begins at the start of the topics. If records must not be mirrored twice, mirror into fresh topics or let the old one drain first")
	}
	workers(spec, "mirror-maker-2", "3")
	spec.move("template.mirrorMakerContainer", "template.connectContainer")
	tasks := consumer.take("numStreams")
	mirror := &yaml.Node{Kind: yaml.MappingNode, Line: consumer.node.Line}
	into := section{resource: r, node: mirror, path: "spec.mirrors[0]"}
	into.put("source", pair{spec.key("consumer"), end(consumer, "source")})
	into.put("sourceConnector.tasksMax", tasks)
	into.put("sourceConnector.config", pair{nil, yamltree.Mapping(map[string]string{
		"replication.policy.class": "org.apache.kafka.connect.mirror.IdentityReplicationPolicy",
		"sync.topic.acls.enabled":  "false",
	})})
	pattern := spec.take("include")
	if old := spec.take("whitelist"); old.exists() && !pattern.exists() {
		pattern = old
	}
	into.put("topicsPattern", pattern)
	config := producer.take("config")
	target := end(producer, "target")
	spec.put("target", pair{spec.key("producer"), target})
	topics(spec.in("target"), spec.in("target"), cmp.Or(r.name(), "mirror"), "MirrorMaker 2 keeps its state there")
	for i := 0; config.exists() && i < len(config.value.Content); i += 2 {
		config.value.Content[i].Value = "producer." + config.value.Content[i].Value
	}
	spec.in("target").put("config", config)
	spec.put("mirrors", pair{nil, yamltree.Sequence(mirror)})
	spec.take("consumer")
	spec.take("producer")
	oauth(spec.in("target"))
	oauth(into.in("source"))
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
