package domain

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
	"github.com/valyala/fastjson"
	"pgregory.net/rapid"
)

// resolved finishes reading what a correction replaces, as the ledger does once it knows the type.
func resolved(t rapid.TB, got, original *Entry) *Entry {
	if f, ok := got.Fact.(*EntryCorrected); ok {
		if err := f.Resolve(original.Fact.(*EntryCorrected).Replacement.Fact.Type()); err != nil {
			t.Fatalf("resolve: %v", err)
		}
	}
	return got
}

// Law: reading what AppendJSON wrote gives an equal entry, and writing that gives the same bytes,
// for a correction also before it is resolved.
func TestEntryRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := entries().Draw(t, "entry")
		if err := e.Check(); err != nil {
			t.Fatalf("the generator made what is refused: %v", err)
		}
		line := e.AppendJSON(nil)
		got, err := ParseEntry(line)
		if err != nil {
			t.Fatalf("%s\n%v", line, err)
		}
		if again := got.AppendJSON(nil); !bytes.Equal(again, line) {
			t.Fatalf("written again:\n%s\nfirst:\n%s", again, line)
		}
		if !reflect.DeepEqual(resolved(t, got, e), e) {
			t.Fatalf("read %+v, wrote %+v", got, e)
		}
		if again := got.AppendJSON(nil); !bytes.Equal(again, line) {
			t.Fatalf("written when resolved:\n%s\nfirst:\n%s", again, line)
		}
	})
}

// Law: ReadBody gives back what AppendBody wrote. What it reads does not change when the parser's
// memory is used again.
func TestBodyRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := entries().Draw(t, "entry")
		e.Signature = nil // an attribute of the event, like the id
		raw := e.AppendBody(nil)
		var parser fastjson.Parser
		body, err := parser.ParseBytes(raw)
		if err != nil {
			t.Fatalf("%s\n%v", raw, err)
		}
		stale := Entry{ID: e.ID, Effective: e.Effective, Fulfils: e.Fulfils, Sources: []Citation{{Source: "stale"}}, Note: "stale"}
		if err := ReadBody(e.Fact.Type(), body, &stale); err != nil {
			t.Fatalf("%s\n%v", raw, err)
		}
		if _, err := parser.Parse(strings.Repeat("9", len(raw))); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(resolved(t, &stale, e), e) {
			t.Fatalf("read %+v, wrote %+v", &stale, e)
		}
	})
}

// Law: an id depends on what an entry says, and on neither the order of its fields nor its spaces.
func TestDeriveIDIgnoresOrderAndSpace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := entries().Draw(t, "entry")
		scrambled := scramble(t, e.AppendJSON(nil))
		got, err := ParseEntry(scrambled)
		if err != nil {
			t.Fatalf("%s\n%v", scrambled, err)
		}
		if got, want := resolved(t, got, e).DeriveID(), e.DeriveID(); got != want {
			t.Fatalf("%s is %v, otherwise %v", scrambled, got, want)
		}
	})
}

// scramble writes JSON with its members in another order and spaces between its tokens.
func scramble(t *rapid.T, raw jsontext.Value) []byte {
	space := rapid.SampledFrom([]string{"", " ", "\n", "\t ", "\r\n"})
	gap := func() string { return space.Draw(t, "space") }
	dec := jsontext.NewDecoder(bytes.NewReader(raw))
	kind := dec.PeekKind()
	if kind != jsontext.KindBeginObject && kind != jsontext.KindBeginArray {
		return raw
	}
	open, err := dec.ReadToken()
	if err != nil {
		t.Fatal(err)
	}
	parts, closing := []string{}, "]"
	for dec.PeekKind() != jsontext.KindEndObject && dec.PeekKind() != jsontext.KindEndArray {
		part := gap()
		if kind == jsontext.KindBeginObject {
			name, err := dec.ReadValue()
			if err != nil {
				t.Fatal(err)
			}
			part += string(name) + gap() + ":" + gap()
		}
		value, err := dec.ReadValue()
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part+string(scramble(t, value.Clone()))+gap())
	}
	if kind == jsontext.KindBeginObject {
		parts, closing = rapid.Permutation(parts).Draw(t, "order"), "}"
	}
	return []byte(gap() + open.String() + strings.Join(parts, ",") + gap() + closing + gap())
}

// Law: what says something else has another id.
func TestDeriveIDTellsContentApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := entries().Draw(t, "a"), entries().Draw(t, "b")
		a.ID, b.ID = uuid.Nil, uuid.Nil
		if same := bytes.Equal(a.Canonical(), b.Canonical()); same != (a.DeriveID() == b.DeriveID()) {
			t.Fatalf("%s\n%s", a.Canonical(), b.Canonical())
		}
		before := a.DeriveID()
		a.Note += "x"
		if a.DeriveID() == before {
			t.Fatal("another note, the same id")
		}
		a.Note, a.ID = strings.TrimSuffix(a.Note, "x"), uuid.New()
		if a.DeriveID() != before {
			t.Fatal("the id given is part of the id derived")
		}
	})
}

