package eventstore

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/orgledger/orgledger/domain"
)

// frozen is the commit of the golden file of format 1.
func frozen(t testing.TB) (Commit, *nats.Msg) { return frozenOf(t, allTypes(t)) }

func frozenOf(t testing.TB, entries []domain.Recorded) (Commit, *nats.Msg) {
	t.Helper()
	s := &Store{options: Options{Ledger: "main"}, subject: commitSubject("main"),
		clock: func() time.Time { return time.Date(2026, 3, 1, 12, 30, 45, 60, time.UTC) }}
	next := state{}
	c, m, err := s.prepare(&next, entries, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.ID = uuid.MustParse("0f8fad5b-d9cb-469f-a165-70867728950e")
	h := header{format: formatOf(c.Entries), id: c.ID, first: c.First, count: len(c.Entries), root: c.Root}
	m.Header = h.nats(0)
	return c, m
}

// The stored form of a commit never changes: what is in these files is in logs.
func TestCommitGolden(t *testing.T) {
	for name, entries := range map[string][]domain.Recorded{"commit.golden": allTypes(t), "commit2.golden": sealedTypes(t)} {
		_, m := frozenOf(t, entries)
		golden(t, name, messageText(m), *rewrite)
	}
}

// told2 is a message as text.
func messageText(m *nats.Msg) []byte {
	var got bytes.Buffer
	names := make([]string, 0, len(m.Header))
	for name := range m.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		got.WriteString(name + ": " + strings.Join(m.Header[name], ", ") + "\n")
	}
	got.WriteString("\n")
	got.Write(m.Data)
	return got.Bytes()
}

// A commit is a batch of valid CloudEvents for any reader of CloudEvents.
func TestCommitIsCloudEvents(t *testing.T) {
	c, m := frozenOf(t, append(allTypes(t), sealedTypes(t)...))
	var events []cloudevents.Event
	if err := json.Unmarshal(m.Data, &events); err != nil {
		t.Fatal(err)
	}
	if len(events) != len(c.Entries) {
		t.Fatalf("%d events of %d entries", len(events), len(c.Entries))
	}
	for i, ev := range events {
		e := &c.Entries[i]
		if err := ev.Validate(); err != nil {
			t.Errorf("entry %d: %v", e.Seq, err)
		}
		extensions := map[string]any{"sequence": strconv.FormatUint(e.Seq, 10)}
		for name, value := range map[string]string{"effective": e.Effective.String(), "actor": e.Actor, "fulfils": e.Fulfils.String()} {
			if value != "" {
				extensions[name] = value
			}
		}
		if e.Signature != nil {
			extensions["key"], extensions["signature"] = string(e.Signature.Key), e.Signature.Text()
		}
		if ev.ID() != e.ID.String() || ev.Source() != "/orgledger/main" || ev.Type() != "orgledger."+e.Fact.Type().String()+".v1" ||
			ev.Time().UnixNano() != e.Time || ev.DataContentType() != "application/json" || len(ev.Extensions()) != len(extensions) {
			t.Errorf("entry %d has the attributes %v", e.Seq, ev)
		}
		for name, value := range extensions {
			if ev.Extensions()[name] != value {
				t.Errorf("entry %d: %s = %v, want %v", e.Seq, name, ev.Extensions()[name], value)
			}
		}
		subject := "entry/5b1f3d9e-6c5b-4b6e-9a52-0c8d4a1f7f10"
		if e.Fact.Type() != domain.TypeEntryCorrected && e.Fact.Type() != domain.TypeEntryRetracted {
			subject = e.Mentions()[0].Ref.String()
		}
		if ev.Subject() != subject {
			t.Errorf("entry %d: subject %q, want %q", e.Seq, ev.Subject(), subject)
		}
		if !bytes.Equal(ev.Data(), e.AppendBody(nil)) {
			t.Errorf("entry %d: data %s", e.Seq, ev.Data())
		}
	}
}

// What is stored is read as what it was, every field of it.
func TestDecodeGolden(t *testing.T) {
	want, m := frozenOf(t, append(allTypes(t), sealedTypes(t)...))
	got, err := newDecoder("main").commit(1, m.Header, m.Data)
	if err != nil || !sameCommit(got.Commit, want) {
		t.Fatalf("decoded %+v, %v; want %+v", got, err, want)
	}
	if joined := "[" + string(bytes.Join(got.leaves, []byte(","))) + "]"; joined != string(m.Data) {
		t.Errorf("the leaves are not the events as stored: %s", joined)
	}
}

