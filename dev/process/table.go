package process

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Entry is one process of the table.
type Entry struct {
	// PID is the id in the reader's namespace.
	PID int
	// Parent is the parent's id in the reader's namespace.
	Parent int
	// Inner are the ids from the reader's namespace inwards; the last one is
	// what the process itself sees.
	Inner []int
	// Resident is the resident memory in bytes.
	Resident int64
}

// Table is all processes of the machine.
type Table []Entry

// ReadTable reads the machine's processes. Ones that end meanwhile are left out.
func ReadTable() (Table, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("reading the process table: %w", err)
	}
	var table Table
	for _, entry := range entries {
		if _, err := strconv.Atoi(entry.Name()); err != nil {
			continue
		}
		text, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "status"))
		if err != nil {
			continue
		}
		table = append(table, parseStatus(string(text)))
	}
	return table, nil
}

// parseStatus reads a /proc/PID/status file (proc(5)). Kernel threads have no
// memory lines.
func parseStatus(text string) Entry {
	var entry Entry
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(line, ":")
		numbers := integers(value)
		if len(numbers) == 0 {
			continue
		}
		switch key {
		case "Pid":
			entry.PID = numbers[0]
		case "PPid":
			entry.Parent = numbers[0]
		case "NSpid":
			entry.Inner = numbers
		case "VmRSS":
			entry.Resident = int64(numbers[0]) * 1024
		}
	}
	return entry
}

func integers(text string) []int {
	var numbers []int
	for field := range strings.FieldsSeq(text) {
		if number, err := strconv.Atoi(field); err == nil {
			numbers = append(numbers, number)
		}
	}
	return numbers
}

// Descendants are all processes below root, without root.
func (t Table) Descendants(root int) Table {
	children := map[int]Table{}
	for _, entry := range t {
		children[entry.Parent] = append(children[entry.Parent], entry)
	}
	var found Table
	for queue := children[root]; len(queue) > 0; queue = queue[1:] {
		found = append(found, queue[0])
		queue = append(queue, children[queue[0].PID]...)
	}
	return found
}

// Inside finds a direct child of parent by the id it has that many process id
// namespaces further in than the reader.
func (t Table) Inside(parent, levels, pid int) (Entry, bool) {
	for _, entry := range t {
		if entry.Parent == parent && len(entry.Inner) > levels && entry.Inner[levels] == pid {
			return entry, true
		}
	}
	return Entry{}, false
}

// Resident is the memory of all processes of the table, in bytes.
func (t Table) Resident() int64 {
	var sum int64
	for _, entry := range t {
		sum += entry.Resident
	}
	return sum
}
