package entityoperator

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	v1 "castellan.io/castellan/api/v1"
)

const (
	// loggingFile is the entry with the text of the configuration.
	loggingFile = "log4j2.properties"
	// rootLevel is the only line of it that means something to an operator.
	rootLevel = "rootLogger.level"
	// usualLevel is that of an operator about which nobody says anything.
	usualLevel = "INFO"
)

func loggingReference(logging *v1.Logging) *v1.KeySelector {
	if logging == nil || logging.Type != v1.LoggingExternal || logging.ValueFrom == nil {
		return nil
	}
	return logging.ValueFrom.ConfigMapKeyRef
}

// resolveLogging decides the text of the configuration, and the level in it.
func (o *operator) resolveLogging(configMaps map[string]map[string]string, namespace string) []string {
	spec, at := o.spec.Logging, o.path()+".logging"
	if spec == nil || spec.Type != v1.LoggingExternal {
		settings := map[string]string{rootLevel: usualLevel}
		if spec != nil {
			maps.Copy(settings, spec.Loggers)
		}
		o.logging = properties(settings)
		return o.resolveLevel(at+".loggers["+rootLevel+"]", settings[rootLevel])
	}
	ref := loggingReference(spec)
	if ref == nil || ref.Name == "" || ref.Key == "" {
		return []string{at + ".valueFrom.configMapKeyRef: is incomplete; logging of type external needs name and key of a ConfigMap"}
	}
	text, exists := configMaps[ref.Name][ref.Key]
	if !exists {
		return []string{fmt.Sprintf("%s.valueFrom.configMapKeyRef: ConfigMap %s does not exist or has no key %s; name a key of a ConfigMap in namespace %s", at, ref.Name, ref.Key, namespace)}
	}
	o.logging = text
	return o.resolveLevel(fmt.Sprintf("%s: %s in ConfigMap %s", at, rootLevel, ref.Name), levelIn(text))
}

// resolveLevel takes a level of Log4j for the nearest one that an operator has.
func (o *operator) resolveLevel(at, level string) []string {
	levels := map[string]string{
		"ALL": "DEBUG", "TRACE": "DEBUG", "DEBUG": "DEBUG", "INFO": "INFO", "WARN": "WARN", "ERROR": "ERROR", "FATAL": "ERROR", "OFF": "ERROR",
	}
	known := false
	if o.level, known = levels[strings.ToUpper(strings.TrimSpace(level))]; !known {
		return []string{fmt.Sprintf("%s: %q is not a level; write DEBUG, INFO, WARN or ERROR", at, level)}
	}
	return nil
}

var rootLine = regexp.MustCompile(`(?m)^[ \t]*rootLogger\.level[ \t]*[=:][ \t]*(\S*)[ \t]*$`)

// levelIn finds the level in a text. One that Log4j looks up somewhere, ${…}, cannot be known here.
func levelIn(text string) string {
	found := rootLine.FindStringSubmatch(strings.ReplaceAll(text, "\r\n", "\n"))
	if found == nil || strings.HasPrefix(found[1], "${") {
		return usualLevel
	}
	return found[1]
}

func properties(settings map[string]string) string {
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&out, "%s = %s\n", name, settings[name])
	}
	return out.String()
}
