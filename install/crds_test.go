package install_test

import (
	"context"
	"io/fs"
	"os"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	crdvalidation "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"

	"castellan.io/castellan/install"
)

// maxDefinitionBytes is the size of the widest definition of a Kafka cluster that is known. It leaves room below what an
// annotation can hold, in which `kubectl apply` keeps a copy of the object: 256 KiB.
const maxDefinitionBytes = 155_000

// checker judges objects of one kind the way the API server does.
type checker struct {
	schema *structuralschema.Structural
	values validation.SchemaValidator
	rules  *cel.Validator
}

// check returns what the API server would refuse or drop.
func (c checker) check(t *testing.T, object map[string]any) []string {
	t.Helper()
	var found []string
	errs := validation.ValidateCustomResource(nil, object, c.values)
	ruleErrs, _ := c.rules.Validate(context.Background(), field.NewPath(""), c.schema, object, nil, celconfig.RuntimeCELCostBudget)
	for _, err := range append(errs, ruleErrs...) {
		found = append(found, err.Error())
	}
	for _, path := range pruning.PruneWithOptions(object, c.schema, true, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}) {
		found = append(found, "unknown field "+path)
	}
	return found
}

// definitionFiles returns the names of all definitions.
func definitionFiles(tb testing.TB) []string {
	tb.Helper()
	files, err := fs.Glob(install.CRDs, "*/*.yaml")
	if err != nil || len(files) == 0 {
		tb.Fatalf("found %d definitions: %v", len(files), err)
	}
	return files
}

// checkers returns a checker for each kind, after the API server's own judgement of its definition.
func checkers(t *testing.T) map[string]checker {
	t.Helper()
	byKind := map[string]checker{}
	for _, file := range definitionFiles(t) {
		definition := readDefinition(t, file)
		if errs := crdvalidation.ValidateCustomResourceDefinition(context.Background(), definition); len(errs) > 0 {
			t.Errorf("%s: %v", file, errs.ToAggregate())
		}
		props := definition.Spec.Validation.OpenAPIV3Schema
		schema, err := structuralschema.NewStructural(props)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		values, _, err := validation.NewSchemaValidator(props)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		byKind[definition.Spec.Names.Kind] = checker{schema, values, cel.NewValidator(schema, true, celconfig.PerCallLimit)}
	}
	return byKind
}

func readDefinition(t *testing.T, file string) *apiextensions.CustomResourceDefinition {
	t.Helper()
	external := readFile(t, file)
	apiextensionsv1.SetDefaults_CustomResourceDefinition(external)
	apiextensionsv1.SetDefaults_CustomResourceDefinitionSpec(&external.Spec)
	external.Status.StoredVersions = []string{external.Spec.Versions[0].Name} // as the API server fills it in
	internal := &apiextensions.CustomResourceDefinition{}
	if err := apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(external, internal, nil); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return internal
}

// parse reads YAML with the types of numbers that the API server works with.
func parse(t *testing.T, content []byte) map[string]any {
	t.Helper()
	content, err := yaml.YAMLToJSON(content)
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := utiljson.Unmarshal(content, &object); err != nil {
		t.Fatal(err)
	}
	return object
}

func TestDefinitionsAreSmall(t *testing.T) {
	for _, file := range definitionFiles(t) {
		content, err := install.CRDs.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		compact, err := yaml.YAMLToJSON(content)
		if err != nil {
			t.Fatal(err)
		}
		if len(compact) > maxDefinitionBytes {
			t.Errorf("%s has %d bytes as JSON, more than %d", file, len(compact), maxDefinitionBytes)
		}
		applied := map[string]string{corev1.LastAppliedConfigAnnotation: string(compact)}
		if err := apivalidation.ValidateAnnotationsSize(applied); err != nil {
			t.Errorf("%s cannot be applied: %v", file, err)
		}
	}
}

func TestManifestsAreAccepted(t *testing.T) {
	byKind := checkers(t)
	for _, manifest := range manifests(t) {
		content, err := os.ReadFile(manifest)
		if err != nil {
			t.Fatal(err)
		}
		object := parse(t, content)
		for _, problem := range byKind[object["kind"].(string)].check(t, object) {
			t.Errorf("%s: %s", manifest, problem)
		}
	}
}

