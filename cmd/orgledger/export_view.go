package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats/tables"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/telling"
)

// exporting is what the flags of an export say.
type exporting struct {
	moment
	out    string
	format string // the subcommand
}

func (e *exporting) outFlag(command *cobra.Command, text string) {
	command.Flags().StringVar(&e.out, "out", e.out, text)
}

func (e *exporting) pointFlags(command *cobra.Command) {
	command.Flags().StringVar(&e.on, "on", "", "only what was so on `DATE`, written 2019-04-01 or today (default: all days)")
	complete(command, "on", "today")
	e.knownOnlyFlag(command)
}

func (e *exporting) knownOnlyFlag(command *cobra.Command) {
	command.Flags().StringVar(&e.known, "known", "", "only what was known at `SEQ|TIME`: an entry's sequence, or a time 2026-04-01T12:00:00Z (default: everything ever known)")
	complete(command, "known")
}

// extract is a ledger as one export reads it: what is recorded meanwhile is not in it.
type extract struct {
	book     *telling.Book
	view     *ledger.View // nil: the export reads only the log
	on       domain.Date
	oneDay   bool
	known    uint64
	oneKnown bool
	meter    *meter
}

// summary is what an export prints with --json.
type summary struct {
	Export string         `json:"export"`
	Out    string         `json:"out"`
	Ledger string         `json:"ledger"`
	Known  uint64         `json:"known"`
	On     string         `json:"on,omitempty"` // where it is only of that day
	Tables []tables.Count `json:"tables,omitempty"`
	Counts map[string]int `json:"counts,omitempty"`
}

// extracting reads the ledger for an export.
func (a *app) extracting(cmd *cobra.Command, e *exporting, do func(context.Context, *extract) error) error {
	on, err := readDay("on", e.on)
	if err != nil {
		return err
	}
	known, err := readKnown("known", e.known)
	if err != nil {
		return err
	}
	if e.out == "" {
		return usageError{errors.New("--out says where to write to")}
	}
	ctx := cmd.Context()
	return a.with(ctx, true, func(s session) error {
		b, err := telling.Open(ctx, s, domain.FirstDate, known)
		if err != nil {
			return err
		}
		view, err := a.viewOf(ctx, s)
		if err != nil {
			return err
		}
		x := &extract{book: b, view: view, on: on, oneDay: e.on != "", known: b.Known, oneKnown: known != nil}
		if !x.oneKnown {
			x.known = view.Seq()
		}
		x.meter = a.progress("exporting", "steps")
		defer x.meter.done()
		return do(ctx, x)
	})
}

// viewOf is the index of a ledger: of one that another process serves it is built here, from its entries.
func (a *app) viewOf(ctx context.Context, s session) (*ledger.View, error) {
	if l, ok := s.(*local); ok {
		return l.View(), nil
	}
	status, err := s.Status(ctx)
	if err != nil {
		return nil, err
	}
	meter := a.progress("reading the log", "entries")
	defer meter.done()
	return ledger.Rebuild(ctx, func(fn func(domain.Recorded) error) error {
		return s.Select(ctx, ledger.Selection{To: status.LastSeq + 1}, func(e domain.Recorded) error {
			meter.uint64s(e.Seq, status.LastSeq)
			return fn(e)
		})
	})
}

// lastDay is up to when things have to be in effect: of an export of all days, ever.
func (x *extract) lastDay() domain.Date {
	if x.oneDay {
		return x.on
	}
	return domain.LastDate
}

func (x *extract) tableOptions(name string) tables.Options {
	return tables.Options{Ledger: name, Version: version, On: x.on, OneDay: x.oneDay, Known: x.known, OneKnown: x.oneKnown,
		Person: x.person, Progress: x.meter.uint64s}
}

// summarise says what an export wrote, unless standard output has the export itself.
func (a *app) summarise(e *exporting, x *extract, s summary) error {
	x.meter.done()
	if e.out == stdout {
		return nil
	}
	s.Export, s.Out, s.Ledger, s.Known = e.format, e.out, a.ledger, x.known
	if x.oneDay {
		s.On = x.on.String()
	}
	if a.json {
		return a.jsonLine(s)
	}
	return a.summaryWords(&s)
}

// person is the name that the ledger shows of a person.
func (x *extract) person(ctx context.Context, id domain.PersonID) (string, error) {
	answer, err := telling.Ask[ledger.Person](ctx, x.book, map[string]any{"q": "person", "person": id})
	if err != nil {
		return "", err
	}
	return telling.Deref(answer.Name), nil
}
