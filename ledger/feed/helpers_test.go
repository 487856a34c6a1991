package feed_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/feed"
	"github.com/orgledger/orgledger/projections"
)

// clock is set by tests.
type clock struct {
	mu  sync.Mutex
	now time.Time // guarded by mu
}

func at(text string) *clock {
	now, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return &clock{now: now}
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(text string) {
	now := at(text).now
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// tester is a test, or one check of a property.
type tester interface {
	Helper()
	Context() context.Context
	Fatal(...any)
	Fatalf(string, ...any)
	Errorf(string, ...any)
}

// opened is a ledger that records until the test ends or close is called.
type opened struct {
	*ledger.Ledger
	store *eventstore.Store
	clock *clock
	close func()
}

func open(t testing.TB, o eventstore.Options, now *clock) *opened {
	t.Helper()
	o.Clock = now.Now
	store, err := eventstore.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(t.Context(), store, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- l.Run(ctx) }()
	closing := sync.OnceFunc(func() {
		cancel()
		if err := errors.Join(<-ran, store.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(closing)
	return &opened{l, store, now, closing}
}

func (o *opened) record(t testing.TB, lines ...string) {
	t.Helper()
	_, err := o.RecordLines(t.Context(), strings.NewReader(strings.Join(lines, "\n")), ledger.RecordOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// recordAll records entries as they were made, in calls of at most so many.
func (o *opened) recordAll(t tester, entries []*domain.Entry, calls int) {
	t.Helper()
	for part := range slices.Chunk(entries, calls) {
		var text bytes.Buffer
		for _, e := range part {
			e := domain.Entry{ID: e.ID, Effective: e.Effective, Fact: domain.CopyPersons(e.Fact), Sources: e.Sources, Fulfils: e.Fulfils, Note: e.Note}
			domain.EachPerson(e.Fact, func(p *domain.Person) { *p = domain.Person{Name: "Person " + p.Name + string(p.ID)} })
			text.Write(append(e.AppendJSON(nil), '\n'))
		}
		if _, err := o.RecordLines(t.Context(), &text, ledger.RecordOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

func (o *opened) publisher() *feed.Publisher {
	return feed.NewPublisher(feed.Options{Log: o.store, Ledger: o.Ledger, Clock: o.clock.Now})
}

func (o *opened) publish(t tester) {
	t.Helper()
	if err := o.publisher().CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// messages is what there is of the feed.
func (o *opened) messages(t tester) []feed.Message {
	t.Helper()
	all, err := o.read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (o *opened) read(ctx context.Context) (all []feed.Message, err error) {
	ends, err := o.store.Feed().Ends(ctx)
	if err != nil {
		return nil, err
	}
	err = o.store.Feed().Read(ctx, ends.First, feed.Selection{}, func(m feed.Message) error { all = append(all, m); return nil })
	return all, err
}

func sameMessages(t tester, got, want []feed.Message) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d messages instead of %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Fatalf("message %d is\n%s\ninstead of\n%s", i+1, show(got[i]), show(want[i]))
		}
	}
}

func show(m feed.Message) string {
	event := m.Event
	m.Event = nil
	return fmt.Sprintf("%+v %s", m, event)
}

// consumer keeps what the feed tells it: what is so about everything, on each of some days, and on the day that the feed
// has reached.
type consumer struct {
	days    []domain.Date
	known   map[string]map[domain.Date]*projections.Standing
	present map[string]*projections.Standing
	ids     map[string]bool
	seq     uint64
	day     domain.Date
}

func newConsumer(days ...domain.Date) *consumer {
	return &consumer{days: days, known: make(map[string]map[domain.Date]*projections.Standing),
		present: make(map[string]*projections.Standing), ids: make(map[string]bool)}
}

func (c *consumer) take(m feed.Message) error {
	if c.ids[m.ID] {
		return fmt.Errorf("message %s comes twice", m.ID)
	}
	c.ids[m.ID], c.seq, c.day = true, m.Complete, m.Day
	switch m.Kind {
	case feed.Change:
		data, err := dataOf[feed.Changed](m)
		if err != nil {
			return err
		}
		return c.change(data)
	case feed.Arrival:
		data, err := dataOf[feed.Arrived](m)
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(c.present[data.Ref], data.Before) {
			return fmt.Errorf("%s: %v is to give way, and %v was told", m.ID, data.Before, c.present[data.Ref])
		}
		c.present[data.Ref] = data.After
	}
	return nil
}

func (c *consumer) change(data *feed.Changed) error {
	if c.known[data.Ref] == nil {
		c.known[data.Ref] = make(map[domain.Date]*projections.Standing)
	}
	for _, p := range data.Periods {
		from, to, err := days(p)
		if err != nil {
			return err
		}
		for _, day := range c.days {
			if from <= day && day < to {
				if !reflect.DeepEqual(c.known[data.Ref][day], p.Before) {
					return fmt.Errorf("entry %d, %s on %s: %v is to give way, and %v was told", data.CausedBy, data.Ref, day, p.Before, c.known[data.Ref][day])
				}
				c.known[data.Ref][day] = p.After
			}
		}
		if slices.Contains(p.In, feed.Present) {
			c.present[data.Ref] = p.After
		}
	}
	return nil
}

func days(p feed.Period) (from, to domain.Date, err error) {
	from, err = domain.ParseDate(p.From)
	to = domain.LastDate + 1
	if err == nil && p.To != nil {
		to, err = domain.ParseDate(*p.To)
	}
	return from, to, err
}

func dataOf[T any](m feed.Message) (*T, error) {
	var event struct {
		Data T `json:"data"`
	}
	if err := json.Unmarshal(m.Event, &event); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", m.ID, err, m.Event)
	}
	return &event.Data, nil
}

// agrees compares what the consumer knows with the answers.
func (c *consumer) agrees(t tester, view *projections.View) {
	t.Helper()
	if c.seq != view.Seq() {
		t.Errorf("the feed is complete up to entry %d, and there are %d", c.seq, view.Seq())
	}
	for _, ref := range view.Refs(view.Seq()) {
		for _, day := range c.days {
			want := view.Standing(ref, projections.Point{On: day, Known: view.Seq()})
			if got := c.known[ref.String()][day]; !reflect.DeepEqual(got, want) {
				t.Fatalf("%s on %s: told %v, and the answer is %v", ref, day, got, want)
			}
		}
		want := view.Standing(ref, projections.Point{On: c.day, Known: view.Seq()})
		if got := c.present[ref.String()]; !reflect.DeepEqual(got, want) {
			t.Fatalf("%s on %s: told to be in effect %v, and the answer is %v", ref, c.day, got, want)
		}
	}
}
