package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/orgledger/orgledger/eventstore"
)

// Run records what is handed in until ctx is cancelled, and then finishes the commit that is under
// way. It is called once. The error is one after which nothing more can be recorded, never that ctx
// was cancelled.
func (l *Ledger) Run(ctx context.Context) error {
	defer close(l.done)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return l.log.Watch(ctx, l.note) })
	group.Go(func() error { return l.write(ctx) })
	if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("recording stopped: %w", err)
	}
	return nil
}

// note lets the writer know that others have recorded.
func (l *Ledger) note() error {
	select {
	case l.grown <- struct{}{}:
	default: // it has not looked since the last time
	}
	return nil
}

func (l *Ledger) write(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.grown:
			if err := l.catchUp(ctx); err != nil {
				return err
			}
		case first := <-l.calls:
			if err := l.record(ctx, l.waiting(first)); err != nil {
				return err
			}
		}
	}
}

// waiting takes the calls that are queued behind the first, up to about a commit's worth.
func (l *Ledger) waiting(first *call) []*call {
	calls, entries := []*call{first}, len(first.entries)
	for entries < eventstore.MaxCommitEntries {
		select {
		case next := <-l.calls:
			calls = append(calls, next)
			entries += len(next.entries)
		default:
			return calls
		}
	}
	return calls
}

// record checks calls, appends what is accepted and answers every one. Where another node has written
// meanwhile, what is left is checked again against that. Its error is one after which the index no
// longer fits the log.
func (l *Ledger) record(ctx context.Context, calls []*call) error {
	for {
		s := newStaged(l.index, l.Entry)
		accepted := l.admit(ctx, s, calls)
		left, err := l.commit(ctx, s, accepted)
		if len(left) == 0 {
			return err
		}
		if err == nil {
			err = l.overtaken(ctx)
		}
		if err != nil {
			for _, c := range left {
				c.answer(s, err)
			}
			return err
		}
		calls = left
	}
}

// overtaken reads what another node has written. A node that has not got it yet is asked again.
func (l *Ledger) overtaken(ctx context.Context) error {
	for before := l.index.Seq(); ; {
		if err := l.catchUp(ctx); err != nil || l.index.Seq() > before {
			return err
		}
		timer := time.NewTimer(20 * time.Millisecond)
		select {
		case <-l.grown:
			timer.Stop()
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// admit stages calls, and answers at once those that are refused or only tried.
func (l *Ledger) admit(ctx context.Context, s *staged, calls []*call) (accepted []*call) {
	for _, c := range calls {
		var err error
		c.from = len(s.entries)
		if c.places, err = s.accept(ctx, c.entries, c.options.Actor); err == nil && c.options.Strict {
			err = l.strict(s, c.from)
		}
		c.to = len(s.entries)
		if err == nil && !c.options.DryRun {
			c.needs = 0
			for _, p := range c.places {
				c.needs = max(c.needs, p.position+1)
			}
			accepted = append(accepted, c)
			continue
		}
		if err != nil {
			c.places = nil
		}
		s.takeBack(c.from)
		c.answer(s, err)
	}
	return accepted
}

// commit appends what is staged, batch by batch, and answers each call as soon as all of it is in the
// log and in the index. It gives back the calls that are to be checked again, because another node
// was first. A crash between two batches leaves the first of a long call; recording it again
// finishes it.
func (l *Ledger) commit(ctx context.Context, s *staged, calls []*call) (left []*call, err error) {
	calls = answerUpTo(s, calls, 0)
	for _, b := range pack(s, calls) {
		// The commit under way is finished although the ledger is stopping.
		c, err := l.log.Append(context.WithoutCancel(ctx), l.index.Seq(), s.entries[b.from:b.to])
		switch {
		case errors.Is(err, eventstore.ErrFenced):
			return calls, nil
		case err != nil:
			fail(s, calls, b, err)
			return nil, nil
		}
		copy(s.entries[b.from:b.to], c.Entries)
		if err := l.index.Apply(c.Entries); err != nil {
			return calls, fmt.Errorf("entries %d to %d are recorded, but: %w", c.First, c.Last(), err)
		}
		for _, c := range calls {
			if c.options.Progress != nil && c.from < b.to {
				c.options.Progress(min(b.to, c.to)-c.from, c.to-c.from)
			}
		}
		calls = answerUpTo(s, calls, b.to)
	}
	return nil, nil
}

// answerUpTo answers the calls of which everything is recorded, and gives back the others.
func answerUpTo(s *staged, calls []*call, to int) (left []*call) {
	for _, c := range calls {
		if c.needs <= to {
			c.answer(s, nil)
		} else {
			left = append(left, c)
		}
	}
	return left
}

// fail answers the calls that a batch failed under: of those that come after it, nothing is written.
func fail(s *staged, calls []*call, b batch, err error) {
	for _, c := range calls {
		if c.from >= b.to {
			c.answer(s, fmt.Errorf("nothing of this call is recorded: a commit before it failed: %v", err))
		} else {
			c.answer(s, err)
		}
	}
}

// batch is a run of staged entries that become one commit.
type batch struct{ from, to int }

// pack divides what is staged into commits. Calls share a commit as long as they fit; a call that fits
// a commit is never divided.
func pack(s *staged, calls []*call) []batch {
	var batches []batch
	var current batch
	bytes := 0
	flush := func() {
		if current.to > current.from {
			batches = append(batches, current)
		}
		current, bytes = batch{current.to, current.to}, 0
	}
	for _, c := range calls {
		sizes, total := make([]int, c.to-c.from), 0
		for i := range sizes {
			sizes[i] = eventstore.Size(&s.entries[c.from+i].Entry)
			total += sizes[i]
		}
		if !fits(current.to-current.from+len(sizes), bytes+total) {
			flush()
		}
		for _, size := range sizes {
			if !fits(current.to-current.from+1, bytes+size) {
				flush()
			}
			current.to++
			bytes += size
		}
	}
	flush()
	return batches
}

func fits(entries, bytes int) bool {
	return entries <= eventstore.MaxCommitEntries && bytes <= eventstore.MaxCommitBytes
}
