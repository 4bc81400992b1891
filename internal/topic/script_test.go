package topic_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/topic"
	"castellan.io/castellan/test/golden"
)

// TestScripts runs the commands in testdata/*.txt, and compares what they print, the lines that begin with >, with the file. A value
// is Kafka's text; none unsets an option or a number.
//
//	mode two-way|report|revert
//	alterable LIST
//	others       somebody else may be moving replicas
//	brokers NAME=VALUE…
//	refuse NAME… Kafka does not take these options
//	resource [partitions=NUMBER] [replicas=NUMBER] [NAME=VALUE]…
//	kafka the same; kafka deletes; kafka makes the same
//	kafka differs partitions have different numbers of replicas
//	answer true|false
//	look         print both sides after a look, and what was told
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			golden.Equal(t, file, run(t, string(text)))
		})
	}
}

func run(t *testing.T, script string) string {
	t.Helper()
	w := newWorld(topic.TwoWay)
	var out strings.Builder
	for line := range strings.Lines(script) {
		if strings.HasPrefix(line, ">") {
			continue
		}
		out.WriteString(line)
		if words := strings.Fields(line); len(words) > 0 && words[0] != "#" {
			w.do(t, &out, words[0], words[1:])
		}
	}
	return out.String()
}

func (w *world) do(t *testing.T, out *strings.Builder, command string, words []string) {
	t.Helper()
	switch command {
	case "mode":
		w.policy.Mode = topic.Mode(words[0])
	case "alterable":
		w.policy.Alterable = topic.ParseAlterable(words[0])
	case "others":
		w.policy.ThrottlesAreOthers = true
	case "brokers":
		for _, word := range words {
			name, value, _ := strings.Cut(word, "=")
			w.brokers[name] = value
		}
	case "refuse":
		for _, name := range words {
			w.refused[name] = true
		}
	case "resource":
		for _, word := range words {
			w.inResource(t, word)
		}
	case "kafka":
		w.inKafka(t, words)
	case "answer":
		w.answer = words[0]
	case "look":
		told := w.look(t)
		fmt.Fprintf(out, "> resource: %s\n> kafka: %s\n", w.resourceState(t), w.kafkaState())
		for _, one := range told {
			fmt.Fprintf(out, "> told: %s\n", one)
		}
	default:
		t.Fatalf("unknown command %s", command)
	}
}

func (w *world) inResource(t *testing.T, word string) {
	t.Helper()
	name, value, _ := strings.Cut(word, "=")
	switch {
	case name == "partitions":
		w.spec.Partitions = maybe(t, value)
	case name == "replicas":
		w.spec.Replicas = maybe(t, value)
	case value == "none":
		delete(w.spec.Config, name)
	default:
		if w.spec.Config == nil {
			w.spec.Config = v1.FreeForm{}
		}
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		w.spec.Config[name] = text
	}
}

func (w *world) inKafka(t *testing.T, words []string) {
	t.Helper()
	switch words[0] {
	case "deletes":
		w.kafka = nil
		return
	case "differs":
		w.kafka.Partitions[0].Replicas = append(w.kafka.Partitions[0].Replicas, 9)
		return
	case "makes":
		w.make(1, 1, nil)
		words = words[1:]
	}
	for _, word := range words {
		name, value, _ := strings.Cut(word, "=")
		switch {
		case name == "partitions":
			w.grow(*maybe(t, value))
		case name == "replicas":
			w.reassign(*maybe(t, value))
		case value == "none":
			w.configure(name, nil)
		default:
			w.configure(name, &value)
		}
	}
}

// maybe is a number; nil for none.
func maybe(t *testing.T, text string) *int32 {
	t.Helper()
	if text == "none" {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	out := int32(n)
	return &out
}
