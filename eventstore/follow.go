package eventstore

import (
	"context"
	"fmt"
)

// Watch calls grown whenever the log has grown past the store's head, until ctx ends or grown fails. It
// reads nothing: grown lets whoever applies commits know that a Replay from the head has something
// to give. A commit of the store's own may be reported as well, and several may be reported as
// one. To an embedded log nobody else appends; Watch then only waits for ctx.
func (s *Store) Watch(ctx context.Context, grown func() error) error {
	if s.server != nil {
		<-ctx.Done()
		return ctx.Err()
	}
	sub, err := s.subscribe(ctx, s.Head().StreamSeq+1, true)
	if err != nil {
		return err
	}
	defer sub.stop()
	for {
		if _, err := sub.next(ctx); err != nil {
			return fmt.Errorf("watch the log: %w", err)
		}
		if sub.at <= s.Head().StreamSeq {
			continue
		}
		if err := grown(); err != nil {
			return err
		}
	}
}

// Follow calls fn for each commit that others append after the store's head, as it comes, until ctx ends
// or fn fails. It is meant for a store that does not append: with one that does, its own commits
// may come through fn too, so use Watch and Replay where Append is called.
func (s *Store) Follow(ctx context.Context, fn func(Commit) error) error {
	return s.Watch(ctx, func() error { return s.Replay(ctx, s.Head().Seq, nil, fn) })
}

// End is the last entry that is recorded, also by others. Where this store has not read all of it yet, it is one more than it
// has read.
func (s *Store) End(ctx context.Context) (seq uint64, err error) {
	extent, err := extentOf(ctx, s.conn, s.stream)
	if err != nil {
		return 0, err
	}
	head := s.Head()
	if extent.last > head.StreamSeq {
		return head.Seq + 1, nil
	}
	return head.Seq, nil
}
