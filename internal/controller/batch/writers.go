package batch

import "sync"

// Writers bounds how many requests for the API server are under way.
type Writers chan struct{}

// NewWriters allows so many at a time.
func NewWriters(atOnce int) Writers { return make(Writers, atOnce) }

// Each does something about all items that need it, several at a time. The function that it returns waits until all of it is done.
func Each[T any](w Writers, items []T, needs func(T) bool, do func(T)) (wait func()) {
	var all sync.WaitGroup
	for _, item := range items {
		if !needs(item) {
			continue
		}
		all.Go(func() {
			w <- struct{}{}
			defer func() { <-w }()
			do(item)
		})
	}
	return all.Wait
}