// Every event that is not of the stored form is refused, and the error says what is wrong with it.
func TestDecodeRefuses(t *testing.T) {
	_, m := frozen(t)
	for _, c := range []struct{ name, old, new, want string }{
		{"no array", `[{`, `{`, "batch"},
		{"another source", `"source":"/orgledger/main"`, `"source":"/orgledger/other"`, "other"},
		{"another type", `.organisation.established.v1`, `.organisation.invented.v1`, "invented"},
		{"a later version of a type", `.organisation.established.v1`, `.organisation.established.v2`, "v2"},
		{"another sequence", `"sequence":"7"`, `"sequence":"8"`, "entry 7"},
		{"no sequence", `"sequence":"7",`, ``, "entry 7"},
		{"a time that is none", `12:30:45.000000060Z`, `12:30:65.000000060Z`, "time"},
		{"time going back", `12:30:45.000000060Z","datacontenttype":"application/json","sequence":"7"`, `12:30:44.000000060Z","datacontenttype":"application/json","sequence":"7"`, "entry 7"},
		{"an id that is none", `"id":"`, `"id":"x`, "UUID"},
		{"a date that is none", `"effective":"[2012-06-01..2013-12-31]"`, `"effective":"soon"`, "effective"},
		{"a plan that is none", `"fulfils":"p1/i1"`, `"fulfils":"p1/"`, "fulfils"},
		{"an actor without an end", `"actor":"registrar \"é\"",`, `"actor":"registrar \"é\",`, "entry"},
		{"half a signature", `"actor":"registrar \"é\"",`, `"actor":"registrar \"é\"","key":"UA",`, "signature"},
		{"a signature that is none", `"actor":"registrar \"é\"",`, `"actor":"registrar \"é\"","key":"UA","signature":"AA==",`, "signature"},
		{"no data", `"data":`, `"date":`, "data"},
		{"data that is not JSON", `"data":{`, `"data":{{`, "JSON"},
		{"data of another shape", `"fact":{`, `"fact":0,"x":{`, "data"},
	} {
		data := bytes.Replace(m.Data, []byte(c.old), []byte(c.new), 1)
		if bytes.Equal(data, m.Data) {
			t.Errorf("%s: nothing is changed", c.name)
		}
		if _, err := newDecoder("main").commit(1, m.Header, data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want something about %q", c.name, err, c.want)
		}
	}
	for name, value := range map[string]string{headerCommit: "x", headerFirst: "0", headerCount: "1001", headerRoot: "00", headerFormat: ""} {
		h := nats.Header{}
		for k, v := range m.Header {
			h[k] = v
		}
		h[name] = []string{value}
		if _, err := newDecoder("main").commit(1, h, m.Data); err == nil {
			t.Errorf("%s: %s is taken", name, value)
		}
	}
}

// FuzzDecode: no bytes make the decoder panic, and valid entries that it takes round trip.
func FuzzDecode(f *testing.F) {
	c, m := frozen(f)
	root := m.Header.Get(headerRoot)
	f.Add(m.Data, len(c.Entries))
	_, later := frozenOf(f, sealedTypes(f))
	f.Add(later.Data, len(sealedTypes(f)))
	for _, e := range c.Entries {
		data := encoded([]domain.Recorded{{Entry: e.Entry, Seq: 1, Time: e.Time, Actor: e.Actor}}, []Draft{newDraft(source("main"), &e.Entry, e.Actor)})
		f.Add(data, 1)
	}
	f.Fuzz(func(t *testing.T, data []byte, count int) {
		h := nats.Header{headerFormat: {"1"}, headerCommit: {c.ID.String()}, headerFirst: {"1"}, headerCount: {strconv.Itoa(count)}, headerRoot: {root}}
		got, err := newDecoder("main").commit(1, h, data)
		if err != nil {
			return
		}
		if len(got.Entries) != count || got.Last() != uint64(count) {
			t.Fatalf("%d entries were read of %d", len(got.Entries), count)
		}
		for i := range got.Entries {
			e := &got.Entries[i]
			if e.Fact == nil || e.Check() != nil || !validActor(e.Actor) {
				return
			}
		}
		again := encoded(got.Entries, drafts(got.Entries))
		back, err := newDecoder("main").commit(1, h, again)
		if err != nil || !sameCommit(back.Commit, got.Commit) {
			t.Fatalf("%s\nis encoded as\n%s\nand read as %+v, %v", data, again, back, err)
		}
	})
}
