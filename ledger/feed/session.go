package feed

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/projections"
)

// session is one time of being the publisher, from finding out how far the feed is to the first failure. Whatever it is
// interrupted at, the next one goes on behind the last message that the feed then has.
type session struct {
	*Publisher
	writer *eventstore.FeedWriter
	make   deriver
	agenda *projections.Agenda // of the days after day, as known at seq

	seq  uint64      // every message of the entries up to it is made
	day  domain.Date // the day that the feed has reached
	last Message     // the last message of the feed

	skip   uint64   // so many of the messages that are made have been sent, and are no longer kept
	expect *Message // the next message that is made is in the feed, and has to be this one
}

// mark is where in the messages of an entry to begin: the zero mark is the beginning.
type mark struct {
	kind Kind
	ref  domain.Ref
}

// session publishes until ctx ends or something fails; with once, until nothing more is to be published.
func (p *Publisher) session(ctx context.Context, once bool) error {
	w, err := p.options.Log.WriteFeed(ctx, p.options.Keep)
	if err != nil {
		return err
	}
	s := &session{Publisher: p, writer: w}
	s.make = deriver{namer: p.options.Log, send: func(m *Message) error { return s.send(ctx, m) }}
	if err := s.resume(ctx); err != nil {
		return err
	}
	timers := s.timers(ctx)
	defer func() { timers.Stop() }()
	for {
		advanced := p.options.Ledger.Advanced()
		again, err := s.catchUp(ctx)
		if err != nil {
			return err
		}
		if once && !again {
			return nil
		}
		if err := timers.Set(ctx, s.agenda.Days()); err != nil {
			p.options.Logger.Warn("the server could not be told to call when a day comes; days are watched here alone", "error", err)
			timers.Stop()
			timers = nil
		}
		if !again && !s.wait(ctx, advanced) {
			return ctx.Err()
		}
		if again && !pause(ctx, retry) {
			return ctx.Err()
		}
	}
}

// timers lets the server call when a day comes on which something arrives. It only makes sure that nobody sleeps too long.
func (s *session) timers(ctx context.Context) *eventstore.Timers {
	timers, err := s.options.Log.Timers(ctx, Grace, func(domain.Date) { s.Wake() })
	if err != nil {
		s.options.Logger.Warn("the server does not call when a day comes; days are watched here alone", "error", err)
	}
	return timers
}

// resume finds out how far the feed is, and makes again what its last message belongs to, from that one on: what is made has
// to be what the feed has.
func (s *session) resume(ctx context.Context) error {
	last, there, err := s.writer.Last(ctx)
	if err != nil {
		return err
	}
	view, err := s.whole(ctx)
	if err != nil {
		return err
	}
	s.last = last
	if !there { // nothing has been sent, or all that was is no longer kept: then it is counted
		s.skip, s.agenda = last.Position, view.Agenda(0, 0)
		return nil
	}
	if last.Seq > view.Seq() {
		return fmt.Errorf("%w: it tells of entry %d, and the log ends with %d", eventstore.ErrFeedDamaged, last.Seq, view.Seq())
	}
	s.seq, s.day, s.expect = last.Seq, last.Day, &last
	if last.Kind == Arrival {
		s.agenda = view.Agenda(last.Seq, last.Day-1)
		err = s.arrive(ctx, view, last.Day, last.Ref)
	} else {
		s.agenda = view.Agenda(last.Seq, last.Day)
		err = s.options.Log.ReadRange(ctx, last.Seq, last.Seq+1, func(e domain.Recorded, stored []byte) error {
			return s.make.entry(ctx, view, &e, stored, last.Day, mark{last.Kind, last.Ref})
		})
	}
	if err == nil && s.expect != nil {
		err = fmt.Errorf("%w: message %d, %s, does not follow from the log", eventstore.ErrFeedDamaged, last.Position, last.ID)
	}
	return err
}

