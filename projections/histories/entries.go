// Package histories draws random histories for property tests, and questions about them. What it
// draws is valid (semantics.md §2) and biased to trouble: few days with many facts on each, chains
// and rings of endings, endings of what has ended, corrections that change dates, retracted
// introductions.
package histories

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/orgledger/orgledger/domain"
)

// Options bound what is drawn. A zero number means the default given with it.
type Options struct {
	Facts            int // at most so many entries after the first introductions; 60
	Organisations    int // at most so many, and at least 3; 7
	Responsibilities int // 3
	Contracts        int // 3
	Plans            int // 2
	Offices          int // 2
	Sources          int // 2
}

func (o Options) orDefaults() Options {
	for _, field := range []struct {
		value    *int
		standard int
	}{
		{&o.Facts, 60}, {&o.Organisations, 7}, {&o.Responsibilities, 3}, {&o.Contracts, 3}, {&o.Plans, 2}, {&o.Offices, 2}, {&o.Sources, 2},
	} {
		if *field.value == 0 {
			*field.value = field.standard
		}
	}
	o.Organisations = max(o.Organisations, 3)
	return o
}

// A generator draws one history. What it lists has been introduced by an entry drawn before.
type generator struct {
	t       *rapid.T
	options Options
	days    []domain.Date // the few days on which things happen, in order
	entries []*domain.Entry

	organisations    []domain.OrganisationID
	responsibilities []domain.ResponsibilityID
	contracts        []domain.ContractID
	plans            []domain.PlanID
	offices          []domain.OfficeID
	sources          []domain.SourceID
	items            map[domain.PlanID][]string // that each plan has or had
	correctable      []*domain.Entry            // fact and plan entries as first recorded
}

// Entries draws a history. Every entry passes domain's Check and has an id; the replacements of
// corrections are resolved.
func Entries(t *rapid.T, options Options) []*domain.Entry {
	g := &generator{t: t, options: options.orDefaults(), items: make(map[domain.PlanID][]string)}
	g.days = g.pool()
	for len(g.organisations) < 3 {
		g.introduce(domain.TypeOrganisationEstablished)
	}
	g.introduce(domain.TypeResponsibilityDefined)
	g.introduce(domain.TypeContractAwarded)
	if chance(t, "planned", 2) {
		g.introduce(domain.TypePlanAnnounced)
	}
	what := pick(t, "weather", [][]func(*generator){calm, stormy, calm})
	for range max(index(t, "facts", g.options.Facts+1), index(t, "or facts", g.options.Facts+1)) {
		pick(t, "what", what)(g)
	}
	return g.entries
}

// Record gives entries sequences from 1, and recorded times of which two at a time are equal.
func Record(entries []*domain.Entry) []domain.Recorded {
	recorded := make([]domain.Recorded, len(entries))
	for i, e := range entries {
		recorded[i] = domain.Recorded{Entry: *e, Seq: uint64(i) + 1, Time: recordedAt(i).UnixNano()}
	}
	return recorded
}

// recordedAt is the recorded time of the i-th entry, counted from 0.
func recordedAt(i int) time.Time {
	return time.Date(2026, 1, 1, 12, 0, i/2, 0, time.UTC)
}

// What may be drawn next, in a calm history and in a stormy one; what is listed more often is drawn
// more often.
var (
	calm = []func(*generator){
		(*generator).record, (*generator).record, (*generator).record, (*generator).record, (*generator).record,
		(*generator).record, (*generator).introduceSomething, (*generator).introduceSomething, (*generator).correct,
		(*generator).retract,
	}
	stormy = append([]func(*generator){
		(*generator).successions, (*generator).successions, (*generator).correct, (*generator).correct,
	}, calm...)
)

// index draws an index below n, all alike: rapid's own draws favour the low ones too much for a
// history in which something is left to hold. It shrinks to 0.
func index(t *rapid.T, label string, n int) int {
	drawn := 0
	for range bits.Len(uint(n)) + 2 {
		drawn *= 2
		if rapid.Bool().Draw(t, label) {
			drawn++
		}
	}
	return drawn % n
}

func pick[E any](t *rapid.T, label string, from []E) E { return from[index(t, label, len(from))] }

// chance is true one time in n.
func chance(t *rapid.T, label string, n int) bool { return index(t, label, n) == n-1 }

// some draws a part of a list, short rather than long, in the order drawn, none of it twice.
func some[E any](t *rapid.T, label string, from []E, least int) []E {
	left := slices.Clone(from)
	drawn := []E{}
	for range rapid.IntRange(least, len(from)).Draw(t, label+", how many") {
		i := index(t, label, len(left))
		drawn = append(drawn, left[i])
		left = slices.Delete(left, i, i+1)
	}
	return drawn
}

// append records an entry of a fact on a date.
func (g *generator) append(effective domain.EDTF, fact domain.Fact) *domain.Entry {
	e := &domain.Entry{ID: g.id(), Effective: effective, Fact: fact}
	if fact.Type().Dated() {
		e.Sources, e.Fulfils = g.citations(), g.fulfilment()
		g.correctable = append(g.correctable, e)
	}
	g.remember(fact)
	g.entries = append(g.entries, e)
	return e
}

