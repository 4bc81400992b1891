package lifecycle

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"castellan.io/castellan/dev/build"
	"castellan.io/castellan/dev/cluster"
	"castellan.io/castellan/dev/progress"
)

// Lab is the cluster of one checkout, with what is needed to work on it.
type Lab struct {
	// Checkout is whose cluster it is.
	Checkout Checkout
	// State is where the cluster keeps everything.
	State State
	// Cache is the folder of built programs.
	Cache string
	// Progress hears of long steps, and has the clock.
	Progress progress.Reporter
	// Environment is the user's, as NAME=value.
	Environment []string
}

// builder builds the programs of the checkout.
func (l Lab) builder() build.Builder {
	return build.Builder{Source: l.Checkout.Source(), Cache: l.Cache, Progress: l.Progress}
}

// folders are the folders of the programs for people: Kubernetes' and containerd's.
func (l Lab) folders(ctx context.Context) ([]string, error) {
	folders, err := l.builder().Ensure(ctx, []build.Tool{build.Kubernetes(), build.Containerd()})
	if err != nil {
		return nil, err
	}
	return []string{folders["kubernetes"], folders["containerd"]}, nil
}

// Assets is a folder with the programs that controller-runtime's envtest starts:
// kube-apiserver, etcd and kubectl.
func (l Lab) Assets(ctx context.Context) (string, error) {
	folders, err := l.builder().Ensure(ctx, []build.Tool{build.Kubernetes(), build.Etcd()})
	if err != nil {
		return "", err
	}
	sources := []string{
		filepath.Join(folders["kubernetes"], "kube-apiserver"),
		filepath.Join(folders["kubernetes"], "kubectl"),
		filepath.Join(folders["etcd"], "etcd"),
	}
	name := "envtest-" + filepath.Base(folders["kubernetes"]) + "-" + filepath.Base(folders["etcd"])
	return build.Links(filepath.Join(l.Cache, name), sources)
}

// pauseImage is the path of the tarball of the pause image.
func (l Lab) pauseImage(ctx context.Context) (string, error) {
	folders, err := l.builder().Ensure(ctx, []build.Tool{build.Pause()})
	if err != nil {
		return "", err
	}
	path := filepath.Join(l.State.Dir, "pause.tar")
	program := filepath.Join(folders["pause"], "pause")
	return path, build.WriteImage(program, cluster.PauseImage, path)
}

// lock keeps other commands from bringing the same cluster up or down. It is
// released when the process ends, however it ends.
func (l Lab) lock() (unlock func(), err error) {
	path := filepath.Join(l.Cache, "locks", l.Checkout.Key())
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("making the folder of locks: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the cluster's lock: %w", err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("another 'dev up' or 'dev down' of %s is at work: wait for it to end", l.Checkout.Path)
	}
	return func() { _ = file.Close() }, nil
}
