package jvm

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/plan"
)

// Heap says how big a heap becomes when the user does not say so.
type Heap struct {
	// Percentage of the memory that the process may use.
	Percentage int
	// MaxBytes bounds the heap; 0 does not.
	MaxBytes int64
	// MemoryKnown tells that the process has a memory request or limit to take a share of.
	MemoryKnown bool
}

const (
	initialShare = "InitialRAMPercentage"
	maximalShare = "MaxRAMPercentage"
	// smallestHeap keeps a JVM without any bound from starting with a share of the whole machine.
	smallestHeap = "-Xms128M"
)

// Env returns the environment for the options, which may be nil.
func Env(options *v1.JvmOptions, heap Heap) []plan.Env {
	if options == nil {
		options = &v1.JvmOptions{}
	}
	env := heapEnv(options, heap)
	env = appendNonEmpty(env, "KAFKA_JVM_PERFORMANCE_OPTS", performanceOptions(options.XX))
	return appendNonEmpty(env, "STRIMZI_JAVA_SYSTEM_PROPERTIES", systemProperties(options.JavaSystemProperties))
}

// GCLogging tells whether garbage collections are to be logged.
func GCLogging(options *v1.JvmOptions) bool {
	return options != nil && options.GCLoggingEnabled != nil && *options.GCLoggingEnabled
}

func heapEnv(options *v1.JvmOptions, heap Heap) []plan.Env {
	var opts []string
	if options.Xms != "" {
		opts = append(opts, "-Xms"+options.Xms)
	}
	if options.Xmx != "" {
		opts = append(opts, "-Xmx"+options.Xmx)
	}
	for _, name := range []string{initialShare, maximalShare} {
		if value, set := options.XX[name]; set {
			opts = append(opts, "-XX:"+name+"="+value)
		}
	}
	var share []plan.Env
	_, shared := options.XX[maximalShare]
	bounded := options.Xmx != "" || shared
	switch {
	case bounded:
	case heap.MemoryKnown:
		share = shareEnv(heap)
	case !startsSized(options):
		opts = append(opts, smallestHeap)
	}
	return append(appendNonEmpty(nil, "KAFKA_HEAP_OPTS", strings.Join(opts, " ")), share...)
}

func startsSized(options *v1.JvmOptions) bool {
	_, shared := options.XX[initialShare]
	return shared || options.Xms != ""
}

func shareEnv(heap Heap) []plan.Env {
	env := []plan.Env{{Name: "STRIMZI_DYNAMIC_HEAP_PERCENTAGE", Value: strconv.Itoa(heap.Percentage)}}
	if heap.MaxBytes > 0 {
		env = append(env, plan.Env{Name: "STRIMZI_DYNAMIC_HEAP_MAX", Value: strconv.FormatInt(heap.MaxBytes, 10)})
	}
	return env
}

// performanceOptions lists the options that unlock others first: a JVM refuses locked options that come earlier.
func performanceOptions(options map[string]string) string {
	unlocking := []string{"UnlockDiagnosticVMOptions", "UnlockExperimentalVMOptions"}
	var flags []string
	for _, name := range unlocking {
		if value, set := options[name]; set {
			flags = append(flags, flag(name, value))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(options)) {
		if name != initialShare && name != maximalShare && !slices.Contains(unlocking, name) {
			flags = append(flags, flag(name, options[name]))
		}
	}
	return strings.Join(flags, " ")
}

func flag(name, value string) string {
	switch strings.ToLower(value) {
	case "true":
		return "-XX:+" + name
	case "false":
		return "-XX:-" + name
	}
	return "-XX:" + name + "=" + value
}

func systemProperties(properties []v1.SystemProperty) string {
	var flags []string
	for _, p := range properties {
		flags = append(flags, "-D"+p.Name+"="+p.Value)
	}
	return strings.Join(flags, " ")
}

func appendNonEmpty(env []plan.Env, name, value string) []plan.Env {
	if value == "" {
		return env
	}
	return append(env, plan.Env{Name: name, Value: value})
}
