package storage

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var node = Node{ClusterID: "c1", ID: 3, MetadataVersion: "3.9-IV0", MetadataLogDir: "/a", Voters: []int{3, 4, 5}}

func meta(cluster, id string) map[string]string {
	return map[string]string{"version": "1", "cluster.id": cluster, "node.id": id}
}

func TestDecide(t *testing.T) {
	formatted := meta("c1", "3")
	features := []Feature{{"metadata.version", 21}}
	log := func(epoch, segment int64) *MetadataLog { return &MetadataLog{Epoch: epoch, Segment: segment, Size: 9} }
	claim := func(leader, vote int) *MetadataLog {
		return &MetadataLog{Quorum: &QuorumState{LeaderID: leader, VotedID: vote, Epoch: 7}}
	}
	observer, unknown := node, node
	observer.Voters = []int{4, 5}
	unknown.MetadataVersion = "9.9-IV0"
	dynamic := observer
	dynamic.Voters = nil
	quorum := []string{"/a/__cluster_metadata-0/quorum-state"}
	cases := map[string]struct {
		node  Node
		found []Directory
		want  Plan
	}{
		"new directories are formatted":                   {node, []Directory{{Path: "/a"}, {Path: "/b"}}, Plan{Format: []string{"/a", "/b"}, Features: features}},
		"formatted directories stay untouched":            {node, []Directory{{Path: "/a", Meta: formatted, Log: log(1, 0)}, {Path: "/b", Meta: formatted}}, Plan{}},
		"only an added volume is formatted":               {node, []Directory{{Path: "/a", Meta: formatted, Log: log(1, 0)}, {Path: "/b"}}, Plan{Format: []string{"/b"}, Features: features}},
		"a broken disk is left alone":                     {node, []Directory{{Path: "/a", Meta: formatted}, {Path: "/b", Unreadable: errors.New("I/O error")}}, Plan{}},
		"an unknown version leaves formatting to Kafka":   {unknown, []Directory{{Path: "/a"}}, Plan{Format: []string{"/a"}}},
		"a log on another volume moves":                   {node, []Directory{{Path: "/a", Meta: formatted}, {Path: "/b", Meta: formatted, Log: log(5, 0)}}, Plan{MoveFrom: "/b", MoveTo: "/a", Delete: []string{"/b/__cluster_metadata-0"}}},
		"an older log on another volume is deleted":       {node, []Directory{{Path: "/a", Meta: formatted, Log: log(5, 70)}, {Path: "/b", Meta: formatted, Log: log(5, 60)}}, Plan{Delete: []string{"/b/__cluster_metadata-0"}}},
		"an equal log on a volume before is deleted":      {node, []Directory{{Path: "/b", Meta: formatted, Log: log(5, 70)}, {Path: "/a", Meta: formatted, Log: log(5, 70)}}, Plan{Delete: []string{"/b/__cluster_metadata-0"}}},
		"an equal log on a volume behind is deleted":      {node, []Directory{{Path: "/a", Meta: formatted, Log: log(5, 70)}, {Path: "/b", Meta: formatted, Log: log(5, 70)}}, Plan{Delete: []string{"/b/__cluster_metadata-0"}}},
		"a newer log on another volume replaces an older": {node, []Directory{{Path: "/a", Meta: formatted, Log: log(5, 70)}, {Path: "/b", Meta: formatted, Log: log(6, 60)}}, Plan{MoveFrom: "/b", MoveTo: "/a", Delete: []string{"/b/__cluster_metadata-0"}}},
		"a voter keeps its vote":                          {node, []Directory{{Path: "/a", Meta: formatted, Log: claim(-1, 3)}}, Plan{}},
		"a voter keeps a vote for a removed voter":        {node, []Directory{{Path: "/a", Meta: formatted, Log: claim(-1, 9)}}, Plan{}},
		"a former voter forgets its candidacy":            {observer, []Directory{{Path: "/a", Meta: formatted, Log: claim(-1, 3)}}, Plan{Delete: quorum}},
		"a former voter forgets its leadership":           {observer, []Directory{{Path: "/a", Meta: formatted, Log: claim(3, -1)}}, Plan{Delete: quorum}},
		"an observer keeps its leader":                    {observer, []Directory{{Path: "/a", Meta: formatted, Log: claim(4, -1)}}, Plan{}},
		"a dynamic quorum is Kafka's own business":        {dynamic, []Directory{{Path: "/a", Meta: formatted, Log: claim(-1, 3)}}, Plan{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := Decide(c.node, c.found)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got, cmpopts.IgnoreFields(Plan{}, "Reasons")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			changes := len(got.Format) + len(got.Delete) + len(got.MoveFrom)
			if changes > 0 && len(got.Reasons) == 0 {
				t.Error("a change without a reason")
			}
		})
	}
}

func TestDecideRefusesForeignDirectories(t *testing.T) {
	cases := map[string]struct {
		meta map[string]string
		says string
	}{
		"of another cluster":  {meta("c2", "3"), `cluster.id "c2" but this node's is "c1"`},
		"of another node":     {meta("c1", "4"), `node.id "4" but this node's is "3"`},
		"without a node's id": {map[string]string{"version": "1", "cluster.id": "c1"}, `node.id ""`},
		"that say nothing":    {map[string]string{}, `cluster.id ""`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			plan, err := Decide(node, []Directory{{Path: "/a"}, {Path: "/b", Meta: c.meta}})
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "/b/meta.properties") {
				t.Errorf("error %v, want %q", err, c.says)
			}
			if diff := cmp.Diff(Plan{}, plan); diff != "" {
				t.Errorf("a refused plan is not empty: %s", diff)
			}
		})
	}
}
