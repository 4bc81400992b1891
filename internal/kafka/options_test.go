package kafka_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka"
)

func TestOptionsOfTheUser(t *testing.T) {
	tests := map[string]struct {
		name, raw string
		want      string // the line of a broker; empty when it is dropped
	}{
		"a text":                                    {"log.cleanup.policy", `"compact"`, "log.cleanup.policy=compact"},
		"a number":                                  {"log.retention.ms", "604800000", "log.retention.ms=604800000"},
		"a fraction":                                {"log.cleaner.min.cleanable.ratio", "0.25", "log.cleaner.min.cleanable.ratio=0.25"},
		"a truth value":                             {"auto.create.topics.enable", "false", "auto.create.topics.enable=false"},
		"an option that Kafka does not know":        {"my.plugin.option", `"x"`, "my.plugin.option=x"},
		"an empty text":                             {"my.plugin.option", `""`, "my.plugin.option="},
		"a text of several lines":                   {"my.plugin.option", `"a\nlisteners=EVIL"`, `my.plugin.option=a\nlisteners=EVIL`},
		"a backslash":                               {"my.plugin.option", `"C:\\x"`, `my.plugin.option=C:\\x`},
		"a leading blank":                           {"my.plugin.option", `" a b"`, `my.plugin.option=\ a b`},
		"letters beyond ASCII":                      {"my.plugin.option", `"ä😀"`, `my.plugin.option=\u00E4\uD83D\uDE00`},
		"separators in a name":                      {"my.a=b:c", `"x"`, `my.a\=b\:c=x`},
		"a name that looks like a comment":          {"#x", `"y"`, `\#x=y`},
		"the operator's listeners":                  {"listeners", `"x"`, ""},
		"the operator's options in capitals":        {"LISTENERS", `"x"`, ""},
		"the operator's options by their beginning": {"log.dirs", `"/x"`, ""},
		"roles":                             {"process.roles", `"x"`, ""},
		"cordoning":                         {"cordoned.log.dirs", `"x"`, ""},
		"TLS":                               {"ssl.keystore.location", `"/x"`, ""},
		"protocols of TLS":                  {"ssl.enabled.protocols", `"TLSv1.3"`, "ssl.enabled.protocols=TLSv1.3"},
		"the controllers' listener":         {"controller.listener.names", `"x"`, ""},
		"time-outs of the quorum":           {"controller.quorum.fetch.timeout.ms", "3000", "controller.quorum.fetch.timeout.ms=3000"},
		"a limit of a listener that exists": {"listener.name.plain-9092.max.connections", "5", "listener.name.plain-9092.max.connections=5"},
		"a limit of a listener that does not exist": {"listener.name.other-9092.max.connections", "5", ""},
		"another option of a listener":              {"listener.name.plain-9092.ssl.client.auth", `"none"`, ""},
		"a provider of configuration":               {"config.providers.mine.class", `"x"`, "config.providers.mine.class=x"},
		"a plugin for quotas":                       {"client.quota.callback.class", `"x"`, "client.quota.callback.class=x"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cluster := mustResolve(t, changed(t, func(in *kafka.Input) { set(in, test.name, test.raw) }))
			plain := mustResolve(t, changed(t, nil))
			lines := strings.Split(cluster.ServerConfig(cluster.Brokers()[0]), "\n")
			if test.want != "" && !slices.Contains(lines, test.want) {
				t.Errorf("no line %q in:\n%s", test.want, strings.Join(lines, "\n"))
			}
			if before := plain.ServerConfig(plain.Brokers()[0]); test.want == "" && strings.Join(lines, "\n") != before {
				t.Errorf("the option changed the configuration to:\n%s", strings.Join(lines, "\n"))
			}
			if noted := len(cluster.Notes) > 0; noted != (test.want == "") {
				t.Errorf("got notes %q", cluster.Notes)
			}
		})
	}
}

func TestProvidersOfTheUserComeFirst(t *testing.T) {
	cluster := mustResolve(t, changed(t, func(in *kafka.Input) { set(in, "config.providers", `" a , b "`) }))
	for _, n := range cluster.Nodes {
		want := "\nconfig.providers=a,b,strimzienv,strimzifile,strimzidir\n"
		if !n.Broker {
			want = "\nconfig.providers=a,b,strimzienv\n"
		}
		if got := cluster.ServerConfig(n); strings.Count(got, "\nconfig.providers=") != 1 || !strings.Contains(got, want) {
			t.Errorf("%s: want%sin:\n%s", n.Name, want, got)
		}
	}
}

func TestReplicasInSyncHaveADefault(t *testing.T) {
	cluster := mustResolve(t, changed(t, func(in *kafka.Input) { delete(spec(in).Config, "min.insync.replicas") }))
	if got := cluster.ServerConfig(cluster.Nodes[0]); !strings.Contains(got, "\nmin.insync.replicas=1\n") {
		t.Error(got)
	}
}

