package roll

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"castellan.io/castellan/test/golden"
)

// TestScripts runs the commands in testdata/*.txt, and compares what they print, the lines that begin with >, with the file.
//
//	node NAME-ID ROLES [ephemeral] [blank] [unready] [ending] [missing] [stuck=WHY] [outdated=CODE] [knows=IDS]
//	retiring   like node: one that should not run any more
//	quorum leader=ID voters=IDS [lagging=IDS]
//	partition TOPIC-NUMBER replicas=IDS isr=IDS min=NUMBER
//	apart      nodes of the old and the new configuration do not understand each other
//	barred     outdated controllers do not let brokers in
//	outage     no node can become ready, and nobody answers
//	recovery   the outage is over
//	next       print the next step
//	roll       take steps, and let happen what happens by itself, until that is over
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
	w := &world{State: State{FetchTimeoutMillis: 2000, Quorum: Quorum{Known: true, Leader: -1}, Partitions: Partitions{Known: true}}}
	var out strings.Builder
	for line := range strings.Lines(script) {
		if strings.HasPrefix(line, ">") {
			continue
		}
		out.WriteString(line)
		if words := strings.Fields(line); len(words) > 0 && words[0] != "#" {
			do(t, w, &out, words)
		}
	}
	return out.String()
}

func do(t *testing.T, w *world, out *strings.Builder, words []string) {
	t.Helper()
	options := optionsOf(words[1:])
	switch words[0] {
	case "node":
		w.Nodes = append(w.Nodes, nodeOf(t, words[1], words[2], options))
	case "retiring":
		w.Retiring = append(w.Retiring, nodeOf(t, words[1], words[2], options))
	case "quorum":
		w.Quorum = quorumFrom(t, options)
	case "partition":
		topic, number := split(t, words[1])
		w.Partitions.List = append(w.Partitions.List, Partition{
			Topic: topic, Number: number, Replicas: ids(t, options["replicas"]), ISR: ids(t, options["isr"]), MinISR: int(integer(t, options["min"])),
		})
	case "apart", "barred", "outage":
		w.apart, w.barred, w.outage = words[0] == "apart", words[0] == "barred", words[0] == "outage"
	case "recovery":
		w.recover()
	case "next":
		show(out, Next(w.seen()))
	case "roll":
		if !w.follow(func(_ State, step Step) { show(out, step) }) {
			out.WriteString("> nothing more happens\n")
		}
	default:
		t.Fatalf("unknown command %s", words[0])
	}
}

func show(out *strings.Builder, step Step) {
	fmt.Fprintf(out, "> %s", step.Action)
	for _, text := range []string{step.Node, step.Because, step.Detail} {
		if text != "" {
			fmt.Fprintf(out, " | %s", text)
		}
	}
	for _, reason := range step.Reasons {
		fmt.Fprintf(out, " | %s", reason.Code)
	}
	if step.Rule != "" {
		fmt.Fprintf(out, " (%s)", step.Rule)
	}
	out.WriteString("\n")
}

func nodeOf(t *testing.T, name, roles string, options map[string]string) Node {
	t.Helper()
	_, id := split(t, name)
	n := Node{
		Name: name, ID: id, Controller: strings.Contains(roles, "controller"), Broker: strings.Contains(roles, "broker"),
		Exists: !has(options, "missing"), Ending: has(options, "ending"), Stuck: options["stuck"],
		Ephemeral: has(options, "ephemeral"), Blank: has(options, "blank"), Knows: ids(t, options["knows"]),
	}
	n.Ready = n.Exists && n.Stuck == "" && !has(options, "unready")
	if code := options["outdated"]; code != "" {
		n.Reasons = []Reason{{Code: code}}
	}
	return n
}

func quorumFrom(t *testing.T, options map[string]string) Quorum {
	t.Helper()
	q := Quorum{Known: true, Leader: integer(t, options["leader"])}
	for _, id := range ids(t, options["voters"]) {
		q.Voters = append(q.Voters, Voter{ID: id, LastCaughtUp: now})
	}
	for _, id := range ids(t, options["lagging"]) {
		for i := range q.Voters {
			if q.Voters[i].ID == id {
				q.Voters[i].LastCaughtUp = 0
			}
		}
	}
	return q
}

func optionsOf(words []string) map[string]string {
	options := map[string]string{}
	for _, word := range words {
		name, value, _ := strings.Cut(word, "=")
		options[name] = value
	}
	return options
}

func has(options map[string]string, name string) bool {
	_, found := options[name]
	return found
}

// split takes the number off a name.
func split(t *testing.T, name string) (string, int32) {
	t.Helper()
	i := strings.LastIndex(name, "-")
	return name[:max(i, 0)], integer(t, name[i+1:])
}

func ids(t *testing.T, text string) []int32 {
	t.Helper()
	var list []int32
	for part := range strings.SplitSeq(text, ",") {
		if part != "" {
			list = append(list, integer(t, part))
		}
	}
	return list
}

func integer(t *testing.T, text string) int32 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return int32(n)
}
