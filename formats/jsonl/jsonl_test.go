package jsonl_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats/exporttest"
	"github.com/orgledger/orgledger/formats/jsonl"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/projections/histories"
)

// What is written is read back as the same entries with the same ids, and gives the same digest at every known point.
func TestWrittenIsReadAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := named(histories.Record(histories.Entries(t, histories.Options{Facts: 30})))
		known := rapid.Uint64Range(0, uint64(len(log))).Draw(t, "known")
		var out bytes.Buffer
		if err := jsonl.Write(t.Context(), log, known, &out, nil); err != nil {
			t.Fatal(err)
		}
		again := histories.Record(parse(t, out.Bytes()))
		if uint64(len(again)) != known {
			t.Fatalf("%d entries, not %d", len(again), known)
		}
		before, after := view(t, log), view(t, again)
		for seq := uint64(0); seq <= known; seq++ {
			if seq > 0 && again[seq-1].ID != log[seq-1].ID {
				t.Fatalf("entry %d has another id", seq)
			}
			at := ledger.Point{On: domain.LastDate, Known: seq}
			if got, want := after.Digest(at), before.Digest(at); !reflect.DeepEqual(got, want) {
				t.Fatalf("at %d: %+v, not %+v", seq, got, want)
			}
		}
	})
}

// named opens the sealed names, as a ledger shows them.
func named(log []domain.Recorded) exporttest.Log {
	for i := range log {
		log[i].Fact = domain.CopyPersons(log[i].Fact)
		domain.EachPerson(log[i].Fact, func(p *domain.Person) {
			if p.ID != "" {
				p.Name = "Person " + string(p.ID)
			}
		})
	}
	return log
}

func view(t *rapid.T, log exporttest.Log) *ledger.View {
	v, err := log.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func parse(t interface{ Fatal(...any) }, text []byte) []*domain.Entry {
	var entries []*domain.Entry
	for line := range bytes.Lines(text) {
		e, err := domain.ParseEntry(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			t.Fatal(err)
		}
		if e.ID == [16]byte{} {
			e.ID = e.DeriveID()
		}
		entries = append(entries, e)
	}
	return entries
}

// The longest entry that can be handed in without an id can be handed in again.
func TestLongestEntry(t *testing.T) {
	plain := func(note string) string {
		return fmt.Sprintf(`{"type":"plan.announced","effective":"2020-01-01","data":{"plan":"p","title":"P","conditions":[%s]}}`, note)
	}
	condition := `"` + strings.Repeat("x", 4000) + `",`
	text := plain(strings.Repeat(condition, 65) + `"` + strings.Repeat("y", domain.LimitEntry-len(plain(strings.Repeat(condition, 65)+`""`))) + `"`)
	if len(text) != domain.LimitEntry {
		t.Fatalf("the entry has %d bytes", len(text))
	}
	log := exporttest.Log(histories.Record(parse(t, []byte(text))))
	var out bytes.Buffer
	if err := jsonl.Write(t.Context(), log, 1, &out, nil); err != nil {
		t.Fatal(err)
	}
	if again := parse(t, out.Bytes()); again[0].ID != log[0].ID {
		t.Error("it has another id")
	}
}

// What no other ledger would record ends the export, and says which entry it is.
func TestNotRepeatable(t *testing.T) {
	key := &domain.KeyRegistered{Key: "UAKEY", Actor: "registrar"}
	id := uuid.MustParse("9d532248-ce72-45ed-8fd2-058f77d25e4b")
	first := domain.Entry{ID: id, Fact: key}
	for name, last := range map[string]domain.Fact{
		"a forgotten person":    &domain.AppointmentMade{Office: "o", Title: "O", Organisation: "a", Person: domain.Person{ID: "p", Forgotten: true}},
		"a forgetting":          &domain.PersonForgotten{Person: "p", Reason: "asked"},
		"another key":           &domain.KeyRegistered{Key: "UAOTHER", Actor: "registrar"},
		"a revocation":          &domain.KeyRevoked{Key: "UAKEY"},
		"a retraction of a key": &domain.EntryRetracted{Retracts: id, Reason: "wrong"},
	} {
		log := exporttest.Log{{Entry: first, Seq: 1}, {Entry: domain.Entry{ID: uuid.New(), Fact: last}, Seq: 2}}
		err := jsonl.Write(t.Context(), log, 2, io.Discard, nil)
		if !errors.Is(err, ledger.ErrNotRepeatable) || !strings.Contains(err.Error(), "entry 2") {
			t.Errorf("%s: %v", name, err)
		}
		if err := jsonl.Write(t.Context(), log, 1, io.Discard, nil); err != nil {
			t.Errorf("the first key: %v", err)
		}
	}
}
