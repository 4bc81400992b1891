package kafka_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/internal/outcome"
)

// healthy is a cluster of three controllers and three brokers about which there is nothing to say.
const healthy = `
kind: Kafka
metadata: {name: c, namespace: ns}
spec:
  kafka:
    listeners: [{name: plain, port: 9092, type: internal, tls: false}]
    config: {default.replication.factor: 3, min.insync.replicas: 2}
---
kind: KafkaNodePool
metadata: {name: a, namespace: ns, labels: {strimzi.io/cluster: c}}
spec: {replicas: 3, roles: [controller], storage: {type: persistent-claim, size: 1Gi}}
---
kind: KafkaNodePool
metadata: {name: b, namespace: ns, labels: {strimzi.io/cluster: c}}
spec: {replicas: 3, roles: [broker], storage: {type: persistent-claim, size: 1Gi}}
`

// changed is the healthy cluster after a change.
func changed(t *testing.T, change func(*kafka.Input)) kafka.Input {
	t.Helper()
	in := parse(t, []byte(healthy))
	if change != nil {
		change(&in)
	}
	return in
}

func spec(in *kafka.Input) *v1.KafkaClusterSpec { return &in.Kafka.Spec.Kafka }

func pool(in *kafka.Input, name string) *v1.KafkaNodePool {
	i := slices.IndexFunc(in.Pools, func(p v1.KafkaNodePool) bool { return p.Name == name })
	return &in.Pools[i]
}

// set writes an option of the user's as JSON.
func set(in *kafka.Input, name, raw string) {
	spec(in).Config[name] = json.RawMessage(raw)
}

func ptr[T any](v T) *T { return &v }

