package eventstore

import (
	"container/list"
	"context"
	"fmt"
	"sort"
	"sync"

	"github.com/orgledger/orgledger/domain"
)

// cacheBytes is about how much memory decoded commits may keep.
const cacheBytes = 32 << 20

// Read is the entry of a sequence and its event as it is stored, the leaf of the Merkle tree; neither may be
// changed. Beyond the head, and for 0, the error is ErrBeyondLog. It costs a request for the commit,
// unless one of its entries was read lately.
func (s *Store) Read(ctx context.Context, seq uint64) (domain.Recorded, []byte, error) {
	place, err := s.place(seq)
	if err != nil {
		return domain.Recorded{}, nil, err
	}
	c, err := s.commit(ctx, place)
	if err != nil {
		return domain.Recorded{}, nil, err
	}
	i := seq - c.First
	return c.Entries[i], c.leaves[i], nil
}

// ReadRange calls fn for the entries of the sequences from ≤ seq < to, in order, with their events as they
// are stored; fn may keep them, and not change them. Where to lies beyond the head, the entries up to the
// head are read and the error is ErrBeyondLog.
func (s *Store) ReadRange(ctx context.Context, from, to uint64, fn func(domain.Recorded, []byte) error) error {
	if from >= to {
		return nil
	}
	first, err := s.place(from)
	if err != nil {
		return err
	}
	head := s.Head().Seq
	last, err := s.place(min(to-1, head))
	if err != nil {
		return err
	}
	err = s.commits(ctx, first, last, func(c *decoded) error {
		for i := range c.Entries {
			if seq := c.Entries[i].Seq; seq < from || seq >= to {
				continue
			}
			if err := fn(c.Entries[i], c.leaves[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && to-1 > head {
		return fmt.Errorf("%w: the last one is %d", ErrBeyondLog, head)
	}
	return err
}

// place is the position of the commit that holds an entry.
func (s *Store) place(seq uint64) (uint64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if seq == 0 || seq > s.head.Seq {
		return 0, fmt.Errorf("%w: %d of %d", ErrBeyondLog, seq, s.head.Seq)
	}
	return uint64(sort.Search(len(s.firsts), func(i int) bool { return s.firsts[i] > seq })), nil
}

// commits calls fn with the commits of the positions first to last.
func (s *Store) commits(ctx context.Context, first, last uint64, fn func(*decoded) error) error {
	if last-first < few {
		for place := first; place <= last; place++ {
			c, err := s.commit(ctx, place)
			if err != nil {
				return err
			}
			if err := fn(c); err != nil {
				return err
			}
		}
		return nil
	}
	place := first
	return s.decode(ctx, first, extent{last: last, whole: true}, func(c *decoded, err error) error {
		if err = s.fits(place, c, err); err != nil {
			return err
		}
		place++
		return fn(c)
	})
}

// commit reads one commit, by way of the cache.
func (s *Store) commit(ctx context.Context, place uint64) (*decoded, error) {
	if c := s.cache.find(place); c != nil {
		return c, nil
	}
	m, err := s.fetch(ctx, place)
	if err != nil {
		return nil, err
	}
	c, err := newDecoder(s.options.Ledger).message(m)
	if err := s.fits(place, c, err); err != nil {
		return nil, err
	}
	s.cache.keep(c)
	return c, nil
}

// fits checks that what was read at a place, with which error, is what was proved to be there.
func (s *Store) fits(place uint64, c *decoded, err error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	first := s.firsts[place-1]
	next := s.head.Seq + 1
	if place < uint64(len(s.firsts)) {
		next = s.firsts[place]
	}
	if err == nil {
		err = hashTo(s.kept, &c.Commit)
	}
	if err == nil && (c.StreamSeq != place || c.First != first || c.Last()+1 != next) {
		err = fmt.Errorf("it held the entries %d to %d before", first, next-1)
	}
	if err != nil {
		return s.damaged(&Head{Seq: first - 1, StreamSeq: place - 1}, err)
	}
	return nil
}

// cache keeps the commits read last, by position. It is not trusted to have any.
type cache struct {
	limit int

	mu    sync.Mutex
	bytes int                      // guarded by mu
	byAge *list.List               // of *decoded, newest first; guarded by mu
	at    map[uint64]*list.Element // guarded by mu
}

func newCache(limit int) *cache {
	return &cache{limit: limit, byAge: list.New(), at: make(map[uint64]*list.Element)}
}

func (c *cache) find(place uint64) *decoded {
	c.mu.Lock()
	defer c.mu.Unlock()
	element := c.at[place]
	if element == nil {
		return nil
	}
	c.byAge.MoveToFront(element)
	return element.Value.(*decoded)
}

func (c *cache) keep(d *decoded) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at[d.StreamSeq] != nil {
		return
	}
	c.at[d.StreamSeq] = c.byAge.PushFront(d)
	for c.bytes += d.size(); c.bytes > c.limit; {
		oldest := c.byAge.Remove(c.byAge.Back()).(*decoded)
		delete(c.at, oldest.StreamSeq)
		c.bytes -= oldest.size()
	}
}
