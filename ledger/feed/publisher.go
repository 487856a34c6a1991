package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/projections"
)

const (
	// Grace is how long after a day has begun, in UTC, its arrivals are sent: longer than an entry that was recorded the day
	// before may take to be readable, and than the clocks of nodes may differ.
	Grace = time.Minute

	retry    = time.Second     // after something failed
	standby  = 2 * time.Second // how often one that is not first looks what the other has published
	patience = 3               // looks without anything new after which it takes over
	misfit   = time.Minute     // how often it is looked whether somebody has mended the stream's configuration
)

// Log is the recorded sequence, and where its feed is kept; *eventstore.Store is one.
type Log interface {
	namer
	ReadRange(ctx context.Context, from, to uint64, fn func(domain.Recorded, []byte) error) error
	End(ctx context.Context) (seq uint64, err error)
	Feed() *eventstore.Feed
	WriteFeed(ctx context.Context, keep time.Duration) (*eventstore.FeedWriter, error)
	DropFeed(ctx context.Context) error
	Timers(ctx context.Context, after time.Duration, came func(day domain.Date)) (*eventstore.Timers, error)
}

// Ledger is what is derived from; *ledger.Ledger is one.
type Ledger interface {
	View() *projections.View
	Advanced() <-chan struct{}
}

// Options say what is published, and how.
type Options struct {
	Log    Log
	Ledger Ledger
	Keep   time.Duration    // how long messages are kept; 0: forever
	Clock  func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: nothing is logged

	// Progress, which may be nil, is told of how many entries the messages have been sent.
	Progress func(done, total uint64)
}

// Publisher publishes the feed of a ledger. There may be any number of them, in as many processes: one publishes, and the
// others stand by until it has stopped.
type Publisher struct {
	options Options
	wake    chan struct{} // a day may have come
	looked  domain.Date   // up to which day it is certain that all arrivals have been sent; owned by Run

	mu     sync.Mutex
	status Status // guarded by mu
}

// What a publisher does.
const (
	StateStarting   = "starting"
	StatePublishing = "publishing"
	StateStandby    = "standby"
	StateFailing    = "failing"
	StateStopped    = "stopped" // of a feed that nobody publishes
)

// Status says how far the feed is, as far as a publisher knows.
type Status struct {
	State    string `json:"state"`
	Seq      uint64 `json:"seq"`      // the entry up to which it is complete
	Position uint64 `json:"position"` // of its last message
	Lag      uint64 `json:"lag"`      // entries that are recorded, and not yet complete in it
	Day      string `json:"day"`      // the day that it has reached
	Error    string `json:"error,omitempty"`
}

// NewPublisher is a publisher that does nothing before Run.
func NewPublisher(o Options) *Publisher {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Publisher{options: o, wake: make(chan struct{}, 1), status: Status{State: StateStarting}}
}

// Status of the feed, as this publisher last saw it.
func (p *Publisher) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.status
	if seq := p.options.Ledger.View().Seq(); seq > s.Seq {
		s.Lag = seq - s.Seq
	}
	return s
}

// Wake has the publisher look what is due now: the clock has been moved.
func (p *Publisher) Wake() {
	select {
	case p.wake <- struct{}{}:
	default: // it has not looked since the last time
	}
}

// Run publishes until ctx ends. What goes wrong is logged and shown in the status, and tried again: recording does not depend on
// it. A feed that is damaged, or of another version, is made anew from the log; that it is whole is looked at once, beside
// publishing.
func (p *Publisher) Run(ctx context.Context) error {
	whole, damaged := context.WithCancelCause(ctx)
	checked := make(chan struct{})
	go func(ctx context.Context) {
		defer close(checked)
		if err := p.options.Log.Feed().Check(ctx); errors.Is(err, eventstore.ErrFeedDamaged) {
			damaged(err)
		}
	}(whole)
	defer func() { damaged(nil); <-checked }()
	for ctx.Err() == nil {
		err := p.session(whole, false)
		if cause := context.Cause(whole); cause != nil && ctx.Err() == nil {
			whole, err = ctx, cause
		}
		if ctx.Err() == nil {
			p.recover(ctx, err)
		}
	}
	return nil
}