// TestIncompleteKubernetesPartsAreAccepted: what is missing in a part that ends in a pod is for the making of the pod to judge.
func TestIncompleteKubernetesPartsAreAccepted(t *testing.T) {
	problems := checkers(t)["KafkaNodePool"].check(t, parse(t, []byte(`
apiVersion: kafka.strimzi.io/v1
kind: KafkaNodePool
metadata: {name: incomplete}
spec:
  replicas: 1
  roles: [broker]
  storage: {type: ephemeral}
  resources: {limits: {cpu: 1}, claims: [{}, {}]}
  template:
    pod:
      affinity: {podAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{podAffinityTerm: {}}]}}
      tolerations: [{}, {}]
      topologySpreadConstraints: [{}, {}]
      hostAliases: [{hostnames: [a]}, {hostnames: [b]}]
      imagePullSecrets: [{}, {}]
    kafkaContainer:
      env: [{name: A, value: a}, {name: A, value: b}, {valueFrom: {secretKeyRef: {}}}]
      volumeMounts: [{}]
`)))
	for _, problem := range problems {
		t.Error(problem)
	}
}

func TestWrongManifestsAreRefused(t *testing.T) {
	const listener = "{name: plain, port: 9092, type: internal, tls: false}"
	const pool = "replicas: 1, roles: [broker], storage: "
	const connect = "replicas: 1, bootstrapServers: a, groupId: a, configStorageTopic: a, statusStorageTopic: a, offsetStorageTopic: a, "
	const build = connect + "build: {output: {type: docker, image: a}, plugins: [{name: aa, artifacts: "
	const bridge = "replicas: 1, bootstrapServers: a, http: {}, "
	const acl = "authorization: {type: simple, acls: [{operations: [Read], resource: "
	cases := map[string]struct{ kind, spec, want string }{
		"a cluster without listeners": {"Kafka", "kafka: {listeners: []}", "should have at least 1 items"},
		"a listener with a bad name":  {"Kafka", "kafka: {listeners: [{name: PLAIN, port: 9092, type: internal, tls: false}]}", "should match"},
		"a listener on a low port": {
			"Kafka", "kafka: {listeners: [{name: plain, port: 9091, type: internal, tls: false}]}", "greater than or equal to 9092",
		},
		"a listener without tls": {"Kafka", "kafka: {listeners: [{name: plain, port: 9092, type: internal}]}", "listeners[0].tls: Required value"},
		"an ingress without TLS": {
			"Kafka", "kafka: {listeners: [{name: plain, port: 9092, type: ingress, tls: false}]}", "types route and ingress need tls: true",
		},
		"client certificates without TLS": {
			"Kafka", "kafka: {listeners: [{name: plain, port: 9092, type: internal, tls: false, authentication: {type: tls}}]}",
			"authentication of type tls needs a listener with tls: true",
		},
		"rules for metrics that are nowhere": {
			"Kafka", "kafka: {listeners: [" + listener + "], metricsConfig: {type: jmxPrometheusExporter}}", "valueFrom property is required",
		},
		"a rack label without a name": {
			"Kafka", `kafka: {listeners: [` + listener + `], rack: {type: topology-label, topologyKey: ""}}`, "topologyKey property is required",
		},
		"a rack variable without a name": {
			"Kafka", `kafka: {listeners: [` + listener + `], rack: {type: environment-variable, envVarName: ""}}`, "envVarName property is required",
		},
		"a reporter Cruise Control lacks": {
			"Kafka", "kafka: {listeners: [" + listener + "]}, cruiseControl: {metricsConfig: {type: strimziMetricsReporter}}", "value type not supported",
		},
		"a share above one": {
			"Kafka", "kafka: {listeners: [" + listener + "], quotas: {type: strimzi, minAvailableRatioPerVolume: 1.1}}", "less than or equal to 1",
		},
		"two limits of free space": {
			"Kafka", "kafka: {listeners: [" + listener + "], quotas: {type: strimzi, minAvailableRatioPerVolume: 0.1, minAvailableBytesPerVolume: 1}}",
			"either minAvailableBytesPerVolume or minAvailableRatioPerVolume",
		},
		"a field nobody knows":               {"Kafka", "kafka: {listeners: [" + listener + "], colour: red}", "unknown field spec.kafka.colour"},
		"a number that no type can hold":     {"KafkaTopic", "partitions: 3000000000", "spec.partitions"},
		"a claim without a size":             {"KafkaNodePool", pool + "{type: persistent-claim}", "size is required with type persistent-claim"},
		"a list of volumes without volumes":  {"KafkaNodePool", pool + "{type: jbod}", "at least one volume"},
		"a list of no volumes":               {"KafkaNodePool", pool + "{type: jbod, volumes: []}", "at least one volume"},
		"a listed volume without an id":      {"KafkaNodePool", pool + "{type: jbod, volumes: [{type: ephemeral}]}", "needs an id"},
		"a listed claim without a size":      {"KafkaNodePool", pool + "{type: jbod, volumes: [{id: 0, type: persistent-claim}]}", "size is required"},
		"a variable with two values":         {"KafkaNodePool", pool + "{type: ephemeral}, template: {kafkaContainer: {env: [{name: A, value: a, valueFrom: {}}]}}", "not both"},
		"a certificate of no key":            {"KafkaConnect", connect + "tls: {trustedCertificates: [{secretName: a}]}", "either certificate or pattern"},
		"a certificate of key and pattern":   {"KafkaConnect", connect + "tls: {trustedCertificates: [{secretName: a, certificate: a, pattern: a}]}", "not both"},
		"TLS authentication without a key":   {"KafkaConnect", connect + "authentication: {type: tls}", "certificateAndKey is required"},
		"a password without a user":          {"KafkaBridge", bridge + "authentication: {type: plain, passwordSecret: {secretName: a, password: a}}", "username and passwordSecret are required"},
		"a user without a password":          {"KafkaBridge", bridge + "authentication: {type: scram-sha-256, username: a}", "username and passwordSecret are required"},
		"a bridge without HTTP":              {"KafkaBridge", "replicas: 1, bootstrapServers: a", "http is required"},
		"a download from nowhere":            {"KafkaConnect", build + "[{type: jar}]}]}", "url is required"},
		"a Maven artifact without a version": {"KafkaConnect", build + "[{type: maven, group: a, artifact: a}]}]}", "group, artifact and version are required"},
		"a right on a nameless topic":        {"KafkaUser", acl + "{type: topic}}]}", "name is required"},
		"a lifetime for a password":          {"KafkaUser", "authentication: {type: scram-sha-512, validityDays: 30}", "only with 'type: tls'"},
		"a lifetime without a renewal":       {"KafkaUser", "authentication: {type: tls, validityDays: 30}", "must be set together"},
		"a renewal before the certificate":   {"KafkaUser", "authentication: {type: tls, validityDays: 30, renewalDays: 30}", "must be less than"},
	}
	byKind := checkers(t)
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			manifest := "{apiVersion: kafka.strimzi.io/v1, kind: " + test.kind + ", metadata: {name: wrong}, spec: {" + test.spec + "}}"
			problems := byKind[test.kind].check(t, parse(t, []byte(manifest)))
			if len(problems) != 1 || !strings.Contains(problems[0], test.want) {
				t.Errorf("want a problem with %q, got %q", test.want, problems)
			}
		})
	}
}