// whole is a view of everything that is recorded now, also by other nodes.
func (s *session) whole(ctx context.Context) (*projections.View, error) {
	for {
		advanced := s.options.Ledger.Advanced()
		end, err := s.options.Log.End(ctx)
		if err != nil {
			return nil, err
		}
		if view := s.options.Ledger.View(); view.Seq() >= end {
			return view, nil
		}
		select {
		case <-advanced:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// send takes the next message that is made.
func (s *session) send(ctx context.Context, m *Message) error {
	s.day = max(s.day, m.Day)
	switch {
	case s.skip > 0:
		s.skip--
		return ctx.Err()
	case s.expect != nil:
		if m.Position = s.expect.Position; !same(m, s.expect) {
			return fmt.Errorf("%w: message %d is %s, and has to be %s", eventstore.ErrFeedDamaged, m.Position, s.expect.ID, m.ID)
		}
		s.expect = nil
		return nil
	}
	m.Position = s.last.Position + 1
	if err := s.writer.Write(ctx, m); err != nil {
		return err
	}
	s.last = *m
	if s.last.Event = nil; m.Position%1000 == 0 {
		s.reached(StatePublishing, s.seq, &s.last)
	}
	return nil
}

// same compares messages.
func same(a, b *Message) bool {
	return a.Position == b.Position && a.ID == b.ID && a.Subject == b.Subject && a.Kind == b.Kind && a.Seq == b.Seq && a.Ref == b.Ref &&
		a.Complete == b.Complete && a.Day == b.Day && bytes.Equal(a.Event, b.Event)
}

// catchUp publishes everything that is recorded, and what is due; again says that it has to be tried again soon.
func (s *session) catchUp(ctx context.Context) (again bool, err error) {
	view, from := s.options.Ledger.View(), s.seq
	if s.seq < view.Seq() {
		err := s.options.Log.ReadRange(ctx, s.seq+1, view.Seq()+1, func(e domain.Recorded, stored []byte) error {
			if err := s.entry(ctx, view, &e, stored); err != nil {
				return err
			}
			if s.options.Progress != nil {
				s.options.Progress(e.Seq-from, view.Seq()-from)
			}
			return ctx.Err()
		})
		if err != nil {
			return false, err
		}
	}
	if again, err = s.due(ctx); err != nil {
		return false, err
	}
	if s.skip > 0 {
		return false, fmt.Errorf("%w: it has %d messages more than follow from the log", eventstore.ErrFeedDamaged, s.skip)
	}
	if err := s.writer.Flush(ctx); err != nil {
		return false, err
	}
	s.reached(StatePublishing, s.seq, &s.last)
	return again, nil
}

// entry sends what is in effect on the days between the entry before and this one, and then what this one tells.
func (s *session) entry(ctx context.Context, view *projections.View, e *domain.Recorded, stored []byte) error {
	today := domain.DateOf(e.Time)
	if err := s.arriveUpTo(ctx, view, today); err != nil {
		return err
	}
	s.day = max(s.day, today)
	if err := s.make.entry(ctx, view, e, stored, s.day, mark{}); err != nil {
		return err
	}
	s.agenda.Add(view, e.Seq, s.day)
	s.seq = e.Seq
	return nil
}

// due sends the arrivals of the days that have come, once it is certain that nothing more is recorded before them.
func (s *session) due(ctx context.Context) (again bool, err error) {
	today := s.today()
	if next, some := s.agenda.Next(); some && next <= today {
		end, err := s.options.Log.End(ctx)
		if err != nil || end > s.seq {
			return err == nil, err
		}
		if err := s.arriveUpTo(ctx, s.options.Ledger.View(), today); err != nil {
			return false, err
		}
	}
	s.looked = today
	return false, nil
}

// arriveUpTo sends the arrivals of the days of the agenda up to one.
func (s *session) arriveUpTo(ctx context.Context, view *projections.View, day domain.Date) error {
	for {
		next, some := s.agenda.Next()
		if !some || next > day {
			return nil
		}
		if err := s.arrive(ctx, view, next, domain.Ref{}); err != nil {
			return err
		}
	}
}

// arrive sends the arrivals of one day, from a reference on.
func (s *session) arrive(ctx context.Context, view *projections.View, day domain.Date, from domain.Ref) error {
	if err := s.make.arrivals(ctx, view, s.agenda, projections.Point{On: day, Known: s.seq}, from); err != nil {
		return err
	}
	s.agenda.Done(day)
	return nil
}

// wait waits until there may be something to publish; false: ctx has ended.
func (s *session) wait(ctx context.Context, advanced <-chan struct{}) bool {
	timer := time.NewTimer(s.untilDue())
	defer timer.Stop()
	select {
	case <-advanced:
	case <-s.wake:
	case <-timer.C:
	case <-ctx.Done():
		return false
	}
	return true
}

// untilDue is how long it is until something arrives; at most an hour, since clocks are set.
func (s *session) untilDue() time.Duration {
	next, some := s.agenda.Next()
	if !some {
		return time.Hour
	}
	return min(max(next.Time().Add(Grace).Sub(s.options.Clock()), time.Second), time.Hour)
}
