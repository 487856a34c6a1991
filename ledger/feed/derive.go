package feed

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/projections"
)

// Types of the CloudEvents that are made here. Those of entries are the log's.
const (
	TypeChange  = "orgledger.change.v1"
	TypeArrival = "orgledger.arrival.v1"
)

// Tense says where days lie, seen from the UTC day on which an entry was recorded.
type Tense string

// The tenses. What an entry changes about the past is a correction, or was recorded late.
const (
	Past    Tense = "past"
	Present Tense = "present"
	Future  Tense = "future"
)

// Changed is the data of a change: what an entry did to the answers about one reference.
type Changed struct {
	Ref      string   `json:"ref"`
	CausedBy uint64   `json:"caused_by"` // sequence of the entry
	Entry    string   `json:"entry"`     // its id
	Changes  []Tense  `json:"changes"`   // where the periods lie, all together
	Periods  []Period `json:"periods"`   // by from; on no other day is any answer another

	// Omitted says that the answers would be too long for a message: before and after are null, and have to be asked for.
	Omitted bool `json:"omitted,omitzero"`
}

// Period is a stretch of days, From included and To not (null: open), on all of which one answer gave way to
// another. Null: no entry known by then introduces the reference.
type Period struct {
	From   string                `json:"from"`
	To     *string               `json:"to"`
	In     []Tense               `json:"in"`
	Before *projections.Standing `json:"before"`
	After  *projections.Standing `json:"after"`
}

// Arrived is the data of an arrival: what is in effect from a day on that was recorded before it.
type Arrived struct {
	Ref    string                `json:"ref"`
	Day    string                `json:"day"`
	Known  uint64                `json:"known"` // the last entry that was taken into account
	Before *projections.Standing `json:"before"`
	After  *projections.Standing `json:"after"`

	Omitted bool `json:"omitted,omitzero"` // see Changed
}

// event is a CloudEvent 1.0, its attributes in the order in which the log has them.
type event struct {
	SpecVersion     string `json:"specversion"`
	ID              string `json:"id"`
	Source          string `json:"source"`
	Type            string `json:"type"`
	Subject         string `json:"subject"`
	Time            string `json:"time"`
	DataContentType string `json:"datacontenttype"`
	Sequence        string `json:"sequence"`
	Data            any    `json:"data"`
}

// timeLayout is RFC 3339 in UTC with all nanoseconds, as in the log.
const timeLayout = "2006-01-02T15:04:05.000000000Z"

// namer is what a ledger calls its events and their subjects.
type namer interface {
	FeedSubject(kind Kind, ref domain.Ref, verb string) string
	EventSource() string
}

// deriver makes the messages of entries and days: always the same ones in the same order, from whatever view, so long as that
// holds the entry.
type deriver struct {
	namer
	send func(*Message) error

	held *Message // the last one made, until it is known whether another follows
}

// entry makes the messages of an entry, from a kind and reference on: one for each reference that it concerns, and then
// one for each that it changes; day is the day that the feed has reached.
func (d *deriver) entry(ctx context.Context, view *projections.View, e *domain.Recorded, stored []byte, day domain.Date, from mark) error {
	d.held = nil
	name := e.Fact.Type().String()
	verb := name[strings.LastIndexByte(name, '.')+1:]
	if from.kind != Change {
		for _, ref := range view.Concerns(e.Seq) {
			if projections.CompareRefs(ref, from.ref) < 0 {
				continue
			}
			err := d.hold(&Message{ID: messageID(e.Seq, Entry, ref), Subject: d.FeedSubject(Entry, ref, verb), Kind: Entry,
				Seq: e.Seq, Ref: ref, Event: stored, Complete: e.Seq - 1, Day: day})
			if err != nil {
				return err
			}
		}
		from.ref = domain.Ref{}
	}
	when := time.Unix(0, e.Time).UTC().Format(timeLayout)
	today := domain.DateOf(e.Time)
	err := view.Effects(ctx, e.Seq, from.ref, func(effect projections.Effect) error {
		m := Message{ID: messageID(e.Seq, Change, effect.Ref), Subject: d.FeedSubject(Change, effect.Ref, ""), Kind: Change,
			Seq: e.Seq, Ref: effect.Ref, Complete: e.Seq - 1, Day: day}
		data := changed(e, &effect, today)
		if m.Event = d.encode(&m, TypeChange, when, data); len(m.Event) > eventstore.MaxFeedEvent {
			m.Event = d.encode(&m, TypeChange, when, data.short())
		}
		return d.hold(&m)
	})
	if err != nil || d.held == nil {
		return err
	}
	d.held.Complete = e.Seq
	return d.send(d.held)
}

