package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Identity is a process for good: ids are used again, an id together with the
// time the process started is not.
type Identity struct {
	// PID is the process id in the namespace of whoever recorded it.
	PID int `json:"pid"`
	// Start is the start time in clock ticks since the machine booted, field 22
	// of /proc/PID/stat (proc(5)).
	Start uint64 `json:"start"`
}

// IdentityOf looks the running process up. The error is fs.ErrNotExist when
// there is none.
func IdentityOf(pid int) (Identity, error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return Identity{}, fmt.Errorf("looking process %d up: %w", pid, err)
	}
	stat, err := parseStat(string(text))
	if err != nil {
		return Identity{}, fmt.Errorf("looking process %d up: %w", pid, err)
	}
	return Identity{PID: pid, Start: stat.start}, nil
}

// Alive tells whether that very process exists and is no zombie.
func (i Identity) Alive() bool {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(i.PID), "stat"))
	if err != nil || i.PID == 0 {
		return false
	}
	stat, err := parseStat(string(text))
	return err == nil && stat.start == i.Start && stat.state != "Z" && stat.state != "X"
}

// Kill ends the process at once and waits until it is gone. A process that is
// gone already is no error.
func (i Identity) Kill(patience time.Duration) error {
	// The descriptor names the process even if its id is used again between the
	// look and the signal.
	descriptor, err := unix.PidfdOpen(i.PID, 0)
	if errors.Is(err, unix.ESRCH) || !i.Alive() {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reaching process %d: %w", i.PID, err)
	}
	defer func() { _ = unix.Close(descriptor) }()
	if err := unix.PidfdSendSignal(descriptor, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("ending process %d: %w", i.PID, err)
	}
	timeout := time.After(patience)
	for i.Alive() {
		select {
		case <-timeout:
			return fmt.Errorf("process %d is still there %s after it was ended", i.PID, patience)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// stat is what is read of /proc/PID/stat.
type stat struct {
	state  string
	parent int
	start  uint64
}

// parseStat reads a line of /proc/PID/stat. The name in parentheses may hold
// blanks and parentheses itself, so fields are counted from the last one.
func parseStat(line string) (stat, error) {
	_, rest, found := cutLast(line, ") ")
	fields := strings.Fields(rest)
	if !found || len(fields) < 20 {
		return stat{}, fmt.Errorf("unexpected stat line %q", line)
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		return stat{}, fmt.Errorf("reading the parent of %q: %w", line, err)
	}
	start, err := strconv.ParseUint(fields[19], 10, 64)
	if err != nil {
		return stat{}, fmt.Errorf("reading the start time of %q: %w", line, err)
	}
	return stat{state: fields[0], parent: parent, start: start}, nil
}

func cutLast(text, separator string) (before, after string, found bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(separator):], true
}
