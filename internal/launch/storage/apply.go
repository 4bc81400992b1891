package storage

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Tool formats with Kafka's own storage tool.
type Tool func(context.Context) error

// Effects is what Apply needs from outside. Random feeds the new directory ids and is read by several at a time; Now is
// written into the checkpoint.
type Effects struct {
	Random io.Reader
	Now    func() time.Time
	Tool   Tool
}

// Apply carries out a plan.
func Apply(ctx context.Context, plan Plan, node Node, effects Effects) error {
	if err := move(ctx, plan); err != nil {
		return err
	}
	for _, path := range plan.Delete {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("deleting %s: %w", path, err)
		}
		if err := syncDirectory(filepath.Dir(path)); err != nil {
			return err
		}
	}
	if plan.NeedsTool() {
		return effects.Tool(ctx)
	}
	return formatAll(plan, node, effects)
}

// formatAll formats side by side: the time goes into waiting for the disks.
func formatAll(plan Plan, node Node, effects Effects) error {
	failures := make([]error, len(plan.Format))
	var formats sync.WaitGroup
	for i, directory := range plan.Format {
		formats.Go(func() {
			if err := format(directory, plan.Features, node, effects); err != nil {
				failures[i] = fmt.Errorf("formatting %s: %w", directory, err)
			}
		})
	}
	formats.Wait()
	return errors.Join(failures...)
}

// format writes meta.properties last: only that file says that a directory is formatted.
func format(directory string, features []Feature, node Node, effects Effects) error {
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return err
	}
	id, err := newDirectoryID(effects.Random)
	if err != nil {
		return err
	}
	now := effects.Now().UnixMilli()
	checkpoint := encodeCheckpoint(features, times{now, now, now})
	if err := writeDurably(filepath.Join(directory, checkpointFile), checkpoint); err != nil {
		return err
	}
	if err := writeDurably(filepath.Join(directory, metaFile), encodeMeta(node, id)); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(directory))
}

// encodeMeta gives version 1 of meta.properties with the directory id of KIP-858.
func encodeMeta(node Node, directoryID string) []byte {
	return fmt.Appendf(nil, "#\nversion=1\ncluster.id=%s\nnode.id=%d\ndirectory.id=%s\n", node.ClusterID, node.ID, directoryID)
}

// newDirectoryID gives a random id in Kafka's form of a UUID: 16 bytes, base64url without padding. It never starts with
// '-', which a command line would take for an option.
func newDirectoryID(random io.Reader) (string, error) {
	for {
		var id [16]byte
		if _, err := io.ReadFull(random, id[:]); err != nil {
			return "", fmt.Errorf("making a directory id: %w", err)
		}
		text := base64.RawURLEncoding.EncodeToString(id[:])
		if !isReserved(id) && !strings.HasPrefix(text, "-") {
			return text, nil
		}
	}
}

// isReserved says whether Kafka keeps the id for itself: the first half is zero (DirectoryId.reserved, KIP-858).
func isReserved(id [16]byte) bool { return [8]byte(id[:8]) == [8]byte{} }

// writeDurably makes a file appear whole or not at all, also when the machine loses power.
func writeDurably(path string, content []byte) error {
	temporary := path + ".tmp"
	if err := writeSynced(temporary, strings.NewReader(string(content))); err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(path))
}

func writeSynced(path string, content io.Reader) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := io.Copy(file, content); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("syncing %s: %w", path, err)
	}
	return file.Close()
}

func syncDirectory(path string) error {
	directory, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("syncing %s: %w", path, err)
	}
	defer directory.Close()
	if err := directory.Sync(); err != nil {
		return fmt.Errorf("syncing %s: %w", path, err)
	}
	return nil
}

// move copies, because volumes are file systems of their own, and puts the copy in place only when it is whole.
// The original is deleted afterwards by the plan's next step.
func move(ctx context.Context, plan Plan) error {
	if plan.MoveFrom == "" {
		return nil
	}
	source := filepath.Join(plan.MoveFrom, metadataLogName)
	target := filepath.Join(plan.MoveTo, metadataLogName)
	unfinished := filepath.Join(plan.MoveTo, copyName)
	if err := os.RemoveAll(unfinished); err != nil {
		return fmt.Errorf("deleting %s: %w", unfinished, err)
	}
	if err := copyDirectory(ctx, source, unfinished); err != nil {
		return fmt.Errorf("copying %s to %s: %w", source, plan.MoveTo, err)
	}
	if err := os.RemoveAll(target); err != nil {
		return fmt.Errorf("deleting the older %s: %w", target, err)
	}
	if err := os.Rename(unfinished, target); err != nil {
		return err
	}
	return syncDirectory(plan.MoveTo)
}

func copyDirectory(ctx context.Context, source, target string) error {
	entries, err := os.ReadDir(source)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	for _, entry := range entries {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !entry.Type().IsRegular() {
			continue
		}
		if err := copyFile(filepath.Join(source, entry.Name()), filepath.Join(target, entry.Name())); err != nil {
			return err
		}
	}
	return syncDirectory(target)
}

func copyFile(source, target string) error {
	file, err := os.Open(source)
	if err != nil {
		return err
	}
	defer file.Close()
	return writeSynced(target, file)
}
