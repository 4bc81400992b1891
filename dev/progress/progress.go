package progress

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Reporter writes the progress of steps.
type Reporter struct {
	// Out receives the lines.
	Out io.Writer
	// Terminal is true when Out is one, and lines may be redrawn.
	Terminal bool
	// Now is the clock.
	Now func() time.Time
}

// Step is one thing being done. Its methods may be called concurrently.
type Step struct {
	reporter Reporter
	what     string
	began    time.Time
	done     chan struct{}
	stopped  chan struct{}

	mutex  sync.Mutex
	detail string
}

// Start begins a step. It has to be ended by End.
func (r Reporter) Start(what string) *Step {
	step := &Step{
		reporter: r, what: what, began: r.Now(),
		done: make(chan struct{}), stopped: make(chan struct{}),
	}
	go step.tick()
	return step
}

// interval is how often a step is heard of while it runs.
func (r Reporter) interval() time.Duration {
	if r.Terminal {
		return 500 * time.Millisecond
	}
	return 10 * time.Second
}

func (s *Step) tick() {
	defer close(s.stopped)
	ticker := time.NewTicker(s.reporter.interval())
	defer ticker.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-ticker.C:
			s.reporter.write(line(s.what, s.current(), s.reporter.Now().Sub(s.began)), false)
		}
	}
}

// Detail says how far the step is.
func (s *Step) Detail(format string, values ...any) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.detail = fmt.Sprintf(format, values...)
}

func (s *Step) current() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.detail
}

// End ends the step with its outcome, and returns the outcome.
func (s *Step) End(err error) error {
	close(s.done)
	<-s.stopped
	outcome := "done"
	if err != nil {
		outcome = "failed"
	}
	s.reporter.write(line(s.what, outcome, s.reporter.Now().Sub(s.began)), true)
	return err
}

// write puts a line out; on a terminal it takes the place of the one before, and
// stays when it is the last.
func (r Reporter) write(text string, last bool) {
	if !r.Terminal {
		fmt.Fprintln(r.Out, text)
		return
	}
	ending := ""
	if last {
		ending = "\n"
	}
	fmt.Fprintf(r.Out, "\r\x1b[K%s%s", text, ending)
}

// line is what is said of a step.
func line(what, detail string, took time.Duration) string {
	seconds := took.Round(100 * time.Millisecond)
	if took > 10*time.Second {
		seconds = took.Round(time.Second)
	}
	if detail == "" {
		return fmt.Sprintf("%s (%s)", what, seconds)
	}
	return fmt.Sprintf("%s: %s (%s)", what, detail, seconds)
}
