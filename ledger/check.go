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
	"github.com/orgledger/orgledger/projections"
)

// staged is what has been accepted and is not yet in the index. A call that is refused is taken back
// whole. It belongs to the writer goroutine.
type staged struct {
	index *projections.Index
	view  *projections.View                                      // of everything recorded
	read  func(context.Context, uint64) (domain.Recorded, error) // an entry of the log, resolved
	name  string                                                 // of the ledger
	now   int64                                                  // when it is judged; what is recorded on another UTC day is judged again
	keys  *domain.Keyring                                        // as the log and what is staged say
	seal  func(context.Context, string) (domain.Person, domain.PersonKey, error)

	fresh map[domain.PersonID]domain.PersonKey // of persons who are not in the log yet

	entries    []domain.Recorded // accepted, in order; Seq and Time once they are committed
	ids        map[uuid.UUID]int
	introduced map[domain.Ref]bool
	items      map[domain.Fulfilment]bool
}

func (l *Ledger) newStaged() *staged {
	l.people.trim()
	view := l.index.View()
	return &staged{index: l.index, view: view, read: l.stored, seal: l.people.seal, fresh: make(map[domain.PersonID]domain.PersonKey), name: l.log.Name(), now: l.log.Now(), keys: view.Keyring(),
		ids: make(map[uuid.UUID]int), introduced: make(map[domain.Ref]bool), items: make(map[domain.Fulfilment]bool)}
}

// place is where an accepted entry is: among the staged ones, or in the log already.
type place struct {
	position int // in staged.entries, inLog or nowhere where it is not staged
	recorded domain.Recorded
	id       uuid.UUID
}

const (
	inLog   = -1
	nowhere = math.MaxInt // it was only tried
)

// accept stages the entries of one call, or none of them. Ids are derived where none is given, and
// corrections resolved. The error is a *domain.Refusal whose Line is the entry's place in the call,
// from 1, unless reading the log failed.
func (s *staged) accept(ctx context.Context, call []*domain.Entry, actor string) ([]place, error) {
	before := len(s.entries)
	places := make([]place, len(call))
	for i, e := range call {
		var err error
		if places[i], err = s.stage(ctx, e, actor); err != nil {
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
	s.entries = s.entries[:from]
	clear(s.introduced)
	clear(s.items)
	s.keys = s.view.Keyring()
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

func (s *staged) stage(ctx context.Context, handedIn *domain.Entry, actor string) (place, error) {
	if err := s.resolve(handedIn); err != nil {
		return place{}, err
	}
	e, err := s.sealed(ctx, handedIn)
	if err != nil {
		return place{}, err
	}
	if e.ID == uuid.Nil {
		e.ID = e.DeriveID()
	}
	if known, err := s.repeated(ctx, e); known != nil || err != nil {
		if err != nil {
			return place{}, err
		}
		return *known, nil
	}
	if err := s.check(e); err != nil {
		return place{}, err
	}
	judged := domain.Recorded{Entry: *e, Actor: actor, Time: s.now}
	if err := s.keys.Judge(&judged, s.name, domain.Everything, domain.DateOf(s.now)); err != nil {
		return place{}, err
	}
	position := len(s.entries)
	s.entries = append(s.entries, judged)
	s.ids[e.ID] = position
	s.note(position)
	return place{position: position, id: e.ID}, nil
}

// sealed is a copy of an entry with its names sealed. What was handed in keeps them: it may have to be judged
// again, when another node has recorded the same names.
func (s *staged) sealed(ctx context.Context, handedIn *domain.Entry) (*domain.Entry, error) {
	e := *handedIn
	e.Fact = domain.CopyPersons(handedIn.Fact)
	if !domain.NamesPerson(e.Fact) {
		return &e, nil
	}
	var failed error
	domain.EachPerson(e.Fact, func(p *domain.Person) {
		person, key, err := s.seal(ctx, p.Name)
		if failed = errors.Join(failed, err); key != (domain.PersonKey{}) {
			s.fresh[person.ID] = key
		}
		*p = person
	})
	return &e, failed
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
		e.Seq = s.view.Seq() + 1 + uint64(position)
		s.keys = s.keys.Clone()
		s.keys.Apply(&e)
	}
	f := e.Fact
	for _, ref := range introduces(f) {
		s.introduced[ref] = true
	}
	f = content(f)
	for _, item := range domain.PlanItems(f) {
		s.items[domain.Fulfilment{Plan: domain.PlanID(domain.About(f).ID), Item: item.Item}] = true
	}
}

// resolve reads a correction's replacement for the type of the entry that it corrects.
func (s *staged) resolve(e *domain.Entry) error {
	correction, ok := e.Fact.(*domain.EntryCorrected)
	if !ok {
		return nil
	}
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
	if position, ok := s.ids[id]; ok {
		fact := s.entries[position].Fact
		t = target{fact.Type(), domain.About(fact)}
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

// repeated finds an entry that is recorded, or staged, with the same id. With other content it is a
// conflict.
func (s *staged) repeated(ctx context.Context, e *domain.Entry) (*place, error) {
	if position, ok := s.ids[e.ID]; ok {
		if !same(&s.entries[position].Entry, e) {
			return nil, conflict(e)
		}
		return &place{position: position, id: e.ID}, nil
	}
	seq, ok := s.index.Entry(e.ID)
	if !ok {
		return nil, nil
	}
	stored, err := s.read(ctx, seq)
	if err != nil {
		return nil, fmt.Errorf("compare with entry %d of the same id: %w", seq, err)
	}
	if !same(&stored.Entry, e) {
		return nil, conflict(e)
	}
	return &place{position: inLog, recorded: stored, id: e.ID}, nil
}

// same compares what two entries say, however it is written.
func same(a, b *domain.Entry) bool { return bytes.Equal(a.Canonical(), b.Canonical()) }

func conflict(e *domain.Entry) error {
	return &domain.Refusal{Code: domain.CodeIDConflict, Field: "id",
		Rule: "an entry with this id and other content is recorded already; to change it, record a correction", Value: fmt.Sprintf("%q", e.ID)}
}

func (s *staged) known(ref domain.Ref) bool {
	return s.introduced[ref] || s.view.Introduced(ref, s.view.Seq())
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
	if fulfils.Item == "" || s.items[fulfils] || s.view.PlanHad(fulfils.Plan, fulfils.Item) {
		return nil
	}
	return &domain.Refusal{Code: domain.CodeUnknownReference, Field: field,
		Rule: "the plan has, or had, the item that a fact fulfils", Value: fmt.Sprintf("%q", fulfils)}
}