// recover does what helps against an error, or waits.
func (p *Publisher) recover(ctx context.Context, err error) {
	wait := retry
	switch {
	case errors.Is(err, eventstore.ErrFeedTaken):
		p.standBy(ctx, false)
		return
	case errors.Is(err, eventstore.ErrReadOnly):
		p.standBy(ctx, true)
		return
	case errors.Is(err, eventstore.ErrFeedDamaged), errors.Is(err, eventstore.ErrFeedFormat):
		p.options.Logger.Warn("the feed is made anew from the log", "reason", err)
		err = p.options.Log.DropFeed(ctx)
	case errors.Is(err, eventstore.ErrConfiguration):
		wait = misfit
	}
	if err != nil {
		p.fails(err)
		pause(ctx, wait)
	}
}

// Rebuild drops the feed, and publishes it again up to what is recorded, or waits while another publisher does so.
// Interrupted, it leaves the beginning of the feed, with which the next publisher goes on.
func (p *Publisher) Rebuild(ctx context.Context) error {
	if err := p.options.Log.DropFeed(ctx); err != nil {
		return err
	}
	for {
		err := p.CatchUp(ctx)
		if !errors.Is(err, eventstore.ErrFeedTaken) {
			return err
		}
		if done, err := p.await(ctx); done || err != nil {
			return err
		}
	}
}

// await waits until another publisher has published what is recorded, or no longer goes on.
func (p *Publisher) await(ctx context.Context) (done bool, err error) {
	for before := uint64(0); ; {
		m, _, err := p.options.Log.Feed().Last(ctx)
		if err != nil {
			return false, err
		}
		total := p.options.Ledger.View().Seq()
		if p.options.Progress != nil {
			p.options.Progress(min(m.Complete, total), total)
		}
		if m.Complete >= total || m.Position == before {
			return m.Complete >= total, nil
		}
		before = m.Position
		if !pause(ctx, standby) {
			return false, ctx.Err()
		}
	}
}

// CatchUp publishes up to what is recorded, and what is due, and returns. Where another publisher does so meanwhile, it leaves it
// to that one, and fails with eventstore.ErrFeedTaken.
func (p *Publisher) CatchUp(ctx context.Context) error {
	if err := p.session(ctx, true); err != nil {
		return fmt.Errorf("publish the feed: %w", err)
	}
	return nil
}

// fails notes why nothing is published, and says so once.
func (p *Publisher) fails(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.status.State != StateFailing || p.status.Error != err.Error() {
		p.options.Logger.Warn("the feed is not published at the moment", "error", err)
	}
	p.status.State, p.status.Error = StateFailing, err.Error()
}

// reached notes how far the feed is, with its last message.
func (p *Publisher) reached(state string, complete uint64, m *Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status = Status{State: state, Seq: complete, Position: m.Position, Day: m.Day.String()}
}

// standBy waits until what there is to publish has not been published by another one for a while; forever, where this one
// may not publish.
func (p *Publisher) standBy(ctx context.Context, forever bool) {
	var last uint64
	for still := 0; still < patience; {
		if !pause(ctx, standby) {
			return
		}
		m, _, err := p.options.Log.Feed().Last(ctx)
		if err != nil {
			return // session finds out what it is about
		}
		p.reached(StateStandby, m.Complete, &m)
		if forever || m.Position != last || m.Complete >= p.options.Ledger.View().Seq() && !p.overdue(&m) {
			last, still = m.Position, 0
			continue
		}
		still++
	}
}

// overdue reports whether a day has come that the feed has not reached. On most days nothing arrives, which only who takes
// over finds out; nobody does so more than once a day.
func (p *Publisher) overdue(m *Message) bool {
	return m.Day != 0 && max(m.Day, p.looked) < p.today()
}

// today is the day whose arrivals may be sent.
func (p *Publisher) today() domain.Date {
	return domain.DateOf(p.options.Clock().Add(-Grace).UnixNano())
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
