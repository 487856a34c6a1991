package eventstore

import (
	"context"
	"fmt"
	"time"

	"github.com/orgledger/orgledger/audit"
)

// Prove reads the commits that Resume has passed over, hashes every event anew, and compares the root of each commit with the
// one that it was recorded with, as Replay does; what the events say is not read. The first commit that fails ends it with a
// *DamageError. It rests four times as long as it computes, so that recording and questions hardly feel it. progress, which
// may be nil, is told the entries that are proved.
func (s *Store) Prove(ctx context.Context, progress func(entries uint64)) error {
	s.mu.RLock()
	p := &proof{firsts: s.firsts, since: time.Now()}
	leaves := s.kept
	s.mu.RUnlock()
	size := leaves.Size()
	if size == 0 {
		return nil
	}
	last, err := s.place(size)
	if err != nil {
		return err
	}
	err = s.receive(ctx, 1, extent{last: last, whole: true}, func(m received) error {
		if err := p.take(m); err != nil {
			return s.damaged(&p.at, err)
		}
		if progress != nil {
			progress(p.at.Seq)
		}
		return p.rest(ctx)
	})
	if err != nil {
		return err
	}
	root, err := leaves.Root(size)
	if err == nil && (p.at.Seq != size || p.at.Root != root) {
		err = s.damaged(&p.at, fmt.Errorf("its first %d entries have the root %x, and were kept as %d with %x", p.at.Seq, p.at.Root, size, root))
	}
	return err
}

// proof goes along the commits from the first on.
type proof struct {
	firsts []uint64
	at     Head // without the time
	tree   audit.Tree
	room   []byte    // to hash in
	since  time.Time // when it last rested
}

// take proves the next commit.
func (p *proof) take(m received) error {
	if m.missing || m.streamSeq != p.at.StreamSeq+1 {
		return errMissing
	}
	h, err := parseHeader(m.header)
	if err != nil {
		return err
	}
	if first := p.firsts[p.at.StreamSeq]; h.first != first || h.first != p.at.Seq+1 {
		return fmt.Errorf("it begins with entry %d instead of %d, and was kept with %d", h.first, p.at.Seq+1, first)
	}
	leaves, err := split(m.data, h.count)
	if err != nil {
		return err
	}
	var hash audit.Hash
	for _, leaf := range leaves {
		hash, p.room = audit.LeafHash(p.room, leaf)
		p.tree.AppendHash(hash)
	}
	if root := p.tree.Root(); root != h.root {
		return fmt.Errorf("its entries hash to %x, and were recorded as %x", root, h.root)
	}
	p.at = Head{Seq: h.first + uint64(h.count) - 1, Root: h.root, StreamSeq: m.streamSeq}
	return nil
}

// rest waits, once it has worked for a while.
func (p *proof) rest(ctx context.Context) error {
	const while = 5 * time.Millisecond
	worked := time.Since(p.since)
	if worked < while {
		return ctx.Err()
	}
	pause(ctx, 4*min(worked, 10*while)) // a commit that was long in coming is not work
	p.since = time.Now()
	return ctx.Err()
}
