package ledger

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"github.com/orgledger/orgledger/eventstore"
)

// group is calls that are judged together, one after the other, and what of them is to be recorded, in one commit or
// several. It belongs to the writer goroutine.
type group struct {
	staged  *staged
	calls   []*call // not answered yet
	handed  int     // entries, whatever became of them
	batches []batch // not recorded yet
}

// batch is a run of staged entries that become one commit.
type batch struct{ from, to int }

// newGroup is a group that is judged by the index and by what is on its way to the log; nil: nothing is.
func (l *Ledger) newGroup(ahead *staged) *group {
	return &group{staged: newStaged(l, ahead)}
}

// full reports whether there is about a commit's worth of entries.
func (g *group) full() bool { return g.handed >= eventstore.MaxCommitEntries }

// admit judges a call and stages it if it is accepted. A call that is refused, or only tried, is judged by what is
// staged before it as well, and needs that to be recorded to be answered.
func (g *group) admit(ctx context.Context, l *Ledger, c *call) {
	s := g.staged
	g.calls, g.handed = append(g.calls, c), g.handed+len(c.entries)
	var err error
	c.staged, c.from, c.receipt = s, len(s.entries), nil
	s.now = l.log.Now()
	if c.places, err = s.accept(ctx, c.entries, c.options.Actor); err == nil && c.options.Strict {
		err = l.strict(s, c.from)
	}
	if err == nil && c.look != nil {
		err = c.look(s, c.from)
	}
	c.refusal, c.needs = err, 0
	if err != nil {
		c.places = nil
	}
	for _, p := range c.places {
		c.needs = max(c.needs, p.position+1)
	}
	if err != nil || c.options.DryRun {
		c.leave()
	}
	c.to = len(s.entries)
}

// leave takes back what the call has staged. What was staged before it has to be recorded for the
// judgement to hold.
func (c *call) leave() {
	c.staged.takeBack(c.from)
	c.needs = c.from
	for i := range c.places {
		if c.places[i].position >= c.from {
			c.places[i].position = nowhere
		}
	}
}

// refusesOutright reports whether a call is refused by what comes before the group alone.
func (g *group) refusesOutright() bool {
	return slices.ContainsFunc(g.calls, func(c *call) bool { return c.refusal != nil && c.needs == 0 })
}

// ready lets the log make what it can of the group while it is busy with what is ahead, if the group becomes one
// commit.
func (g *group) ready(log Log) {
	if g.staged.ahead != nil && fits(len(g.staged.drafts), g.bytes()) {
		log.Ready(g.staged.drafts)
	}
}

func (g *group) bytes() (sum int) {
	for i := range g.staged.drafts {
		sum += g.staged.drafts[i].Size()
	}
	return sum
}

// depart sends the next batch to be appended. It lets that begin before the writer goes on, which has time until
// the disk has done its work.
func (g *group) depart(to chan<- departure, checked uint64) {
	b := g.batches[0]
	to <- departure{checked, g.staged.entries[b.from:b.to], g.staged.drafts[b.from:b.to], g.staged.keysOf(b)}
	runtime.Gosched()
}

// land takes over what the log has made of the batch that departed.
func (g *group) land(c eventstore.Commit) batch {
	b := g.batches[0]
	g.batches = g.batches[1:]
	copy(g.staged.entries[b.from:b.to], c.Entries)
	return b
}

// recorded answers each call of which all is in the log and in the index, after a batch has come there, and tells the
// others how far they are.
func (g *group) recorded(b batch) {
	g.staged.recorded = b.to
	for _, c := range g.calls {
		if c.options.Progress != nil && c.from < b.to {
			c.options.Progress(min(b.to, c.to)-c.from, c.to-c.from)
		}
	}
	g.answerUpTo(b.to)
}

// answerUpTo answers the calls that need no more than so many staged entries to be recorded.
func (g *group) answerUpTo(to int) {
	left := g.calls[:0]
	for _, c := range g.calls {
		if c.needs <= to {
			c.answer(c.refusal)
		} else {
			left = append(left, c)
		}
	}
	g.calls = left
}

// stopped answers the calls of which not everything is written when the ledger stops.
func (g *group) stopped() {
	answerAll(g.calls, fmt.Errorf("%w: what is recorded of a long call stays, and recording it again finishes it", ErrStopped))
	g.calls = nil
}

// fail answers the calls that the batch that departed failed under. Of those that come after it nothing is
// written, unless they repeat what is in it.
func (g *group) fail(err error) {
	b := g.batches[0]
	for _, c := range g.calls {
		if c.from < b.to && c.from < c.to || slices.ContainsFunc(c.places, func(p place) bool { return p.position >= b.from && p.position < b.to }) {
			c.answer(err)
			continue
		}
		c.answer(fmt.Errorf("%w: nothing of this call is recorded, since a commit before it failed: %v", eventstore.ErrUnavailable, err))
	}
}

func answerAll(calls []*call, err error) {
	for _, c := range calls {
		c.answer(err)
	}
}

// pack divides what is staged into commits. Calls share a commit as long as they fit; a call that fits
// a commit is never divided.
func (g *group) pack() {
	var current batch
	bytes := 0
	flush := func() {
		if current.to > current.from {
			g.batches = append(g.batches, current)
		}
		current, bytes = batch{current.to, current.to}, 0
	}
	for _, c := range g.calls {
		own, total := g.staged.drafts[c.from:c.to], 0
		for i := range own {
			total += own[i].Size()
		}
		if !fits(current.to-current.from+len(own), bytes+total) {
			flush()
		}
		for i := range own {
			size := own[i].Size()
			if !fits(current.to-current.from+1, bytes+size) {
				flush()
			}
			current.to++
			bytes += size
		}
	}
	flush()
}

func fits(entries, bytes int) bool {
	return entries <= eventstore.MaxCommitEntries && bytes <= eventstore.MaxCommitBytes
}