// id draws a version 4 UUID that no other entry has.
func (g *generator) id() uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:], rapid.Uint64().Draw(g.t, "id"))
	binary.BigEndian.PutUint64(id[8:], uint64(len(g.entries))+1)
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}

func (g *generator) citations() []domain.Citation {
	if len(g.sources) == 0 || chance(g.t, "unsourced", 2) {
		return nil
	}
	return []domain.Citation{{Source: pick(g.t, "source", g.sources)}}
}

// fulfilment names a plan that is introduced, and an item that it has or had.
func (g *generator) fulfilment() domain.Fulfilment {
	if len(g.plans) == 0 || !chance(g.t, "fulfils", 4) {
		return domain.Fulfilment{}
	}
	f := domain.Fulfilment{Plan: pick(g.t, "plan", g.plans)}
	if items := g.items[f.Plan]; len(items) > 0 && !chance(g.t, "whole plan", 4) {
		f.Item = pick(g.t, "item", items)
	}
	return f
}

// remember notes the items that a plan has from now on.
func (g *generator) remember(fact domain.Fact) {
	note := func(plan domain.PlanID, items []domain.PlanItem) {
		for _, item := range items {
			g.items[plan] = append(g.items[plan], item.Item)
		}
	}
	switch fact := fact.(type) {
	case *domain.PlanAnnounced:
		note(fact.Plan, fact.Items)
	case *domain.PlanAmended:
		note(fact.Plan, fact.Items)
	}
}

// record draws a fact or plan entry that introduces nothing.
func (g *generator) record() {
	t := g.possible(pick(g.t, "type", weighted))
	effective := g.date()
	g.append(effective, g.fact(t, domain.Ref{}, effective))
}

// correct replaces what an earlier entry says, and what it was corrected to before: any date, and
// everything else but what the entry is about. Retracted entries are corrected too.
func (g *generator) correct() {
	e := g.earlier("corrects")
	effective := g.date()
	fact := g.fact(e.Fact.Type(), domain.About(e.Fact), effective)
	if chance(g.t, "only the date", 3) && !hasLastDay(e.Fact) {
		fact = e.Fact
	}
	if mayBeUndated(fact) && chance(g.t, "undated", 4) {
		effective = domain.EDTF{}
	}
	g.append(domain.EDTF{}, &domain.EntryCorrected{Corrects: e.ID, Reason: "better evidence", Replacement: domain.Replacement{
		Effective: effective, Fact: fact, Sources: g.citations(), Fulfils: g.fulfilment(),
	}})
	g.remember(fact)
}

func (g *generator) retract() {
	g.append(domain.EDTF{}, &domain.EntryRetracted{Retracts: g.earlier("retracts").ID, Reason: "no such thing"})
}

// earlier draws a fact or plan entry.
func (g *generator) earlier(label string) *domain.Entry {
	last := len(g.correctable) - 1
	return g.correctable[last-index(g.t, label, last+1)]
}

func hasLastDay(f domain.Fact) bool {
	return f.Type() == domain.TypeContractAwarded || f.Type() == domain.TypeContractVaried
}

func mayBeUndated(f domain.Fact) bool {
	established, ok := f.(*domain.OrganisationEstablished)
	return ok && established.Parent == nil || f.Type() == domain.TypeResponsibilityDefined
}

// successions draws a storm: several organisations that end on one day, each into the next, the last
// into none, into the first, or into another of them; recorded in any order.
func (g *generator) successions() {
	effective := g.date()
	chain := some(g.t, "chain", g.organisations, 2)
	chain = chain[:min(len(chain), 4)]
	for _, i := range some(g.t, "recorded", indices(len(chain)), len(chain)) {
		next := chain[(i+1)%len(chain)]
		if i == len(chain)-1 {
			next = pick(g.t, "end of the chain", append(g.others(chain[i]), ""))
		}
		g.append(effective, g.ending(chain[i], next))
	}
}

func indices(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// ending ends one organisation, into another if one is given.
func (g *generator) ending(from, to domain.OrganisationID) domain.Fact {
	kinds, except := g.kinds(), g.exceptions()
	switch how := pick(g.t, "ending", []domain.Type{
		domain.TypeOrganisationMerged, domain.TypeOrganisationDissolved, domain.TypeOrganisationSplit,
	}); {
	case to == "" || how == domain.TypeOrganisationDissolved:
		return &domain.OrganisationDissolved{Organisation: from, Successor: to, Kinds: kinds, Except: except}
	case how == domain.TypeOrganisationMerged:
		return &domain.OrganisationMerged{Organisations: []domain.OrganisationID{from}, Into: to, Kinds: kinds, Except: except}
	default:
		return &domain.OrganisationSplit{Organisation: from, Into: []domain.OrganisationID{to}, Residual: to}
	}
}
