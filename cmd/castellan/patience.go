package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// patienceLimit is how long a person waits without asking what happens.
const patienceLimit = 2 * time.Second

// patience tells what is being done, when it takes long.
type patience struct {
	to    io.Writer
	ended chan struct{}
	end   func()

	mu   sync.Mutex
	text string
}

func newPatience(to io.Writer) *patience {
	p := &patience{to: to, ended: make(chan struct{})}
	var told sync.WaitGroup
	p.end = sync.OnceFunc(func() {
		close(p.ended)
		told.Wait()
	})
	told.Go(p.tell)
	return p
}

func (p *patience) tell() {
	ticker := time.NewTicker(patienceLimit)
	defer ticker.Stop()
	last := ""
	for {
		select {
		case <-p.ended:
			return
		case <-ticker.C:
		}
		if text := p.current(); text != last {
			fmt.Fprintln(p.to, text+" …")
			last = text
		}
	}
}

func (p *patience) current() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text
}

// now says what is being done now.
func (p *patience) now(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text = text
}

// stop ends the telling. Nothing is written any more when it returns.
func (p *patience) stop() { p.end() }