func TestResolveRefuses(t *testing.T) {
	secured := func(in *kafka.Input) {
		spec(in).Listeners = append(spec(in).Listeners, v1.Listener{
			Name: "web", Port: 9094, Type: v1.ListenerInternal, TLS: true,
			Configuration: &v1.ListenerConfiguration{BrokerCertChainAndKey: &v1.CertAndKeySecretSource{SecretName: "s", Certificate: "crt", Key: "key"}},
		})
	}
	tests := map[string]struct {
		change func(*kafka.Input)
		reason string
		want   string
	}{
		"a version that is not known": {
			func(in *kafka.Input) { spec(in).Version = "6.6.6" }, "UnsupportedKafkaVersionException",
			"Unsupported Kafka.spec.kafka.version: 6.6.6. Supported versions are: [4.2.0, 4.2.1, 4.3.0, 4.3.1]",
		},
		"a version that is known and not supported": {func(in *kafka.Input) { spec(in).Version = "4.1.0" }, "UnsupportedKafkaVersionException", "Unsupported Kafka.spec.kafka.version: 4.1.0."},
		"a metadata version that is a word":         {func(in *kafka.Input) { spec(in).MetadataVersion = "new" }, "InvalidResourceException", `spec.kafka.metadataVersion: "new" is not a metadata version`},
		"a metadata version before KRaft":           {func(in *kafka.Input) { spec(in).MetadataVersion = "3.3-IV2" }, "InvalidResourceException", "spec.kafka.metadataVersion"},
		"a cluster without pools":                   {func(in *kafka.Input) { in.Pools = nil }, "InvalidConfigurationException", "Kafka c has no node pools"},
		"pools without nodes": {func(in *kafka.Input) {
			pool(in, "a").Spec.Replicas, pool(in, "b").Spec.Replicas = 0, 0
		}, "InvalidResourceException", "no KafkaNodePool has nodes"},
		"no broker":             {func(in *kafka.Input) { pool(in, "b").Spec.Replicas = 0 }, "InvalidResourceException", "no KafkaNodePool with role broker"},
		"no controller":         {func(in *kafka.Input) { pool(in, "a").Spec.Replicas = 0 }, "InvalidResourceException", "no KafkaNodePool with role controller"},
		"a pool without a role": {func(in *kafka.Input) { pool(in, "b").Spec.Roles = nil }, "InvalidResourceException", "KafkaNodePool b: spec.roles: is empty"},
		"a slip of the finger in the number of nodes": {func(in *kafka.Input) { pool(in, "b").Spec.Replicas = 2000000000 }, "InvalidResourceException", "KafkaNodePool b: spec.replicas"},
		"an id in two pools": {func(in *kafka.Input) {
			pool(in, "a").Status.NodeIDs, pool(in, "b").Status.NodeIDs = []int32{0, 1, 2}, []int32{2, 3, 4}
		}, "InvalidConfigurationException", "node id 2 is claimed by KafkaNodePool a and KafkaNodePool b"},
		"a claim without size": {func(in *kafka.Input) { pool(in, "b").Spec.Storage.Size = "" }, "InvalidResourceException", "KafkaNodePool b: spec.storage.size: is missing"},
		"twice the same volume in a new pool": {func(in *kafka.Input) {
			pool(in, "b").Spec.Storage = v1.Storage{Type: v1.StorageJBOD, Volumes: []v1.Volume{
				{Type: v1.StorageEphemeral, VolumeSettings: v1.VolumeSettings{ID: ptr(int32(1))}},
				{Type: v1.StorageEphemeral, VolumeSettings: v1.VolumeSettings{ID: ptr(int32(1))}},
			}}
		}, "InvalidResourceException", "KafkaNodePool b: spec.storage.volumes: volume id 1 is used twice"},
		"many volumes with old metadata": {func(in *kafka.Input) {
			spec(in).MetadataVersion = "3.7-IV1"
			pool(in, "b").Spec.Storage = v1.Storage{Type: v1.StorageJBOD, Volumes: []v1.Volume{
				{Type: v1.StorageEphemeral, VolumeSettings: v1.VolumeSettings{ID: ptr(int32(1))}},
				{Type: v1.StorageEphemeral, VolumeSettings: v1.VolumeSettings{ID: ptr(int32(2))}},
			}}
		}, "InvalidResourceException", "KafkaNodePool b: spec.storage.volumes: 2 volumes need metadata version 3.7-IV2"},
		"a record of storage that cannot be read": {func(in *kafka.Input) { in.Seen.Storage = map[string]string{"b": "{"} }, "InvalidResourceException", "StrimziPodSet c-b: annotation strimzi.io/storage cannot be read"},
		"a request above the limit": {func(in *kafka.Input) {
			pool(in, "b").Spec.Resources = &corev1.ResourceRequirements{
				Requests: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("2Gi")},
				Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")},
			}
		}, "InvalidResourceException", "KafkaNodePool b: spec.resources.requests.memory: 2Gi is more than the limit 1Gi"},
		"a listener on a port of the operator's": {func(in *kafka.Input) { spec(in).Listeners[0].Port = 9091 }, "InvalidResourceException", "spec.kafka.listeners[0].port: 9091"},
		"a port that cannot be computed": {func(in *kafka.Input) {
			spec(in).Listeners[0].Configuration = &v1.ListenerConfiguration{AdvertisedPortTemplate: "x"}
		}, "InvalidConfigurationException", "spec.kafka.listeners[0].configuration.advertisedPortTemplate"},
		"a host that would break the list of addresses": {func(in *kafka.Input) {
			spec(in).Listeners[0].Configuration = &v1.ListenerConfiguration{AdvertisedHostTemplate: "a,EVIL://b"}
		}, "InvalidConfigurationException", "spec.kafka.listeners[0].configuration: the advertised host"},
		"an object as an option of a listener": {func(in *kafka.Input) {
			spec(in).Listeners[0].Authentication = &v1.ListenerAuthentication{Type: v1.ListenerAuthenticationCustom, ListenerConfig: v1.FreeForm{"a": json.RawMessage(`{}`)}}
		}, "InvalidConfigParameterException", "spec.kafka.listeners[0].authentication.listenerConfig.a"},
		"a certificate from a Secret that does not exist": {secured, "InvalidResourceException", "Secret s with custom TLS certificate does not exist"},
		"a certificate that the Secret does not have": {func(in *kafka.Input) {
			secured(in)
			in.Seen.Secrets["s"] = map[string][]byte{"key": nil}
		}, "InvalidResourceException", "Secret s does not contain certificate under the key crt"},
		"a key that the Secret does not have": {func(in *kafka.Input) {
			secured(in)
			in.Seen.Secrets["s"] = map[string][]byte{"crt": []byte("x")}
		}, "InvalidResourceException", "Secret s does not contain custom certificate private key under the key key"},
		"a certificate that is none": {func(in *kafka.Input) {
			secured(in)
			in.Seen.Secrets["s"] = map[string][]byte{"crt": []byte("x"), "key": []byte("y")}
		}, "InvalidResourceException", "Secret s: key crt does not hold a certificate in PEM"},
		"a key of another certificate": {func(in *kafka.Input) {
			secured(in)
			in.Seen.Secrets["s"] = map[string][]byte{"crt": certificate(t), "key": []byte("y")}
		}, "InvalidResourceException", "Secret s: key key does not hold the private key"},
		"an option without a value":              {func(in *kafka.Input) { set(in, "log.retention.ms", "null") }, "InvalidConfigParameterException", "spec.kafka.config.log.retention.ms: has no value"},
		"an option that is an object":            {func(in *kafka.Input) { set(in, "log.retention.ms", `{"a":1}`) }, "InvalidConfigParameterException", "spec.kafka.config.log.retention.ms: is an object or a list"},
		"an option that is a list":               {func(in *kafka.Input) { set(in, "log.retention.ms", `[1]`) }, "InvalidConfigParameterException", "spec.kafka.config.log.retention.ms: is an object or a list"},
		"an option of the wrong type":            {func(in *kafka.Input) { set(in, "num.partitions", `"many"`) }, "InvalidResourceException", "num.partitions"},
		"more replicas than brokers":             {func(in *kafka.Input) { set(in, "offsets.topic.replication.factor", "4") }, "InvalidResourceException", "spec.kafka.config.offsets.topic.replication.factor: 4 is more than the 3 brokers"},
		"more in sync than brokers":              {func(in *kafka.Input) { set(in, "transaction.state.log.min.isr", `"4"`) }, "InvalidResourceException", "spec.kafka.config.transaction.state.log.min.isr: 4 is more"},
		"a replication factor that is no number": {func(in *kafka.Input) { set(in, "default.replication.factor", `"all"`) }, "InvalidResourceException", "default.replication.factor"},
		"a config provider of the operator's":    {func(in *kafka.Input) { set(in, "config.providers", `"mine, strimzifile"`) }, "InvalidConfigurationException", "spec.kafka.config.config.providers: the name strimzifile is taken"},
		"logging from a ConfigMap that does not exist": {func(in *kafka.Input) {
			spec(in).Logging = &v1.Logging{Type: v1.LoggingExternal, ValueFrom: &v1.ExternalConfig{ConfigMapKeyRef: &v1.KeySelector{Name: "m", Key: "k"}}}
		}, "InvalidResourceException", "ConfigMap m with external logging configuration does not exist "},
		"logging from a key that does not exist": {func(in *kafka.Input) {
			in.Seen.ConfigMaps["m"] = map[string]string{"other": ""}
			spec(in).Logging = &v1.Logging{Type: v1.LoggingExternal, ValueFrom: &v1.ExternalConfig{ConfigMapKeyRef: &v1.KeySelector{Name: "m", Key: "k"}}}
		}, "InvalidResourceException", "ConfigMap m with external logging configuration does not exist "},
		"external logging that names nothing": {func(in *kafka.Input) { spec(in).Logging = &v1.Logging{Type: v1.LoggingExternal} }, "InvalidResourceException", "spec.kafka.logging.valueFrom.configMapKeyRef: is incomplete"},
		"an authorizer without a class": {func(in *kafka.Input) {
			spec(in).Authorization = &v1.KafkaAuthorization{Type: v1.KafkaAuthorizationCustom}
		}, "InvalidResourceException", "spec.kafka.authorization.authorizerClass: is missing"},
		"a rack without a label":    {func(in *kafka.Input) { spec(in).Rack = &v1.Rack{} }, "InvalidResourceException", "spec.kafka.rack.topologyKey: is empty"},
		"a rack without a variable": {func(in *kafka.Input) { spec(in).Rack = &v1.Rack{Type: v1.RackEnvironmentVariable} }, "InvalidResourceException", "spec.kafka.rack.envVarName: is empty"},
		"internal traffic without TLS": {func(in *kafka.Input) {
			in.Kafka.Annotations = map[string]string{v1.AnnotationInternalClusterSecurity: `{"encryption":{"type":"none"}}`}
		}, "InvalidResourceException", "annotation strimzi.io/internal-cluster-security: asks for encryption \"none\""},
		"internal security that is not JSON": {func(in *kafka.Input) {
			in.Kafka.Annotations = map[string]string{v1.AnnotationInternalClusterSecurity: `tls`}
		}, "InvalidResourceException", "annotation strimzi.io/internal-cluster-security: is not JSON"},
		"a label of the operator's on the cluster": {func(in *kafka.Input) { in.Kafka.Labels = map[string]string{"strimzi.io/kind": "x"} }, "IllegalArgumentException", "metadata.labels: key strimzi.io/kind is reserved"},
		"a label of the operator's on a pool":      {func(in *kafka.Input) { pool(in, "b").Labels["strimzi.io/name"] = "x" }, "IllegalArgumentException", "KafkaNodePool b: metadata.labels: key strimzi.io/name is reserved"},
		"a mount of a pool outside of /mnt": {func(in *kafka.Input) {
			pool(in, "b").Spec.Template = &v1.KafkaNodePoolTemplate{KafkaContainer: &v1.ContainerTemplate{VolumeMounts: []corev1.VolumeMount{{Name: "x", MountPath: "/opt"}}}}
		}, "InvalidResourceException", "KafkaNodePool b: spec.template.kafkaContainer.volumeMounts[0].mountPath"},
		"a mount of the cluster outside of /mnt": {func(in *kafka.Input) {
			spec(in).Template = &v1.KafkaClusterTemplate{KafkaContainer: &v1.ContainerTemplate{VolumeMounts: []corev1.VolumeMount{{Name: "x", MountPath: "/opt"}}}}
		}, "InvalidResourceException", "spec.kafka.template.kafkaContainer.volumeMounts[0].mountPath"},
		"a volume with the name of a node's": {func(in *kafka.Input) {
			spec(in).Template = &v1.KafkaClusterTemplate{Pod: &v1.PodSetPodTemplate{PodTemplate: v1.PodTemplate{Volumes: []v1.AdditionalVolume{{Name: "data"}}}}}
		}, "InvalidResourceException", `spec.kafka.template.pod.volumes[0].name: "data" is used by another volume`},
		"a label of the operator's on a Service": {func(in *kafka.Input) {
			spec(in).Template = &v1.KafkaClusterTemplate{BootstrapService: &v1.ServiceTemplate{Metadata: &v1.MetadataTemplate{Labels: map[string]string{"strimzi.io/x": ""}}}}
		}, "InvalidResourceException", "spec.kafka.template.bootstrapService.metadata.labels"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := kafka.Resolve(changed(t, test.change))
			var refused *outcome.Refused
			if !errors.As(err, &refused) {
				t.Fatalf("got %v, want it refused", err)
			}
			if refused.Reason != test.reason || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %s: %v\nwant %s: %s", refused.Reason, err, test.reason, test.want)
			}
		})
	}
}

