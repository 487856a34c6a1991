package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/projections"
)

// staged is what has been accepted and is not yet in the index, or was not when it began. A call that is refused is
// taken back whole. It belongs to the writer goroutine; what is on its way to the log is only read.
type staged struct {
	index *projections.Index
	view  *projections.View                                      // of everything recorded when it began
	read  func(context.Context, uint64) (domain.Recorded, error) // an entry of the log, resolved
	draft func(*domain.Entry, string) eventstore.Draft           // what Append takes
	ahead *staged                                                // on its way to the log, taken for recorded; nil: nothing is
	seal  func(ctx context.Context, name string, forgotten func(domain.PersonID) bool) (domain.Person, domain.PersonKey, error)
	name  string // of the ledger
	now   int64  // when the call is judged; what is recorded on another UTC day is judged again
	after uint64 // last sequence that is recorded or staged ahead

	keys   *domain.Keyring // as the log, what is ahead and what is staged say; never changed, but exchanged
	before *domain.Keyring // as the log and what is ahead say

	entries    []domain.Recorded  // accepted, in order; Seq and Time once they are committed
	drafts     []eventstore.Draft // of the entries
	recorded   int                // how many of the entries are in the index
	ids        map[uuid.UUID]int
	introduced map[domain.Ref]bool
	items      map[domain.Fulfilment]bool
	forgotten  map[domain.PersonID]bool
	fresh      map[domain.PersonID]domain.PersonKey // of persons whom the index did not know when they were named
}

// newStaged makes room for as much as is ahead: where many record, one commit is much like the one before.
func newStaged(l *Ledger, ahead *staged) *staged {
	view, room := l.index.View(), 0
	keys := view.Keyring()
	if ahead != nil {
		keys, room = ahead.keys, min(len(ahead.entries), eventstore.MaxCommitEntries)
	}
	s := &staged{index: l.index, view: view, read: l.stored, draft: l.log.Draft, ahead: ahead, seal: l.people.seal, name: l.log.Name(),
		keys: keys, before: keys,
		entries: make([]domain.Recorded, 0, room+room/4), drafts: make([]eventstore.Draft, 0, room+room/4), ids: make(map[uuid.UUID]int, room),
		introduced: make(map[domain.Ref]bool, room), items: make(map[domain.Fulfilment]bool),
		forgotten: make(map[domain.PersonID]bool), fresh: make(map[domain.PersonID]domain.PersonKey)}
	s.after = view.Seq() + uint64(len(s.awaited()))
	return s
}

// place is where an accepted entry is: among the staged ones, or in the log already or on its way to it.
type place struct {
	id       uuid.UUID
	position int              // in staged.entries, elsewhere or nowhere where it is not staged
	recorded *domain.Recorded // elsewhere
}

const (
	elsewhere = -1          // in the log, or staged ahead
	nowhere   = math.MaxInt // it was only tried
)

// accept stages the entries of one call, or none of them. Ids are derived where none is given, corrections resolved,
// and names sealed. The error is a *domain.Refusal whose Line is the entry's place in the call,
// from 1, unless reading the log failed.
func (s *staged) accept(ctx context.Context, call []handed, actor string) ([]place, error) {
	before := len(s.entries)
	places := make([]place, len(call))
	for i := range call {
		var err error
		if places[i], err = s.stage(ctx, &call[i], actor); err != nil {
			s.takeBack(before)
			if refusal, ok := errors.AsType[*domain.Refusal](err); ok {
				located := *refusal
				located.Line = i + 1
				return nil, &located
			}
			return nil, err
		}
	}
	return places, nil
}

// takeBack forgets what was staged from a position on.
func (s *staged) takeBack(from int) {
	if from == len(s.entries) {
		return
	}
	for _, e := range s.entries[from:] {
		delete(s.ids, e.ID)
	}
	s.entries, s.drafts = s.entries[:from], s.drafts[:from]
	clear(s.introduced)
	clear(s.items)
	clear(s.forgotten)
	s.keys = s.before
	for i := range s.entries {
		s.note(i)
	}
}

// introduces lists what an entry brings into the ledger, the office of an appointment included.
func introduces(f domain.Fact) []domain.Ref {
	if ref := domain.Introduces(f); ref.ID != "" {
		return []domain.Ref{ref}
	}
	if f, ok := f.(*domain.AppointmentMade); ok {
		return []domain.Ref{f.Office.Ref()}
	}
	return nil
}

// stage accepts one entry or refuses it. What the caller handed in stays as it is: it may be handed in again
// while it is being written.
func (s *staged) stage(ctx context.Context, h *handed, actor string) (place, error) {
	e, err := s.completed(ctx, h)
	if err != nil {
		return place{}, err
	}
	known, err := s.repeated(ctx, &e)
	if s.reused(h, err) {
		return place{}, keyReused()
	}
	if known != nil || err != nil {
		if err != nil {
			return place{}, err
		}
		return *known, nil
	}
	if err := s.check(&e); err != nil {
		return place{}, err
	}
	judged := domain.Recorded{Entry: e, Actor: actor, Time: s.now}
	if err := s.keys.Judge(&judged, s.name, domain.Everything, domain.DateOf(s.now)); err != nil {
		return place{}, err
	}
	drafted := h.draft
	if h.open {
		drafted = s.draft(&e, actor)
	}
	position := len(s.entries)
	s.entries, s.drafts = append(s.entries, judged), append(s.drafts, drafted)
	s.ids[e.ID] = position
	s.note(position)
	return place{id: e.ID, position: position}, nil
}

