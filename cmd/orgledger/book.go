package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// book is what one command has read of a ledger. Every question that it puts is about one known
// point, so that what is recorded meanwhile cannot mix two states in one answer.
type book struct {
	session
	known uint64

	entries   map[uint64]*domain.Recorded
	seqs      map[uuid.UUID]uint64
	amended   map[uuid.UUID][]uint64  // corrections and retractions of an entry, rising, beyond known too
	concerned map[domain.Ref][]uint64 // the references whose entries have all been read
	titles    map[title]string
	sources   map[domain.SourceID]*domain.SourceRegistered
	signed    map[uint64]string // of signed entries that were looked at, what is to be said of that
	subject   domain.Ref        // what the page is about: told by its name alone
	shown     map[uint64]bool   // the entries that the page tells of
}

// title is what a reference is called on a day.
type title struct {
	ref domain.Ref
	on  domain.Date
}

// openBook fixes the known point. known is nil, a sequence or a time, as questions write it.
func openBook(ctx context.Context, s session, known any) (*book, error) {
	b := &book{session: s, entries: make(map[uint64]*domain.Recorded), seqs: make(map[uuid.UUID]uint64),
		amended: make(map[uuid.UUID][]uint64), concerned: make(map[domain.Ref][]uint64), titles: make(map[title]string),
		sources: make(map[domain.SourceID]*domain.SourceRegistered), signed: make(map[uint64]string), shown: make(map[uint64]bool)}
	var err error
	b.known, err = b.resolve(ctx, known)
	return b, err
}

// resolve finds the sequence that a known point means.
func (b *book) resolve(ctx context.Context, known any) (uint64, error) {
	question := map[string]any{"q": "titles", "refs": []string{}, "on": domain.FirstDate.String()}
	if known != nil {
		question["known"] = known
	}
	answer, err := ask[struct {
		Known uint64 `json:"known"`
	}](ctx, b.session, question)
	if err != nil {
		return 0, err
	}
	return answer.Known, nil
}

// reply is the answer to one of several questions, or why it has none.
type reply struct {
	raw []byte
	err error // a *projections.QuestionError
}

// askAll puts questions in one go.
func (b *book) askAll(ctx context.Context, questions []map[string]any) ([]reply, error) {
	var lines, answers bytes.Buffer
	for _, q := range questions {
		if err := json.MarshalWrite(&lines, q, json.Deterministic(true)); err != nil {
			return nil, fmt.Errorf("write a question: %w", err)
		}
		lines.WriteByte('\n')
	}
	if err := b.Query(ctx, &lines, &answers); err != nil {
		return nil, err
	}
	replies := make([]reply, 0, len(questions))
	for raw := range bytes.Lines(answers.Bytes()) {
		raw = bytes.TrimSpace(raw)
		var problem ledger.Problem
		if err := json.Unmarshal(raw, &problem); err == nil && problem.Error.Code != "" {
			replies = append(replies, reply{err: &projections.QuestionError{Code: problem.Error.Code, Field: problem.Error.Field, Message: problem.Error.Message}})
			continue
		}
		replies = append(replies, reply{raw: raw})
	}
	if len(replies) != len(questions) {
		return nil, fmt.Errorf("the ledger answered %d of %d questions", len(replies), len(questions))
	}
	return replies, nil
}

// read makes a reply an answer.
func read[T any](r reply) (*T, error) {
	if r.err != nil {
		return nil, r.err
	}
	answer := new(T)
	if err := json.Unmarshal(r.raw, answer); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return answer, nil
}

// codeOf is the code of an error, whichever side of the network it comes from.
func codeOf(err error) string {
	if remote, ok := errors.AsType[*api.RemoteError](err); ok {
		return remote.Code
	}
	return ledger.Describe(err).Code
}

// learn reads what references are called on a day, those that are not known yet.
func (b *book) learn(ctx context.Context, on domain.Date, refs []domain.Ref) error {
	return b.learnAll(ctx, map[domain.Date][]domain.Ref{on: refs})
}

func (b *book) learnAll(ctx context.Context, wanted map[domain.Date][]domain.Ref) error {
	var questions []map[string]any
	var days []domain.Date
	for on, refs := range wanted {
		var missing []string
		for _, ref := range refs {
			if _, ok := b.titles[title{ref, on}]; !ok {
				b.titles[title{ref, on}] = ""
				missing = append(missing, ref.String())
			}
		}
		for part := range slices.Chunk(missing, 1000) {
			questions = append(questions, map[string]any{"q": "titles", "refs": part, "on": on.String(), "known": b.known})
			days = append(days, on)
		}
	}
	replies, err := b.askAll(ctx, questions)
	if err != nil {
		return err
	}
	for i, r := range replies {
		answer, err := read[struct {
			Titles map[string]string `json:"titles"`
		}](r)
		if err != nil {
			return err
		}
		for text, name := range answer.Titles {
			if ref, err := domain.ParseRef(text); err == nil {
				b.titles[title{ref, days[i]}] = telling.Clean(name)
			}
		}
	}
	return nil
}

// title is what a reference is called on a day, as far as learn has read it; empty where it is called
// nothing.
func (b *book) title(ref domain.Ref, on domain.Date) string { return b.titles[title{ref, on}] }

// label is a reference with its name: Health Education England (hee), “Education commissioning”
// (responsibility/education-commissioning).
func (b *book) label(ref domain.Ref, on domain.Date) string {
	name := b.title(ref, on)
	switch {
	case name == "":
		return ref.String()
	case ref.Kind == domain.KindOrganisation:
		return name + " (" + ref.ID + ")"
	default:
		return "“" + name + "” (" + ref.String() + ")"
	}
}

