package node

import (
	"context"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"castellan.io/castellan/dev/cluster"
)

func TestGatesOpenWhenTheirServerAnswers(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/ready" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	socket := filepath.Join(t.TempDir(), "socket")
	listener, err := new(net.ListenConfig).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	for name, test := range map[string]struct {
		gate string
		want bool
	}{
		"an answer of 200":           {gate: server.URL + "/ready", want: true},
		"an answer of 503":           {gate: server.URL + "/other"},
		"a port somebody listens on": {gate: "tcp://" + server.Listener.Addr().String(), want: true},
		"a port nobody listens on":   {gate: "tcp://127.0.0.1:1"},
		"a socket":                   {gate: "unix://" + socket, want: true},
		"a socket that is not there": {gate: "unix://" + socket + "-other"},
		"a server that is not there": {gate: "http://127.0.0.1:1/"},
	} {
		t.Run(name, func(t *testing.T) {
			parsed, err := url.Parse(test.gate)
			if err != nil {
				t.Fatal(err)
			}
			if got := open(context.Background(), parsed); got != test.want {
				t.Errorf("open is %v", got)
			}
		})
	}
}

func TestPassAllEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := passAll(ctx, []string{"tcp://127.0.0.1:1"}); err == nil {
		t.Error("a closed gate was passed")
	}
	if err := passAll(ctx, nil); err != nil {
		t.Errorf("no gates: %v", err)
	}
}

func TestReaperTellsHowChildrenEnd(t *testing.T) {
	ctx := t.Context()
	children := newReaper()
	go children.run(ctx)
	for name, test := range map[string]struct{ script, want string }{
		"by itself":   {script: "exit 3", want: "exit code 3"},
		"by a signal": {script: "kill -9 $$", want: "ended by killed"},
	} {
		t.Run(name, func(t *testing.T) {
			ended := make(chan string, 1)
			started := 0
			err := children.start(exec.Command("sh", "-c", test.script), func(pid int) { started = pid }, func(status syscall.WaitStatus) {
				ended <- reason(status)
			})
			if err != nil || started == 0 {
				t.Fatalf("started %d: %v", started, err)
			}
			if got := <-ended; got != test.want {
				t.Errorf("ended: %s, want %s", got, test.want)
			}
		})
	}
	if err := children.start(exec.Command("/nowhere"), func(int) {}, func(syscall.WaitStatus) {}); err == nil {
		t.Error("a program that is not there was started")
	}
}

func TestBoardFollowsAComponentThroughItsStates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "status.json")
	b := newBoard(path, []cluster.Component{{Name: "etcd"}, {Name: "kubelet"}}, time.Now)
	check := func(step string, etcd ComponentStatus) {
		t.Helper()
		status, err := ReadStatus(path)
		if err != nil {
			t.Fatal(err)
		}
		want := []ComponentStatus{etcd, {Name: "kubelet", State: Waiting}}
		if diff := cmp.Diff(want, status.Components, cmpopts.IgnoreFields(ComponentStatus{}, "Since")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step, diff)
		}
	}
	check("at first", ComponentStatus{Name: "etcd", State: Waiting})
	b.started("etcd", 5)
	check("started", ComponentStatus{Name: "etcd", State: Running, PID: 5})
	b.ready("etcd")
	check("ready", ComponentStatus{Name: "etcd", State: Ready, PID: 5})
	b.died("etcd", "exit code 1")
	b.ready("etcd")
	check("a dead component does not become ready", ComponentStatus{Name: "etcd", State: Died, PID: 5, Reason: "exit code 1"})
}

func TestOutsideFindsThePathsOfANode(t *testing.T) {
	if got := Outside("/state/var", "/var/lib/kubelet"); got != "/state/var/lib/kubelet" {
		t.Errorf("got %s", got)
	}
}

func TestFoldersOfANodeAreMadeOnce(t *testing.T) {
	folder := t.TempDir()
	for range 2 {
		if err := makeFolders(folder); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(filepath.Join(folder, "tmp"))
	if err != nil || info.Mode().Perm() != 0o777 || info.Mode()&fs.ModeSticky == 0 {
		t.Errorf("the folder of temporary files: %v (%v)", info, err)
	}
	if target, err := os.Readlink(filepath.Join(folder, "run")); err != nil || target != "/run" {
		t.Errorf("/var/run leads to %q (%v)", target, err)
	}
}

func TestWriteJSONReplacesTheFileAndLeavesNothingBeside(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "file.json")
	for _, value := range []string{"first", "second"} {
		if err := WriteJSON(path, value, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil || string(text) != "\"second\"\n" {
		t.Errorf("content %q (%v)", text, err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 {
		t.Errorf("entries %v (%v)", entries, err)
	}
}
