package formats

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
)

// Sink takes what an importer makes. It belongs to one goroutine.
type Sink struct {
	Earlier Earlier

	// Progress is told how many rows have been read. May be nil.
	Progress func(rows int)

	emit    func(*domain.Entry) error // takes entries that are not recorded yet, in order
	report  Report
	made    map[uuid.UUID]bool
	began   map[domain.Ref]bool // introduced by what was made
	names   map[domain.SourceID]string
	history map[string]*history // by the prefix of their sources
}

// NewSink hands entries that are new to emit.
func NewSink(earlier Earlier, emit func(*domain.Entry) error) *Sink {
	return &Sink{Earlier: earlier, emit: emit, made: make(map[uuid.UUID]bool), began: make(map[domain.Ref]bool),
		names: make(map[domain.SourceID]string), history: make(map[string]*history)}
}

// Run has an importer read a data set, and gives the account of it. Every file is registered as a source first, unless
// the importer says that it registers them itself.
func (s *Sink) Run(ctx context.Context, importer Importer, files []File) (Report, error) {
	own, ok := importer.(interface{ RegistersFiles() bool })
	for _, f := range files {
		s.names[f.Source.Source] = f.Name
		if ok && own.RegistersFiles() {
			continue
		}
		if err := s.Entry(Registration(f)); err != nil {
			return s.report, err
		}
	}
	if err := importer.Import(ctx, files, s); err != nil {
		return s.report, err
	}
	s.report.Files = len(files)
	if !s.report.Accounted() {
		return s.report, fmt.Errorf("%w: %d read, %d used", ErrUnaccounted, s.report.Rows, s.report.Used)
	}
	return s.report, nil
}

// Registration is the entry that makes a file a source. Its id hangs on the file's bytes alone.
func Registration(f File) *domain.Entry {
	source := f.Source
	return &domain.Entry{ID: ID("source", source.SHA256), Fact: &source, Note: f.Note}
}

// File counts a file.
func (s *Sink) File() { s.report.Files++ }

// Row counts a row that was read. Each is then used or skipped, once.
func (s *Sink) Row() {
	s.report.Rows++
	if s.Progress != nil && s.report.Rows%256 == 0 {
		s.Progress(s.report.Rows)
	}
}

// Used counts rows of which something was made, or which say again what others say.
func (s *Sink) Used(rows int) { s.report.Used += rows }

// Skip counts a row of which nothing is made.
func (s *Sink) Skip(at Place, why string) {
	i := slices.IndexFunc(s.report.Skipped, func(k Skipped) bool { return k.Why == why })
	if i < 0 {
		i = len(s.report.Skipped)
		s.report.Skipped = append(s.report.Skipped, Skipped{Why: why})
	}
	k := &s.report.Skipped[i]
	if k.Rows++; len(k.First) < 10 {
		k.First = append(k.First, at)
	}
}

// Note tells the reader of the report something.
func (s *Sink) Note(text string) {
	if !slices.Contains(s.report.Notes, text) {
		s.report.Notes = append(s.report.Notes, text)
	}
}

// Entry takes an entry, which has an id of its own; see ID. One that is recorded, or was made before, is only counted. An
// entry that the ledger would refuse is a *PlaceError with the place that it cites.
func (s *Sink) Entry(e *domain.Entry) error {
	if e.ID == uuid.Nil {
		return fmt.Errorf("an entry without an id: %s", e.Fact.Type())
	}
	if source, ok := e.Fact.(*domain.SourceRegistered); s.made[e.ID] || ok && s.began[source.Source.Ref()] {
		return nil
	}
	known := s.Earlier.Has(e.ID)
	if err := s.judge(e, known); err != nil {
		return err
	}
	s.made[e.ID] = true
	for _, ref := range introduces(e.Fact) {
		s.began[ref] = true
	}
	s.report.Made++
	if known {
		s.report.Known++
		return nil
	}
	s.report.Recorded++
	return s.emit(e)
}

// Confirmed counts an entry that would have been made, and that the ledger has under another id.
func (s *Sink) Confirmed() {
	s.report.Made++
	s.report.Known++
}

// Report is the account so far.
func (s *Sink) Report() Report { return s.report }

// introducing is an Earlier that knows what is introduced. Without it only the ledger itself refuses a name that
// nothing introduces.
type introducing interface{ Introduced(domain.Ref) bool }

