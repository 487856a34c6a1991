package eventstore

import (
	"context"
	"errors"
	"fmt"
	"sort"

	"github.com/orgledger/orgledger/audit"
)

// Kept is what somebody has kept of the beginning of a log, so as not to read all of it again.
type Kept struct {
	Firsts []uint64   // the first entry of each commit, in order
	Leaves audit.View // of the Merkle tree of their entries, and of no more
}

// ErrUnfit says that what was kept is not the beginning of this log.
var ErrUnfit = errors.New("it is not the beginning of this log")

// Kept is what Resume needs to go on after the entries of a tree, which end with a commit that the store has seen. It copies
// nothing.
func (s *Store) Kept(leaves audit.View) Kept {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := sort.Search(len(s.firsts), func(i int) bool { return s.firsts[i] > leaves.Size() })
	return Kept{s.firsts[:n:n], leaves}
}

// Resume moves the head of a store that has seen nothing yet to the end of what was kept, and reads the one commit there:
// unless its entries are the last that were kept, and its root is that of all of them, the error is ErrUnfit, and the
// store has still seen nothing. So the leaves are those that the log was written with, or SHA-256 is broken. That the commits
// before still hold them is proved by Prove, and of each that is read, by Read.
func (s *Store) Resume(ctx context.Context, k Kept) error {
	last, err := k.last()
	if err != nil {
		return err
	}
	extent, err := extentOf(ctx, s.conn, s.stream)
	if err != nil {
		return err
	}
	place := uint64(len(k.Firsts))
	if extent.last < place {
		return fmt.Errorf("%w: it goes to commit %d, and the log to commit %d", ErrUnfit, place, extent.last)
	}
	m, err := s.fetch(ctx, place)
	if err != nil {
		return err
	}
	d, err := newDecoder(s.options.Ledger).message(m)
	if err == nil {
		err = k.ends(d)
	}
	if err != nil {
		return fmt.Errorf("%w: commit %d: %w", ErrUnfit, place, err)
	}
	at := state{tree: last}
	at.extend(&d.Commit)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.head, s.firsts, s.kept = at, k.Firsts, k.Leaves
	return nil
}

// Restart makes the store one that has seen nothing, as it was before Resume.
func (s *Store) Restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.head, s.firsts, s.kept = state{}, nil, audit.View{}
}

// last checks that the commits can be those of the leaves, and gives the right edge of the tree.
func (k *Kept) last() (tree audit.Tree, err error) {
	next := uint64(1)
	for i, first := range k.Firsts {
		if first < next || i == 0 && first != 1 || first >= next+MaxCommitEntries {
			return tree, fmt.Errorf("%w: commit %d does not begin with entry %d", ErrUnfit, i+1, first)
		}
		next = first + 1
	}
	size := k.Leaves.Size()
	if size < next-1 || size >= next-1+MaxCommitEntries || size == 0 {
		return tree, fmt.Errorf("%w: it has %d commits and %d entries", ErrUnfit, len(k.Firsts), size)
	}
	return k.Leaves.Tree(size)
}

// ends checks that a commit is the one that ends what was kept.
func (k *Kept) ends(d *decoded) error {
	place, size := uint64(len(k.Firsts)), k.Leaves.Size()
	root, err := k.Leaves.Root(size)
	if err != nil {
		return err
	}
	switch {
	case d.StreamSeq != place || d.First != k.Firsts[place-1] || d.Last() != size:
		return fmt.Errorf("it holds the entries %d to %d, and was kept as %d to %d", d.First, d.Last(), k.Firsts[place-1], size)
	case d.Root != root:
		return fmt.Errorf("it has the root %x, and was kept with %x", d.Root, root)
	}
	return hashTo(k.Leaves, &d.Commit)
}

// hashTo checks that the entries of a commit hash to the leaves of a tree, as far as that goes.
func hashTo(leaves audit.View, c *Commit) error {
	for i, hash := range c.Hashes {
		index := c.First - 1 + uint64(i)
		if index >= leaves.Size() {
			return nil
		}
		want, err := leaves.Leaf(index)
		if err != nil {
			return err
		}
		if hash != want {
			return fmt.Errorf("entry %d hashes to %x, and was recorded as %x", index+1, hash, want)
		}
	}
	return nil
}
