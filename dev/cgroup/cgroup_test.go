package cgroup

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseMounts(t *testing.T) {
	for name, test := range map[string]struct {
		mountinfo string
		want      []Mount
	}{
		"version 1 with optional fields": {
			mountinfo: "31 23 0:27 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n32 31 0:28 / /sys/fs/cgroup/cpu rw shared:9 master:2 - cgroup cgroup rw,cpu\n",
			want:      []Mount{{Path: "/sys/fs/cgroup/cpu"}},
		},
		"version 2": {
			mountinfo: "31 23 0:27 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n",
			want:      []Mount{{Path: "/sys/fs/cgroup", Unified: true}},
		},
		"a hierarchy mounted elsewhere is somebody else's": {
			mountinfo: "31 23 0:27 / /mnt/cgroup rw - cgroup2 cgroup2 rw\n",
		},
		"a line that is cut short": {mountinfo: "31 23 0:27\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, parseMounts(test.mountinfo)); diff != "" {
				t.Errorf("mounts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMissingControllers(t *testing.T) {
	for name, test := range map[string]struct {
		offered, enabled string
		want             []string
	}{
		"those offered and not enabled": {offered: "cpuset cpu io memory pids", enabled: "cpu memory", want: []string{"cpuset", "io", "pids"}},
		"none that pods do not need":    {offered: "rdma misc", enabled: ""},
		"none when all are on":          {offered: "cpu pids", enabled: "pids cpu"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, missing(test.offered, test.enabled)); diff != "" {
				t.Errorf("controllers (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGroupsOfVersion1GetTheCPUsOfTheirParent(t *testing.T) {
	root := t.TempDir()
	group := filepath.Join(root, "a")
	if err := os.Mkdir(group, 0o755); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{
		filepath.Join(root, "cpuset.cpus"): "0-1\n", filepath.Join(group, "cpuset.cpus"): "\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := Create([]Mount{{Path: root}}, "/a"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(group, "cpuset.cpus"))
	if err != nil || string(got) != "0-1\n" {
		t.Errorf("the group has the CPUs %q (%v)", got, err)
	}
}

func TestRemoveTakesTheWholeTreeAndNothingElse(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "a", "b", "c"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, "other"), 0o755); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := Remove([]Mount{{Path: root}}, "/a", time.Second); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(root)
	if err != nil || len(entries) != 1 || entries[0].Name() != "other" {
		t.Errorf("left: %v (%v)", entries, err)
	}
}
