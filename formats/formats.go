// Package formats makes entries of foreign data sets. Each format has a package of its own below this one; what they
// share is here: where an entry came from, what has been recorded before, and the account of every row.
package formats

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
)

// Importer reads one data set: all files of one command, in their order.
type Importer interface {
	// Import reads the files and hands what it makes of them to the sink, in an order in which it can be recorded. It
	// streams: what it keeps does not grow with the length of a file, but with what it has to know of it. Its error is a
	// *PlaceError where the data are not what they have to be; then nothing of the command is recorded.
	Import(ctx context.Context, files []File, sink *Sink) error
}

// File is one file of a data set.
type File struct {
	Name   string // as it was given
	Role   string // what the file is within the data set, for formats with several kinds of file; empty: the only one
	Source domain.SourceRegistered
	Open   func() (io.ReadCloser, error) // from its beginning, decompressed; may be called again
}

// Place is where in a file something stands.
type Place struct {
	File string
	Row  int    // line or record, from 1; 0: the file as a whole
	Of   string // column or field; may be empty
}

// String names the place for people.
func (p Place) String() string {
	text := p.File
	if p.Row > 0 {
		text += fmt.Sprintf(", row %d", p.Row)
	}
	if p.Of != "" {
		text += ", " + p.Of
	}
	return text
}

// PlaceError says what is wrong with the data, and where.
type PlaceError struct {
	Place
	Rule  string // that is broken
	Value string // found instead, shortened; may be empty
}

// Error names place, rule and value.
func (e *PlaceError) Error() string {
	text := e.Place.String() + ": " + e.Rule
	if e.Value != "" {
		text += fmt.Sprintf(", not %q", e.Value)
	}
	return text
}

// Earlier is what the ledger has already. It may be asked from one goroutine.
type Earlier interface {
	// Has reports whether an entry with an id is recorded.
	Has(id uuid.UUID) bool
	// Each calls fn with every entry that cites a source whose id begins with a prefix, in order, corrections resolved.
	Each(ctx context.Context, prefix string, fn func(domain.Recorded) error) error
}

// Skipped is a reason for which rows made no entry, and how many.
type Skipped struct {
	Why   string  `json:"why"`
	Rows  int     `json:"rows"`
	First []Place `json:"first"` // up to ten of them
}

// Report accounts for every row.
type Report struct {
	Files    int       `json:"files"`
	Rows     int       `json:"rows"`     // read
	Used     int       `json:"used"`     // rows that at least one entry was made of, or that confirm what another row says
	Made     int       `json:"made"`     // entries
	Known    int       `json:"known"`    // of these, recorded before
	Recorded int       `json:"recorded"` // of these, recorded now
	Skipped  []Skipped `json:"skipped"`
	Notes    []string  `json:"notes,omitempty"` // what the reader of the report has to know
}

// Accounted reports whether every row was used or skipped.
func (r *Report) Accounted() bool {
	skipped := 0
	for _, s := range r.Skipped {
		skipped += s.Rows
	}
	return r.Rows == r.Used+skipped
}

// ErrUnaccounted says that an importer has lost sight of rows, which is its fault.
var ErrUnaccounted = errors.New("rows are neither used nor skipped")

// Sink takes what an importer makes. It belongs to one goroutine.
type Sink struct {
	Earlier Earlier
	emit    func(*domain.Entry) error // takes entries that are not recorded yet, in order
	report  Report
	made    map[uuid.UUID]bool
}

// NewSink hands entries that are new to emit.
func NewSink(earlier Earlier, emit func(*domain.Entry) error) *Sink {
	return &Sink{Earlier: earlier, emit: emit, made: make(map[uuid.UUID]bool)}
}

// ID is the id of an entry by what it says, whichever file says it: of a format, and of what tells it from every other
// entry that the format makes. An overlapping newer file gives equal ids for what has not changed.
func ID(format string, key ...string) uuid.UUID {
	id := uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/orgledger/orgledger/formats/"+format))
	for _, part := range key {
		id = uuid.NewSHA1(id, []byte(part))
	}
	return id
}

// File counts a file.
func (s *Sink) File() { s.report.Files++ }

// Row counts a row that was read. Each is then used or skipped, once.
func (s *Sink) Row() { s.report.Rows++ }

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

// Entry takes an entry, which has an id of its own; see ID. One that is recorded, or was made before, is only counted.
func (s *Sink) Entry(e *domain.Entry) error {
	if e.ID == uuid.Nil {
		return fmt.Errorf("an entry without an id: %s", e.Fact.Type())
	}
	if s.made[e.ID] {
		return nil
	}
	s.made[e.ID] = true
	s.report.Made++
	if s.Earlier.Has(e.ID) {
		s.report.Known++
		return nil
	}
	s.report.Recorded++
	return s.emit(e)
}

// Report is the account so far.
func (s *Sink) Report() Report { return s.report }