func TestSessionsAreShortUnlessTheUserSaysHowLong(t *testing.T) {
	tests := map[string]struct {
		name, raw string
		want      []string
	}{
		"nothing is said":                {"log.retention.ms", "1", []string{"broker.heartbeat.interval.ms=500", "broker.session.timeout.ms=6000"}},
		"the session's length is said":   {"broker.session.timeout.ms", "18000", []string{"broker.session.timeout.ms=18000"}},
		"the heartbeat's period is said": {"broker.heartbeat.interval.ms", "5000", []string{"broker.heartbeat.interval.ms=5000"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cluster := mustResolve(t, changed(t, func(in *kafka.Input) { set(in, test.name, test.raw) }))
			var got []string
			for line := range strings.Lines(cluster.ServerConfig(cluster.Brokers()[0])) {
				if strings.HasPrefix(line, "broker.session.") || strings.HasPrefix(line, "broker.heartbeat.") {
					got = append(got, strings.TrimSpace(line))
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("options (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConfigurationHash(t *testing.T) {
	before := mustResolve(t, changed(t, nil))
	tests := map[string]struct {
		change   func(*kafka.Input)
		restarts bool
	}{
		"nothing":   {nil, false},
		"an option": {func(in *kafka.Input) { set(in, "log.retention.ms", "1000") }, true},
		"an advertised host": {func(in *kafka.Input) {
			spec(in).Listeners[0].Configuration = &v1.ListenerConfiguration{AdvertisedHostTemplate: "x"}
		}, true},
		"a level of a logger": {func(in *kafka.Input) {
			spec(in).Logging = &v1.Logging{Type: v1.LoggingInline, Loggers: map[string]string{"rootLogger.level": "DEBUG"}}
		}, false},
		"another pool's label": {func(in *kafka.Input) { pool(in, "a").Labels["x"] = "y" }, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			after := mustResolve(t, changed(t, test.change))
			last := len(after.Nodes) - 1
			if got := hash(before, last) != hash(after, last); got != test.restarts {
				t.Errorf("the hash changed: %v, want %v", got, test.restarts)
			}
		})
	}
}

func TestLogging(t *testing.T) {
	external := func(text string) func(*kafka.Input) {
		return func(in *kafka.Input) {
			in.Seen.ConfigMaps["m"] = map[string]string{"k": text}
			spec(in).Logging = &v1.Logging{Type: v1.LoggingExternal, ValueFrom: &v1.ExternalConfig{ConfigMapKeyRef: &v1.KeySelector{Name: "m", Key: "k"}}}
		}
	}
	inline := func(name, value string) func(*kafka.Input) {
		return func(in *kafka.Input) {
			spec(in).Logging = &v1.Logging{Type: v1.LoggingInline, Loggers: map[string]string{name: value}}
		}
	}
	tests := map[string]struct {
		change func(*kafka.Input)
		has    []string
		hasNot []string
	}{
		"the default writes to the output and looks for changes": {nil, []string{"rootLogger.level=INFO\n", "appender.console.name=STDOUT\n", "\nmonitorInterval=30\n"}, nil},
		"a level takes the place of the default's":               {inline("rootLogger.level", "DEBUG"), []string{"rootLogger.level=DEBUG\n"}, []string{"rootLogger.level=INFO"}},
		"a new logger is added":                                  {inline("logger.x.name", "com.example"), []string{"logger.x.name=com.example\n", "rootLogger.level=INFO\n"}, nil},
		"an own interval stays":                                  {inline("monitorInterval", "5"), []string{"monitorInterval=5\n"}, []string{"monitorInterval=30"}},
		"an external text is taken as it is":                     {external("a=b"), []string{"a=b\nmonitorInterval=30\n"}, []string{"rootLogger"}},
		"an external text with an interval is not touched":       {external("monitorInterval : 7"), []string{"monitorInterval : 7"}, []string{"30"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cluster := mustResolve(t, changed(t, test.change))
			got := cluster.Plan(certificates(cluster)).Groups[0].Instances[0].Files["log4j2.properties"]
			for _, want := range test.has {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in:\n%s", want, got)
				}
			}
			for _, never := range test.hasNot {
				if strings.Contains(got, never) {
					t.Errorf("%q in:\n%s", never, got)
				}
			}
		})
	}
}

func TestLabelsAreCarriedOverUnlessExcluded(t *testing.T) {
	excluded, err := kafka.ParseLabelExclusion(exclusionPattern)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]bool{
		"app.kubernetes.io/name": true, "app.kubernetes.io/part-of": false, "kustomize.toolkit.fluxcd.io/name": true, "team": false, "strimzi.io/cluster": false,
	} {
		if got := excluded(key); got != want {
			t.Errorf("%s: excluded is %v, want %v", key, got, want)
		}
	}
	if _, err := kafka.ParseLabelExclusion("("); err == nil {
		t.Error("a broken pattern was accepted")
	}
}
