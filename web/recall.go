package web

import "sync"

// recall keeps the answers that were asked for last and cost much: as known at an entry they never change, and whoever
// turns the pages of one asks for it again. It may be used by any number of requests at once.
type recall[T any] struct {
	mu   sync.Mutex
	kept [4]struct {
		key   string
		value T
	} // guarded by mu; the newest first
}

// of gives what is kept under a key, or makes it.
func (r *recall[T]) of(key string, make func() (T, error)) (T, error) {
	r.mu.Lock()
	for _, k := range r.kept {
		if k.key == key {
			r.mu.Unlock()
			return k.value, nil
		}
	}
	r.mu.Unlock()
	value, err := make()
	if err != nil {
		return value, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	copy(r.kept[1:], r.kept[:])
	r.kept[0].key, r.kept[0].value = key, value
	return value, nil
}
