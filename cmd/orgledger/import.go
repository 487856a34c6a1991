package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
	"github.com/orgledger/orgledger/ledger"
)

// importing is how an import is set up.
type importing struct {
	format    *format
	evidence  formats.Evidence
	retrieved string
	actor     string
	dryRun    bool
}

func (a *app) importCommand() *cobra.Command {
	command := &cobra.Command{
		Use:     "import FORMAT FILE…",
		GroupID: "main",
		Short:   "Make entries of a foreign data set, and record what is new",
		Long: `Make entries of a foreign data set, and record what is new. Every file is registered as a source, and every
entry cites its row. All files are read and checked before anything is recorded; where something is wrong
with them, the place is named and nothing is recorded. Repeating an import, or importing a newer file that
overlaps, records only what is new; so does repeating one that was interrupted.

The report accounts for every row: used, or skipped and why. Files may be compressed with gzip.
docs/importing.md says what becomes of each format.`,
		Example: examples(`orgledger import nhs-ods --succession ods_succession.csv --register eccg.csv --register etr.csv`,
			`orgledger import csv --mapping bodies.yaml bodies.csv --dry-run`),
		RunE: func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	for i := range importable {
		sub := a.importFormat(&importable[i])
		strict(sub)
		command.AddCommand(sub)
	}
	return command
}

func (a *app) importFormat(f *format) *cobra.Command {
	o := importing{format: f, evidence: f.evidence}
	o.evidence.Format = f.name
	command := &cobra.Command{Use: f.name + " " + f.files, Short: f.short, Long: f.long, Example: examples(f.examples...), Args: cobra.ArbitraryArgs}
	flags := command.Flags()
	flags.BoolVar(&o.dryRun, "dry-run", false, "print the entries instead of recording them, and the report on standard error")
	flags.StringVar(&o.actor, "actor", "orgledger import "+f.name, "`NAME` of who records, kept with each entry")
	flags.StringVar(&o.evidence.Title, "title", f.evidence.Title, "`TITLE` of the sources, before the names of the files")
	flags.StringVar(&o.evidence.Licence, "licence", f.evidence.Licence, "`LICENCE` of the data, noted with the sources")
	flags.StringVar(&o.retrieved, "retrieved", "", "`DATE` on which the files were fetched (default: today or before)")
	job := f.prepare(flags)
	command.RunE = func(cmd *cobra.Command, args []string) error {
		importer, given, err := job(args)
		if err == nil && len(given) == 0 {
			err = fmt.Errorf("name the files to import; see %s --help", cmd.CommandPath())
		}
		if err == nil {
			err = o.check()
		}
		if err != nil {
			return wrongUse(err)
		}
		return a.importFiles(cmd.Context(), &o, importer, given)
	}
	return command
}

// wrongUse takes an error in what flags say for wrong use, unless it is about a file.
func wrongUse(err error) error {
	if _, place := errors.AsType[*formats.PlaceError](err); place || isFile(err) {
		return err
	}
	return usageError{err}
}

func (o *importing) check() (err error) {
	if o.retrieved == "" {
		o.retrieved = "[.." + ledger.Today(time.Now()).String() + "]"
	}
	if o.evidence.Retrieved, err = domain.ParseEDTF(o.retrieved); err != nil {
		return fmt.Errorf("--retrieved: %w", err)
	}
	return domain.CheckActor(o.actor)
}

func (a *app) importFiles(ctx context.Context, o *importing, importer formats.Importer, given []formats.Given) (err error) {
	files, err := formats.OpenFiles(ctx, given, o.evidence)
	if err != nil {
		return err
	}
	spool, err := formats.NewSpool()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, spool.Close()) }()
	m := making{importing: o, importer: importer, files: files, spool: spool}
	switch {
	case o.dryRun:
		return a.importDry(ctx, &m)
	case a.unmade(): // and stays so where the data are wrong
		if err := a.make(ctx, nil, &m); err != nil {
			return err
		}
		return a.with(ctx, false, func(s session) error { return a.recordMade(ctx, s, &m) })
	}
	return a.with(ctx, false, func(s session) error {
		if err := a.make(ctx, s, &m); err != nil {
			return err
		}
		return a.recordMade(ctx, s, &m)
	})
}

