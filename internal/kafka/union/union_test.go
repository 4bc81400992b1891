package union_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka/union"
)

func TestFieldsOfAnotherTypeAreTold(t *testing.T) {
	const begins, ends = " has no meaning with type ", ", and is ignored. Remove it."
	cases := map[string]struct {
		spec string
		want []string
	}{
		"a cluster without unions": {`kafka: {}`, nil},
		"every variant with all its fields": {`
kafka:
  listeners:
    - {name: a}
    - {name: b, authentication: {type: tls}}
    - {name: c, authentication: {type: scram-sha-512}}
    - {name: d, authentication: {type: custom, sasl: true, listenerConfig: {a: b}}}
  authorization: {type: custom, authorizerClass: a.B, superUsers: [a], supportsAdminApi: true}
  rack: {topologyKey: zone}
  metricsConfig: {type: jmxPrometheusExporter, valueFrom: {configMapKeyRef: {name: a, key: b}}}
  logging: {type: inline, loggers: {a: INFO}}
  quotas: {type: strimzi, producerByteRate: 1, consumerByteRate: 1, minAvailableBytesPerVolume: 1, minAvailableRatioPerVolume: 1, excludedPrincipals: [a]}
  tieredStorage: {type: custom, remoteStorageManager: {className: a}}
  jmxOptions: {authentication: {type: password}}
cruiseControl:
  metricsConfig: {type: strimziMetricsReporter, values: {allowList: [a]}}
  logging: {type: external, valueFrom: {configMapKeyRef: {name: a, key: b}}}
entityOperator: {topicOperator: {}, userOperator: {}}
`, nil},
		"the other variants with all their fields": {`
kafka:
  authorization: {type: simple, superUsers: [a]}
  rack: {type: environment-variable, envVarName: A}
  quotas: {type: kafka, producerByteRate: 1, consumerByteRate: 1, requestPercentage: 1, controllerMutationRate: 1}
`, nil},
		"fields of custom authentication beside others": {`
kafka:
  listeners:
    - {name: a, authentication: {type: tls, sasl: true}}
    - {name: b, authentication: {type: scram-sha-512, listenerConfig: {a: b}}}
`, []string{"spec.kafka.listeners[0].authentication.sasl" + begins + "tls" + ends, "spec.kafka.listeners[1].authentication.listenerConfig" + begins + "scram-sha-512" + ends}},
		"fields of a class beside simple authorization": {
			`kafka: {authorization: {type: simple, authorizerClass: a.B, supportsAdminApi: false}}`,
			[]string{"spec.kafka.authorization.authorizerClass" + begins + "simple" + ends, "spec.kafka.authorization.supportsAdminApi" + begins + "simple" + ends},
		},
		"a variable beside the rack of a label, which is the default": {
			`kafka: {rack: {topologyKey: zone, envVarName: A}}`, []string{"spec.kafka.rack.envVarName" + begins + "topology-label" + ends},
		},
		"a label beside the rack of a variable": {
			`kafka: {rack: {type: environment-variable, envVarName: A, topologyKey: zone}}`, []string{"spec.kafka.rack.topologyKey" + begins + "environment-variable" + ends},
		},
		"loggers beside a ConfigMap": {
			`kafka: {logging: {type: external, valueFrom: {}, loggers: {a: INFO}}}`, []string{"spec.kafka.logging.loggers" + begins + "external" + ends},
		},
		"rules beside the reporter of metrics": {
			`kafka: {metricsConfig: {type: strimziMetricsReporter, valueFrom: {}}}`, []string{"spec.kafka.metricsConfig.valueFrom" + begins + "strimziMetricsReporter" + ends},
		},
		"limits of Kafka beside those of the plugin": {
			`kafka: {quotas: {type: strimzi, requestPercentage: 0}}`, []string{"spec.kafka.quotas.requestPercentage" + begins + "strimzi" + ends},
		},
		"fields of components that are not acted on": {
			`
kafka: {}
cruiseControl: {metricsConfig: {type: jmxPrometheusExporter, values: {}}, logging: {type: inline, valueFrom: {}}}
entityOperator: {topicOperator: {logging: {type: inline, valueFrom: {}}}, userOperator: {logging: {type: external, loggers: {}}}}
`,
			[]string{
				"spec.cruiseControl.metricsConfig.values" + begins + "jmxPrometheusExporter" + ends, "spec.cruiseControl.logging.valueFrom" + begins + "inline" + ends,
				"spec.entityOperator.topicOperator.logging.valueFrom" + begins + "inline" + ends, "spec.entityOperator.userOperator.logging.loggers" + begins + "external" + ends,
			},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			k := &v1.Kafka{}
			if err := yaml.UnmarshalStrict([]byte(c.spec), &k.Spec); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, union.Kafka(k)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFieldsOfAnotherStorageAreTold(t *testing.T) {
	const ends = ", and is ignored. Remove it."
	tests := map[string]struct {
		storage string
		want    []string
	}{
		"an ephemeral volume has a limit":   {`{"type":"ephemeral","id":0,"sizeLimit":"1Gi","kraftMetadata":"shared"}`, nil},
		"an ephemeral volume has no size":   {`{"type":"ephemeral","size":"1Gi"}`, []string{"at.size has no meaning with type ephemeral" + ends}},
		"a claim has everything of a claim": {`{"type":"persistent-claim","id":0,"size":"1Gi","class":"a","volumeAttributesClass":"b","selector":{"a":"b"},"deleteClaim":true,"kraftMetadata":"shared"}`, nil},
		"a claim has no limit": {
			`{"type":"persistent-claim","size":"1Gi","sizeLimit":"1Gi"}`, []string{"at.sizeLimit has no meaning with type persistent-claim" + ends},
		},
		"a claim has no volumes": {
			`{"type":"persistent-claim","size":"1Gi","volumes":[{"id":0,"type":"ephemeral","class":"x"}]}`, []string{"at.volumes has no meaning with type persistent-claim" + ends},
		},
		"a list has volumes": {`{"type":"jbod","volumes":[{"id":0,"type":"ephemeral"}]}`, nil},
		"a list has no size of its own, and its volumes have fields of their own": {
			`{"type":"jbod","size":"1Gi","volumes":[{"id":0,"type":"ephemeral"},{"id":1,"type":"ephemeral","class":"x"}]}`,
			[]string{"at.size has no meaning with type jbod" + ends, "at.volumes[1].class has no meaning with type ephemeral" + ends},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var storage v1.Storage
			if err := yaml.UnmarshalStrict([]byte(test.storage), &storage); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, union.Storage("at", storage)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOfAnUnknownTypeNothingIsKnown(t *testing.T) {
	k := &v1.Kafka{}
	k.Spec.Kafka.Quotas = &v1.Quotas{Type: "new", ExcludedPrincipals: []string{"a"}}
	if got := union.Kafka(k); got != nil {
		t.Errorf("got %v", got)
	}
}
