package launch

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"castellan.io/castellan/internal/properties"
)

// container is a Kafka container in a temporary directory whose java is a shell script.
func container(t *testing.T, java string) (Layout, *slog.Logger) {
	t.Helper()
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "tmp"), 0o755); err != nil {
		t.Fatal(err)
	}
	layout := Layout{
		Config:        filepath.Join(root, "config"),
		Engine:        filepath.Join(root, "castellan", "kafka-tls.jar"),
		Properties:    filepath.Join(root, "tmp", "strimzi.properties"),
		Security:      filepath.Join(root, "tmp", "java.security"),
		Logs:          filepath.Join(root, "tmp"),
		Kafka:         filepath.Join(root, "kafka"),
		JavaHomes:     []string{filepath.Join(root, "jre")},
		HealthAddress: "127.0.0.1:0",
	}
	put(t, "#!/bin/sh\n"+java, root, "jre", "bin", "java")
	put(t, "NPbqRUQASl6FN8qsRmtZRA\n", layout.config("cluster.id"))
	put(t, "4.3-IV0", layout.config("metadata.version"))
	put(t, strings.Join([]string{
		"node.id=3", "process.roles=broker", "inter.broker.listener.name=REPLICATION-9091", "controller.quorum.voters=4@a:9090",
		"listeners=REPLICATION-9091://127.0.0.1:1", "listener.security.protocol.map=REPLICATION-9091:PLAINTEXT",
		"log.dirs=" + filepath.Join(root, "data", "kafka-log3"),
	}, "\n"), layout.config("server.config"))
	return layout, slog.New(slog.NewTextHandler(io.Discard, nil))
}

func TestKafkaGivesTheJVMsExitCode(t *testing.T) {
	cases := map[string]struct {
		java string
		want int
	}{
		"success":              {"exit 0", 0},
		"a failure":            {"exit 7", 7},
		"death by a signal":    {"kill -KILL $$", 137},
		"a stop nobody wanted": {"kill -TERM $$", 143},
		"with an orphan left":  {"(sleep 0.01 &) ; exit 5", 5},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			layout, log := container(t, c.java)
			if code, err := Kafka(t.Context(), layout, nil, log); code != c.want || err != nil {
				t.Errorf("code %d, error %v, want %d", code, err, c.want)
			}
		})
	}
}

func TestAStopThatWasAskedForIsSuccess(t *testing.T) {
	cases := map[string]string{
		"after a controlled shutdown":       "trap 'exit 143' TERM; touch $0.started; while :; do sleep 0.01; done",
		"before the JVM handles the signal": "touch $0.started; exec sleep 60",
	}
	for name, java := range cases {
		t.Run(name, func(t *testing.T) {
			layout, log := container(t, java)
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				for firstFile(filepath.Join(layout.JavaHomes[0], "bin", "java.started")) == "" {
					time.Sleep(time.Millisecond)
				}
				cancel()
			}()
			if code, err := Kafka(ctx, layout, nil, log); code != 0 || err != nil {
				t.Errorf("code %d, error %v", code, err)
			}
		})
	}
}

func TestAStopBeforeTheStartStartsNothing(t *testing.T) {
	layout, log := container(t, "touch $0.started")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code, err := Kafka(ctx, layout, nil, log); code != 0 || err != nil {
		t.Errorf("code %d, error %v", code, err)
	}
	if firstFile(filepath.Join(layout.JavaHomes[0], "bin", "java.started")) != "" {
		t.Error("the JVM was started")
	}
}

func TestKafkaStartsOnlyOnItsOwnVolumes(t *testing.T) {
	layout, log := container(t, "touch $0.started")
	if code, err := Kafka(t.Context(), layout, nil, log); code != 0 || err != nil {
		t.Fatalf("code %d, error %v", code, err)
	}
	started := filepath.Join(layout.JavaHomes[0], "bin", "java.started")
	if err := os.Remove(started); err != nil {
		t.Fatal(err)
	}
	put(t, "AAAAAAAAAAAAAAAAAAAAAA", layout.config("cluster.id"))
	code, err := Kafka(t.Context(), layout, nil, log)
	if code != 1 || err == nil || !strings.Contains(err.Error(), "another cluster") || firstFile(started) != "" {
		t.Errorf("code %d, error %v", code, err)
	}
}

func TestTheQuorumIsThePodsAndNotANewerOne(t *testing.T) {
	layout, log := container(t, "exit 0")
	if _, err := Kafka(t.Context(), layout, Environment{"CASTELLAN_QUORUM_VOTERS": "4@a:9090,5@b:9090"}, log); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(layout.Properties)
	if got := properties.Parse(string(text))["controller.quorum.voters"]; err != nil || got != "4@a:9090,5@b:9090" {
		t.Errorf("voters %q, error %v", got, err)
	}
}

func TestAnUnknownMetadataVersionIsFormattedByKafkasTool(t *testing.T) {
	layout, log := container(t, `echo "$@" >> $0.calls`)
	put(t, "9.9-IV0", layout.config("metadata.version"))
	if code, err := Kafka(t.Context(), layout, nil, log); code != 0 || err != nil {
		t.Fatalf("code %d, error %v", code, err)
	}
	calls, err := os.ReadFile(filepath.Join(layout.JavaHomes[0], "bin", "java.calls"))
	tool := "kafka.tools.StorageTool format --ignore-formatted --cluster-id NPbqRUQASl6FN8qsRmtZRA --release-version 9.9-IV0 --config " + layout.Properties + "\n"
	server := "kafka.Kafka " + layout.Properties + "\n"
	if before, after, _ := strings.Cut(string(calls), tool); err != nil || before == "" || !strings.HasSuffix(after, server) {
		t.Errorf("calls %q, error %v", calls, err)
	}
}

func TestPrepare(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" || r.URL.Path != "/api/v1/nodes/worker-1" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(w, `{"metadata":{"labels":{"zone":"eu-1"}}}`)
	}))
	t.Cleanup(server.Close)
	account := t.TempDir()
	put(t, "secret\n", account, "token")
	put(t, string(encode("CERTIFICATE", server.Certificate().Raw)), account, "ca.crt")
	cases := map[string]struct {
		node, key string
		rack      string
		says      string
	}{
		"writes the rack":                   {"worker-1", "zone", "eu-1", ""},
		"writes none if none is asked for":  {"", "", "", ""},
		"fails without the label":           {"worker-1", "rack", "", `no label "rack"`},
		"fails if it may not read the node": {"worker-2", "zone", "", "403"},
		"fails without the machine's name":  {"", "zone", "", "NODE_NAME"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			target := t.TempDir()
			p := Preparation{
				Binary: filepath.Join(target, "castellan"), Engine: filepath.Join(target, "engine.jar"), EngineSource: put(t, "jar", t.TempDir(), "e.jar"),
				RackFile:    filepath.Join(target, "rack.id"),
				TopologyKey: c.key, NodeName: c.node, API: server.URL, Account: account,
			}
			err := Prepare(t.Context(), p)
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want %q", err, c.says)
			}
			rack, _ := os.ReadFile(p.RackFile)
			if string(rack) != c.rack {
				t.Errorf("rack %q, want %q", rack, c.rack)
			}
			if jar, err := os.ReadFile(p.Engine); err != nil || string(jar) != "jar" {
				t.Errorf("jar %q, error %v", jar, err)
			}
			if info, err := os.Stat(p.Binary); err != nil || info.Mode().Perm() != 0o755 || info.Size() == 0 {
				t.Errorf("binary %v, error %v", info, err)
			}
		})
	}
}