// TestFieldsOfOtherVariantsAreAccepted: what does not belong to the chosen type is ignored, and is no reason to refuse.
func TestFieldsOfOtherVariantsAreAccepted(t *testing.T) {
	cases := map[string]struct{ kind, spec string }{
		"volumes of ephemeral storage": {"KafkaNodePool", "replicas: 1, roles: [broker], storage: {type: ephemeral, volumes: [{type: persistent-claim}]}"},
		"limits of the other plugin": {
			"Kafka", "kafka: {listeners: [{name: a, port: 9092, type: internal, tls: false}], quotas: {type: kafka, minAvailableRatioPerVolume: 0.1, minAvailableBytesPerVolume: 1}}",
		},
		"a user's name with a certificate": {
			"KafkaBridge", "replicas: 1, bootstrapServers: a, http: {}, authentication: {type: tls, username: a, certificateAndKey: {secretName: a, certificate: a, key: a}}",
		},
		"no member at all of a custom authentication": {"KafkaBridge", "replicas: 1, bootstrapServers: a, http: {}, authentication: {type: custom}"},
		"a mode without what it needs, in a template": {"KafkaRebalance", "mode: add-brokers"},
	}
	byKind := checkers(t)
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			manifest := "{apiVersion: kafka.strimzi.io/v1, kind: " + test.kind + ", metadata: {name: odd}, spec: {" + test.spec + "}}"
			for _, problem := range byKind[test.kind].check(t, parse(t, []byte(manifest))) {
				t.Error(problem)
			}
		})
	}
}
