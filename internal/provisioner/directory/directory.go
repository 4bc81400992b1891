package directory

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Attributes are a volume directory's owner and mode.
type Attributes struct {
	// Mode may hold permission bits, fs.ModeSetgid and fs.ModeSticky.
	Mode  fs.FileMode
	User  int
	Group int
}

// Create makes the directory name in base with the given attributes, and
// comes back when it will survive a power failure. A directory of that name
// that exists already, from an attempt that was interrupted, is used again.
func Create(base, name string, attributes Attributes) error {
	root, err := open(base, name)
	if err != nil {
		return err
	}
	defer root.Close()
	// Nobody may enter before the owner and the mode are right.
	if err := root.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("making directory %s: %w", filepath.Join(base, name), err)
	}
	if err := setAttributes(root, name, attributes); err != nil {
		return fmt.Errorf("setting owner and mode of %s: %w", filepath.Join(base, name), err)
	}
	return sync(root)
}

// Remove removes the directory name in base and all in it; one that is gone
// already is no error. It refuses anything that is not a directory, a symbolic
// link among them, and a base directory that is missing: then a disk may not be
// mounted, and the data may still be there.
func Remove(base, name string) error {
	root, err := open(base, name)
	if err != nil {
		return err
	}
	defer root.Close()
	info, err := root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking at %s: %w", filepath.Join(base, name), err)
	}
	if !info.IsDir() {
		return fmt.Errorf("not removing %s: it is not a directory but has mode %s", filepath.Join(base, name), info.Mode())
	}
	if err := root.RemoveAll(name); err != nil {
		return fmt.Errorf("removing %s: %w", filepath.Join(base, name), err)
	}
	return nil
}

// CheckBase tells whether base is a directory that volumes can be made in.
func CheckBase(base string) error {
	root, err := os.OpenRoot(base)
	if err != nil {
		return fmt.Errorf("opening base directory %s: %w", base, err)
	}
	return root.Close()
}

func open(base, name string) (*os.Root, error) {
	if name == "" || name == "." || name == ".." || filepath.Base(name) != name {
		return nil, fmt.Errorf("%q is not the name of a directory within %s", name, base)
	}
	root, err := os.OpenRoot(base)
	if err != nil {
		return nil, fmt.Errorf("opening base directory %s: %w", base, err)
	}
	return root, nil
}

// setAttributes works on an open handle that was seen to be the directory
// itself, because changing by name would follow a symbolic link.
func setAttributes(root *os.Root, name string, attributes Attributes) error {
	handle, err := openDirectory(root, name)
	if err != nil {
		return err
	}
	defer handle.Close()
	// The directory is first made our own: chmod(2) drops the set-group-id bit
	// of a directory whose group is a foreign one, chown(2) keeps it.
	if err := handle.Chown(os.Geteuid(), os.Getegid()); err != nil {
		return err
	}
	if err := handle.Chmod(attributes.Mode); err != nil {
		return err
	}
	if err := handle.Chown(attributes.User, attributes.Group); err != nil {
		return err
	}
	return handle.Sync()
}

func openDirectory(root *os.Root, name string) (*os.File, error) {
	entry, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !entry.IsDir() {
		return nil, fmt.Errorf("it is not a directory but has mode %s", entry.Mode())
	}
	handle, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	opened, err := handle.Stat()
	if err == nil && !os.SameFile(entry, opened) {
		err = errors.New("it was replaced in the meantime")
	}
	if err != nil {
		return nil, errors.Join(err, handle.Close())
	}
	return handle, nil
}

// sync makes the new entry durable: a PersistentVolume must not outlive it.
func sync(root *os.Root) error {
	handle, err := root.Open(".")
	if err != nil {
		return fmt.Errorf("opening base directory %s: %w", root.Name(), err)
	}
	defer handle.Close()
	if err := handle.Sync(); err != nil {
		return fmt.Errorf("writing base directory %s to disk: %w", root.Name(), err)
	}
	return nil
}
