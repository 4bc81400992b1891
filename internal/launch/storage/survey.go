package storage

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"castellan.io/castellan/internal/properties"
)

const (
	metaFile        = "meta.properties"
	checkpointFile  = "bootstrap.checkpoint"
	metadataLogName = "__cluster_metadata-0"
	quorumStateFile = "quorum-state"
	epochFile       = "leader-epoch-checkpoint"
	copyName        = metadataLogName + ".moving"
)

// Directory is what was found in one log directory.
type Directory struct {
	Path string
	// Meta is the content of meta.properties; nil means that the directory is not formatted.
	Meta map[string]string
	// Unreadable says why meta.properties could not be read although it may exist: a broken disk, for one.
	Unreadable error
	// Log is the metadata log in this directory, nil if there is none.
	Log *MetadataLog
}

// MetadataLog says how far a copy of the cluster's metadata log had come.
type MetadataLog struct {
	// Epoch is the epoch of the last record, Segment the first offset of the last segment, Size that segment's bytes.
	Epoch, Segment, Size int64
	// Quorum is nil if there is no quorum-state.
	Quorum *QuorumState
}

// QuorumState is the part of Kafka's quorum-state file (QuorumStateData, versions 0 and 1) that matters here.
type QuorumState struct {
	// LeaderID and VotedID are -1 if there is none.
	LeaderID int `json:"leaderId"`
	VotedID  int `json:"votedId"`
	// Epoch is the epoch that leader and vote belong to.
	Epoch int `json:"leaderEpoch"`
}

// Survey looks at every directory. It fails only where going on could harm data.
func Survey(directories []string) ([]Directory, error) {
	found := make([]Directory, 0, len(directories))
	for _, path := range directories {
		directory := Directory{Path: path}
		directory.Meta, directory.Unreadable = readMeta(path)
		log, err := readMetadataLog(filepath.Join(path, metadataLogName))
		if err != nil && directory.Unreadable == nil {
			return nil, fmt.Errorf("looking at the metadata log in %s: %w", path, err)
		}
		directory.Log = log
		found = append(found, directory)
	}
	return found, nil
}

func readMeta(directory string) (map[string]string, error) {
	text, err := os.ReadFile(filepath.Join(directory, metaFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return properties.Parse(string(text)), nil
}

func readMetadataLog(path string) (*MetadataLog, error) {
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	log := &MetadataLog{Epoch: lastEpoch(filepath.Join(path, epochFile))}
	for _, entry := range entries {
		log.see(entry)
	}
	log.Quorum, err = readQuorumState(filepath.Join(path, quorumStateFile))
	return log, err
}

func (l *MetadataLog) see(entry fs.DirEntry) {
	name, isSegment := strings.CutSuffix(entry.Name(), ".log")
	offset, err := strconv.ParseInt(name, 10, 64)
	if !isSegment || err != nil || offset < l.Segment {
		return
	}
	l.Segment = offset
	if info, err := entry.Info(); err == nil {
		l.Size = info.Size()
	}
}

// lastEpoch reads Kafka's leader-epoch-checkpoint: two lines of head, then lines of "epoch first-offset".
func lastEpoch(path string) int64 {
	file, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer file.Close()
	var last int64
	for lines := bufio.NewScanner(file); lines.Scan(); {
		epoch, _, isEntry := strings.Cut(lines.Text(), " ")
		if number, err := strconv.ParseInt(epoch, 10, 64); isEntry && err == nil {
			last = number
		}
	}
	return last
}

func readQuorumState(path string) (*QuorumState, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	state := QuorumState{LeaderID: -1, VotedID: -1}
	if err := json.Unmarshal(text, &state); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return &state, nil
}
