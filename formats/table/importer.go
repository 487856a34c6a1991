package table

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
)

// Name of the format.
const Name = "csv"

// Importer reads tables as a mapping says.
type Importer struct{ Mapping *Mapping }

// reading is one import.
type reading struct {
	ctx     context.Context
	mapping *Mapping
	sink    *formats.Sink
	file    *formats.File
	columns map[string]int
	keys    map[string]keyed // by fact and key
	there   int              // introductions of what the ledger has in other words
}

// keyed is what a row says under its key.
type keyed struct {
	says string
	at   formats.Place
}

// Import reads the files once for each fact of the mapping. It keeps what was made under a key, and nothing of other rows.
func (im *Importer) Import(ctx context.Context, files []formats.File, sink *formats.Sink) error {
	r := &reading{ctx: ctx, mapping: im.Mapping, sink: sink, keys: make(map[string]keyed)}
	for i := range im.Mapping.facts {
		for j := range files {
			r.file = &files[j]
			if err := r.read(&im.Mapping.facts[i], i == 0); err != nil {
				return err
			}
		}
	}
	if r.there > 0 {
		sink.Note(fmt.Sprintf("rows that introduce in other words what the ledger has already, which stays as it is: %d", r.there))
	}
	return nil
}

// read makes one fact of the rows of a file; first: and counts the rows.
func (r *reading) read(f *fact, first bool) error {
	r.columns = nil
	rows := 0
	err := r.file.EachRow(r.mapping.delimiter, 0, func(row int, fields []string) error {
		if r.columns == nil {
			if err := r.head(row, fields); err != nil || r.mapping.header {
				return err
			}
		}
		rows++
		v := values{r.columns, fields}
		if first {
			r.count(row, v)
		}
		if !f.applies(v) {
			return nil
		}
		return r.take(f, row, v)
	})
	if err == nil && rows == 0 {
		return r.file.Wrong(0, "", "a table has at least one row of data", "none")
	}
	return err
}

// head takes the names of the columns from the header, or numbers them.
func (r *reading) head(row int, fields []string) error {
	r.columns = make(map[string]int, len(fields))
	for i, name := range fields {
		if name = strings.TrimSpace(name); !r.mapping.header {
			name = strconv.Itoa(i + 1)
		}
		if _, twice := r.columns[name]; twice && slices.ContainsFunc(r.mapping.columns, func(c column) bool { return c.name == name }) {
			return r.file.Wrong(row, "", "a column that the mapping names is in the table once", name+" twice")
		}
		r.columns[name] = i
	}
	for _, c := range r.mapping.columns {
		if _, ok := r.columns[c.name]; !ok {
			return r.file.Wrong(row, "", fmt.Sprintf("the table has the column %q, which %s names", c.name, c.at), strings.Join(fields, ", "))
		}
	}
	return nil
}

// count accounts for a row: it is used where a fact is made of it.
func (r *reading) count(row int, v values) {
	r.sink.Row()
	if slices.ContainsFunc(r.mapping.facts, func(f fact) bool { return f.applies(v) }) {
		r.sink.Used(1)
		return
	}
	r.sink.Skip(r.file.At(row, ""), "no fact of the mapping is for such a row")
}

func (r *reading) take(f *fact, row int, v values) error {
	e, err := f.entry(v)
	if err == nil {
		e.Sources = []domain.Citation{r.file.Row(row)}
		return r.record(f, row, v, e)
	}
	if refusal, ok := errors.AsType[*domain.Refusal](err); ok {
		return r.file.Wrong(row, f.typ.String()+", "+refusal.Field, refusal.Rule, strings.Trim(refusal.Value, `"`))
	}
	if wrong, ok := errors.AsType[*valueError](err); ok {
		return r.file.Wrong(row, "column "+wrong.column, wrong.rule, wrong.value)
	}
	return err
}

func (r *reading) record(f *fact, row int, v values, e *domain.Entry) error {
	introduced := domain.Introduces(e.Fact)
	switch {
	case len(f.key) > 0:
		return r.recordKeyed(f, row, v, e)
	case introduced.ID != "" && f.once && r.sink.Introduced(introduced):
		r.sink.Confirmed()
		return nil
	case introduced.ID != "" && r.sink.IntroducedBefore(introduced) && !r.sink.Earlier.Has(formats.ID(Name, formats.Says(e))):
		r.there++
		return nil
	}
	return r.sink.New(Name, e)
}

// recordKeyed records what a row says under its key, or corrects what another file said under it.
func (r *reading) recordKeyed(f *fact, row int, v values, e *domain.Entry) error {
	parts := []string{r.mapping.name, strconv.Itoa(f.place), f.typ.String()}
	for _, name := range f.key {
		parts = append(parts, v.of(name))
	}
	key, now := strings.Join(parts, "\x00"), keyed{formats.Says(e), r.file.At(row, "")}
	if before, again := r.keys[key]; again {
		if before.says != now.says {
			return r.file.Wrong(row, "", fmt.Sprintf("rows with one key say one thing, and %s says another", before.at), strings.Join(parts[3:], ", "))
		}
		return nil
	}
	r.keys[key] = now
	return r.sink.Keyed(r.ctx, Name, parts, e)
}
