package install_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	crdvalidation "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"

	"castellan.io/castellan/install"
)

// maxDefinitionBytes leaves room below what an annotation can hold, in which `kubectl apply` keeps a copy of the object: 256 KiB.
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

// checkers returns a checker for each kind, after the API server's own judgement of its definition.
func checkers(t *testing.T) map[string]checker {
	t.Helper()
	files, err := fs.Glob(install.CRDs, "crds/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	byKind := map[string]checker{}
	for _, file := range files {
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
	content, err := install.CRDs.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var external apiextensionsv1.CustomResourceDefinition
	if err := yaml.UnmarshalStrict(content, &external); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	compact, err := json.Marshal(external)
	if err != nil {
		t.Fatal(err)
	}
	if len(compact) > maxDefinitionBytes {
		t.Errorf("%s has %d bytes as JSON, more than %d", file, len(compact), maxDefinitionBytes)
	}
	apiextensionsv1.SetDefaults_CustomResourceDefinition(&external)
	apiextensionsv1.SetDefaults_CustomResourceDefinitionSpec(&external.Spec)
	external.Status.StoredVersions = []string{"v1"} // as the API server fills it in
	internal := &apiextensions.CustomResourceDefinition{}
	if err := apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(&external, internal, nil); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return internal
}

func parse(t *testing.T, content []byte) map[string]any {
	t.Helper()
	var object map[string]any
	if err := yaml.Unmarshal(content, &object); err != nil {
		t.Fatal(err)
	}
	return object
}

func TestManifestsAreAccepted(t *testing.T) {
	byKind := checkers(t)
	for _, pattern := range []string{"../api/v1/testdata/*.yaml", "../api/core/v1/testdata/*.yaml"} {
		manifests, err := filepath.Glob(pattern)
		if err != nil || len(manifests) == 0 {
			t.Fatalf("found %d manifests at %s: %v", len(manifests), pattern, err)
		}
		for _, manifest := range manifests {
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
	cases := map[string]struct{ kafka, want string }{
		"a cluster without listeners": {`{listeners: []}`, "should have at least 1 items"},
		"a listener with a bad name":  {`{listeners: [{name: PLAIN, port: 9092, type: internal, tls: false}]}`, "should match"},
		"a listener on a low port":    {`{listeners: [{name: plain, port: 9091, type: internal, tls: false}]}`, "greater than or equal to 9092"},
		"a listener without tls":      {`{listeners: [{name: plain, port: 9092, type: internal}]}`, "listeners[0].tls: Required value"},
		"rules for metrics that are nowhere": {
			`{listeners: [` + listener + `], metricsConfig: {type: jmxPrometheusExporter}}`, "valueFrom property is required",
		},
		"a rack label without a name": {
			`{listeners: [` + listener + `], rack: {type: topology-label, topologyKey: ""}}`, "topologyKey property is required",
		},
		"a rack variable without a name": {
			`{listeners: [` + listener + `], rack: {type: environment-variable, envVarName: ""}}`, "envVarName property is required",
		},
		"a reporter Cruise Control lacks": {
			`{listeners: [` + listener + `]}, cruiseControl: {metricsConfig: {type: strimziMetricsReporter}}`, "value type not supported",
		},
		"a share above one": {
			`{listeners: [` + listener + `], quotas: {type: strimzi, minAvailableRatioPerVolume: 1.1}}`, "less than or equal to 1",
		},
		"a field nobody knows": {`{listeners: [` + listener + `], colour: red}`, "unknown field spec.kafka.colour"},
	}
	kafka := checkers(t)["Kafka"]
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			problems := kafka.check(t, parse(t, []byte(`{apiVersion: kafka.strimzi.io/v1, kind: Kafka, metadata: {name: wrong}, spec: {kafka: `+test.kafka+`}}`)))
			if !strings.Contains(strings.Join(problems, "\n"), test.want) {
				t.Errorf("want a problem with %q, got %q", test.want, problems)
			}
		})
	}
}
