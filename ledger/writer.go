package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
)

// Run records what is handed in until ctx is cancelled, and then finishes the commit that is under
// way, and writes a last snapshot of the index, if such are kept. It is called once. The error is one after which nothing more can be recorded, never that ctx
// was cancelled.
func (l *Ledger) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	w := &writer{Ledger: l, next: l.newGroup(nil), departed: make(chan departure), landed: make(chan landing)}
	group.Go(func() error { return l.watch(ctx) })
	group.Go(func() error { return w.append(context.WithoutCancel(ctx)) })
	group.Go(func() error { return w.run(ctx) })
	group.Go(func() error { return l.snapshots.run(ctx) })
	err := group.Wait()
	close(l.done)
	if err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("recording stopped: %w", err)
	}
	l.snapshots.last(l.index, l.tree)
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

// writer is what the goroutine that records knows. One commit at most is on its way to the log. What is handed in
// meanwhile is judged as if that were recorded, and goes next; where it is not recorded, it is judged again.
type writer struct {
	*Ledger
	flight   *group // on its way to the log, batch by batch; nil: nothing is
	next     *group // gathers behind it
	departed chan departure
	landed   chan landing
}

// departure is a commit that is to be appended.
type departure struct {
	checked uint64
	entries []domain.Recorded
	drafts  []eventstore.Draft
	keys    map[domain.PersonID]domain.PersonKey // of persons who are new in it
}

// landing is what has become of it.
type landing struct {
	commit eventstore.Commit
	err    error
}

// append appends what departs, while the writer goes on. A commit under way is finished although the ledger is stopping.
func (w *writer) append(ctx context.Context) error {
	for d := range w.departed {
		c, err := w.commit(ctx, d)
		w.landed <- landing{c, err}
	}
	return nil
}

// commit keeps the keys of who is new, and then records what is sealed with them. A crash in between leaves keys that
// open nothing.
func (w *writer) commit(ctx context.Context, d departure) (eventstore.Commit, error) {
	if len(d.keys) > 0 {
		if err := w.log.SavePersonKeys(ctx, d.keys); err != nil {
			return eventstore.Commit{}, fmt.Errorf("%w: nothing is recorded: %w", eventstore.ErrUnavailable, err)
		}
	}
	return w.log.Append(ctx, d.checked, d.entries, d.drafts...)
}

// run is the writer. A log that is out of reach fails the calls that come meanwhile, not the writer.
func (w *writer) run(ctx context.Context) error {
	defer close(w.departed)
	var again <-chan time.Time
	for {
		w.people.trim(w.names)
		calls, grown, retrying := w.calls, w.grown, again
		if w.next.full() {
			calls = nil
		}
		if w.flight != nil { // it will show by itself what others have recorded
			grown, retrying = nil, nil
		}
		var err error
		select {
		case <-ctx.Done():
			return w.stop(ctx)
		case <-retrying:
			again, err = w.refresh(ctx)
		case <-grown:
			again, err = w.refresh(ctx)
		case do := <-w.asks:
			do()
		case first := <-calls:
			w.gather(ctx, first)
			if err = w.begin(ctx); len(w.calls) == 0 {
				w.next.ready(w.log)
			}
		case landed := <-w.landed:
			err = w.land(ctx, landed)
		}
		if err != nil {
			w.abandon(err)
			return err
		}
	}
}

// names reports whether a person who is new may be in what is staged.
func (w *writer) names(id domain.PersonID) bool {
	_, found := w.next.staged.fresh[id]
	if !found && w.flight != nil {
		_, found = w.flight.staged.fresh[id]
	}
	return found
}

// refresh reads what others have recorded. Where the log is out of reach, again says when to try again.
func (w *writer) refresh(ctx context.Context) (again <-chan time.Time, err error) {
	err = w.catchUp(ctx)
	w.next = w.newGroup(nil) // nothing has been gathered: the next call is judged by what is there now
	if err != nil && !fatal(err) {
		return time.After(retry), nil
	}
	return nil, err
}

// gather judges a call. Where nothing is on its way, those queued behind it go with it, up to about a commit's worth.
func (w *writer) gather(ctx context.Context, c *call) {
	w.next.admit(ctx, w.Ledger, c)
	for w.flight == nil && !w.next.full() {
		select {
		case c := <-w.calls:
			w.next.admit(ctx, w.Ledger, c)
		default:
			return
		}
	}
}

