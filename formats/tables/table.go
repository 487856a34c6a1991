package tables

import (
	"slices"
	"time"

	"github.com/orgledger/orgledger/domain"
)

// Type is what the values of a column are.
type Type string

// The types of values, by the names that Frictionless Table Schema gives them. A row holds a string for Text and JSON,
// an int64, a bool, a domain.Date, a time.Time, or nil.
const (
	Text    Type = "string"
	JSON    Type = "object" // or an array; its text is valid JSON
	Integer Type = "integer"
	Boolean Type = "boolean"
	Day     Type = "date"
	Time    Type = "datetime"
)

// Names is what the value of a column names.
type Names string

// What values name: something by kind/id, something of one kind by its id, or an entry by its sequence. Several are
// separated by commas.
const (
	NamesNothing      Names = ""
	NamesRef          Names = "ref"
	NamesOrganisation Names = "organisation"
	NamesPlan         Names = "plan"
	NamesOffice       Names = "office"
	NamesSource       Names = "source"
	NamesEntry        Names = "entry"
	NamesPerson       Names = "person"
	NamesKey          Names = "key"
)

// Column describes one value of each row.
type Column struct {
	Name     string
	Type     Type
	Optional bool // may be nil
	Names    Names
	Text     string // what it says, one sentence without a full stop
}

// Table describes rows.
type Table struct {
	Name    string
	Text    string // what a row is
	Columns []Column
	Key     []string // columns of which no two rows have the same values; nil where rows may differ in anything
	Index   [][]string
	Periods bool // the last four columns are the two periods
}

// At is the place of a column, which has to be there.
func (t *Table) At(name string) int {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
	if i < 0 {
		panic("tables: " + t.Name + " has no column " + name)
	}
	return i
}

// Sink takes rows, one goroutine at a time.
type Sink interface {
	// Row takes the values of one row in the order of the table's columns. They are not changed afterwards.
	Row(t *Table, values []any) error
}

// The columns in which a row's two periods stand, half-open.
var periodColumns = []Column{
	{Name: "valid_from", Type: Day, Text: "first day for which it is so; 0001-01-01 where it always was"},
	{Name: "valid_to", Type: Day, Optional: true, Text: "first day for which it no longer is; empty: open"},
	{Name: "known_from", Type: Integer, Names: NamesEntry, Text: "first entry with which the ledger answers so"},
	{Name: "known_to", Type: Integer, Optional: true, Names: NamesEntry, Text: "first entry with which it no longer does; empty: it still does"},
}

// Periods are the two periods of a row, half-open.
type Periods struct {
	From, To           domain.Date // To 0: open
	KnownFrom, KnownTo uint64      // KnownTo 0: open
}

// PeriodsOf reads the periods of a row of a table that has them.
func PeriodsOf(values []any) Periods {
	v := values[len(values)-len(periodColumns):]
	p := Periods{From: v[0].(domain.Date), KnownFrom: uint64(v[2].(int64))}
	if v[1] != nil {
		p.To = v[1].(domain.Date)
	}
	if v[3] != nil {
		p.KnownTo = uint64(v[3].(int64))
	}
	return p
}

// Hold reports whether a day and a known point lie within the periods.
func (p Periods) Hold(on domain.Date, known uint64) bool {
	return p.holdDay(on) && p.KnownFrom <= known && (p.KnownTo == 0 || known < p.KnownTo)
}

func (p Periods) holdDay(on domain.Date) bool { return p.From <= on && (p.To == 0 || on < p.To) }

// columns are the values of the periods' columns.
func (p Periods) columns() []any {
	values := []any{p.From, nil, int64(p.KnownFrom), nil}
	if p.To != 0 {
		values[1] = p.To
	}
	if p.KnownTo != 0 {
		values[3] = int64(p.KnownTo)
	}
	return values
}

// optional is nil for an empty text.
func optional(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// given is nil for no text.
func given(text *string) any {
	if text == nil {
		return nil
	}
	return *text
}

func recorded(nanoseconds int64) time.Time { return time.Unix(0, nanoseconds).UTC() }