// Released encodings are frozen: stored events are never rewritten, and an id that was derived
// once is derived again. This file changes only by lines added for new types and fields.
func TestStoredEncoding(t *testing.T) {
	var out bytes.Buffer
	seen := make(map[Type]bool)
	for _, line := range entryLines(t) {
		e := mustParse(t, string(line))
		if got := e.AppendJSON(nil); !bytes.Equal(got, line) {
			t.Errorf("read  %s\nwrote %s", line, got)
		}
		seen[e.Fact.Type()] = true
		fmt.Fprintf(&out, "%s\t%s\t%s\n", e.Fact.Type(), e.DeriveID(), e.AppendBody(nil))
	}
	for _, typ := range Types() {
		if !seen[typ] {
			t.Errorf("testdata/entries.jsonl has no %s", typ)
		}
	}
	golden(t, "bodies.golden", out.Bytes())
}

// Law: the canonical form is that of RFC 8785, as another implementation makes it of the entry's JSON, unsigned and
// with commitments in place of names.
func TestCanonical(t *testing.T) {
	agree := func(t rapid.TB, e *Entry) {
		unsigned := *e
		unsigned.Signature = nil
		want := jsontext.Value(encodeObject(nil, &unsigned, formContent))
		if err := want.Canonicalize(); err != nil {
			t.Fatal(err)
		}
		if got := e.Canonical(); !bytes.Equal(got, want) {
			t.Fatalf("%s\nwant %s", got, want)
		}
		anonymous := *e
		anonymous.ID = uuid.Nil
		if got, want := e.DeriveID(), uuid.NewSHA1(namespace, anonymous.Canonical()); got != want {
			t.Fatalf("the id is %s, want %s", got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) { agree(t, entries().Draw(t, "entry")) })
	for _, line := range entryLines(t) {
		agree(t, mustParse(t, string(line))) // corrections not resolved
	}
}

// Numbers that are equal derive equal ids, however they are written, and are kept as written.
func TestCanonicalNumbers(t *testing.T) {
	const line = `{"type":"contract.varied","effective":"2020","data":{"contract":"c","value":{"amount":%s,"currency":"GBP"}}}`
	a, b := mustParse(t, fmt.Sprintf(line, "1500")), mustParse(t, fmt.Sprintf(line, "1.500e3"))
	if a.DeriveID() != b.DeriveID() || !bytes.Equal(a.Canonical(), b.Canonical()) {
		t.Errorf("%s\n%s", a.Canonical(), b.Canonical())
	}
	if got := b.Fact.(*ContractVaried).Value.Amount; got != "1.500e3" {
		t.Errorf("kept %s", got)
	}
}

// A recorded entry may be read by many at once; run with -race this fails if a visit writes.
func TestConcurrentReaders(t *testing.T) {
	for _, line := range entryLines(t) {
		e := mustParse(t, string(line))
		var readers sync.WaitGroup
		for range 2 {
			readers.Go(func() {
				e.AppendJSON(nil)
				e.Mentions()
				_ = e.Check()
				e.DeriveID()
			})
		}
		readers.Wait()
	}
}

// An unresolved correction keeps text that is printable in JSON but not in Go.
func TestCorrectionKeepsText(t *testing.T) {
	const name = "a\n\U000e0001\U0010fffd\u200b\""
	quoted, err := jsontext.AppendQuote(nil, name)
	if err != nil {
		t.Fatal(err)
	}
	e := mustParse(t, `{"type":"entry.corrected","data":{"corrects":"018f2c3e-0000-7000-8000-000000000001","reason":"r",`+
		`"replacement":{"effective":"2020","data":{"organisation":"a","name":`+string(quoted)+`}}}}`)
	f := e.Fact.(*EntryCorrected)
	if err := f.Resolve(TypeOrganisationRenamed); err != nil {
		t.Fatal(err)
	}
	if got := f.Replacement.Fact.(*OrganisationRenamed).Name; got != name {
		t.Errorf("got %q, want %q", got, name)
	}
	before := Entry{Note: "kept", Effective: DayEDTF(1)}
	if after := f.Apply(&before); after.Note != "kept" || after.Fact != f.Replacement.Fact || after.Effective.String() != "2020" {
		t.Errorf("applied: %+v", after)
	}
}

// A correction that could not be resolved cannot be resolved at the second attempt either.
func TestResolveFailsAgain(t *testing.T) {
	const line = `{"type":"entry.corrected","data":{"corrects":"018f2c3e-0000-7000-8000-000000000001","reason":"r","replacement":{"data":%s}}}`
	for _, data := range []string{
		`{"organisation":"a","name":"b"}`,              // a renaming needs a date
		`{"organisation":"a","name":"b","colour":"c"}`, // no such field
		`{"organisation":"a"}`,
	} {
		f := mustParse(t, fmt.Sprintf(line, data)).Fact.(*EntryCorrected)
		for range 2 {
			if err := f.Resolve(TypeOrganisationRenamed); err == nil {
				t.Errorf("%s was resolved", data)
			}
		}
	}
}
