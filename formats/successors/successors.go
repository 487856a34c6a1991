// Package successors writes which organisation came of which as the NHS Organisation Data Service publishes it: a CSV of
// old code, new code and date.
package successors

import (
	"context"
	"encoding/csv"
	"io"
	"slices"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
)

// Options say what is written.
type Options struct {
	On     domain.Date // only successions in effect by that day; domain.LastDate: all
	Known  uint64
	Scheme string // whose codes stand for the organisations; empty: the ledger's ids

	// Progress is told how many things have been looked at. May be nil.
	Progress func(done, total uint64)
}

// Report says what was written.
type Report struct {
	Rows    int `json:"rows"`
	Skipped int `json:"skipped"` // successions of which an end has no code of the scheme
}

// Write writes a header and a row for each succession, sorted by old code's organisation, day and new one: mergers, splits
// and dissolutions with a successor, whatever their effect. The date is the nominal day, the first on which the new one has
// taken over. An organisation stands by the code that it had the day before it was succeeded, or on the day it took over;
// else by the last one it ever had; where it had several, by the first in byte order.
func Write(ctx context.Context, v *ledger.View, o Options, w io.Writer) (Report, error) {
	var r Report
	out := csv.NewWriter(w)
	if err := out.Write([]string{"old_code", "new_code", "date"}); err != nil {
		return r, err
	}
	refs := v.Refs(o.Known)
	for i, ref := range refs {
		if err := ctx.Err(); err != nil {
			return r, err
		}
		if ref.Kind == domain.KindOrganisation {
			if err := o.write(v, domain.OrganisationID(ref.ID), out, &r); err != nil {
				return r, err
			}
		}
		if o.Progress != nil {
			o.Progress(uint64(i+1), uint64(len(refs)))
		}
	}
	out.Flush()
	return r, out.Error()
}

func (o *Options) write(v *ledger.View, from domain.OrganisationID, out *csv.Writer, r *Report) error {
	edges, err := v.Successions(from, ledger.Point{On: o.On, Known: o.Known})
	if err != nil {
		return err
	}
	for _, e := range edges {
		effective, err := domain.ParseEDTF(e.Effective)
		if err != nil {
			return err
		}
		day := effective.Nominal()
		old, err := o.code(v, from, max(day-1, domain.FirstDate))
		if err != nil {
			return err
		}
		new, err := o.code(v, domain.OrganisationID(e.To), day)
		if err != nil {
			return err
		}
		if old == "" || new == "" {
			r.Skipped++
			continue
		}
		r.Rows++
		if err := out.Write([]string{old, new, day.String()}); err != nil {
			return err
		}
	}
	return nil
}

// code is what an organisation stands by on a day, empty where it has no code of the scheme.
func (o *Options) code(v *ledger.View, org domain.OrganisationID, on domain.Date) (string, error) {
	if o.Scheme == "" {
		return string(org), nil
	}
	turns, err := v.Turns(org.Ref(), o.Known)
	if err != nil {
		return "", err
	}
	for _, day := range append([]domain.Date{on}, reversed(turns.Days)...) {
		is, err := v.Organisation(org, ledger.Point{On: day, Known: o.Known})
		if err != nil {
			return "", err
		}
		for _, c := range is.Identifiers {
			if c.Scheme == o.Scheme {
				return c.Value, nil
			}
		}
	}
	return "", nil
}

func reversed(days []domain.Date) []domain.Date {
	slices.Reverse(days)
	return days
}
