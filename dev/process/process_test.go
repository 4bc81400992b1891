package process

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseStat(t *testing.T) {
	const numbers = " 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 4711 0 0"
	for name, test := range map[string]struct {
		line    string
		want    stat
		invalid bool
	}{
		"an ordinary name":           {line: "12 (sh) S 7" + numbers, want: stat{state: "S", parent: 7, start: 4711}},
		"a name that looks like end": {line: "12 (a) R 1 (b) Z 7" + numbers, want: stat{state: "Z", parent: 7, start: 4711}},
		"a line cut short":           {line: "12 (sh) S 7 1", invalid: true},
		"no name":                    {line: "12", invalid: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseStat(test.line)
			if (err != nil) != test.invalid {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(stat{})); diff != "" {
				t.Errorf("stat (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseStatus(t *testing.T) {
	const text = "Name:\tkubelet\nPid:\t400\nPPid:\t300\nNSpid:\t400\t20\t5\nVmRSS:\t    1024 kB\n"
	want := Entry{PID: 400, Parent: 300, Inner: []int{400, 20, 5}, Resident: 1 << 20}
	if diff := cmp.Diff(want, parseStatus(text)); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
}

func table() Table {
	return Table{
		{PID: 1, Inner: []int{1}, Resident: 1},
		{PID: 10, Parent: 1, Inner: []int{10, 1}, Resident: 10},
		{PID: 11, Parent: 10, Inner: []int{11, 7, 1}, Resident: 100},
		{PID: 12, Parent: 11, Inner: []int{12, 9, 7}, Resident: 1000},
		{PID: 20, Parent: 1, Inner: []int{20}, Resident: 10000},
	}
}

func TestDescendantsAreAllBelowAndNobodyElse(t *testing.T) {
	if got := table().Descendants(10).Resident(); got != 1100 {
		t.Errorf("the memory below 10 is %d, want 1100", got)
	}
	if got := table().Descendants(20); len(got) != 0 {
		t.Errorf("20 has descendants: %v", got)
	}
}

func TestInsideFindsChildrenByTheirInnerID(t *testing.T) {
	for name, test := range map[string]struct {
		parent, levels, pid int
		want                int
	}{
		"one namespace further in":         {parent: 10, levels: 1, pid: 7, want: 11},
		"two namespaces further in":        {parent: 11, levels: 2, pid: 7, want: 12},
		"a grandchild is not a child":      {parent: 10, levels: 1, pid: 9},
		"the id is of another level":       {parent: 11, levels: 1, pid: 7},
		"a process of the outer namespace": {parent: 1, levels: 1, pid: 20},
	} {
		t.Run(name, func(t *testing.T) {
			got, found := table().Inside(test.parent, test.levels, test.pid)
			if got.PID != test.want || found != (test.want != 0) {
				t.Errorf("found %d (%v), want %d", got.PID, found, test.want)
			}
		})
	}
}

func TestKillEndsTheProcessItKnows(t *testing.T) {
	command := exec.Command("sleep", "1000")
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	identity, err := IdentityOf(command.Process.Pid)
	if err != nil || !identity.Alive() {
		t.Fatalf("the process that was started is not alive: %v", err)
	}
	if err := identity.Kill(time.Minute); err != nil {
		t.Fatal(err)
	}
	if identity.Alive() {
		t.Error("the process is alive after it was ended")
	}
	if err := command.Wait(); err == nil {
		t.Error("the process ended by itself")
	}
	if err := identity.Kill(time.Minute); err != nil {
		t.Errorf("ending a process that is gone: %v", err)
	}
}

func TestAnIDThatIsUsedAgainIsNotTheSameProcess(t *testing.T) {
	identity, err := IdentityOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	identity.Start--
	if identity.Alive() {
		t.Error("a process with another start time is taken for alive")
	}
	if err := identity.Kill(time.Minute); err != nil {
		t.Errorf("a process that is gone cannot be ended: %v", err)
	}
}

func TestIdentityOfNobodySaysSo(t *testing.T) {
	if _, err := IdentityOf(1 << 30); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want one that is fs.ErrNotExist", err)
	}
}
