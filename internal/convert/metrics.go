package convert

import (
	"bytes"

	"go.yaml.in/yaml/v3"

	"castellan.io/castellan/internal/yamltree"
)

const metricsKey = "metrics-config.yml"

// metrics moves the rules of the JMX exporter from the resource into a ConfigMap that it refers to.
func metrics(s section, component string) {
	if s.has("metricsConfig") {
		s.remove("metrics", "metricsConfig is set and counts")
		return
	}
	p := s.take("metrics")
	if !p.exists() {
		return
	}
	var rules bytes.Buffer
	encoder := yaml.NewEncoder(&rules)
	encoder.SetIndent(2)
	if err := encoder.Encode(p.value); err != nil {
		s.resource.left(p.key, "%s.metrics: %v", s.path, err)
		return
	}
	name := metricsFrom(s, p, component, rules.String())
	s.resource.changed(p.key, "%s.metrics is now in the ConfigMap %s, and metricsConfig refers to it", s.path, name)
}

// metricsFrom makes the ConfigMap and the reference to it. The result is its name.
func metricsFrom(s section, at pair, component, rules string) string {
	r := s.resource
	name := r.name() + "-" + component + "-metrics"
	s.put("metricsConfig", pair{at.key, yamltree.Pairs(
		yamltree.Pair{Key: "type", Value: yamltree.Text("jmxPrometheusExporter")},
		yamltree.Pair{Key: "valueFrom", Value: yamltree.Pairs(yamltree.Pair{Key: "configMapKeyRef", Value: yamltree.Pairs(
			yamltree.Pair{Key: "name", Value: yamltree.Text(name)},
			yamltree.Pair{Key: "key", Value: yamltree.Text(metricsKey)},
		)})},
	)})
	metadata := yamltree.Pairs(yamltree.Pair{Key: "name", Value: yamltree.Text(name)})
	if r.namespace() != "" {
		yamltree.Append(metadata, yamltree.Text("namespace"), yamltree.Text(r.namespace()))
	}
	content := yamltree.Text(rules)
	content.Style = yaml.LiteralStyle
	r.more = append(r.more, yamltree.Pairs(
		yamltree.Pair{Key: "apiVersion", Value: yamltree.Text("v1")},
		yamltree.Pair{Key: "kind", Value: yamltree.Text("ConfigMap")},
		yamltree.Pair{Key: "metadata", Value: metadata},
		yamltree.Pair{Key: "data", Value: yamltree.Pairs(yamltree.Pair{Key: metricsKey, Value: content})},
	))
	return name
}
