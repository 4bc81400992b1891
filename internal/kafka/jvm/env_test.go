package jvm_test

import (
	"strings"
	"testing"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka/jvm"
)

func TestEnv(t *testing.T) {
	tests := map[string]struct {
		options *v1.JvmOptions
		memory  bool
		want    string
	}{
		"without anything the heap starts small":      {want: "KAFKA_HEAP_OPTS=-Xms128M"},
		"with known memory the heap is a share of it": {memory: true, want: "STRIMZI_DYNAMIC_HEAP_PERCENTAGE=50 STRIMZI_DYNAMIC_HEAP_MAX=5368709120"},
		"a start size alone keeps the share":          {options: &v1.JvmOptions{Xms: "1g"}, memory: true, want: "KAFKA_HEAP_OPTS=-Xms1g STRIMZI_DYNAMIC_HEAP_PERCENTAGE=50 STRIMZI_DYNAMIC_HEAP_MAX=5368709120"},
		"a start size alone replaces the small start": {options: &v1.JvmOptions{Xms: "1g"}, want: "KAFKA_HEAP_OPTS=-Xms1g"},
		"an initial share replaces the small start":   {options: &v1.JvmOptions{XX: map[string]string{"InitialRAMPercentage": "10"}}, want: "KAFKA_HEAP_OPTS=-XX:InitialRAMPercentage=10"},
		"a size rules out the share":                  {options: &v1.JvmOptions{Xmx: "2g"}, memory: true, want: "KAFKA_HEAP_OPTS=-Xmx2g"},
		"a maximal share rules out the share":         {options: &v1.JvmOptions{XX: map[string]string{"MaxRAMPercentage": "70"}}, memory: true, want: "KAFKA_HEAP_OPTS=-XX:MaxRAMPercentage=70"},
		"options that unlock others come first":       {options: &v1.JvmOptions{Xmx: "1g", XX: map[string]string{"A": "true", "B": "false", "C": "3", "UnlockExperimentalVMOptions": "true", "UnlockDiagnosticVMOptions": "true"}}, want: "KAFKA_HEAP_OPTS=-Xmx1g KAFKA_JVM_PERFORMANCE_OPTS=-XX:+UnlockDiagnosticVMOptions -XX:+UnlockExperimentalVMOptions -XX:+A -XX:-B -XX:C=3"},
		"system properties keep their order":          {options: &v1.JvmOptions{Xmx: "1g", JavaSystemProperties: []v1.SystemProperty{{Name: "z", Value: "1"}, {Name: "a", Value: "2"}}}, want: "KAFKA_HEAP_OPTS=-Xmx1g STRIMZI_JAVA_SYSTEM_PROPERTIES=-Dz=1 -Da=2"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, e := range jvm.Env(test.options, jvm.Heap{Percentage: 50, MaxBytes: 5 << 30, MemoryKnown: test.memory}) {
				got = append(got, e.Name+"="+e.Value)
			}
			if joined := strings.Join(got, " "); joined != test.want {
				t.Errorf("\n got %s\nwant %s", joined, test.want)
			}
		})
	}
}