// certificate is the one that a manifest under testdata brings along.
func certificate(t *testing.T) []byte {
	t.Helper()
	return load(t, "testdata/separate.in.yaml").Seen.Secrets["web"]["tls.crt"]
}

func TestAllProblemsOfOneKindComeAtOnceAndInOrder(t *testing.T) {
	in := changed(t, func(in *kafka.Input) {
		spec(in).Listeners[0].Port = 1
		spec(in).Rack = &v1.Rack{}
		pool(in, "b").Spec.Storage.Size = ""
		set(in, "log.retention.ms", "null") // Another kind: not reported yet.
		spec(in).Template = &v1.KafkaClusterTemplate{InitContainer: &v1.ContainerTemplate{VolumeMounts: []corev1.VolumeMount{{MountPath: "/x"}}}}
	})
	_, err := kafka.Resolve(in)
	want := []string{"KafkaNodePool b: spec.storage.size", "spec.kafka.listeners[0].port", "spec.kafka.rack.topologyKey", "spec.kafka.template.initContainer"}
	var got []string
	for part := range strings.SplitSeq(err.Error(), "; ") {
		for _, prefix := range want {
			if strings.HasPrefix(part, prefix) {
				got = append(got, prefix)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || strings.Contains(err.Error(), "log.retention.ms") {
		t.Errorf("%s\nin %v", diff, err)
	}
}

func TestResolveWarns(t *testing.T) {
	lone := func(in *kafka.Input) {
		in.Pools = in.Pools[1:]
		p := pool(in, "b")
		p.Spec.Replicas, p.Spec.Roles, p.Spec.Storage = 1, []v1.NodeRole{v1.RoleBroker, v1.RoleController}, v1.Storage{Type: v1.StorageEphemeral}
		set(in, "default.replication.factor", "1")
	}
	tests := map[string]struct {
		change func(*kafka.Input)
		want   []string // reasons, sorted
	}{
		"nothing about a healthy cluster":               {nil, nil},
		"of a missing replication factor":               {func(in *kafka.Input) { delete(spec(in).Config, "default.replication.factor") }, []string{"KafkaDefaultReplicationFactor"}},
		"of a missing number of replicas in sync":       {func(in *kafka.Input) { delete(spec(in).Config, "min.insync.replicas") }, []string{"KafkaMinInsyncReplicas"}},
		"of a lone ephemeral node in both its roles":    {lone, []string{"KafkaStorage", "KafkaStorage"}},
		"of no missing option when there is one broker": {func(in *kafka.Input) { lone(in); spec(in).Config = v1.FreeForm{} }, []string{"KafkaStorage", "KafkaStorage"}},
		"of two controllers":                            {func(in *kafka.Input) { pool(in, "a").Spec.Replicas = 2 }, []string{"KafkaKRaftControllerNodeCount"}},
		"of four controllers":                           {func(in *kafka.Input) { pool(in, "a").Spec.Replicas = 4 }, []string{"KafkaKRaftControllerNodeCount"}},
		"of metadata older than Kafka":                  {func(in *kafka.Input) { spec(in).MetadataVersion = "4.2-IV1" }, []string{"KafkaMetadataVersion"}},
		"of the protocol of brokers":                    {func(in *kafka.Input) { set(in, "inter.broker.protocol.version", `"3.9"`) }, []string{"KafkaInterBrokerProtocolVersionInKRaft"}},
		"of the format of messages":                     {func(in *kafka.Input) { set(in, "log.message.format.version", `"3.0"`) }, []string{"KafkaLogMessageFormatVersionInKRaft"}},
		"of a quota plugin beside quotas":               {func(in *kafka.Input) { spec(in).Quotas = &v1.Quotas{}; set(in, "client.quota.callback.class", `"x"`) }, []string{"NotSupportedYet", "QuotasPluginConflict"}},
		"of nothing when there are operators of topics and users": {func(in *kafka.Input) {
			in.Kafka.Spec.EntityOperator = &v1.EntityOperatorSpec{TopicOperator: &v1.TopicOperatorSpec{}, UserOperator: &v1.UserOperatorSpec{}}
		}, nil},
		"of claims for devices of a topic operator": {func(in *kafka.Input) {
			topics := &v1.TopicOperatorSpec{}
			topics.Resources = &corev1.ResourceRequirements{Claims: []corev1.ResourceClaim{{Name: "x"}}}
			in.Kafka.Spec.EntityOperator = &v1.EntityOperatorSpec{TopicOperator: topics}
		}, []string{"NotSupportedYet"}},
		"of claims for devices of a user operator": {func(in *kafka.Input) {
			users := &v1.UserOperatorSpec{}
			users.Resources = &corev1.ResourceRequirements{Claims: []corev1.ResourceClaim{{Name: "x"}}}
			in.Kafka.Spec.EntityOperator = &v1.EntityOperatorSpec{UserOperator: users}
		}, []string{"NotSupportedYet"}},
		"of Cruise Control": {func(in *kafka.Input) { in.Kafka.Spec.CruiseControl = &v1.CruiseControlSpec{} }, []string{"NotSupportedYet"}},
		"of an exporter":    {func(in *kafka.Input) { in.Kafka.Spec.KafkaExporter = &v1.KafkaExporterSpec{} }, []string{"NotSupportedYet"}},
		"of metrics":        {func(in *kafka.Input) { spec(in).MetricsConfig = &v1.MetricsConfig{} }, []string{"NotSupportedYet"}},
		"of JMX":            {func(in *kafka.Input) { spec(in).JmxOptions = &v1.JmxOptions{} }, []string{"NotSupportedYet"}},
		"of tiered storage": {func(in *kafka.Input) { spec(in).TieredStorage = &v1.TieredStorage{} }, []string{"NotSupportedYet"}},
		"of claims for devices": {func(in *kafka.Input) {
			pool(in, "b").Spec.Resources = &corev1.ResourceRequirements{Claims: []corev1.ResourceClaim{{Name: "x"}}}
		}, []string{"NotSupportedYet"}},
		"of an image for looking up racks": {func(in *kafka.Input) { spec(in).BrokerRackInitImage = "x" }, []string{"NotSupportedYet"}},
		"of storage that cannot change":    {func(in *kafka.Input) { in.Seen.Storage = map[string]string{"b": `{"type":"ephemeral"}`} }, []string{"KafkaStorage"}},
		"of nothing when the record of storage is as wanted": {func(in *kafka.Input) {
			in.Seen.Storage = map[string]string{"b": `{"type":"persistent-claim","size":"1024Mi"}`}
		}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, reasons(mustResolve(t, changed(t, test.change)))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestStorageThatCannotChangeStaysAsItIs(t *testing.T) {
	const present = `{"type":"ephemeral","sizeLimit":"3Gi"}`
	cluster := mustResolve(t, changed(t, func(in *kafka.Input) { in.Seen.Storage = map[string]string{"b": present} }))
	group := cluster.Plan(certificates(cluster)).Groups[1]
	if got := group.Facts[v1.AnnotationStorage]; got != present {
		t.Errorf("recorded storage is %s, want %s", got, present)
	}
	if scratch := group.Instances[0].Mounts[0].Scratch; scratch == nil || scratch.SizeLimit != "3Gi" {
		t.Errorf("mounted storage is %+v, want the present one", group.Instances[0].Mounts[0])
	}
	if w := cluster.Warnings[0]; w.Pool != "b" || !strings.Contains(w.Message, "type changed from ephemeral to persistent-claim") {
		t.Errorf("got warning %+v", w)
	}
}

func TestVersions(t *testing.T) {
	all := func(version string) map[string]string { return map[string]string{"c-a-0": version, "c-b-3": version} }
	tests := map[string]struct {
		nodes                    map[string]string
		version, wanted, current string // spec.kafka.version, spec.kafka.metadataVersion, status.kafkaMetadataVersion
		want                     string
		err                      string
	}{
		"a new cluster gets the default's":                          {want: "4.3-IV0"},
		"a new cluster gets the wanted one":                         {wanted: "4.2", want: "4.2"},
		"an older version of Kafka brings its own":                  {version: "4.2.0", want: "4.2-IV1"},
		"a version newer than Kafka leaves the current one":         {nodes: all("4.2.0"), version: "4.2.0", wanted: "4.3", current: "4.1-IV1", want: "4.1-IV1"},
		"a version newer than Kafka leaves the default":             {version: "4.2.0", wanted: "4.3", want: "4.2-IV1"},
		"after all nodes have changed the metadata follows":         {nodes: all("4.3.1"), current: "4.2-IV1", want: "4.3-IV0"},
		"an upgrade keeps the current one":                          {nodes: all("4.2.0"), current: "4.1-IV1", want: "4.1-IV1"},
		"an upgrade without a current one keeps the older Kafka's":  {nodes: all("4.2.0"), want: "4.2-IV1"},
		"an upgrade half done keeps the current one":                {nodes: map[string]string{"x": "4.2.0", "y": "4.3.1"}, current: "4.2-IV1", want: "4.2-IV1"},
		"an upgrade with metadata of the future is refused":         {nodes: all("4.2.0"), current: "4.3-IV0", err: "cannot go from Kafka 4.2.0 to 4.3.1"},
		"an upgrade from an unknown version keeps the current one":  {nodes: all("1.0.0"), current: "3.9-IV0", want: "3.9-IV0"},
		"a downgrade keeps the current one":                         {nodes: all("4.3.1"), version: "4.2.1", current: "4.2-IV1", want: "4.2-IV1"},
		"a downgrade without a current one takes the older Kafka's": {nodes: all("4.3.1"), version: "4.2.1", want: "4.2-IV1"},
		"a downgrade with newer metadata is refused":                {nodes: all("4.3.1"), version: "4.2.1", current: "4.3-IV0", err: "metadata version 4.3-IV0 is newer than Kafka 4.2.1 understands"},
		"a downgrade half done is one still":                        {nodes: map[string]string{"x": "4.2.1", "y": "4.3.1"}, version: "4.2.1", current: "4.3-IV0", err: "cannot go from Kafka 4.3.1 to 4.2.1"},
		"another patch of the same release keeps what is":           {nodes: all("4.3.0"), current: "4.3-IV0", want: "4.3-IV0"},
		"a vendor's suffix changes nothing":                         {nodes: all("4.3.1.redhat-1"), want: "4.3-IV0"},
		"nodes that do not tell their version are refused":          {nodes: all(""), err: "do not tell their Kafka version"},
		"one node that does not tell its version changes nothing":   {nodes: map[string]string{"x": "", "y": "4.3.1"}, want: "4.3-IV0"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cluster, err := kafka.Resolve(changed(t, func(in *kafka.Input) {
				in.Seen.NodeVersions = test.nodes
				spec(in).Version, spec(in).MetadataVersion, in.Kafka.Status.KafkaMetadataVersion = test.version, test.wanted, test.current
			}))
			if test.err != "" {
				var refused *outcome.Refused
				if !errors.As(err, &refused) || refused.Reason != "KafkaUpgradeException" || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got %v, want %s", err, test.err)
				}
				return
			}
			if err != nil || cluster.MetadataVersion != test.want {
				t.Errorf("got %+v, %v, want %s", cluster, err, test.want)
			}
		})
	}
}

func TestClusterIDComesFromWhoKnowsIt(t *testing.T) {
	tests := map[string]struct{ kafka, pool, want string }{
		"the status of the cluster": {"K", "P", "K"},
		"the status of a pool":      {"", "P", "P"},
		"the caller":                {"", "", "newnewnewnewnewnewnewn"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cluster := mustResolve(t, changed(t, func(in *kafka.Input) {
				in.Kafka.Status.ClusterID, pool(in, "b").Status.ClusterID = test.kafka, test.pool
			}))
			if cluster.ID != test.want {
				t.Errorf("got %s, want %s", cluster.ID, test.want)
			}
		})
	}
}

func TestReferencesNameWhatMustBeRead(t *testing.T) {
	in := changed(t, func(in *kafka.Input) {
		spec(in).Logging = &v1.Logging{Type: v1.LoggingExternal, ValueFrom: &v1.ExternalConfig{ConfigMapKeyRef: &v1.KeySelector{Name: "m", Key: "k"}}}
		for _, name := range []string{"z", "a", "z"} {
			spec(in).Listeners = append(spec(in).Listeners, v1.Listener{Configuration: &v1.ListenerConfiguration{BrokerCertChainAndKey: &v1.CertAndKeySecretSource{SecretName: name}}})
		}
	})
	configMaps, secrets := kafka.References(in.Kafka, in.Pools)
	if diff := cmp.Diff([][]string{{"m"}, {"a", "z"}}, [][]string{configMaps, secrets}); diff != "" {
		t.Error(diff)
	}
}

func TestImagesMustFitTheSupportedVersions(t *testing.T) {
	full := map[string]string{"4.2.0": "a", "4.2.1": "b", "4.3.0": "c", "4.3.1": "d"}
	tests := map[string]struct {
		change func(map[string]string)
		err    string
	}{
		"all of them are fine":      {func(map[string]string) {}, ""},
		"a missing one is refused":  {func(m map[string]string) { delete(m, "4.2.1") }, "no image is given for Kafka 4.2.1"},
		"an unknown one is refused": {func(m map[string]string) { m["4.1.0"] = "x" }, "images are given for Kafka 4.1.0"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			images := maps.Clone(full)
			test.change(images)
			_, err := kafka.AllVersions(images)
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("got %v, want %q", err, test.err)
			}
		})
	}
}

func TestInputsStayAsTheyAre(t *testing.T) {
	in := changed(t, func(in *kafka.Input) { pool(in, "b").Status.NodeIDs = []int32{9, 4, 5} })
	before := changed(t, func(in *kafka.Input) { pool(in, "b").Status.NodeIDs = []int32{9, 4, 5} })
	cluster := mustResolve(t, in)
	_ = cluster.Plan(certificates(cluster))
	if diff := cmp.Diff(before, in, cmpopts.IgnoreFields(kafka.Input{}, "Settings")); diff != "" {
		t.Errorf("resolving changed its input (-before +after):\n%s", diff)
	}
}

func TestAFieldOfAnotherStorageIsToldOfItsPool(t *testing.T) {
	cluster := mustResolve(t, changed(t, func(in *kafka.Input) { pool(in, "b").Spec.Storage.SizeLimit = "1Gi" }))
	want := []kafka.Warning{{
		Reason: "UnknownFields", Pool: "b",
		Message: "KafkaNodePool b: spec.storage.sizeLimit has no meaning with type persistent-claim, and is ignored. Remove it.",
	}}
	if diff := cmp.Diff(want, cluster.Warnings); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
