package storage

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
)

// Node is who the directories belong to, as the node's configuration says it.
type Node struct {
	ClusterID string
	ID        int
	// MetadataVersion is what a new cluster starts with, for example "4.3-IV0".
	MetadataVersion string
	// MetadataLogDir is one of the surveyed directories.
	MetadataLogDir string
	// Voters are the ids of a static quorum; empty means that the quorum is dynamic.
	Voters []int
}

// Plan is what to do to the directories, in this order: move, delete, format.
type Plan struct {
	// Format are the directories to format. Features is what to record in them; nil means that this build does not
	// know the metadata version and Kafka's own tool has to format.
	Format   []string
	Features []Feature
	// MoveFrom is the directory whose metadata log becomes the one in MoveTo; empty if nothing has to move.
	MoveFrom, MoveTo string
	// Delete are paths that would keep Kafka from starting.
	Delete []string
	// Reasons says in a sentence each what happens and why.
	Reasons []string
}

// NeedsTool says whether Kafka's own storage tool has to format.
func (p Plan) NeedsTool() bool { return len(p.Format) > 0 && p.Features == nil }

// Decide says what to do. It refuses directories that belong to another cluster or node: they are never formatted,
// because what looks like a wrong volume may be somebody's data.
func Decide(node Node, directories []Directory) (Plan, error) {
	var plan Plan
	for _, directory := range directories {
		if err := verify(node, directory); err != nil {
			return Plan{}, err
		}
	}
	decideMetadataLog(&plan, node, directories)
	decideFormat(&plan, node, directories)
	return plan, nil
}

func verify(node Node, directory Directory) error {
	if directory.Meta == nil {
		return nil
	}
	path := filepath.Join(directory.Path, metaFile)
	expected := map[string]string{"cluster.id": node.ClusterID, "node.id": strconv.Itoa(node.ID)}
	for _, key := range []string{"cluster.id", "node.id"} {
		if found := directory.Meta[key]; found != expected[key] {
			return fmt.Errorf("%s has %s %q but this node's is %q: the volume belongs to another cluster or node, nothing was changed",
				path, key, found, expected[key])
		}
	}
	return nil
}

func decideFormat(plan *Plan, node Node, directories []Directory) {
	for _, directory := range directories {
		switch {
		case directory.Unreadable != nil:
			// Kafka takes such a directory out of service and goes on with the others (KIP-112).
			plan.because("leave %s alone: %v", directory.Path, directory.Unreadable)
		case directory.Meta == nil:
			plan.Format = append(plan.Format, directory.Path)
			plan.because("format %s for metadata version %s: it has no %s", directory.Path, node.MetadataVersion, metaFile)
		}
	}
	if len(plan.Format) > 0 {
		plan.Features, _ = Features(node.MetadataVersion)
	}
}

// decideMetadataLog makes sure that the newest copy of the metadata log is in the configured directory and nowhere else.
// Kafka refuses to start while a copy is in another log directory ("Found unexpected metadata location"), which happens
// when the metadata moves to another volume. To delete that copy and fetch everything from the leader would do for a
// broker. A controller is a voter: if it forgets records it has acknowledged, a majority that does not hold them can
// elect a leader without them, and a single controller would lose the whole cluster. So the log moves.
func decideMetadataLog(plan *Plan, node Node, directories []Directory) {
	newest := newestLog(node.MetadataLogDir, directories)
	if newest == nil {
		return
	}
	if newest.Path != node.MetadataLogDir {
		plan.MoveFrom, plan.MoveTo = newest.Path, node.MetadataLogDir
		plan.because("move the metadata log from %s to %s: metadata.log.dir changed", newest.Path, node.MetadataLogDir)
	}
	for _, directory := range directories {
		if directory.Log == nil || directory.Path == node.MetadataLogDir {
			continue
		}
		plan.Delete = append(plan.Delete, filepath.Join(directory.Path, metadataLogName))
		plan.because("delete the metadata log in %s: Kafka only starts with the one in %s", directory.Path, node.MetadataLogDir)
	}
	if staleClaim(node, newest.Log.Quorum) {
		plan.Delete = append(plan.Delete, filepath.Join(node.MetadataLogDir, metadataLogName, quorumStateFile))
		plan.because("delete %s in %s: node %d is no voter any more", quorumStateFile, node.MetadataLogDir, node.ID)
	}
}

// newestLog prefers the configured directory among equals.
func newestLog(configured string, directories []Directory) *Directory {
	var newest *Directory
	for i, directory := range directories {
		if directory.Log == nil {
			continue
		}
		order := 1
		if newest != nil {
			order = compareLogs(*directory.Log, *newest.Log)
		}
		if order > 0 || order == 0 && directory.Path == configured {
			newest = &directories[i]
		}
	}
	return newest
}

// compareLogs orders copies of one log as Raft does: by the last record's epoch, then by length.
func compareLogs(a, b MetadataLog) int {
	return cmp.Or(cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(a.Segment, b.Segment), cmp.Compare(a.Size, b.Size))
}

// staleClaim says whether quorum-state must go. It holds the node's vote: a voter that forgets it can vote twice in one
// epoch, and two leaders of one epoch lose metadata. Kafka up to 3.8 compared the voters in the file with the configured
// ones and refused to start after a change, for which the file had to be deleted at every start. Kafka 4 (QuorumState in
// the raft module) no longer compares them and puts aside a leader that is no voter. One case is left in which it refuses:
// the file says that this node stood for election, and the node is no voter any more. Only then the file goes; the vote
// of a node without the right to vote binds nobody, and the epoch is in the log as well.
func staleClaim(node Node, quorum *QuorumState) bool {
	if quorum == nil || len(node.Voters) == 0 || slices.Contains(node.Voters, node.ID) {
		return false
	}
	return quorum.VotedID == node.ID || quorum.LeaderID == node.ID
}

func (p *Plan) because(format string, values ...any) {
	p.Reasons = append(p.Reasons, fmt.Sprintf(format, values...))
}
