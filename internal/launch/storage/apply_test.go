package storage

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"castellan.io/castellan/internal/properties"
)

func effects() Effects {
	return Effects{Random: rand.Reader, Now: func() time.Time { return time.UnixMilli(1_700_000_000_000) }}
}

func prepare(t *testing.T, n Node, directories ...string) Plan {
	t.Helper()
	found, err := Survey(directories)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := Decide(n, found)
	if err != nil {
		t.Fatal(err)
	}
	if err := Apply(t.Context(), plan, n, effects()); err != nil {
		t.Fatal(err)
	}
	return plan
}

func read(t *testing.T, elements ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(elements...))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func write(t *testing.T, content string, elements ...string) {
	t.Helper()
	path := filepath.Join(elements...)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func exists(elements ...string) bool {
	_, err := os.Stat(filepath.Join(elements...))
	return err == nil
}

func nodeIn(directory string) Node {
	n := node
	n.MetadataLogDir = directory
	return n
}

func TestNewDirectoriesAreFormattedOnce(t *testing.T) {
	a, b := filepath.Join(t.TempDir(), "kafka-log3"), filepath.Join(t.TempDir(), "kafka-log3")
	prepare(t, nodeIn(a), a, b)
	first := properties.Parse(read(t, a, metaFile))
	second := properties.Parse(read(t, b, metaFile))
	if first["directory.id"] == second["directory.id"] {
		t.Errorf("both directories have the id %s", first["directory.id"])
	}
	if !regexp.MustCompile(`^[0-9A-Za-z_][0-9A-Za-z_-]{21}$`).MatchString(first["directory.id"]) {
		t.Errorf("directory.id is %q", first["directory.id"])
	}
	want := map[string]string{"version": "1", "cluster.id": "c1", "node.id": "3", "directory.id": first["directory.id"]}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("meta.properties (-want +got):\n%s", diff)
	}
	again := prepare(t, nodeIn(a), a, b)
	if diff := cmp.Diff(Plan{}, again); diff != "" {
		t.Errorf("a second start changes something:\n%s", diff)
	}
}

func TestMetaHasTheKeysThatKafkaWrites(t *testing.T) {
	golden := properties.Parse(read(t, "testdata", "kafka-4.3.1-meta.properties"))
	kafkas := Node{ClusterID: golden["cluster.id"], ID: 1}
	ours := properties.Parse(string(encodeMeta(kafkas, golden["directory.id"])))
	if diff := cmp.Diff(golden, ours); diff != "" {
		t.Errorf("(-Kafka's +ours):\n%s", diff)
	}
}

func TestFormattingGoesOnAfterACrash(t *testing.T) {
	a := t.TempDir()
	write(t, "half", a, checkpointFile+".tmp")
	write(t, "whole", a, checkpointFile)
	write(t, "cluster.id=c", a, metaFile+".tmp")
	if plan := prepare(t, nodeIn(a), a); !slices.Equal(plan.Format, []string{a}) {
		t.Errorf("formats %v", plan.Format)
	}
	if read(t, a, checkpointFile) == "whole" || properties.Parse(read(t, a, metaFile))["cluster.id"] != "c1" {
		t.Error("the directory is not formatted")
	}
}

func TestAMovedMetadataLogKeepsItsRecordsAndItsVote(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	prepare(t, nodeIn(b), a, b)
	write(t, "records", b, metadataLogName, "00000000000000000000.log")
	write(t, "0\n1\n4 0\n", b, metadataLogName, epochFile)
	write(t, `{"leaderId":-1,"leaderEpoch":9,"votedId":4,"data_version":0}`, b, metadataLogName, quorumStateFile)
	write(t, "cut off", a, copyName, "00000000000000000000.log")
	write(t, "left", a, copyName, "rubbish")

	prepare(t, nodeIn(a), a, b)
	if exists(b, metadataLogName) || exists(a, copyName) || exists(a, metadataLogName, "rubbish") {
		t.Error("something is left over")
	}
	found, err := Survey([]string{a})
	if err != nil {
		t.Fatal(err)
	}
	want := &MetadataLog{Epoch: 4, Size: 7, Quorum: &QuorumState{LeaderID: -1, VotedID: 4, Epoch: 9}}
	if diff := cmp.Diff(want, found[0].Log); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnUnknownVersionIsLeftToKafkasTool(t *testing.T) {
	a := filepath.Join(t.TempDir(), "kafka-log3")
	n := nodeIn(a)
	n.MetadataVersion = "9.9-IV0"
	plan, err := Decide(n, []Directory{{Path: a}})
	if err != nil {
		t.Fatal(err)
	}
	outside := effects()
	outside.Tool = func(context.Context) error { return errors.New("tool was called") }
	if err := Apply(t.Context(), plan, n, outside); err == nil || err.Error() != "tool was called" {
		t.Errorf("error %v", err)
	}
	if exists(a) {
		t.Error("the directory was made")
	}
}

func TestDirectoryIDsAvoidWhatKafkaReserves(t *testing.T) {
	reserved := make([]byte, 16)
	dash := append([]byte{0xf8}, make([]byte, 15)...)
	good := bytes.Repeat([]byte{1}, 16)
	id, err := newDirectoryID(bytes.NewReader(slices.Concat(reserved, dash, good)))
	if err != nil || id != "AQEBAQEBAQEBAQEBAQEBAQ" {
		t.Errorf("id %q, error %v", id, err)
	}
}

func TestSurveyKeepsABrokenDiskApart(t *testing.T) {
	a := t.TempDir()
	if err := os.Mkdir(filepath.Join(a, metaFile), 0o755); err != nil {
		t.Fatal(err)
	}
	found, err := Survey([]string{a})
	if err != nil || found[0].Unreadable == nil || found[0].Meta != nil {
		t.Errorf("found %+v, error %v", found, err)
	}
}

func TestSurveyRefusesAQuorumStateItCannotRead(t *testing.T) {
	a := t.TempDir()
	write(t, "{", a, metadataLogName, quorumStateFile)
	if _, err := Survey([]string{a}); err == nil {
		t.Error("no error")
	}
}
