package directory

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestCreateGivesOwnerAndMode(t *testing.T) {
	foreign := Attributes{Mode: 0o770 | fs.ModeSetgid | fs.ModeSticky, User: 1001, Group: 1002}
	own := Attributes{Mode: 0o750, User: os.Geteuid(), Group: os.Getegid()}
	tests := map[string]struct {
		attributes Attributes
		before     func(t *testing.T, path string)
	}{
		"a new directory": {attributes: own},
		"a new directory whatever the umask, with set-group-id of a foreign group": {attributes: asRoot(foreign, own)},
		"a directory an interrupted attempt left": {attributes: own, before: func(t *testing.T, path string) {
			t.Helper()
			must(t, os.Mkdir(path, 0o700))
		}},
		"a directory that is somebody else's already": {attributes: asRoot(foreign, own), before: func(t *testing.T, path string) {
			t.Helper()
			must(t, os.Mkdir(path, 0o700))
			must(t, os.Chown(path, asRoot(foreign, own).User, asRoot(foreign, own).Group))
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			base := t.TempDir()
			path := filepath.Join(base, "kafka_data_pvc-1")
			if test.before != nil {
				test.before(t, path)
			}
			must(t, Create(base, "kafka_data_pvc-1", test.attributes))
			info, err := os.Lstat(path)
			must(t, err)
			owner := info.Sys().(*syscall.Stat_t)
			got := Attributes{Mode: info.Mode() &^ fs.ModeDir, User: int(owner.Uid), Group: int(owner.Gid)}
			if got != test.attributes {
				t.Errorf("got %+v, want %+v", got, test.attributes)
			}
		})
	}
}

// asRoot chooses the attributes that only root may give when the test runs as
// root, and the user's own otherwise.
func asRoot(foreign, own Attributes) Attributes {
	if os.Geteuid() == 0 {
		return foreign
	}
	return own
}

func TestNothingHappensOutsideTheBase(t *testing.T) {
	tests := map[string]struct {
		name   string
		before func(t *testing.T, base, outside string)
	}{
		"a name with a separator":         {name: "a/b"},
		"a name that climbs":              {name: "../outside"},
		"the name of the directory above": {name: ".."},
		"the base itself":                 {name: "."},
		"an empty name":                   {name: ""},
		"an absolute name":                {name: "/etc"},
		"a symbolic link that leads out": {name: "link", before: func(t *testing.T, base, outside string) {
			t.Helper()
			must(t, os.Symlink(outside, filepath.Join(base, "link")))
		}},
		"a relative link that leads out": {name: "link", before: func(t *testing.T, base, _ string) {
			t.Helper()
			must(t, os.Symlink("../outside", filepath.Join(base, "link")))
		}},
		"a link to another volume's directory": {name: "link", before: func(t *testing.T, base, _ string) {
			t.Helper()
			must(t, os.Symlink("other", filepath.Join(base, "link")))
		}},
		"a file": {name: "file", before: func(t *testing.T, base, _ string) {
			t.Helper()
			must(t, os.WriteFile(filepath.Join(base, "file"), nil, 0o600))
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			base, outside := filepath.Join(parent, "base"), filepath.Join(parent, "outside")
			for _, directory := range []string{base, outside, filepath.Join(base, "other")} {
				must(t, os.Mkdir(directory, 0o700))
				must(t, os.WriteFile(filepath.Join(directory, "data"), []byte("precious"), 0o600))
			}
			if test.before != nil {
				test.before(t, base, outside)
			}
			before := listing(t, parent)
			if err := Create(base, test.name, Attributes{Mode: 0o777, User: os.Geteuid(), Group: os.Getegid()}); err == nil {
				t.Error("Create did not refuse")
			}
			if err := Remove(base, test.name); err == nil {
				t.Error("Remove did not refuse")
			}
			if after := listing(t, parent); after != before {
				t.Errorf("before:\n%safter:\n%s", before, after)
			}
		})
	}
}

func TestRemove(t *testing.T) {
	t.Run("takes the data and follows no link in it", func(t *testing.T) {
		parent := t.TempDir()
		base, outside := filepath.Join(parent, "base"), filepath.Join(parent, "outside")
		must(t, os.MkdirAll(filepath.Join(base, "volume", "log", "topic-0"), 0o700))
		must(t, os.Mkdir(filepath.Join(base, "neighbour"), 0o700))
		must(t, os.Mkdir(outside, 0o700))
		must(t, os.WriteFile(filepath.Join(outside, "data"), []byte("precious"), 0o600))
		must(t, os.Symlink(outside, filepath.Join(base, "volume", "way-out")))
		must(t, Remove(base, "volume"))
		want := "base drwxr-xr-x\nbase/neighbour drwx------\noutside drwx------\noutside/data -rw-------\n"
		if got := listing(t, parent); got != want {
			t.Errorf("got:\n%swant:\n%s", got, want)
		}
	})
	t.Run("is done when the directory is gone already", func(t *testing.T) {
		must(t, Remove(t.TempDir(), "volume"))
	})
	t.Run("fails when the base directory is missing", func(t *testing.T) {
		if err := Remove(filepath.Join(t.TempDir(), "not-mounted"), "volume"); err == nil {
			t.Error("no error: the data may be on a disk that is not mounted")
		}
	})
}

// listing names everything below a directory with its mode.
func listing(t *testing.T, directory string) string {
	t.Helper()
	var lines strings.Builder
	must(t, os.Chmod(filepath.Join(directory, "base"), 0o755))
	must(t, filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == directory {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(directory, path)
		lines.WriteString(name + " " + info.Mode().String() + "\n")
		return err
	}))
	return lines.String()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
