package batch

import (
	"sync"
	"sync/atomic"
)

// Writers bounds how many requests for the API server are under way.
type Writers chan struct{}

// NewWriters allows so many at a time.
func NewWriters(atOnce int) Writers { return make(Writers, atOnce) }

// Each does something about all items that need it, several at a time. The function that it returns waits until all of it is done.
func Each[T any](w Writers, items []T, needs func(T) bool, do func(T)) (wait func()) {
	var needy []T
	for _, item := range items {
		if needs(item) {
			needy = append(needy, item)
		}
	}
	var all sync.WaitGroup
	var next atomic.Int64
	for range min(len(needy), cap(w)) {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(needy)); i = next.Add(1) - 1 {
				w.write(func() { do(needy[i]) })
			}
		})
	}
	return all.Wait
}

// write waits for its turn.
func (w Writers) write(do func()) {
	w <- struct{}{}
	defer func() { <-w }()
	do()
}
