package kafka

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka/configmodel"
	"castellan.io/castellan/internal/kafka/listener"
)

// reasonConfigParameter is the condition's reason when an option is not even a value.
const reasonConfigParameter = "InvalidConfigParameterException"

// Options that have a meaning here besides being passed on.
const (
	optionMinInsync     = "min.insync.replicas"
	optionSession       = "broker.session.timeout.ms"
	optionHeartbeat     = "broker.heartbeat.interval.ms"
	optionReplication   = "default.replication.factor"
	optionProviders     = "config.providers"
	optionQuotaCallback = "client.quota.callback.class"
)

// operatorOptions begin the names of options that users cannot set, in lower case: the operator sets them, or they would break what it sets.
func operatorOptions() []string {
	return []string{
		"listeners", "advertised.", "broker.", "listener.", "host.name", "port", "inter.broker.listener.name", "sasl.", "ssl.", "security.",
		"password.", "log.dir", "zookeeper.connect", "zookeeper.set.acl", "zookeeper.ssl", "zookeeper.clientcnxnsocket", "authorizer.", "super.user",
		"cruise.control.metrics.topic", "cruise.control.metrics.reporter.bootstrap.servers", "node.id", "process.roles", "controller.",
		"metadata.log.dir", "zookeeper.metadata.migration.enable", "client.quota.callback.static.kafka.admin.",
		"client.quota.callback.static.produce", "client.quota.callback.static.fetch",
		"client.quota.callback.static.storage.per.volume.limit.min.available.", "client.quota.callback.static.excluded.principal.name.list",
		"prometheus.metrics.reporter.", "cordoned.log.dirs",
	}
}

// userOptions can be set although their names begin like an operator's option.
func userOptions(listeners []listener.Listener) []string {
	names := []string{
		"zookeeper.connection.timeout.ms", "sasl.server.max.receive.size", "ssl.cipher.suites", "ssl.protocol", "ssl.enabled.protocols",
		"ssl.secure.random.implementation", "cruise.control.metrics.topic.num.partitions", "cruise.control.metrics.topic.replication.factor",
		"cruise.control.metrics.topic.retention.ms", "cruise.control.metrics.topic.auto.create.retries",
		"cruise.control.metrics.topic.auto.create.timeout.ms", "cruise.control.metrics.topic.min.insync.replicas",
		"broker.session.timeout.ms", "broker.heartbeat.interval.ms", "controller.socket.timeout.ms", "controller.quorum.election.backoff.max.ms",
		"controller.quorum.election.timeout.ms", "controller.quorum.fetch.timeout.ms",
	}
	for _, l := range listeners {
		for _, option := range []string{"connections.max.reauth.ms", "max.connections", "max.connection.creation.rate"} {
			names = append(names, "listener.name."+l.ID()+"."+option)
		}
	}
	return names
}

// resolveOptions takes over the user's options for the nodes.
func (r *resolution) resolveOptions() {
	options := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(r.cluster.spec.Config)) {
		value, err := optionText(r.cluster.spec.Config[name])
		if err != nil {
			r.problems.add(reasonConfigParameter, fmt.Sprintf("spec.kafka.config.%s: %v", name, err))
			continue
		}
		if r.belongsToOperator(name) {
			r.cluster.Notes = append(r.cluster.Notes, fmt.Sprintf("spec.kafka.config.%s: is ignored because the operator sets it", name))
			continue
		}
		options[name] = value
	}
	if _, set := options[optionQuotaCallback]; set && r.cluster.spec.Quotas != nil {
		delete(options, optionQuotaCallback)
		r.cluster.warn(v1.WarningQuotasPluginConflict, "", "spec.kafka.config."+optionQuotaCallback+" is ignored because spec.kafka.quotas is set; remove one of them.")
	}
	if _, set := options[optionMinInsync]; !set {
		options[optionMinInsync] = "1"
	}
	setSession(options)
	r.cluster.options = options
	r.checkOptions()
}

// setSession shortens the session of a broker, if the user says nothing about it. Controllers take a broker back only when the session of
// its last life is over, even after an orderly stop: with Kafka's 9 s that is what a restart mostly waits for (ADR 8).
func setSession(options map[string]string) {
	for _, name := range []string{optionSession, optionHeartbeat} {
		if _, set := options[name]; set {
			return
		}
	}
	options[optionSession], options[optionHeartbeat] = "6000", "500"
}

func (r *resolution) belongsToOperator(name string) bool {
	lower := strings.ToLower(name)
	if slices.Contains(userOptions(r.cluster.Listeners), lower) {
		return false
	}
	return slices.ContainsFunc(operatorOptions(), func(prefix string) bool { return strings.HasPrefix(lower, prefix) })
}

// optionText is the text that Kafka reads for a value of the manifest.
func optionText(raw json.RawMessage) (string, error) {
	text := strings.TrimSpace(string(raw))
	switch {
	case text == "" || text == "null":
		return "", fmt.Errorf("has no value; give a text, a number, true or false, or remove it")
	case text[0] == '{' || text[0] == '[':
		return "", fmt.Errorf("is an object or a list; give a text, a number, true or false (lists are written as text with commas)")
	case text[0] != '"':
		return text, nil
	}
	var unquoted string
	if err := json.Unmarshal(raw, &unquoted); err != nil {
		return "", fmt.Errorf("is not a text: %w", err)
	}
	return unquoted, nil
}

func (r *resolution) checkOptions() {
	if model, known := configmodel.For(r.cluster.Version); known {
		for _, fault := range model.Validate(r.cluster.options) {
			r.problems.add(v1.ReasonInvalidResource, "spec.kafka.config: "+fault)
		}
	}
	brokers := len(r.cluster.Brokers())
	for _, name := range []string{optionReplication, "offsets.topic.replication.factor", "transaction.state.log.replication.factor", "transaction.state.log.min.isr"} {
		value, set := r.cluster.options[name]
		if !set {
			continue
		}
		// What is no number has been reported by the model.
		if factor, err := strconv.Atoi(strings.TrimSpace(value)); err == nil && factor > brokers {
			r.problems.add(v1.ReasonInvalidResource, fmt.Sprintf("spec.kafka.config.%s: %d is more than the %d brokers of the cluster; lower it, or add brokers", name, factor, brokers))
		}
	}
	for _, alias := range splitList(r.cluster.options[optionProviders]) {
		if slices.Contains(brokerProviders(), alias) {
			r.problems.add(v1.ReasonInvalidConfiguration, fmt.Sprintf("spec.kafka.config.%s: the name %s is taken by the operator; choose another name", optionProviders, alias))
		}
	}
}

func splitList(text string) []string {
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		if trimmed := strings.TrimSpace(item); trimmed != "" {
			items = append(items, trimmed)
		}
	}
	return items
}

// Option is the value that the user gave a broker option, after the operator's rules were applied.
func (c *Cluster) Option(name string) (value string, set bool) {
	value, set = c.options[name]
	return value, set
}
