package image

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// recordScript runs a cluster and its tools in the image's tree.
//
//go:embed record/record.sh
var recordScript []byte

// RecordClasses runs a small cluster and its tools from the Kafka image of a
// version, on loopback ports 39090 to 39096, and returns the list of the
// classes they loaded, as it is kept in the source tree. It takes a minute or two.
func RecordClasses(ctx context.Context, options Options, version string) (string, error) {
	b := &builder{options: options, cache: cache{dir: options.CacheDir}}
	layers, err := b.kafkaLayers(ctx, version)
	if err != nil {
		return "", err
	}
	root, err := os.MkdirTemp("", "castellan-record-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(root)
	if err := unpack(ctx, root, layers); err != nil {
		return "", err
	}
	if err := makeDevices(root); err != nil {
		return "", err
	}
	if err := writeFiles(root, []File{{Path: "/record.sh", Mode: 0o755, Data: recordScript}}); err != nil {
		return "", err
	}
	b.progress("kafka %s: recording the classes that brokers and tools load", version)
	cmd := inImage(ctx, root, "/record.sh")
	cmd.Env = KafkaSpec(version).Config.Env
	output, err := run(cmd)
	if err != nil {
		return "", err
	}
	if output != "" {
		b.progress("%s", output)
	}
	return readRecorded(filepath.Join(root, "tmp/recorded"))
}

// makeDevices makes the few device files that Java and openssl want.
func makeDevices(root string) error {
	for name, minor := range map[string]uint32{"null": 3, "random": 8, "urandom": 9} {
		path := filepath.Join(root, "dev", name)
		err := unix.Mknod(path, syscall.S_IFCHR|0o666, int(unix.Mkdev(1, minor)))
		if err != nil && !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("making %s: %w", path, err)
		}
		if err := os.Chmod(path, 0o666); err != nil {
			return err
		}
	}
	return nil
}

func readRecorded(dir string) (string, error) {
	names, err := fileNames(dir)
	if err != nil {
		return "", err
	}
	var recorded []string
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return "", err
		}
		recorded = append(recorded, string(text))
	}
	return MergeClassLists(recorded...), nil
}
