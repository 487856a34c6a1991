package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	group.Go(func() error { return l.watch(ctx) })
	group.Go(func() error { return l.write(ctx) })
	if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("recording stopped: %w", err)
	}
	return nil
}

// watch lets the writer know that others have recorded, also after the log was out of reach.
func (l *Ledger) watch(ctx context.Context) error {
	for {
		err := l.log.Watch(ctx, l.note)
		if ctx.Err() != nil || fatal(err) {
			return err
		}
		if err := l.note(); err != nil { // what came meanwhile is not told again
			return err
		}
		if !pause(ctx, retry) {
			return ctx.Err()
		}
	}
}

// note lets the writer know that others have recorded.
func (l *Ledger) note() error {
	select {
	case l.grown <- struct{}{}:
	default: // it has not looked since the last time
	}
	return nil
}

// write is the writer. A log that is out of reach fails the calls that come meanwhile, not the writer.
func (l *Ledger) write(ctx context.Context) error {
	var again <-chan time.Time
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-again:
			again, err = l.refresh(ctx)
		case <-l.grown:
			again, err = l.refresh(ctx)
		case do := <-l.asks:
			do()
		case first := <-l.calls:
			err = l.record(ctx, l.waiting(first))
		}
		if err != nil {
			return err
		}
	}
}

// refresh reads what others have recorded. Where the log is out of reach, again says when to try again.
func (l *Ledger) refresh(ctx context.Context) (again <-chan time.Time, err error) {
	if err = l.catchUp(ctx); err != nil && !fatal(err) {
		return time.After(retry), nil
	}
	return nil, err
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
// meanwhile, what is left is checked again against that, also what would be refused: a refusal is
// given only after the log has shown that nothing precedes it but what it was judged by. Its error is
// one after which the index no longer fits the log.
func (l *Ledger) record(ctx context.Context, calls []*call) error {
	l.people.destroy(ctx)
	for len(calls) > 0 {
		s := l.newStaged()
		l.admit(ctx, s, calls)
		left, err := calls, error(nil)
		if before := l.index.Seq(); slices.ContainsFunc(calls, (*call).refusedOutright) {
			if err = l.catchUp(ctx); err == nil && l.index.Seq() > before {
				continue
			}
		}
		if err == nil {
			left, err = l.commit(ctx, s, calls)
		}
		switch {
		case errors.Is(err, eventstore.ErrAnotherDay):
			err = nil // what is left is checked for the day that has come
		case err == nil && len(left) > 0:
			err = l.overtaken(ctx)
		}
		if err != nil {
			for _, c := range left {
				c.answer(s, err)
			}
			if !fatal(err) {
				return nil
			}
			return err
		}
		calls = left
	}
	return nil
}

// overtaken reads what another node has written. A node that has not got it yet is asked again.
func (l *Ledger) overtaken(ctx context.Context) error {
	deadline := time.Now().Add(overtaking)
	for before := l.index.Seq(); ; {
		if err := l.catchUp(ctx); err != nil || l.index.Seq() > before {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%w: what another node has recorded is not to be had", eventstore.ErrUnavailable)
		}
		if !pause(ctx, 20*time.Millisecond) {
			return ctx.Err()
		}
	}
}

// admit judges calls one after the other and stages what is accepted. A call that is refused, or only
// tried, is judged by what is staged before it as well, and needs that to be recorded to be answered.
func (l *Ledger) admit(ctx context.Context, s *staged, calls []*call) {
	for _, c := range calls {
		var err error
		c.from, c.receipt = len(s.entries), nil
		if c.places, err = s.accept(ctx, c.entries, c.options.Actor); err == nil && c.options.Strict {
			err = l.strict(s, c.from)
		}
		c.refusal, c.needs = err, 0
		if err != nil {
			c.places = nil
		}
		for _, p := range c.places {
			c.needs = max(c.needs, p.position+1)
		}
		if err != nil || c.options.DryRun {
			c.leave(s)
		}
		c.to = len(s.entries)
	}
}

// leave takes back what the call has staged. What was staged before it has to be recorded for the
// judgement to hold.
func (c *call) leave(s *staged) {
	s.takeBack(c.from)
	c.needs = c.from
	for i := range c.places {
		if c.places[i].position >= c.from {
			c.places[i].position = nowhere
		}
	}
}

// refusedOutright reports whether the call is refused by the index alone.
func (c *call) refusedOutright() bool { return c.refusal != nil && c.needs == 0 }

// commit appends what is staged, batch by batch, and answers each call as soon as all of it is in the
// log and in the index. It gives back the calls that are to be checked again, because another node
// was first. A crash between two batches leaves the first of a long call; recording it again
// finishes it.
func (l *Ledger) commit(ctx context.Context, s *staged, calls []*call) (left []*call, err error) {
	calls = answerUpTo(s, calls, 0)
	for _, b := range pack(s, calls) {
		if ctx.Err() != nil {
			stopped(s, calls)
			return nil, nil
		}
		if err := l.keepKeys(ctx, s, b); err != nil { // a crash here leaves keys that open nothing
			fail(s, calls, b, err)
			return nil, nil
		}
		// The commit under way is finished although the ledger is stopping.
		c, err := l.log.Append(context.WithoutCancel(ctx), l.index.Seq(), s.entries[b.from:b.to])
		switch {
		case errors.Is(err, eventstore.ErrFenced):
			return calls, nil
		case errors.Is(err, eventstore.ErrAnotherDay):
			return calls, err
		case err != nil:
			fail(s, calls, b, err)
			return nil, nil
		}
		copy(s.entries[b.from:b.to], c.Entries)
		if err := l.apply(ctx, c); err != nil {
			return calls, err
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

// keepKeys keeps the keys of who is new in a batch, before anything is recorded that is sealed with them.
func (l *Ledger) keepKeys(ctx context.Context, s *staged, b batch) error {
	keys := s.keysOf(b)
	if len(keys) == 0 {
		return nil
	}
	if err := l.log.SavePersonKeys(context.WithoutCancel(ctx), keys); err != nil {
		return fmt.Errorf("%w: nothing is recorded: %w", eventstore.ErrUnavailable, err)
	}
	return nil
}

// stopped answers the calls of which a part is not written yet when the ledger stops.
func stopped(s *staged, calls []*call) {
	for _, c := range calls {
		c.answer(s, fmt.Errorf("%w: what is recorded of a long call stays, and recording it again finishes it", ErrStopped))
	}
}

// answerUpTo answers the calls of which everything is recorded, and gives back the others.
func answerUpTo(s *staged, calls []*call, to int) (left []*call) {
	for _, c := range calls {
		if c.needs <= to {
			c.answer(s, c.refusal)
		} else {
			left = append(left, c)
		}
	}
	return left
}

// fail answers the calls that a batch failed under. Of those that come after it nothing is written,
// unless they repeat what is in it.
func fail(s *staged, calls []*call, b batch, err error) {
	for _, c := range calls {
		if c.from < b.to && c.from < c.to || slices.ContainsFunc(c.places, func(p place) bool { return p.position >= b.from && p.position < b.to }) {
			c.answer(s, err)
			continue
		}
		c.answer(s, fmt.Errorf("%w: nothing of this call is recorded, since a commit before it failed: %v", eventstore.ErrUnavailable, err))
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