// hold sends the message before, now that another one of the same entry follows it.
func (d *deriver) hold(m *Message) error {
	before := d.held
	d.held = m
	if before == nil {
		return nil
	}
	return d.send(before)
}

// arrivals makes the messages of a day of the agenda, as known at an entry, from a reference on.
func (d *deriver) arrivals(ctx context.Context, view *projections.View, agenda *projections.Agenda, at projections.Point, from domain.Ref) error {
	when := at.On.Time().Format(timeLayout)
	return view.Arrivals(ctx, agenda, at, from, func(ref domain.Ref, before, after *projections.Standing) error {
		m := Message{ID: at.On.String() + "/arrival/" + ref.String(), Subject: d.FeedSubject(Arrival, ref, ""), Kind: Arrival,
			Seq: at.Known, Ref: ref, Complete: at.Known, Day: at.On}
		data := &Arrived{Ref: ref.String(), Day: at.On.String(), Known: at.Known, Before: before, After: after}
		if m.Event = d.encode(&m, TypeArrival, when, data); len(m.Event) > eventstore.MaxFeedEvent {
			data.Before, data.After, data.Omitted = nil, nil, true
			m.Event = d.encode(&m, TypeArrival, when, data)
		}
		return d.send(&m)
	})
}

func messageID(seq uint64, kind Kind, ref domain.Ref) string {
	return fmt.Sprintf("%d/%s/%s", seq, kind, ref)
}

func (d *deriver) encode(m *Message, typ, when string, data any) []byte {
	text, err := json.Marshal(event{"1.0", m.ID, d.EventSource(), typ, m.Ref.String(), when, "application/json", strconv.FormatUint(m.Seq, 10), data})
	if err != nil {
		panic(err) // our own types
	}
	return text
}

// changed says what an entry did, seen from the day on which it was recorded.
func changed(e *domain.Recorded, effect *projections.Effect, today domain.Date) *Changed {
	c := &Changed{Ref: effect.Ref.String(), CausedBy: e.Seq, Entry: e.ID.String(), Changes: []Tense{}, Periods: make([]Period, len(effect.Stretches))}
	var all tenses
	for i := range effect.Stretches {
		s := &effect.Stretches[i]
		in := tensesOf(s, today)
		all = all.and(in)
		p := Period{From: s.From.String(), In: in.list(), Before: s.Before, After: s.After}
		if s.To != 0 {
			to := s.To.String()
			p.To = &to
		}
		c.Periods[i] = p
	}
	c.Changes = all.list()
	return c
}

// short is the change without answers, and where even the periods are too many, from the first of them on as one.
func (c *Changed) short() *Changed {
	short := *c
	short.Omitted, short.Periods = true, slices.Clone(c.Periods)
	if len(short.Periods) > maxPeriods {
		first, last := short.Periods[0], short.Periods[len(short.Periods)-1]
		short.Periods = []Period{{From: first.From, To: last.To, In: c.Changes}}
	}
	for i := range short.Periods {
		short.Periods[i].Before, short.Periods[i].After = nil, nil
	}
	return &short
}

// maxPeriods is how many periods fit a message without their answers.
const maxPeriods = 5000

// tenses says in which tenses days lie.
type tenses struct{ past, present, future bool }

func tensesOf(s *projections.Stretch, today domain.Date) tenses {
	open := s.To == 0
	return tenses{s.From < today, s.From <= today && (open || today < s.To), open || s.To > today+1}
}

func (t tenses) and(o tenses) tenses {
	return tenses{t.past || o.past, t.present || o.present, t.future || o.future}
}

func (t tenses) list() []Tense {
	list := make([]Tense, 0, 3)
	if t.past {
		list = append(list, Past)
	}
	if t.present {
		list = append(list, Present)
	}
	if t.future {
		list = append(list, Future)
	}
	return list
}