// short is the name of a reference alone, as prose writes it.
func short(ref domain.Ref, name string) string {
	if ref.Kind == domain.KindOrganisation {
		return name
	}
	return "“" + name + "”"
}

// keep remembers an entry.
func (b *book) keep(e domain.Recorded) {
	if _, ok := b.entries[e.Seq]; ok {
		return
	}
	b.entries[e.Seq] = &e
	b.seqs[e.ID] = e.Seq
	switch f := e.Fact.(type) {
	case *domain.EntryCorrected:
		b.amend(f.Corrects, e.Seq)
	case *domain.EntryRetracted:
		b.amend(f.Retracts, e.Seq)
	}
}

func (b *book) amend(id uuid.UUID, seq uint64) {
	seqs := b.amended[id]
	if at, ok := slices.BinarySearch(seqs, seq); !ok {
		b.amended[id] = slices.Insert(seqs, at, seq)
	}
}

// entry reads one entry of the log.
func (b *book) entry(ctx context.Context, seq uint64) (*domain.Recorded, error) {
	if e, ok := b.entries[seq]; ok {
		return e, nil
	}
	err := b.Select(ctx, ledger.Selection{From: seq, To: seq + 1}, func(e domain.Recorded) error {
		b.keep(e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if e, ok := b.entries[seq]; ok {
		return e, nil
	}
	return nil, fmt.Errorf("the log has no entry %d", seq)
}

// concerning reads every entry that concerns a reference, in order, beyond known too.
func (b *book) concerning(ctx context.Context, ref domain.Ref) ([]*domain.Recorded, error) {
	seqs, ok := b.concerned[ref]
	if !ok {
		err := b.Select(ctx, ledger.Selection{Ref: ref}, func(e domain.Recorded) error {
			b.keep(e)
			seqs = append(seqs, e.Seq)
			return nil
		})
		if err != nil {
			return nil, err
		}
		b.concerned[ref] = seqs
	}
	entries := make([]*domain.Recorded, len(seqs))
	for i, seq := range seqs {
		entries[i] = b.entries[seq]
	}
	return entries, nil
}

// edition is a fact as it stands at a known point, with what made it so.
type edition struct {
	*domain.Recorded                    // as it was first recorded
	Now              *domain.Entry      // as it stands; of a retracted one, as it stood last
	Changes          []*domain.Recorded // corrections and retractions up to the known point, rising
	Retracted        bool
}

// edition reads a fact as it stands at the book's known point.
func (b *book) edition(ctx context.Context, seq uint64) (*edition, error) {
	return b.editionAt(ctx, seq, b.known)
}

func (b *book) editionAt(ctx context.Context, seq, known uint64) (*edition, error) {
	e, err := b.entry(ctx, seq)
	if err != nil {
		return nil, err
	}
	if ref := pivot(e); ref.ID != "" {
		if _, err := b.concerning(ctx, ref); err != nil {
			return nil, err
		}
	}
	v := b.editionOf(e, known)
	b.tells(append(v.Changes, e)...)
	return v, nil
}

// tells notes entries that the page tells of.
func (b *book) tells(entries ...*domain.Recorded) {
	for _, e := range entries {
		b.shown[e.Seq] = true
	}
}

// editionOf applies the corrections and retractions that have been read.
func (b *book) editionOf(e *domain.Recorded, known uint64) *edition {
	v := &edition{Recorded: e, Now: &e.Entry}
	for _, seq := range b.amended[e.ID] {
		if seq > known {
			break
		}
		change := b.entries[seq]
		v.Changes = append(v.Changes, change)
		correction, corrected := change.Fact.(*domain.EntryCorrected)
		if corrected {
			v.Now = correction.Apply(&e.Entry)
		}
		v.Retracted = !corrected
	}
	return v
}

// pivot is a reference among whose entries the corrections and retractions of an entry are found.
func pivot(e *domain.Recorded) domain.Ref {
	if about := domain.About(e.Fact); about.ID != "" {
		return about
	}
	if mentions := e.Mentions(); len(mentions) > 0 && e.Fact.Type().Dated() {
		return mentions[0].Ref
	}
	return domain.Ref{}
}

// tell makes ready to tell entries: it reads the names that they were about on their days, and finds
// the entries that they correct or retract.
func (b *book) tell(ctx context.Context, entries ...*domain.Entry) error {
	wanted := make(map[domain.Date][]domain.Ref)
	for _, e := range entries {
		on := namingDay(e)
		wanted[on] = append(wanted[on], telling.Mentioned(e)...)
	}
	return b.learnAll(ctx, wanted)
}

// namingDay is the day whose names tell an entry: its own, of a renaming the one before.
func namingDay(e *domain.Entry) domain.Date {
	switch f := e.Fact.(type) {
	case *domain.EntryCorrected:
		if f.Replacement.Fact != nil {
			return namingDay(&domain.Entry{Effective: f.Replacement.Effective, Fact: f.Replacement.Fact})
		}
	case *domain.OrganisationRenamed:
		return max(e.Effective.Nominal()-1, domain.FirstDate)
	}
	return e.Effective.Nominal()
}

// narrator tells an entry that tell has made ready.
func (b *book) narrator(e *domain.Entry) *telling.Narrator {
	on := namingDay(e)
	return &telling.Narrator{
		Name: func(ref domain.Ref) string {
			if name := b.title(ref, on); name != "" && ref == b.subject {
				return short(ref, name)
			}
			return b.label(ref, on)
		},
		Seq: func(id uuid.UUID) (uint64, bool) {
			seq, ok := b.seqs[id]
			return seq, ok
		},
	}
}

// sentence tells an entry that tell has made ready.
func (b *book) sentence(e *domain.Entry) string { return b.narrator(e).Sentence(e) }
