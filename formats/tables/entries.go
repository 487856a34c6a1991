package tables

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
)

// amended is what is to be known of an entry that others correct or retract.
type amended struct {
	seq uint64   // of the entry itself, once it has been read
	by  []uint64 // corrections and retractions, rising
}

// entries reads the log twice: which entries are amended has to be known before they are written.
func (w *writer) entries(ctx context.Context) error {
	known := make(map[uuid.UUID]*amended)
	chosen := ledger.Selection{To: w.o.Known + 1}
	err := w.log.Select(ctx, chosen, func(e domain.Recorded) error {
		w.step()
		if id := amends(e.Fact); id != uuid.Nil {
			if known[id] == nil {
				known[id] = new(amended)
			}
			known[id].by = append(known[id].by, e.Seq)
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	return w.log.Select(ctx, chosen, func(e domain.Recorded) error {
		w.step()
		if err := w.entry(&e, known); err != nil {
			return err
		}
		return ctx.Err()
	})
}

// amends is the entry that a fact corrects or retracts.
func amends(f domain.Fact) uuid.UUID {
	switch f := f.(type) {
	case *domain.EntryCorrected:
		return f.Corrects
	case *domain.EntryRetracted:
		return f.Retracts
	}
	return uuid.Nil
}

func (w *writer) entry(e *domain.Recorded, known map[uuid.UUID]*amended) error {
	says := &e.Entry // as a version of the fact
	if correction, ok := e.Fact.(*domain.EntryCorrected); ok {
		says = correction.Apply(&domain.Entry{ID: correction.Corrects})
	}
	row := []any{int64(e.Seq), e.ID.String(), e.Fact.Type().String(), optional(domain.About(says.Fact).String()), optional(says.Effective.String()),
		recorded(e.Time), optional(e.Actor), nil, nil, optional(says.Fulfils.String()), optional(e.Note), string(domain.AppendFact(nil, e.Fact))}
	if e.Signature != nil {
		row[7] = string(e.Signature.Key)
	}
	if a := known[amends(e.Fact)]; a != nil {
		row[8] = int64(a.seq)
	}
	if err := w.row(Entries, row...); err != nil {
		return err
	}
	if a := known[e.ID]; a != nil {
		a.seq = e.Seq
	}
	if says.Fact.Type().Dated() {
		if err := w.fact(e.Seq, says, known[says.ID]); err != nil {
			return err
		}
	}
	if err := w.evidence(e.Seq, says); err != nil {
		return err
	}
	return w.mentions(e)
}

// fact writes a version of what an entry says, which stands until the next one that amends it.
func (w *writer) fact(version uint64, says *domain.Entry, a *amended) error {
	seq, until := version, uint64(0)
	if a != nil {
		seq = a.seq
		if i, _ := slices.BinarySearch(a.by, version+1); i < len(a.by) {
			until = a.by[i]
		}
	}
	from := version
	if w.o.OneKnown {
		if until != 0 {
			return nil
		}
		from, until = w.o.Known, w.o.Known+1
	}
	var earliest, latest any
	if d := says.Effective.Earliest(); d != 0 {
		earliest = d
	}
	if d := says.Effective.Latest(); d != 0 {
		latest = d
	}
	row := []any{int64(seq), int64(version), says.Fact.Type().String(), optional(domain.About(says.Fact).String()),
		optional(says.Effective.String()), says.Effective.Nominal(), earliest, latest, optional(says.Fulfils.String()),
		string(domain.AppendFact(nil, says.Fact)), int64(from), nil}
	if until != 0 {
		row[len(row)-1] = int64(until)
	}
	return w.row(Facts, row...)
}

func (w *writer) evidence(seq uint64, says *domain.Entry) error {
	for _, c := range says.Sources {
		if err := w.row(Citations, int64(seq), string(c.Source), optional(c.Locator)); err != nil {
			return err
		}
	}
	if s, ok := says.Fact.(*domain.SourceRegistered); ok {
		return w.row(Sources, string(s.Source), s.Title, optional(s.Publisher), optional(s.Published.String()), optional(s.URL),
			optional(s.SHA256), optional(s.Retrieved.String()), int64(seq))
	}
	return nil
}

func (w *writer) mentions(e *domain.Recorded) error {
	var named []string
	e.References(func(ref domain.Ref) { named = append(named, ref.String()) })
	slices.Sort(named)
	for _, ref := range slices.Compact(named) {
		if err := w.row(Mentions, int64(e.Seq), ref); err != nil {
			return err
		}
	}
	return nil
}
