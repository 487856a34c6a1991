package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/formats/parquet"
	"github.com/orgledger/orgledger/formats/sqlite"
	"github.com/orgledger/orgledger/formats/tables"
)

const tablesHelp = `

The tables are described in docs/exports.md, and docs/cookbook.md answers questions from them. Rows of what is so
carry the days for which they are so and the entries at which the ledger knew it, both half-open. With
--on they are only of that day, with --known only of that known point, which also is much faster.`

func (a *app) exportCSVCommand() *cobra.Command {
	e := &exporting{format: "csv"}
	command := &cobra.Command{
		Use:   "csv --out DIR",
		Short: "Write tables as a folder of CSV files",
		Long: `Write who held what, what organisations were and how they followed one another, plans, findings, entries and
evidence as tables, one CSV file each (RFC 4180, UTF-8), with a datapackage.json that describes them.` + tablesHelp,
		Example: examples(`orgledger export csv --out ./tables`, `orgledger export csv --out ./then --on 2013-03-31 --known 205`),
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.exportFolder(cmd, e, func(dir string) (folder, error) { return tables.NewCSV(dir) })
		},
	}
	e.outFlag(command, "write to the folder `DIR`, in place of an earlier export")
	e.pointFlags(command)
	return command
}

func (a *app) exportParquetCommand() *cobra.Command {
	e := &exporting{format: "parquet"}
	command := &cobra.Command{
		Use:     "parquet --out DIR",
		Short:   "Write tables as a folder of Parquet files",
		Long:    `Write the tables of export csv as Apache Parquet, one file each, with their types.` + tablesHelp,
		Example: examples(`orgledger export parquet --out ./tables`),
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.exportFolder(cmd, e, func(dir string) (folder, error) { return parquet.New(dir) })
		},
	}
	e.outFlag(command, "write to the folder `DIR`, in place of an earlier export")
	e.pointFlags(command)
	return command
}

// folder is a sink of tables that makes the files of a folder.
type folder interface {
	tables.Sink
	Close() error
	Discard() error
}

func (a *app) exportFolder(cmd *cobra.Command, e *exporting, make func(dir string) (folder, error)) error {
	return a.extracting(cmd, e, func(ctx context.Context, x *extract) error {
		var counts []tables.Count
		err := a.toFolder(e.out, func(dir string) error {
			out, err := make(dir)
			if err != nil {
				return err
			}
			counts, err = tables.Write(ctx, x.view, x.book, x.tableOptions(a.ledger), out)
			if err != nil {
				return errors.Join(err, out.Discard())
			}
			return out.Close()
		})
		if err != nil {
			return err
		}
		return a.summarise(e, x, summary{Tables: counts})
	})
}

func (a *app) exportSQLiteCommand() *cobra.Command {
	e := &exporting{format: "sqlite"}
	command := &cobra.Command{
		Use:   "sqlite --out FILE",
		Short: "Write tables as a SQLite database, with views of what was so at a point",
		Long: `Write the tables of export csv as a SQLite database with indices. The views as_of, as_of_organisations and so on
answer for the day and the known point that stand in the table point:

  UPDATE point SET on_day = '2023-03-15', known = 248;
  SELECT organisation, role, since FROM as_of WHERE ref = 'contract/cppe-postgraduate-education';` + tablesHelp,
		Example: examples(`orgledger export sqlite --out history.db`, `sqlite3 history.db "SELECT * FROM as_of WHERE organisation = 'nhs-england'"`),
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.exportSQLite(cmd, e) },
	}
	e.outFlag(command, "write to `FILE`, in place of an earlier one")
	e.pointFlags(command)
	return command
}

func (a *app) exportSQLite(cmd *cobra.Command, e *exporting) error {
	return a.extracting(cmd, e, func(ctx context.Context, x *extract) error {
		var counts []tables.Count
		err := a.toFile(e.out, func(path string) error {
			out, err := sqlite.Create(ctx, path)
			if err != nil {
				return err
			}
			counts, err = tables.Write(ctx, x.view, x.book, x.tableOptions(a.ledger), out)
			if err != nil {
				return errors.Join(err, out.Discard())
			}
			return out.Close(ctx)
		})
		if err != nil {
			return err
		}
		return a.summarise(e, x, summary{Tables: counts})
	})
}

// summaryWords says what an export wrote.
func (a *app) summaryWords(s *summary) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s is written, as known at entry %d", s.Out, s.Known)
	if s.On != "" {
		fmt.Fprintf(&text, ", of %s", s.On)
	}
	text.WriteByte('\n')
	for _, t := range s.Tables {
		fmt.Fprintf(&text, "%8d  %s\n", t.Rows, t.Table)
	}
	for _, what := range slices.Sorted(maps.Keys(s.Counts)) {
		fmt.Fprintf(&text, "%8d  %s\n", s.Counts[what], what)
	}
	_, err := fmt.Fprint(a.out, text.String())
	return err
}
