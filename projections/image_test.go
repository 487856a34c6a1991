package projections_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/projections"
	"github.com/orgledger/orgledger/projections/histories"
)

// chunks are those of an image, to keep.
func chunks(image *projections.Image) (all [][]byte) {
	for chunk := range image.Chunks() {
		all = append(all, bytes.Clone(chunk))
	}
	return all
}

// assembled is the index that chunks give, taken in by several goroutines in any order.
func assembled(all [][]byte) (*projections.Index, error) {
	size := int64(0)
	for _, chunk := range all {
		size += int64(len(chunk))
	}
	assembly, err := projections.NewAssembly(all[0], size)
	if err != nil {
		return nil, err
	}
	rest := all[1:]
	failed := make([]error, len(rest))
	var group sync.WaitGroup
	for i := range rest {
		group.Go(func() { failed[i] = assembly.Add(rest[len(rest)-1-i]) })
	}
	group.Wait()
	if err := errors.Join(failed...); err != nil {
		return nil, err
	}
	return assembly.Index()
}

// history is a random one, with entries about keys and one that forgets a person among it. What those need to be
// refused elsewhere is not looked at here.
func history(t *rapid.T) []*domain.Entry {
	entries := histories.Entries(t, histories.Options{})
	key := domain.KeyID("UABC")
	registered, revoked := uuid.UUID{1}, uuid.UUID{2}
	day := domain.DayEDTF(domain.LastDate / 2)
	for _, extra := range []*domain.Entry{
		{ID: registered, Effective: day, Fact: &domain.KeyRegistered{Key: key, Actor: "registrar"}},
		{ID: revoked, Effective: day, Fact: &domain.KeyRevoked{Key: key, Reason: "lost"}},
		{ID: uuid.UUID{3}, Fact: &domain.EntryCorrected{Corrects: registered, Reason: "r",
			Replacement: domain.Replacement{Effective: day, Fact: &domain.KeyRegistered{Key: key, Actor: "another"}}}},
		{ID: uuid.UUID{4}, Fact: &domain.EntryRetracted{Retracts: revoked, Reason: "r"}},
		{ID: uuid.UUID{5}, Fact: &domain.PersonForgotten{Person: "Ada", Reason: "asked"}},
		{ID: uuid.UUID{6}, Fact: &domain.PersonForgotten{Person: "Bob", Reason: "asked"}},
	} {
		entries = slices.Insert(entries, rapid.IntRange(place(entries), len(entries)).Draw(t, "place"), extra)
	}
	return entries
}

// place is behind the last of the entries that history has put in.
func place(entries []*domain.Entry) int {
	for i := len(entries) - 1; i >= 0; i-- {
		if id := entries[i].ID; id[0] < 7 && id == (uuid.UUID{id[0]}) {
			return i + 1
		}
	}
	return 0
}

// apply puts entries into an index in batches of random size, some of them previewed before, and some loaded in one go.
func apply(t *rapid.T, index *projections.Index, entries []domain.Recorded, loads bool) {
	if loads && rapid.Bool().Draw(t, "load") {
		if err := index.Load(entries); err != nil {
			t.Fatal(err)
		}
		index.Publish()
		return
	}
	for len(entries) > 0 {
		n := min(rapid.IntRange(1, 9).Draw(t, "batch"), len(entries))
		if ahead := min(rapid.IntRange(0, 12).Draw(t, "previewed"), len(entries)); ahead > 0 {
			if err := index.Preview(entries[:ahead], func(*projections.View) {}); err != nil {
				t.Fatal(err)
			}
		}
		if err := index.Apply(entries[:n]); err != nil {
			t.Fatal(err)
		}
		entries = entries[n:]
	}
}

// An index that is put together from an image is that which was written down, whenever it is written while the other
// one grows on: its own image is the same, it answers the same, and grows and previews as the other does.
func TestImageIsTheIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := history(t)
		recorded := histories.Record(entries)
		at := rapid.IntRange(0, len(recorded)).Draw(t, "at")
		index := projections.NewIndex()
		apply(t, index, recorded[:at], true)
		image := index.Image()
		early := chunks(image)
		apply(t, index, histories.Record(entries)[at:], false)
		if late := chunks(image); !slices.EqualFunc(early, late, bytes.Equal) {
			t.Fatalf("the image at %d of %d changed while the index grew", at, len(recorded))
		}
		again, err := assembled(early)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := again.Image().Sum(), image.Sum(); got != want {
			t.Fatalf("the image at %d, written down and read, is %x and was %x", at, got, want)
		}
		ended := projections.NewIndex()
		if err := ended.Apply(histories.Record(entries)[:at]); err != nil {
			t.Fatal(err)
		}
		questions := histories.Questions(t, entries)
		compareAnswers(t, questions, again.View(), ended.View())
		apply(t, again, histories.Record(entries)[at:], false)
		if got, want := again.Image().Sum(), index.Image().Sum(); got != want {
			t.Fatalf("grown on from %d, the image is %x, and should be %x", at, got, want)
		}
		compareAnswers(t, questions, again.View(), index.View())
		for i := range recorded {
			if seq, ok := again.Entry(recorded[i].ID); !ok || seq != recorded[i].Seq {
				t.Fatalf("entry %d is found as %d (%t)", recorded[i].Seq, seq, ok)
			}
		}
	})
}

// compareAnswers asks two views everything that can be asked.
func compareAnswers(t *rapid.T, questions [][]byte, a, b *projections.View) {
	all := append([][]byte{[]byte(`{"q":"keys","on":"9999-12-31"}`), []byte(`{"q":"findings","on":"9999-12-31"}`), []byte(`{"q":"plans","on":"9999-12-31"}`),
		[]byte(`{"q":"find","text":"a"}`), []byte(`{"q":"digest","on":"9999-12-31"}`)}, questions...)
	for _, question := range all {
		if got, want := asked(t, a, question), asked(t, b, question); !bytes.Equal(got, want) {
			t.Fatalf("question %s\n got %s\nwant %s", question, got, want)
		}
	}
	var persons [2][]projections.Person
	for i, v := range []*projections.View{a, b} {
		v.EachPerson(func(p projections.Person) { persons[i] = append(persons[i], p) })
		v.EachForgotten(func(id domain.PersonID) { persons[i] = append(persons[i], projections.Person{Reason: string(id)}) })
	}
	if !slices.Equal(persons[0], persons[1]) {
		t.Fatalf("persons are %+v, want %+v", persons[0], persons[1])
	}
	if a.LastRecorded() != b.LastRecorded() || a.Seq() != b.Seq() {
		t.Fatalf("one ends with %d at %v, the other with %d at %v", a.Seq(), a.LastRecorded(), b.Seq(), b.LastRecorded())
	}
}

func asked(t *rapid.T, view *projections.View, question []byte) []byte {
	value, err := ledger.Ask(view, domain.LastDate, question)
	if err != nil {
		value = ledger.Describe(err)
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
