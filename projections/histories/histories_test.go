package histories_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections/histories"
	"github.com/orgledger/orgledger/projections/plainfold"
)

// Every entry drawn passes the rules that need no ledger, and is read back equal from its own
// encoding; what it names has been introduced before it.
func TestEntriesAreValid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		introduced := make(map[domain.Ref]bool)
		types := make(map[string]domain.Type)
		for i, e := range histories.Entries(t, histories.Options{}) {
			if err := e.Check(); err != nil {
				t.Fatalf("entry %d: %v", i+1, err)
			}
			introduces(e.Fact, introduced)
			for _, mention := range e.Mentions() {
				if !introduced[mention.Ref] && mention.Ref.Kind != domain.KindPerson { // whoever names a person introduces it
					t.Fatalf("entry %d names %s, which nothing before it introduces", i+1, mention.Ref)
				}
			}
			line := e.AppendJSON(nil)
			again, err := domain.ParseShown(line)
			if err != nil {
				t.Fatalf("entry %d: %s: %v", i+1, line, err)
			}
			if correction, ok := again.Fact.(*domain.EntryCorrected); ok {
				if err := correction.Resolve(types[correction.Corrects.String()]); err != nil {
					t.Fatalf("entry %d: %s: %v", i+1, line, err)
				}
			}
			if round := again.AppendJSON(nil); !bytes.Equal(round, line) {
				t.Fatalf("entry %d: %s is read back as %s", i+1, line, round)
			}
			types[e.ID.String()] = e.Fact.Type()
		}
	})
}

func introduces(fact domain.Fact, introduced map[domain.Ref]bool) {
	introduced[domain.Introduces(fact)] = true
	if made, ok := fact.(*domain.AppointmentMade); ok {
		introduced[made.Office.Ref()] = true
	}
}

// The plain fold answers every question without panic, twice the same.
func TestPlainFoldAnswers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := histories.Entries(t, histories.Options{})
		first, second := ledger(t, entries), ledger(t, entries)
		for _, question := range histories.Questions(t, entries) {
			if one, two := first.Answer(question), second.Answer(question); !bytes.Equal(one, two) {
				t.Fatalf("%s\nis answered by %s\nand then by %s", question, one, two)
			}
		}
	})
}

func ledger(t *rapid.T, entries []*domain.Entry) *plainfold.Ledger {
	l, err := plainfold.New(histories.Record(entries))
	if err != nil {
		t.Fatal(err)
	}
	l.Today = domain.LastDate / 2
	return l
}
