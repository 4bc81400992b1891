package convert

import (
	"cmp"

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
	if port != "" { // any other name never was one, and the check says what it lacks
		yamltree.Append(listener, yamltree.Text("port"), yamltree.Plain(port))
		yamltree.Append(listener, yamltree.Text("type"), yamltree.Text(kind))
		yamltree.Append(listener, yamltree.Text("tls"), yamltree.Plain(tls))
	}
	listener.HeadComment = key.HeadComment
	into := section{resource: all.resource, node: listener, path: all.path + "." + name}
	into.put("authentication", old.take("authentication"))
	into.put("networkPolicyPeers", old.take("networkPolicyPeers"))
	into.put("configuration.brokerCertChainAndKey", old.take("configuration.brokerCertChainAndKey"))
	into.put("configuration.preferredNodePortAddressType", old.take("configuration.preferredAddressType"))
	into.put("configuration.class", old.take("class"))
	into.put("configuration.bootstrap", override(old, "bootstrap"))
	into.put("configuration.brokers", override(old, "brokers"))
	for _, rest := range yamltree.Keys(old.node) {
		switch rest {
		case "type", "tls", "overrides", "configuration":
		default:
			into.put(rest, old.take(rest)) // v1 does not have it, and the check says so
		}
	}
	return listener
}

// override is what was said about the bootstrap address or about brokers, in configuration or in overrides, in the words of v1.
func override(old section, what string) pair {
	for _, place := range []string{"overrides.", "configuration."} {
		p := old.take(place + what)
		if !p.exists() {
			continue
		}
		elements := []*yaml.Node{p.value}
		if p.value.Kind == yaml.SequenceNode {
			elements = p.value.Content
		}
		for _, n := range elements {
			if _, annotations := yamltree.Take(n, "dnsAnnotations"); annotations != nil {
				yamltree.Append(n, yamltree.Text("annotations"), annotations)
			}
			if _, address := yamltree.Take(n, "address"); address != nil {
				yamltree.Append(n, yamltree.Text("alternativeNames"), yamltree.Sequence(address))
			}
		}
		return p
	}
	return pair{}
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
	if !cluster.has(from) {
		return
	}
	p := cluster.take(from)
	for _, listener := range cluster.each("listeners") {
		for _, kind := range kinds {
			if listener.text("type") != kind {
				continue
			}
			if there := yamltree.Child(listener.node, steps(to)...); there == nil {
				listener.put(to, pair{nil, yamltree.Clone(p.value)})
			} else if !same(there, p.value) {
				cluster.resource.left(p.key, "%s.%s differs from what %s.%s says already, which counts", cluster.path, from, listener.path, to)
			}
		}
	}
	cluster.resource.changed(p.key, "%s.%s is now %s of the listeners that it is for", cluster.path, from, to)
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
