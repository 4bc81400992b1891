package lifecycle

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"castellan.io/castellan/dev/node"
	"castellan.io/castellan/dev/process"
	"castellan.io/castellan/dev/supervisor"
)

func TestNodeCount(t *testing.T) {
	for name, test := range map[string]struct {
		wanted, existing, want int
		refused                bool
	}{
		"a new cluster has one node":               {want: 1},
		"a new cluster has the nodes asked for":    {wanted: 3, want: 3},
		"a cluster keeps its nodes":                {existing: 3, want: 3},
		"asking for what there is changes nothing": {wanted: 3, existing: 3, want: 3},
		"a cluster does not grow":                  {wanted: 3, existing: 1, refused: true},
		"a cluster does not shrink":                {wanted: 1, existing: 3, refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := nodeCount(test.wanted, test.existing)
			if got != test.want || (err != nil) != test.refused {
				t.Errorf("%d (%v), want %d", got, err, test.want)
			}
		})
	}
}

func TestMissingNamesPackages(t *testing.T) {
	wanted := []need{{program: "a", pkg: "package-a"}, {program: "b", pkg: "package-b"}}
	got := missing(wanted, func(program string) string {
		return map[string]string{"a": "/usr/bin/a"}[program]
	})
	if diff := cmp.Diff([]string{"package-b"}, got); diff != "" {
		t.Errorf("packages (-want +got):\n%s", diff)
	}
}

func TestMountsBelow(t *testing.T) {
	const mountinfo = "1 0 8:1 / / rw - ext4 a rw\n2 1 8:1 / /state/a rw - ext4 a rw\n3 2 8:1 / /state/a/b rw - ext4 a rw\n4 1 8:1 / /state-b rw - ext4 a rw\n"
	if diff := cmp.Diff([]string{"/state/a/b", "/state/a"}, mountsBelow(mountinfo, "/state")); diff != "" {
		t.Errorf("mounts, innermost first (-want +got):\n%s", diff)
	}
}

func TestEnvironmentPutsTheClusterFirst(t *testing.T) {
	got := State{Dir: "/state"}.environment(
		[]string{"HOME=/root", "PATH=/bin", "KUBECONFIG=/other", "KUBECACHEDIR=/elsewhere"}, []string{"/tools/a", "/tools/b"})
	want := []string{"HOME=/root", "PATH=/tools/a:/tools/b:/bin", "KUBECONFIG=/state/kubeconfig", "KUBECACHEDIR=/state/client-cache"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}

func TestLookPath(t *testing.T) {
	folder := t.TempDir()
	for name, mode := range map[string]os.FileMode{"program": 0o755, "text": 0o644} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	environment := []string{"PATH=/nowhere:" + folder}
	for name, test := range map[string]struct {
		program, want string
		missing       bool
	}{
		"on the path":                   {program: "program", want: filepath.Join(folder, "program")},
		"a path is taken as it is":      {program: "./e2e.test", want: "./e2e.test"},
		"a file that is no program":     {program: "text", missing: true},
		"a program that is not on path": {program: "other", missing: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := lookPath(test.program, environment)
			if got != test.want || (err != nil) != test.missing {
				t.Errorf("%q (%v), want %q", got, err, test.want)
			}
		})
	}
}

func TestCheckoutIsFoundFromTheProgramBeforeTheWorkingFolder(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"one", "two"} {
		path := filepath.Join(root, name, "dev", "kubernetes")
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(path, "go.mod"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		program, working, want string
	}{
		"by the program":        {program: "one/bin/dev", working: "two", want: "one"},
		"by the working folder": {program: "elsewhere/dev", working: "two/dev/kubernetes", want: "two"},
		"nowhere":               {program: "elsewhere/dev", working: "elsewhere"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := FindCheckout(filepath.Join(root, test.program), filepath.Join(root, test.working))
			if (err != nil) != (test.want == "") || !strings.HasSuffix(got.Path, test.want) {
				t.Errorf("found %q (%v), want %q", got.Path, err, test.want)
			}
		})
	}
}

func TestCheckoutsHaveKeysOfTheirOwn(t *testing.T) {
	one, two := Checkout{Path: "/one"}, Checkout{Path: "/two"}
	if one.Key() == two.Key() || one.Key() != (Checkout{Path: "/one"}).Key() {
		t.Errorf("keys %s and %s", one.Key(), two.Key())
	}
}