// begin sends what has been gathered on its way, where nothing else is. A refusal is given only after the log
// has shown that nothing precedes it but what it was judged by: by the commit of something that was handed
// in with it, or by being asked. The error is one after which the index no longer fits the log.
func (w *writer) begin(ctx context.Context) error {
	for w.flight == nil && len(w.next.calls) > 0 {
		if ctx.Err() != nil {
			w.next.stopped()
			return nil
		}
		w.people.destroy(ctx)
		if before := w.index.Seq(); w.next.refusesOutright() {
			if err := w.catchUp(ctx); err != nil {
				return w.fail(w.next.calls, err)
			}
			if w.index.Seq() > before {
				w.judge(ctx, w.next.calls)
				continue
			}
		}
		w.depart(w.index.Seq())
		w.follow()
	}
	return nil
}

// depart sends what has been gathered on its way, if any of it is to be recorded. The log was checked up to an
// entry, of which the index may not know yet.
func (w *writer) depart(checked uint64) {
	if w.next.pack(); len(w.next.batches) > 0 {
		w.flight, w.next = w.next, nil
		w.flight.depart(w.departed, checked)
	}
}

// follow answers the calls of what has departed that wait for nothing more, now that the index has what was
// before it, and begins to gather anew.
func (w *writer) follow() {
	if w.flight == nil { // nothing was to be recorded
		w.next.answerUpTo(0)
		w.next = w.newGroup(nil)
		return
	}
	w.flight.staged.ahead = nil
	w.flight.answerUpTo(0)
	w.next = w.newGroup(w.flight.staged)
}

// land takes what has become of the commit on its way. The next one departs before the index takes this one and its
// callers are answered: that is time in which the disk would wait. A crash between two batches leaves the first
// of a long call; recording it again finishes it.
func (w *writer) land(ctx context.Context, l landing) error {
	g := w.flight
	if l.err != nil {
		return w.miss(ctx, l.err)
	}
	w.flight = nil
	b := g.land(l.commit)
	switch {
	case ctx.Err() != nil:
	case len(g.batches) > 0:
		w.flight = g
		g.depart(w.departed, l.commit.Last())
	case !w.next.refusesOutright():
		w.depart(l.commit.Last())
	}
	if err := w.apply(ctx, l.commit); err != nil {
		answerAll(g.calls, err)
		g.calls = nil // more of the group may be on its way: abandon answers no call again
		return err
	}
	g.recorded(b)
	if len(g.batches) > 0 && w.flight == nil {
		g.stopped()
	}
	if w.next == nil {
		w.follow()
	}
	return w.begin(ctx)
}

// miss takes that the commit on its way has not been recorded, as far as is known. Where another node was first,
// everything is judged again by what that one has written, also what would be refused; where the day is over for which
// it was judged, by the day that has come.
func (w *writer) miss(ctx context.Context, err error) error {
	g, calls := w.flight, w.next.calls
	w.flight = nil
	fenced := errors.Is(err, eventstore.ErrFenced)
	if fenced || errors.Is(err, eventstore.ErrAnotherDay) {
		calls = slices.Concat(g.calls, calls)
	} else {
		g.fail(err)
	}
	if fenced && ctx.Err() == nil {
		if err := w.overtaken(ctx); err != nil {
			return w.fail(calls, err)
		}
	}
	w.judge(ctx, calls)
	return w.begin(ctx)
}

// judge judges calls anew, by the index alone.
func (w *writer) judge(ctx context.Context, calls []*call) {
	w.next = w.newGroup(nil)
	for _, c := range calls {
		w.next.admit(ctx, w.Ledger, c)
	}
}

// fail answers the calls that were to go next with an error, and gives it back if nothing can be recorded after it.
func (w *writer) fail(calls []*call, err error) error {
	answerAll(calls, err)
	w.next = w.newGroup(nil)
	if fatal(err) {
		return err
	}
	return nil
}

// stop waits for the commit on its way, and answers everyone.
func (w *writer) stop(ctx context.Context) error {
	if w.flight != nil {
		if err := w.land(ctx, <-w.landed); err != nil {
			w.abandon(err)
			return err
		}
	}
	w.next.stopped()
	return ctx.Err()
}

// abandon answers everyone with the error after which nothing can be recorded. What is on its way may be recorded.
func (w *writer) abandon(err error) {
	if w.next != nil {
		answerAll(w.next.calls, err)
	}
	if w.flight != nil {
		<-w.landed
		answerAll(w.flight.calls, fmt.Errorf("%w: %w", eventstore.ErrUnknownOutcome, err))
	}
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
