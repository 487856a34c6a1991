package tables

import (
	"context"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
)

// Log is where entries are read; *ledger.Ledger is one.
type Log interface {
	Select(ctx context.Context, s ledger.Selection, fn func(domain.Recorded) error) error
}

// Options say what is exported.
type Options struct {
	Ledger   string // its name
	Version  string // of the program
	On       domain.Date
	OneDay   bool   // only what is so on On; else On is the day of findings and titles alone
	Known    uint64 // the last entry that is exported
	OneKnown bool   // only what is known at Known; else everything ever known up to it, and Known is the view's last

	// Person opens the sealed name of a person: empty where it is forgotten or lost. Nil: none is opened.
	Person func(ctx context.Context, id domain.PersonID) (string, error)

	// Progress is told how many of the entries and things are done. May be nil.
	Progress func(done, total uint64)
}

// Count is how many rows a table got.
type Count struct {
	Table string `json:"table"`
	Rows  int    `json:"rows"`
}

// Write hands every row to the sink: thing by thing, sorted by reference, then findings, then entry by entry. Beyond the
// view it keeps the rows of one thing in memory, and the ids of the entries that were amended. Its cost is that of
// asking about each thing on each of its days at each known point at which an answer about it became another; with
// OneKnown at one point only. It ends with ctx.
func Write(ctx context.Context, v *ledger.View, log Log, o Options, sink Sink) ([]Count, error) {
	w := &writer{view: v, log: log, o: o, sink: sink, rows: make(map[*Table]int)}
	refs := v.Refs(o.Known)
	w.total = uint64(len(refs)) + 2*o.Known
	if err := w.export(ctx); err != nil {
		return nil, err
	}
	for _, ref := range refs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := w.thing(ctx, ref); err != nil {
			return nil, err
		}
		w.step()
	}
	if err := w.findings(); err != nil {
		return nil, err
	}
	if err := w.entries(ctx); err != nil {
		return nil, err
	}
	counts := make([]Count, 0, len(All()))
	for _, t := range All() {
		counts = append(counts, Count{t.Name, w.rows[t]})
	}
	return counts, nil
}

// WriteThing hands the rows about one thing to the sink, those that Write makes of it; a thing that no entry introduces has none.
func WriteThing(ctx context.Context, v *ledger.View, ref domain.Ref, o Options, sink Sink) error {
	if !v.Introduced(ref, o.Known) {
		return nil
	}
	w := &writer{view: v, o: o, sink: sink, rows: make(map[*Table]int)}
	return w.thing(ctx, ref)
}

// writer belongs to one call of Write or WriteThing.
type writer struct {
	view        *ledger.View
	log         Log
	o           Options
	sink        Sink
	rows        map[*Table]int
	done, total uint64
}

func (w *writer) step() {
	if w.done++; w.o.Progress != nil {
		w.o.Progress(w.done, w.total)
	}
}

func (w *writer) row(t *Table, values ...any) error {
	w.rows[t]++
	return w.sink.Row(t, values)
}

func (w *writer) export(ctx context.Context) error {
	var at any
	if w.o.Known > 0 {
		err := w.log.Select(ctx, ledger.Selection{From: w.o.Known, To: w.o.Known + 1}, func(e domain.Recorded) error {
			at = recorded(e.Time)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return w.row(Export, w.o.Ledger, int64(w.o.Known), at, w.o.On, w.o.OneDay, w.o.OneKnown, w.o.Version)
}

func (w *writer) thing(ctx context.Context, ref domain.Ref) error {
	title := w.view.Title(ref, ledger.Point{On: w.o.On, Known: w.o.Known})
	err := w.row(Things, ref.String(), ref.Kind.String(), ref.ID, optional(title), int64(w.view.Introduction(ref)))
	if err != nil {
		return err
	}
	all, err := w.history(ref)
	if err != nil {
		return err
	}
	for _, s := range all {
		if w.o.OneDay && !s.holdDay(w.o.On) {
			continue
		}
		values := append(s.values[:len(s.values):len(s.values)], s.columns()...)
		if err := w.name(ctx, s.table, values); err != nil {
			return err
		}
		if err := w.row(s.table, values...); err != nil {
			return err
		}
	}
	return nil
}

// name opens the name of the person in a row.
func (w *writer) name(ctx context.Context, t *Table, values []any) error {
	if t != Appointments || w.o.Person == nil {
		return nil
	}
	id := values[Appointments.At("person_id")]
	if id == nil {
		return nil
	}
	name, err := w.o.Person(ctx, domain.PersonID(id.(string)))
	if err != nil {
		return err
	}
	values[Appointments.At("person")] = optional(name)
	return nil
}

// history asks about a thing at each known point at which an answer may be another.
func (w *writer) history(ref domain.Ref) ([]spell, error) {
	var c chart
	known, until := w.view.Introduction(ref), uint64(0)
	if w.o.OneKnown {
		known, until = w.o.Known, w.o.Known+1
	}
	for known != 0 {
		turns, err := w.view.Turns(ref, known)
		if err != nil {
			return nil, err
		}
		list, err := spells(turns.Days, func(day domain.Date) ([]claim, error) {
			return claims(w.view, ref, ledger.Point{On: day, Known: known})
		})
		if err != nil {
			return nil, err
		}
		c.at(known, list)
		if known = turns.Next; w.o.OneKnown {
			break
		}
	}
	return c.rows(until), nil
}

func (w *writer) findings() error {
	for _, f := range w.view.Findings(ledger.Point{On: w.o.On, Known: w.o.Known}).Findings {
		row := []any{f.Code, int64(f.Seq), given(f.Ref), nil, nil}
		if f.Span != nil {
			row[3] = day(f.From)
			if f.To != nil {
				row[4] = day(*f.To)
			}
		}
		if err := w.row(Findings, row...); err != nil {
			return err
		}
	}
	return nil
}

// day reads a day that the ledger gave.
func day(text string) domain.Date {
	d, err := domain.ParseDate(text)
	if err != nil {
		panic(err) // the ledger wrote it
	}
	return d
}