// state is the folder of a cluster of which this test is the supervisor.
func state(t *testing.T, supervisorStart uint64) State {
	t.Helper()
	identity, err := process.IdentityOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	identity.Start += supervisorStart
	folder := State{Dir: t.TempDir()}
	record := Record{Checkout: "/checkout", Nodes: 1, Supervisor: identity, Since: time.Unix(0, 0)}
	if err := node.WriteJSON(folder.recordFile(), record, 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestReportOfAClusterThatIsNotUp(t *testing.T) {
	for name, folder := range map[string]State{
		"never started":            {Dir: t.TempDir()},
		"its process id is reused": state(t, 1),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := folder.Report(); !errors.Is(err, ErrDown) {
				t.Errorf("error %v, want ErrDown", err)
			}
		})
	}
}

func TestReportCollectsWhatTheNodesSay(t *testing.T) {
	for name, test := range map[string]struct {
		status   node.Status
		died     string
		waiting  []string
		complete bool
	}{
		"everything is ready": {
			status:   node.Status{Components: []node.ComponentStatus{{Name: "etcd", State: node.Ready}}},
			complete: true,
		},
		"a component still starts": {
			status:   node.Status{Components: []node.ComponentStatus{{Name: "etcd", State: node.Running}}},
			waiting:  []string{"etcd on node-1"},
			complete: true,
		},
		"a component died": {
			status:   node.Status{Components: []node.ComponentStatus{{Name: "etcd", State: node.Died, Reason: "exit code 1"}}},
			died:     "etcd on node-1 died: exit code 1",
			waiting:  []string{"etcd on node-1"},
			complete: true,
		},
		"the node could not be set up": {
			status:   node.Status{Problem: "no interface"},
			died:     "node-1: no interface",
			complete: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			folder := state(t, 0)
			started := supervisor.Status{Nodes: []supervisor.NodeStatus{{Name: "node-1", PID: 7}}}
			write(t, folder.statusFile(), started)
			write(t, folder.Inside("node-1", "/var/lib/castellan-dev/status.json"), test.status)
			report, err := folder.Report()
			if err != nil {
				t.Fatal(err)
			}
			if err := report.Died(); (err == nil) != (test.died == "") || (err != nil && !strings.HasPrefix(err.Error(), test.died)) {
				t.Errorf("died: %v, want %q", err, test.died)
			}
			if diff := cmp.Diff(test.waiting, report.notReady(nil)); diff != "" || report.complete() != test.complete {
				t.Errorf("complete is %v, waiting for (-want +got):\n%s", report.complete(), diff)
			}
		})
	}
}

func write(t *testing.T, path string, value any) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := node.WriteJSON(path, value, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAReportIsIncompleteUntilEveryNodeHasSpoken(t *testing.T) {
	report, err := state(t, 0).Report()
	if err != nil || report.complete() {
		t.Errorf("complete is %v (%v)", report.complete(), err)
	}
}

func TestANodeThatEndedIsDeath(t *testing.T) {
	folder := state(t, 0)
	write(t, folder.statusFile(), supervisor.Status{Nodes: []supervisor.NodeStatus{{Name: "node-1", PID: 7, Reason: "signal: killed"}}})
	report, err := folder.Report()
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Died(); err == nil || err.Error() != "node-1 signal: killed" {
		t.Errorf("died: %v", err)
	}
}

func TestPrint(t *testing.T) {
	now := time.Unix(1000, 0)
	report := Report{
		Checkout: "/checkout", Nodes: 1, Since: now.Add(-time.Minute), Supervisor: 5, Processes: 3, Resident: 3 << 20,
		Components: []ComponentReport{
			{Node: "node-1", Name: "etcd", State: node.Ready, Since: now.Add(-time.Minute), PID: 9, Resident: 2 << 20},
			{Node: "node-1", Name: "kubelet", State: node.Died, Since: now, Reason: "exit code 1"},
		},
	}
	var out strings.Builder
	if err := report.Print(&out, now); err != nil {
		t.Fatal(err)
	}
	want := `cluster of /checkout: up for 1m0s, 1 node(s), 3 processes with 3 MiB, supervisor 5

NODE    COMPONENT  STATE  FOR   PID  MEMORY  REASON
node-1  etcd       ready  1m0s  9    2 MiB   
node-1  kubelet    died   0s                 exit code 1
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}
