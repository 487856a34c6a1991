// Package plainfold answers every question of the ledger by the plain day-by-day fold of
// semantics.md §3, from the first day, once for each question. It is the judge of the index in
// package projections: kept as naive as the text reads, without sharing code with what it judges.
// Only tests and verifiers import it.
package plainfold

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
)

// A Ledger answers questions about a recorded history. It is safe for concurrent use while Today is
// not being set. An answer costs at least one fold of the whole history.
type Ledger struct {
	// Today is the day of a question that names none. The zero Date lets such a question see
	// nothing but what is undated.
	Today domain.Date

	entries []domain.Recorded // by sequence, from 1
}

// New takes the entries in the order of their sequences, from 1 without a gap, and resolves the
// corrections among them in place. An entry without an id is known by its derived one.
func New(entries []domain.Recorded) (*Ledger, error) {
	l := &Ledger{Today: domain.FirstDate, entries: slices.Clone(entries)}
	named := make(map[uuid.UUID]domain.Type)
	for i := range l.entries {
		e := &l.entries[i]
		if e.Seq != uint64(i)+1 {
			return nil, fmt.Errorf("plainfold: entry %d has sequence %d", i+1, e.Seq)
		}
		if e.ID == uuid.Nil {
			e.ID = e.DeriveID()
		}
		if err := resolve(e.Fact, named); err != nil {
			return nil, fmt.Errorf("plainfold: sequence %d: %w", e.Seq, err)
		}
		named[e.ID] = e.Fact.Type()
	}
	return l, nil
}

// resolve reads a correction for the type of what it corrects. What a correction or a retraction
// names is an earlier fact or plan entry (§2).
func resolve(content domain.Fact, named map[uuid.UUID]domain.Type) error {
	switch content := content.(type) {
	case *domain.EntryCorrected:
		t, ok := named[content.Corrects]
		if !ok {
			return fmt.Errorf("corrects %s, which was not recorded before", content.Corrects)
		}
		return content.Resolve(t)
	case *domain.EntryRetracted:
		if t, ok := named[content.Retracts]; !ok || !t.Dated() {
			return fmt.Errorf("retracts %s, which is no fact or plan entry recorded before", content.Retracts)
		}
	}
	return nil
}

// A fact is a fact or plan entry in one of its versions, or the assumed item of a plan.
type fact struct {
	seq     uint64 // of the original entry, which every version keeps; of an item, the plan's
	item    int    // among the assumed items of a plan, from 1; 0 for what is recorded
	date    domain.EDTF
	content domain.Fact
	sourced bool
	fulfils domain.Fulfilment
}

// day is the nominal day of §1.
func (f *fact) day() domain.Date { return f.date.Nominal() }

// doubtful is §1: earliest ≤ on < latest, and without an earliest every day before latest.
func (f *fact) doubtful(on domain.Date) bool {
	return !f.date.IsZero() && f.date.Earliest() <= on && on < f.date.Latest()
}

// recorded orders facts by sequence, the assumed items of a plan in item order.
func recorded(a, b *fact) int { return cmp.Or(cmp.Compare(a.seq, b.seq), cmp.Compare(a.item, b.item)) }

// visible is "the facts visible at known, each in its latest version" (§3), plans included, by
// sequence. Of corrections and retractions of an entry the last at or before known wins (§2).
func (l *Ledger) visible(known uint64) []*fact {
	original := make(map[uuid.UUID]*domain.Recorded)
	latest := make(map[uuid.UUID]*domain.Entry)
	for i := range l.entries[:known] {
		e := &l.entries[i]
		switch content := e.Fact.(type) {
		case *domain.SourceRegistered, *domain.PersonForgotten, *domain.KeyRegistered, *domain.KeyRevoked:
		case *domain.EntryCorrected:
			if corrected := original[content.Corrects]; corrected != nil {
				latest[content.Corrects] = content.Apply(&corrected.Entry)
			}
		case *domain.EntryRetracted:
			delete(latest, content.Retracts)
		default:
			original[e.ID] = e
			latest[e.ID] = &e.Entry
		}
	}
	var facts []*fact
	for id, e := range latest {
		facts = append(facts, &fact{
			seq: original[id].Seq, date: e.Effective, content: e.Fact, sourced: len(e.Sources) > 0, fulfils: e.Fulfils,
		})
	}
	slices.SortFunc(facts, recorded)
	return facts
}

// introduced lists what some entry up to known introduces, whether or not it still stands.
func (l *Ledger) introduced(known uint64) map[domain.Ref]bool {
	refs := make(map[domain.Ref]bool)
	for i := range l.entries[:known] {
		refs[domain.Introduces(l.entries[i].Fact)] = true
	}
	return refs
}

// end is the last sequence.
func (l *Ledger) end() uint64 { return uint64(len(l.entries)) }

// at is the last sequence recorded at or before t (§1).
func (l *Ledger) at(t time.Time) uint64 {
	known := uint64(0)
	for i := range l.entries {
		if !time.Unix(0, l.entries[i].Time).After(t) {
			known = l.entries[i].Seq
		}
	}
	return known
}