// completed is a copy of an entry with its correction resolved, its names sealed and its id. What was handed in keeps
// them as they were: it may have to be judged again, when another node has recorded the same names.
func (s *staged) completed(ctx context.Context, h *handed) (domain.Entry, error) {
	e := *h.entry
	if !h.open {
		e.ID = h.id
		return e, nil
	}
	if stored, ok := e.Fact.(*domain.EntryCorrected); ok {
		correction := *stored
		e.Fact = &correction
		if err := s.resolve(&correction); err != nil {
			return e, err
		}
	}
	e.Fact = domain.CopyPersons(e.Fact)
	if err := s.sealNames(ctx, e.Fact); err != nil {
		return e, err
	}
	if e.ID == uuid.Nil {
		e.ID = e.DeriveID()
	}
	return e, nil
}

// sealNames puts who they are in place of the names in a fact.
func (s *staged) sealNames(ctx context.Context, f domain.Fact) error {
	if !domain.NamesPerson(f) {
		return nil
	}
	var failed error
	domain.EachPerson(f, func(p *domain.Person) {
		person, key, err := s.seal(ctx, p.Name, s.forgets)
		if failed = errors.Join(failed, err); key != (domain.PersonKey{}) {
			s.fresh[person.ID] = key
		}
		*p = person
	})
	return failed
}

// forgets reports whether an entry that is staged, here or ahead, says that a person is forgotten.
func (s *staged) forgets(id domain.PersonID) bool {
	return s.forgotten[id] || s.ahead != nil && s.ahead.forgotten[id]
}

// keysOf are the keys that have to be kept before a batch is recorded.
func (s *staged) keysOf(b batch) map[domain.PersonID]domain.PersonKey {
	if len(s.fresh) == 0 {
		return nil
	}
	keys := make(map[domain.PersonID]domain.PersonKey)
	for i := range s.entries[b.from:b.to] {
		domain.EachPerson(s.entries[b.from+i].Fact, func(p *domain.Person) {
			if key, fresh := s.fresh[p.ID]; fresh {
				keys[p.ID] = key
			}
		})
	}
	return keys
}

// note remembers what an accepted entry makes known.
func (s *staged) note(position int) {
	e := s.entries[position]
	if s.keys.Concerns(e.Fact) {
		e.Seq = s.after + 1 + uint64(position)
		s.keys = s.keys.Clone()
		s.keys.Apply(&e)
	}
	for _, ref := range introduces(e.Fact) {
		s.introduced[ref] = true
	}
	f := content(e.Fact)
	for _, item := range domain.PlanItems(f) {
		s.items[domain.Fulfilment{Plan: domain.PlanID(domain.About(f).ID), Item: item.Item}] = true
	}
	s.notePersons(f)
}

// notePersons remembers who is named, and who is forgotten.
func (s *staged) notePersons(f domain.Fact) {
	if forgotten, ok := f.(*domain.PersonForgotten); ok {
		s.forgotten[forgotten.Person] = true
	}
	if !domain.NamesPerson(f) {
		return
	}
	domain.EachPerson(f, func(p *domain.Person) {
		if p.ID != "" {
			s.introduced[p.ID.Ref()] = true
		}
	})
}

// resolve reads a correction's replacement for the type of the entry that it corrects.
func (s *staged) resolve(correction *domain.EntryCorrected) error {
	target, err := s.target(correction.Corrects, "data.corrects")
	if err != nil {
		return err
	}
	if err := correction.Resolve(target.typ); err != nil {
		return err
	}
	if about := domain.About(correction.Replacement.Fact); about != target.about {
		return &domain.Refusal{Code: domain.CodeBadCorrection, Field: "data.replacement.data",
			Rule:  fmt.Sprintf("a correction stays about what the entry is about, %s; retract the entry and record another", target.about),
			Value: fmt.Sprintf("%q", about)}
	}
	return nil
}

// target is what the ledger knows of an entry that a correction or retraction names.
type target struct {
	typ   domain.Type
	about domain.Ref
}

func (s *staged) target(id uuid.UUID, field string) (t target, err error) {
	if e := s.pending(id); e != nil {
		t = target{e.Fact.Type(), domain.About(e.Fact)}
	} else if seq, ok := s.index.Entry(id); ok {
		t = target{s.view.EntryType(seq), s.view.EntryAbout(seq)}
	} else {
		return t, &domain.Refusal{Code: domain.CodeUnknownEntry, Field: field, Rule: "this names an entry that is recorded", Value: fmt.Sprintf("%q", id)}
	}
	if !t.typ.Dated() {
		return t, &domain.Refusal{Code: domain.CodeBadCorrection, Field: field,
			Rule: "only a fact or plan entry can be corrected or retracted", Value: t.typ.String()}
	}
	return t, nil
}

