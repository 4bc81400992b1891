package quickstart

import (
	"fmt"
	"strings"
	"sync"
)

// Total is how many records a round writes and expects.
const Total = 10_000

// record is the text of the record with the number. The filling makes 10,000 of them more than buffers hold.
func record(number int) string {
	return fmt.Sprintf("record-%05d-%s", number, strings.Repeat("x", 180))
}

// tally counts the records that come back. It may be used concurrently.
type tally struct {
	mutex    sync.Mutex
	expected map[string]bool
	missing  int
	repeated int
	strange  int
}

func newTally(total int) *tally {
	t := &tally{expected: make(map[string]bool, total), missing: total}
	for number := range total {
		t.expected[record(number)] = true
	}
	return t
}

// count takes one record.
func (t *tally) count(line string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	first, known := t.expected[line]
	switch {
	case !known:
		t.strange++
	case first:
		t.expected[line] = false
		t.missing--
	default:
		t.repeated++
	}
}

// result is the count so far.
func (t *tally) result() result {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return result{Distinct: len(t.expected) - t.missing, Lost: t.missing, Repeated: t.repeated, Strange: t.strange}
}

// result is what came of a round.
type result struct {
	// Distinct records came, Lost ones did not, Repeated ones came once more, Strange ones were never written.
	Distinct, Lost, Repeated, Strange int
}

// err is nil when everything came that was written and nothing else.
func (r result) err() error {
	if r.Lost == 0 && r.Strange == 0 {
		return nil
	}
	return fmt.Errorf("%d distinct records arrived instead of %d: %d lost, %d that nobody wrote", r.Distinct, r.Distinct+r.Lost, r.Lost, r.Strange)
}