// Introduced reports whether the ledger knows a reference, or will by what has been made so far.
func (s *Sink) Introduced(ref domain.Ref) bool {
	return s.began[ref] || s.IntroducedBefore(ref)
}

// IntroducedBefore reports whether the ledger knew a reference before this import.
func (s *Sink) IntroducedBefore(ref domain.Ref) bool {
	earlier, ok := s.Earlier.(introducing)
	return ok && earlier.Introduced(ref)
}

// Source is what the ledger says of a source; nil where that is not known.
func (s *Sink) Source(id domain.SourceID) *domain.SourceRegistered {
	if earlier, ok := s.Earlier.(interface {
		Source(domain.SourceID) *domain.SourceRegistered
	}); ok {
		return earlier.Source(id)
	}
	return nil
}

// judge refuses what the ledger would refuse.
func (s *Sink) judge(e *domain.Entry, known bool) error {
	err := e.Check()
	if _, ok := s.Earlier.(introducing); err == nil && ok && !known {
		err = s.refer(e)
	}
	refusal, ok := err.(*domain.Refusal)
	if !ok {
		return err
	}
	return &PlaceError{s.placeOf(e), e.Fact.Type().String() + ", " + refusal.Field + ": " + refusal.Rule, strings.Trim(refusal.Value, `"`)}
}

// refer judges an entry by what is introduced and recorded.
func (s *Sink) refer(e *domain.Entry) error {
	own := introduces(e.Fact)
	if ref := domain.Introduces(e.Fact); ref.ID != "" && s.Introduced(ref) {
		return &domain.Refusal{Code: domain.CodeAlreadyIntroduced, Field: "data." + ref.Kind.String(),
			Rule: "an identifier is introduced once", Value: ref.String()}
	}
	for _, item := range domain.PlanItems(e.Fact) {
		own = append(own, introduces(item.Fact)...)
	}
	for _, m := range e.Mentions() {
		if !slices.Contains(own, m.Ref) && !s.Introduced(m.Ref) {
			return &domain.Refusal{Code: domain.CodeUnknownReference, Field: m.Field,
				Rule: "this names something that an earlier entry introduces", Value: m.Ref.String()}
		}
	}
	if id := amends(e.Fact); id != uuid.Nil && !s.made[id] && !s.Earlier.Has(id) {
		return &domain.Refusal{Code: domain.CodeUnknownEntry, Field: "data", Rule: "this names an entry that is recorded", Value: id.String()}
	}
	return nil
}

// placeOf is the place that an entry cites first.
func (s *Sink) placeOf(e *domain.Entry) Place {
	if len(e.Sources) == 0 {
		return Place{File: "entry " + e.ID.String()}
	}
	first := e.Sources[0]
	if name, ok := s.names[first.Source]; ok {
		return Place{File: name, Of: first.Locator}
	}
	return Place{File: string(first.Source), Of: first.Locator}
}

// introduces lists what a fact brings into the ledger, the office of an appointment included.
func introduces(f domain.Fact) []domain.Ref {
	if ref := domain.Introduces(f); ref.ID != "" {
		return []domain.Ref{ref}
	}
	if made, ok := f.(*domain.AppointmentMade); ok {
		return []domain.Ref{made.Office.Ref()}
	}
	return nil
}

// amends is the entry that a correction or retraction names.
func amends(f domain.Fact) uuid.UUID {
	switch f := f.(type) {
	case *domain.EntryCorrected:
		return f.Corrects
	case *domain.EntryRetracted:
		return f.Retracts
	}
	return uuid.Nil
}

// Row cites a row of a file.
func (f *File) Row(row int) domain.Citation {
	return domain.Citation{Source: f.Source.Source, Locator: fmt.Sprintf("row %d", row)}
}

// At is a place in the file.
func (f *File) At(row int, of string) Place { return Place{f.Name, row, of} }

// Wrong is what is wrong at a place in the file; a long value is cut.
func (f *File) Wrong(row int, of, rule, value string) *PlaceError {
	const shown = 80
	if len(value) > shown {
		value = strings.ToValidUTF8(value[:shown], "") + "…"
	}
	return &PlaceError{f.At(row, of), rule, value}
}

// Says is what an entry states, without its evidence: type, effective date and data, in the canonical form of RFC 8785.
func Says(e *domain.Entry) string {
	bare := domain.Entry{Effective: e.Effective, Fact: e.Fact}
	return string(bytes.TrimSpace(bare.Canonical()))
}

var _ interface{ Describe() ledger.Description } = (*PlaceError)(nil)