// pending finds an entry that is staged, here or ahead.
func (s *staged) pending(id uuid.UUID) *domain.Recorded {
	for ; s != nil; s = s.ahead {
		if position, ok := s.ids[id]; ok {
			return &s.entries[position]
		}
	}
	return nil
}

// repeated finds an entry that is recorded, or staged, with the same id. With other content it is a
// conflict.
func (s *staged) repeated(ctx context.Context, e *domain.Entry) (*place, error) {
	stored := s.pending(e.ID)
	if seq, ok := s.index.Entry(e.ID); ok && stored == nil {
		found, err := s.read(ctx, seq)
		if err != nil {
			return nil, fmt.Errorf("compare with entry %d of the same id: %w", seq, err)
		}
		stored = &found
	}
	if stored == nil {
		return nil, nil
	}
	if !same(&stored.Entry, e) {
		return nil, conflict(e)
	}
	if position, ok := s.ids[e.ID]; ok {
		return &place{id: e.ID, position: position}, nil
	}
	return &place{id: e.ID, position: elsewhere, recorded: stored}, nil
}

// same compares what two entries say, however it is written.
func same(a, b *domain.Entry) bool { return bytes.Equal(a.Canonical(), b.Canonical()) }

func conflict(e *domain.Entry) error {
	return &domain.Refusal{Code: domain.CodeIDConflict, Field: "id",
		Rule: "an entry with this id and other content is recorded already; to change it, record a correction", Value: fmt.Sprintf("%q", e.ID)}
}

func (s *staged) known(ref domain.Ref) bool {
	return s.introduced[ref] || s.ahead != nil && s.ahead.introduced[ref] || s.view.Introduced(ref, s.view.Seq())
}

// check judges an entry by what the ledger holds.
func (s *staged) check(e *domain.Entry) error {
	if retraction, ok := e.Fact.(*domain.EntryRetracted); ok {
		if _, err := s.target(retraction.Retracts, "data.retracts"); err != nil {
			return err
		}
	}
	own := domain.Introduces(e.Fact)
	if own.ID != "" && s.known(own) {
		return alreadyIntroduced("data."+own.Kind.String(), own)
	}
	planned := planned(e.Fact)
	unknown := func(ref domain.Ref) bool {
		return ref != own && !planned[ref] && !s.known(ref) && !appoints(e.Fact, ref)
	}
	found := false
	e.References(func(ref domain.Ref) { found = found || unknown(ref) })
	if !found {
		return s.checkFulfilment(e)
	}
	mentions := e.Mentions()
	m := mentions[slices.IndexFunc(mentions, func(m domain.Mention) bool { return unknown(m.Ref) })]
	return &domain.Refusal{Code: domain.CodeUnknownReference, Field: m.Field,
		Rule: "this names something that an earlier entry introduces", Value: fmt.Sprintf("%q", m.Ref)}
}

// planned lists what a plan's items would introduce: the other items may name it.
func planned(f domain.Fact) map[domain.Ref]bool {
	var refs map[domain.Ref]bool
	for _, item := range domain.PlanItems(content(f)) {
		for _, ref := range introduces(item.Fact) {
			if refs == nil {
				refs = make(map[domain.Ref]bool)
			}
			refs[ref] = true
		}
	}
	return refs
}

// content is what a fact says, or what a correction makes another say.
func content(f domain.Fact) domain.Fact {
	if correction, ok := f.(*domain.EntryCorrected); ok {
		return correction.Replacement.Fact
	}
	return f
}

func alreadyIntroduced(field string, ref domain.Ref) error {
	return &domain.Refusal{Code: domain.CodeAlreadyIntroduced, Field: field,
		Rule: "an identifier is introduced once; to change what was said, record a correction", Value: fmt.Sprintf("%q", ref)}
}

// appoints reports whether the reference is the office that an appointment may introduce, or the person whom the
// ledger has put in place of a name.
func appoints(f domain.Fact, ref domain.Ref) bool {
	if ref.Kind == domain.KindPerson {
		return domain.NamesPerson(f)
	}
	made, ok := f.(*domain.AppointmentMade)
	return ok && ref == made.Office.Ref()
}

// checkFulfilment judges whether the plan has, or ever had, the item that an entry fulfils.
func (s *staged) checkFulfilment(e *domain.Entry) error {
	field, fulfils := "fulfils", e.Fulfils
	if correction, ok := e.Fact.(*domain.EntryCorrected); ok {
		field, fulfils = "data.replacement.fulfils", correction.Replacement.Fulfils
	}
	if fulfils.Item == "" || s.items[fulfils] || s.ahead != nil && s.ahead.items[fulfils] || s.view.PlanHad(fulfils.Plan, fulfils.Item) {
		return nil
	}
	return &domain.Refusal{Code: domain.CodeUnknownReference, Field: field,
		Rule: "the plan has, or had, the item that a fact fulfils", Value: fmt.Sprintf("%q", fulfils)}
}
