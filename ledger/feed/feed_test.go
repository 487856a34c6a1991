package feed_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger/feed"
	"github.com/orgledger/orgledger/projections/histories"
)

var rewrite = flag.Bool("rewrite", false, "rewrite golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// story is a short history: a merger of March that takes effect in April, and a correction of what was long past.
var story = [][]string{
	{
		`{"type":"organisation.established","data":{"organisation":"hee","name":"Health Education England"}}`,
		`{"type":"organisation.established","data":{"organisation":"nhse","name":"NHS England"}}`,
		`{"type":"contract.awarded","effective":"2019-04-01","data":{"contract":"c1","title":"Training","owner":"hee"}}`,
		`{"id":"018f0000-0000-4000-8000-000000000001","type":"responsibility.defined","data":{"responsibility":"r1","title":"Planning","kind":"function"}}`,
		`{"id":"018f0000-0000-4000-8000-000000000002","type":"responsibility.assigned","effective":"2020","data":{"responsibility":"r1","organisation":"nhse"}}`,
	},
	{`{"type":"organisation.merged","effective":"2026-04-01","data":{"organisations":["hee"],"into":"nhse"}}`},
	{`{"type":"entry.corrected","data":{"corrects":"018f0000-0000-4000-8000-000000000002","reason":"the minutes say so","replacement":{"effective":"2018-05-01","data":{"responsibility":"r1","organisation":"hee"}}}}`},
}

// The form of messages is frozen: what is published of a ledger once is published so again by every later version.
func TestForm(t *testing.T) {
	l := open(t, eventstore.Options{Dir: t.TempDir()}, at("2026-03-01T12:00:00Z"))
	for _, part := range story {
		l.record(t, part...)
	}
	l.clock.set("2026-04-02T00:00:00Z")
	l.publish(t)
	var got bytes.Buffer
	for _, m := range l.messages(t) {
		fmt.Fprintf(&got, "%d %s %s seq %d complete %d day %s\n%s\n\n", m.Position, m.Subject, m.ID, m.Seq, m.Complete, m.Day, m.Event)
	}
	const golden = "testdata/feed.golden"
	if *rewrite {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("the feed is\n%s", got.Bytes())
	}
}

// An entry's message holds the event that the log does.
func TestEntriesAreTheLogs(t *testing.T) {
	l := open(t, eventstore.Options{Dir: t.TempDir()}, at("2026-03-01T12:00:00Z"))
	for _, part := range story {
		l.record(t, part...)
	}
	l.publish(t)
	touched := make(map[uint64][]domain.Ref)
	for _, m := range l.messages(t) {
		if m.Kind != feed.Entry {
			continue
		}
		stored, err := l.Event(t.Context(), m.Seq)
		if err != nil || !bytes.Equal(m.Event, stored) {
			t.Errorf("%s is %s, and the log has %s, %v", m.ID, m.Event, stored, err)
		}
		touched[m.Seq] = append(touched[m.Seq], m.Ref)
	}
	for seq := uint64(1); seq <= l.View().Seq(); seq++ {
		if !slices.Equal(touched[seq], l.View().Concerns(seq)) {
			t.Errorf("entry %d is told of %v", seq, touched[seq])
		}
	}
}

// Whoever has taken the feed of any history from the beginning knows every answer on every day, and what is in effect,
// whatever was recorded when; a feed that was published bit by bit is, message for message, the one that is made of the log.
func TestFeedAddsUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := open(t, eventstore.Options{Dir: t.TempDir()}, at("2019-12-20T12:00:00Z"))
		defer l.close()
		entries := histories.Entries(rt, histories.Options{Facts: 30})
		for part := range slices.Chunk(entries, rapid.IntRange(1, 20).Draw(rt, "call")) {
			l.clock.set(rapid.SampledFrom(laterThan(l.clock)).Draw(rt, "now"))
			l.recordAll(rt, part, len(part))
			if rapid.Bool().Draw(rt, "published") {
				l.publish(rt)
			}
		}
		l.publish(rt)
		c, bitByBit := newConsumer(interesting...), l.messages(rt)
		for _, m := range bitByBit {
			if err := c.take(m); err != nil {
				rt.Fatal(err)
			}
		}
		c.agrees(rt, l.View())
		if err := l.publisher().Rebuild(t.Context()); err != nil {
			rt.Fatal(err)
		}
		sameMessages(rt, l.messages(rt), bitByBit)
	})
}

// An answer that is too long for a message is left out, and the message says so; nothing stands still because of it.
func TestTooLong(t *testing.T) {
	l := open(t, eventstore.Options{Dir: t.TempDir()}, at("2026-03-01T12:00:00Z"))
	l.record(t, `{"type":"organisation.established","data":{"organisation":"a","name":"A"}}`)
	for i := range 8 {
		var codes []string
		for j := range 300 {
			codes = append(codes, fmt.Sprintf(`{"scheme":"s%d","value":"%d-%s"}`, i, j, strings.Repeat("x", 500)))
		}
		l.record(t, fmt.Sprintf(`{"type":"organisation.identified","effective":"202%d-01-01","data":{"organisation":"a","identifiers":[%s]}}`, i, strings.Join(codes, ",")))
	}
	l.clock.set("2027-01-02T00:00:00Z")
	l.publish(t)
	omitted := make(map[feed.Kind]int)
	for _, m := range l.messages(t) {
		if len(m.Event) > eventstore.MaxFeedEvent {
			t.Errorf("%s has %d bytes", m.ID, len(m.Event))
		}
		if bytes.Contains(m.Event, []byte(`"omitted":true`)) {
			omitted[m.Kind]++
		}
	}
	if omitted[feed.Change] == 0 || omitted[feed.Arrival] == 0 {
		t.Errorf("left out are %v", omitted)
	}
}

var interesting = func() []domain.Date {
	days := []domain.Date{domain.FirstDate, domain.LastDate}
	for _, text := range []string{"2019-12-01", "2020-01-01", "2020-03-01", "2020-04-01", "2020-06-01", "2021-01-01", "2021-02-01"} {
		day, err := domain.ParseDate(text)
		if err != nil {
			panic(err)
		}
		days = append(days, day-1, day, day+1)
	}
	return days
}()

// laterThan are some moments from a clock's on.
func laterThan(now *clock) []string {
	moments := []string{now.Now().Format("2006-01-02T15:04:05Z07:00")}
	for _, text := range []string{"2020-01-01T00:00:30Z", "2020-01-01T12:00:00Z", "2020-03-01T00:02:00Z", "2020-03-31T23:59:59Z", "2020-06-01T01:00:00Z", "2021-03-01T00:00:00Z"} {
		if at(text).now.After(now.Now()) {
			moments = append(moments, text)
		}
	}
	return moments[:min(len(moments), 3)]
}
