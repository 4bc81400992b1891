package kafka

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	v1 "castellan.io/castellan/api/v1"
)

// loggingFile is the name of a node's Log4j configuration.
const loggingFile = "log4j2.properties"

// setting is one line of a Log4j configuration.
type setting struct{ name, value string }

// defaultLogging writes to the container's output. The names of loggers are Kafka's.
func defaultLogging() []setting {
	settings := []setting{
		{"name", "kafka"},
		{"appender.console.type", "Console"},
		{"appender.console.name", "STDOUT"},
		{"appender.console.layout.type", "PatternLayout"},
		{"appender.console.layout.pattern", "%d{yyyy-MM-dd HH:mm:ss} %-5p [%t] %c{1}:%L - %m%n"},
		{"rootLogger.level", "INFO"},
		{"rootLogger.appenderRefs", "console"},
		{"rootLogger.appenderRef.console.ref", "STDOUT"},
	}
	for _, l := range []struct{ id, name, level string }{
		{"kafka", "kafka", "INFO"},
		{"orgapachekafka", "org.apache.kafka", "INFO"},
		{"requestlogger", "kafka.request.logger", "WARN"},
		{"requestchannel", "kafka.network.RequestChannel$", "WARN"},
		{"controller", "org.apache.kafka.controller", "INFO"},
		{"logcleaner", "org.apache.kafka.storage.internals.log.LogCleaner", "INFO"},
		{"statechange", "state.change.logger", "INFO"},
		{"authorizer", "kafka.authorizer.logger", "INFO"},
	} {
		settings = append(settings, setting{"logger." + l.id + ".name", l.name}, setting{"logger." + l.id + ".level", l.level})
	}
	return settings
}

func loggingReference(logging *v1.Logging) *v1.KeySelector {
	if logging == nil || logging.Type != v1.LoggingExternal || logging.ValueFrom == nil {
		return nil
	}
	return logging.ValueFrom.ConfigMapKeyRef
}

func (r *resolution) resolveLogging() {
	spec := r.in.Kafka.Spec.Kafka.Logging
	if spec == nil || spec.Type != v1.LoggingExternal {
		r.cluster.logging = reloading(inlineLogging(spec))
		return
	}
	ref := loggingReference(spec)
	if ref == nil || ref.Name == "" || ref.Key == "" {
		r.problems.add(v1.ReasonInvalidResource, "spec.kafka.logging.valueFrom.configMapKeyRef: is incomplete; logging of type external needs name and key of a ConfigMap")
		return
	}
	text, exists := r.in.Seen.ConfigMaps[ref.Name][ref.Key]
	if !exists {
		r.problems.add(v1.ReasonInvalidResource, fmt.Sprintf("ConfigMap %s with external logging configuration does not exist or has no key %s: spec.kafka.logging.valueFrom.configMapKeyRef must name a key of a ConfigMap in namespace %s", ref.Name, ref.Key, r.cluster.Namespace))
		return
	}
	r.cluster.logging = reloading(text)
}

// inlineLogging lays the user's settings over the defaults.
func inlineLogging(spec *v1.Logging) string {
	settings := defaultLogging()
	var changed map[string]string
	if spec != nil {
		changed = maps.Clone(spec.Loggers)
	}
	for i, s := range settings {
		if value, set := changed[s.name]; set {
			settings[i].value = value
			delete(changed, s.name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		settings = append(settings, setting{name, changed[name]})
	}
	var p properties
	for _, s := range settings {
		p.set(s.name, s.value)
	}
	return p.String()
}

var monitored = regexp.MustCompile(`(?m)^\s*monitorInterval\s*[=:\s]`)

// reloading makes Log4j look for changes of its file, so that levels change without a restart.
func reloading(text string) string {
	if monitored.MatchString(text) {
		return text
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text + "monitorInterval=30\n"
}
