package convert

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"castellan.io/castellan/internal/yamltree"
)

// logging converts the settings of logs: those in a ConfigMap have a key of it, and those of Kafka are in the language of log4j 2.
func logging(s section, key string) {
	settings := s.in("logging")
	if name := settings.text("name"); name != "" && settings.text("type") == "external" && !settings.has("valueFrom") {
		p := settings.take("name")
		settings.put("valueFrom.configMapKeyRef", pair{p.key, yamltree.Pairs(
			yamltree.Pair{Key: "name", Value: p.value},
			yamltree.Pair{Key: "key", Value: yamltree.Text(key)},
		)})
		s.resource.changed(p.key, "%s.name is now valueFrom.configMapKeyRef with the key %s", settings.path, key)
	}
	if settings.text("valueFrom.configMapKeyRef.key") == "log4j.properties" {
		settings.left("valueFrom", "names log4j.properties; Kafka 4 reads the language of log4j 2: translate the ConfigMap")
	}
	inlineLoggers(settings.in("loggers"))
}

// rootLogger are the names that the level of the root logger had: log4j's own, and the variables that components had for it.
var rootLogger = regexp.MustCompile(`^(log4j\.rootLogger|(kafka|connect|mirrormaker|bridge|cruisecontrol)\.root\.logger(\.level)?)$`)

// namedLogger is a logger in the language of log4j 1.
var namedLogger = regexp.MustCompile(`^log4j\.logger\.(.+)$`)

// identifier is what log4j 2 does not take in the id of a logger.
var identifier = regexp.MustCompile(`[^A-Za-z0-9]+`)

// inlineLoggers translates levels from log4j 1 to log4j 2. Appenders stay, with a note, and so do levels that are variables.
func inlineLoggers(loggers section) {
	for _, name := range yamltree.Keys(loggers.node) {
		level, appenders, _ := strings.Cut(yamltree.Value(loggers.node, name), ",")
		level, appenders = strings.TrimSpace(level), strings.TrimSpace(appenders)
		root, named := rootLogger.MatchString(name), namedLogger.FindStringSubmatch(name)
		if !root && !strings.HasPrefix(name, "log4j.") {
			continue
		}
		if !root && named == nil || strings.Contains(level, "$") {
			loggers.resource.left(yamltree.Key(loggers.node, name), "%s.%s is in the language of log4j 1; Kafka 4 reads that of log4j 2", loggers.path, name)
			continue
		}
		property := "rootLogger.level"
		if named != nil {
			property = "logger." + identifier.ReplaceAllString(named[1], "") + ".level"
		}
		key, value := yamltree.Take(loggers.node, name)
		if yamltree.Child(loggers.node, property) != nil {
			loggers.resource.changed(key, "%s.%s is removed: %s is set and counts", loggers.path, name, property)
			continue
		}
		if named != nil {
			into(loggers.node, strings.TrimSuffix(property, "level")+"name", pair{key, yamltree.Text(named[1])})
			key = nil
		}
		into(loggers.node, property, pair{key, text(level, value)})
		without := ""
		if appenders != "" {
			without = ", without its appender " + appenders
		}
		loggers.resource.changed(value, "%s.%s is now %s%s", loggers.path, name, property, without)
	}
}

// into puts a value under a key that has dots in it.
func into(n *yaml.Node, key string, p pair) {
	k := yamltree.Text(key)
	if p.key != nil {
		k.HeadComment, k.FootComment, k.Line = p.key.HeadComment, p.key.FootComment, p.key.Line
	}
	yamltree.Append(n, k, p.value)
}

// text is a scalar in the place of another, with its comments.
func text(value string, old *yaml.Node) *yaml.Node {
	n := yamltree.Text(value)
	n.HeadComment, n.LineComment, n.FootComment = old.HeadComment, old.LineComment, old.FootComment
	return n
}
