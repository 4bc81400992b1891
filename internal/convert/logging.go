package convert

import (
	"maps"
	"regexp"
	"slices"
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
	if loggers := settings.in("loggers"); key == "log4j.properties" && loggers.node != nil {
		inlineLoggers(loggers)
	}
}

// rootLogger are the names that the level of the root logger had: log4j's own, and the variables that components had for it.
var rootLogger = regexp.MustCompile(`^(log4j\.rootLogger|(kafka|connect|mirrormaker)\.root\.logger(\.level)?)$`)

// namedLogger is a logger in the language of log4j 1.
var namedLogger = regexp.MustCompile(`^log4j\.logger\.(.+)$`)

// identifier is what log4j 2 takes for the id of a logger.
var identifier = regexp.MustCompile(`[^A-Za-z0-9]+`)

// inlineLoggers translates levels from log4j 1 to log4j 2. Appenders stay, with a note.
func inlineLoggers(loggers section) {
	translated := map[string]string{}
	for _, name := range yamltree.Keys(loggers.node) {
		level, _, _ := strings.Cut(yamltree.Value(loggers.node, name), ",")
		level = strings.TrimSpace(level)
		switch parts := namedLogger.FindStringSubmatch(name); {
		case rootLogger.MatchString(name):
			key, value := yamltree.Take(loggers.node, name)
			into(loggers.node, "rootLogger.level", pair{key, text(level, value)})
			loggers.resource.changed(key, "%s.%s is now rootLogger.level", loggers.path, name)
		case parts != nil:
			id := identifier.ReplaceAllString(parts[1], "")
			translated[parts[1]] = id
			key, value := yamltree.Take(loggers.node, name)
			into(loggers.node, "logger."+id+".name", pair{key, yamltree.Text(parts[1])})
			into(loggers.node, "logger."+id+".level", pair{nil, text(level, value)})
			loggers.resource.changed(key, "%s.%s is now logger.%s.name and .level", loggers.path, name, id)
		case strings.HasPrefix(name, "log4j."):
			loggers.resource.left(yamltree.Key(loggers.node, name), "%s.%s is in the language of log4j 1; Kafka 4 reads that of log4j 2", loggers.path, name)
		}
	}
	ids := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(translated)) {
		if other, taken := ids[translated[name]]; taken {
			loggers.resource.left(loggers.node, "loggers %s and %s have got the same id %s; give one another", other, name, translated[name])
		}
		ids[translated[name]] = name
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
