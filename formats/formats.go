// Package formats makes entries of foreign data sets. Each format has a package of its own below this one; what they
// share is here: where an entry came from, what has been recorded before, and the account of every row.
package formats

import (
	"context"
	"fmt"
	"io"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
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
	Note   string                        // said of the source besides, as its licence; may be empty
	Open   func() (io.ReadCloser, error) // from its beginning, decompressed; may be called again
}

// Place is where in a file something stands.
type Place struct {
	File string `json:"file"`
	Row  int    `json:"row,omitzero"` // line or record, from 1; 0: the file as a whole
	Of   string `json:"of,omitempty"` // column or field; may be empty
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

// Describe makes it one line of JSON for programs.
func (e *PlaceError) Describe() ledger.Description {
	return ledger.Description{Code: ledger.CodeBadData, Message: e.Error(), Field: e.Of, Line: e.Row, Rule: e.Rule, Value: e.Value}
}

// Earlier is what the ledger has already. It may be asked from one goroutine.
type Earlier interface {
	// Has reports whether an entry with an id is recorded.
	Has(id uuid.UUID) bool
	// Each calls fn with every entry that cites a source whose id begins with a prefix, in order, corrections resolved.
	Each(ctx context.Context, prefix string, fn func(domain.Recorded) error) error
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