// making is one import on its way.
type making struct {
	*importing
	importer formats.Importer
	files    []formats.File
	spool    *formats.Spool
	report   formats.Report
}

// unmade reports whether there is no ledger in the data folder yet.
func (a *app) unmade() bool {
	_, err := os.Stat(filepath.Join(a.data, "orgledger.json"))
	return a.server == "" && errors.Is(err, fs.ErrNotExist)
}

// importDry makes entries for a ledger, or for an empty one where there is none, and prints them.
func (a *app) importDry(ctx context.Context, m *making) error {
	var err error
	if a.unmade() {
		err = a.make(ctx, nil, m)
	} else {
		err = a.with(ctx, true, func(s session) error { return a.make(ctx, s, m) })
	}
	if err != nil {
		return err
	}
	if _, err := m.spool.WriteTo(a.out); err != nil {
		return err
	}
	return a.importReport(a.err, m.account(nil))
}

// make reads the files, and keeps the entries that the ledger has not got. s is nil where there is no ledger.
func (a *app) make(ctx context.Context, s session, m *making) error {
	known, err := a.learnLedger(ctx, s)
	if err != nil {
		return err
	}
	sink := formats.NewSink(known, m.spool.Add)
	meter := a.progress("reading", "rows")
	defer meter.done()
	sink.Progress = func(rows int) { meter.ints(rows, 0) }
	m.report, err = sink.Run(ctx, m.importer, m.files)
	return err
}

// learnLedger reads what the ledger has.
func (a *app) learnLedger(ctx context.Context, s session) (*formats.Known, error) {
	if s == nil {
		return formats.Learn(ctx, func(context.Context, func(domain.Recorded) error) error { return nil }, nil)
	}
	status, err := s.Status(ctx)
	if err != nil {
		return nil, err
	}
	meter := a.progress("reading the log", "entries")
	defer meter.done()
	chosen := ledger.Selection{To: status.LastSeq + 1}
	return formats.Learn(ctx, func(ctx context.Context, fn func(domain.Recorded) error) error {
		if status.LastSeq == 0 {
			return nil
		}
		return s.Select(ctx, chosen, fn)
	}, func(seq uint64) { meter.uint64s(seq, status.LastSeq) })
}

// recordMade records what was made, counts the findings before and after, and prints the account.
func (a *app) recordMade(ctx context.Context, s session, m *making) error {
	if m.spool.Len() == 0 {
		return a.importReport(a.out, m.account(nil))
	}
	before, err := countFindings(ctx, s)
	if err != nil {
		return err
	}
	meter := a.progress("recording", "entries")
	err = m.spool.Batches(func(batch []byte, first, count int) error {
		err := ctx.Err()
		if err == nil {
			_, err = s.Record(ctx, bytes.NewReader(batch), ledger.RecordOptions{Actor: m.actor})
		}
		meter.ints(first-1+count, m.spool.Len())
		return unfinished(first-1, m.spool.Len(), err)
	})
	meter.done()
	if err != nil {
		return err
	}
	after, err := countFindings(ctx, s)
	if err != nil {
		return err
	}
	return a.importReport(a.out, m.account(compareFindings(before, after)))
}

// unfinished says how far a recording got.
func unfinished(done, total int, err error) error {
	if err == nil {
		return nil
	}
	if refusal, ok := errors.AsType[*domain.Refusal](err); ok {
		located := *refusal
		located.Line += done
		err = &located
	}
	return fmt.Errorf("%d of %d entries are recorded, and to repeat the import is safe and goes on from there: %w", done, total, err)
}
