// Package union tells which fields of a resource mean nothing where they are. Where a field named type chooses between variants of
// an object, the API's schema has the fields of all of them, and a resource can have those of another variant than its own.
package union

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	v1 "castellan.io/castellan/api/v1"
)

// Kafka names each field of a Kafka resource that means nothing where it is, one sentence a field.
func Kafka(k *v1.Kafka) []string {
	const external = "valueFrom"
	logging := variants{string(v1.LoggingInline): {"loggers"}, string(v1.LoggingExternal): {external}}
	metrics := variants{string(v1.MetricsJmxPrometheusExporter): {external}, string(v1.MetricsStrimziReporter): {"values"}}

	spec := k.Spec.Kafka
	found := misplacedInListeners(spec.Listeners)
	for _, u := range []struct {
		path   string
		object any
		fields variants
	}{
		{"spec.kafka.authorization", spec.Authorization, variants{
			string(v1.KafkaAuthorizationSimple): {"superUsers"},
			string(v1.KafkaAuthorizationCustom): {"authorizerClass", "superUsers", "supportsAdminApi"},
		}},
		{"spec.kafka.quotas", spec.Quotas, variants{
			string(v1.QuotasKafka):   {"producerByteRate", "consumerByteRate", "requestPercentage", "controllerMutationRate"},
			string(v1.QuotasStrimzi): {"producerByteRate", "consumerByteRate", "minAvailableBytesPerVolume", "minAvailableRatioPerVolume", "excludedPrincipals"},
		}},
		{"spec.kafka.rack", typedRack(spec.Rack), variants{
			string(v1.RackTopologyLabel): {"topologyKey"}, string(v1.RackEnvironmentVariable): {"envVarName"},
		}},
		{"spec.kafka.metricsConfig", spec.MetricsConfig, metrics},
		{"spec.kafka.logging", spec.Logging, logging},
	} {
		found = append(found, u.fields.misplaced(u.path, u.object)...)
	}
	if c := k.Spec.CruiseControl; c != nil {
		found = append(found, metrics.misplaced("spec.cruiseControl.metricsConfig", c.MetricsConfig)...)
		found = append(found, logging.misplaced("spec.cruiseControl.logging", c.Logging)...)
	}
	if e := k.Spec.EntityOperator; e != nil && e.TopicOperator != nil {
		found = append(found, logging.misplaced("spec.entityOperator.topicOperator.logging", e.TopicOperator.Logging)...)
	}
	if e := k.Spec.EntityOperator; e != nil && e.UserOperator != nil {
		found = append(found, logging.misplaced("spec.entityOperator.userOperator.logging", e.UserOperator.Logging)...)
	}
	return found
}

func misplacedInListeners(listeners []v1.Listener) []string {
	authentication := variants{
		string(v1.ListenerAuthenticationTLS):         nil,
		string(v1.ListenerAuthenticationScramSha512): nil,
		string(v1.ListenerAuthenticationCustom):      {"sasl", "listenerConfig"},
	}
	var out []string
	for i, l := range listeners {
		out = append(out, authentication.misplaced(fmt.Sprintf("spec.kafka.listeners[%d].authentication", i), l.Authentication)...)
	}
	return out
}

// typedRack is a rack that says its type, as the default is one.
func typedRack(r *v1.Rack) *v1.Rack {
	if r == nil {
		return nil
	}
	typed := *r
	typed.Type = cmp.Or(typed.Type, v1.RackTopologyLabel)
	return &typed
}

func volumes() variants {
	return variants{
		string(v1.StorageEphemeral):       {"id", "sizeLimit", "kraftMetadata"},
		string(v1.StoragePersistentClaim): {"id", "size", "class", "volumeAttributesClass", "selector", "deleteClaim", "kraftMetadata"},
		string(v1.StorageJBOD):            {"volumes"},
	}
}

// Storage names each field of a storage and its volumes that means nothing where it is, one sentence a field; path is the storage's field.
func Storage(path string, s v1.Storage) []string {
	out := volumes().misplaced(path, s)
	if s.Type != v1.StorageJBOD {
		return out
	}
	for i, v := range s.Volumes {
		out = append(out, volumes().misplaced(fmt.Sprintf("%s.volumes[%d]", path, i), v)...)
	}
	return out
}

// variants are the values of the field type, and the fields that each of them has besides.
type variants map[string][]string

// misplaced names each field of an object that belongs to another variant, one sentence a field. Path is the object's; of an
// object that is nil there is nothing to say.
func (v variants) misplaced(path string, object any) []string {
	// What came from JSON goes back into it, without the fields that are not set.
	text, _ := json.Marshal(object)
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(text, &fields)
	var variant string
	_ = json.Unmarshal(fields["type"], &variant)
	own, known := v[variant]
	if !known {
		return nil
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if name != "type" && !slices.Contains(own, name) {
			out = append(out, fmt.Sprintf("%s.%s has no meaning with type %s, and is ignored. Remove it.", path, name, variant))
		}
	}
	return out
}
