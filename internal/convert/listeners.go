package convert

import (
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"castellan.io/castellan/internal/yamltree"
)

// listeners turns a map of listeners into a list, with the names and ports that they had, and names what v1 does not have.
func listeners(cluster section) {
	key := cluster.key("listeners")
	if old := cluster.in("listeners"); old.node != nil && old.node.Kind == yaml.MappingNode {
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for _, name := range yamltree.Keys(old.node) {
			list.Content = append(list.Content, listenerOf(name, old))
		}
		yamltree.Set(cluster.node, "listeners", list)
	}
	externalServices(cluster)
	for _, listener := range cluster.each("listeners") {
		authentication := listener.in("authentication")
		if authentication.text("type") == "oauth" {
			listener.left("authentication", "has type oauth, which is not in v1; use type: custom with sasl: true, and the options of the login module and callback handlers in listenerConfig")
		}
		authentication.left("secrets", "is not in v1; mount them below /mnt with spec.kafka.template.pod.volumes and kafkaContainer.volumeMounts, and write that path where the options name files")
	}
	if key != nil && cluster.has("listeners") && len(yamltree.Items(cluster.in("listeners").node)) == 0 {
		cluster.left("listeners", "has none; v1 requires at least one")
	}
}

// listenerOf is the element for an entry of the map.
func listenerOf(name string, all section) *yaml.Node {
	old := all.in(name)
	key := all.key(name)
	var port, kind, tls string
	switch name {
	case "plain":
		port, kind, tls = "9092", "internal", "false"
	case "tls":
		port, kind, tls = "9093", "internal", "true"
	case "external":
		port, kind, tls = "9094", old.text("type"), cmp.Or(old.text("tls"), "true")
	}
	all.resource.changed(key, "%s.%s is now the element %s of the list %s", all.path, name, name, all.path)
	listener := yamltree.Pairs(yamltree.Pair{Key: "name", Value: yamltree.Text(name)})
	listener.HeadComment = key.HeadComment
	into := section{resource: all.resource, node: listener, path: all.path + "." + name}
	if port != "" { // any other name never was one, and the check says what it lacks
		into.put("port", pair{nil, yamltree.Plain(port)})
		into.put("type", either(old, "type", yamltree.Text(kind)))
		into.put("tls", either(old, "tls", yamltree.Plain(tls)))
	}
	into.put("authentication", old.take("authentication"))
	into.put("networkPolicyPeers", old.take("networkPolicyPeers"))
	into.put("configuration.brokerCertChainAndKey", old.take("configuration.brokerCertChainAndKey"))
	into.put("configuration.preferredNodePortAddressType", old.take("configuration.preferredAddressType"))
	into.put("configuration.class", old.take("class"))
	into.put("configuration.bootstrap", override(old, "bootstrap"))
	into.put("configuration.brokers", override(old, "brokers"))
	rest := old.in("configuration")
	for _, field := range yamltree.Keys(rest.node) {
		if !into.has("configuration." + field) {
			into.put("configuration."+field, rest.take(field))
		}
	}
	if rest.node != nil && len(rest.node.Content) == 0 {
		old.take("configuration")
	}
	for _, field := range yamltree.Keys(old.node) {
		if into.has(field) {
			all.resource.left(old.key(field), "%s.%s has no counterpart in v1 and is left out", old.path, field)
			continue
		}
		into.put(field, old.take(field)) // v1 does not have it, and the check says so
	}
	return listener
}

// either is what an external listener says, or what it means not to say it.
func either(old section, field string, otherwise *yaml.Node) pair {
	if value := old.in(field).node; old.path == "spec.kafka.listeners.external" && value != nil {
		return old.take(field)
	}
	return pair{nil, otherwise}
}

// override is what was said about the bootstrap address or about brokers, in overrides or in configuration, in the words of v1.
func override(old section, what string) pair {
	p := old.take("overrides." + what)
	if !p.exists() {
		p = old.take("configuration." + what)
	}
	if !p.exists() {
		return p
	}
	elements := []*yaml.Node{p.value}
	if p.value.Kind == yaml.SequenceNode {
		elements = p.value.Content
	}
	for _, n := range elements {
		if key, annotations := yamltree.Take(n, "dnsAnnotations"); annotations != nil {
			key.Value = "annotations"
			yamltree.Append(n, key, annotations)
		}
		if key, address := yamltree.Take(n, "address"); address != nil {
			key.Value = "alternativeNames"
			yamltree.Append(n, key, yamltree.Sequence(address))
		}
	}
	return p
}

// externalServices moves what templates said about Services of listeners to those listeners.
func externalServices(cluster section) {
	for _, service := range []string{"externalBootstrapService", "perPodService"} {
		template := "template." + service
		toListeners(cluster, template+".externalTrafficPolicy", "configuration.externalTrafficPolicy", "loadbalancer", "nodeport")
		toListeners(cluster, template+".loadBalancerSourceRanges", "configuration.loadBalancerSourceRanges", "loadbalancer")
	}
}

func toListeners(cluster section, from, to string, kinds ...string) {
	value := yamltree.Child(cluster.node, steps(from)...)
	if value == nil {
		return
	}
	var meant []section
	for _, listener := range cluster.each("listeners") {
		if !slices.Contains(kinds, listener.text("type")) {
			continue
		}
		if there := yamltree.Child(listener.node, steps(to)...); there != nil && !same(there, value) {
			cluster.left(from, "differs from what "+listener.path+"."+to+" says; give each listener its own")
			return
		}
		meant = append(meant, listener)
	}
	if len(meant) == 0 {
		cluster.remove(from, "there is no listener of type "+strings.Join(kinds, " or "))
		return
	}
	p := cluster.take(from)
	for _, listener := range meant {
		if !listener.has(to) {
			listener.put(to, pair{nil, yamltree.Clone(value)})
		}
	}
	cluster.resource.changed(p.key, "%s.%s is now %s of the listeners of type %s", cluster.path, from, to, strings.Join(kinds, " or "))
}

// same compares values, whatever their style and comments.
func same(a, b *yaml.Node) bool {
	if a.Kind != b.Kind || a.Value != b.Value || len(a.Content) != len(b.Content) {
		return false
	}
	for i := range a.Content {
		if !same(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}
