package main

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats/graph"
	"github.com/orgledger/orgledger/formats/jsonl"
	"github.com/orgledger/orgledger/formats/successors"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/telling"
)

const outStream = "write to `FILE`, in place of an earlier one; -: to standard output"

func (a *app) exportJSONLCommand() *cobra.Command {
	e := &exporting{format: "jsonl", out: stdout}
	command := &cobra.Command{
		Use:   "jsonl",
		Short: "Write every entry as record takes it",
		Long: `Write the entries of the log, one JSON object a line, in order and with their ids, corrections and retractions
included: recorded in an empty ledger, they give the same answers at the same sequences. Recorded times and
actors are the other ledger's own. To copy those too, use backup and restore.`,
		Example: examples(`orgledger export jsonl | orgledger record --data ./copy`, `orgledger export jsonl --known 248 --out first.jsonl`),
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.extractingLog(cmd, e, func(ctx context.Context, x *extract, w io.Writer) error {
				return jsonl.Write(ctx, x.book, x.known, w, x.meter.uint64s)
			})
		},
	}
	e.outFlag(command, outStream)
	command.Flags().StringVar(&e.known, "known", "", "only the entries up to `SEQ|TIME` (default: all)")
	complete(command, "known")
	return command
}

// extractingLog writes what needs no index.
func (a *app) extractingLog(cmd *cobra.Command, e *exporting, write func(context.Context, *extract, io.Writer) error) error {
	known, err := readKnown("known", e.known)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	return a.with(ctx, true, func(s session) error {
		b, err := telling.Open(ctx, s, domain.FirstDate, known)
		if err != nil {
			return err
		}
		x := &extract{book: b, known: b.Known, meter: a.progress("exporting", "entries")}
		defer x.meter.done()
		if err := a.toStream(e.out, func(w io.Writer) error { return write(ctx, x, w) }); err != nil {
			return err
		}
		return a.summarise(e, x, summary{Counts: map[string]int{"entries": int(x.known)}})
	})
}

func (a *app) exportSuccessorsCommand() *cobra.Command {
	e := &exporting{format: "successors", out: stdout}
	var scheme string
	command := &cobra.Command{
		Use:     "successors",
		Aliases: []string{"ods-like"},
		Short:   "Write which organisation came of which, as the NHS publishes it",
		Long: `Write a CSV of old_code, new_code and date, as the successor files of the NHS Organisation Data Service are: mergers,
splits and dissolutions with a successor. The codes are the ledger's ids, or with --scheme those of a
register; a succession of which an end has none there is left out and counted.`,
		Example: examples(`orgledger export successors --scheme ods --out succession.csv`),
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.extracting(cmd, e, func(ctx context.Context, x *extract) error {
				var report successors.Report
				err := a.toStream(e.out, func(w io.Writer) (err error) {
					o := successors.Options{On: x.lastDay(), Known: x.known, Scheme: scheme, Progress: x.meter.uint64s}
					report, err = successors.Write(ctx, x.view, o, w)
					return err
				})
				if err != nil {
					return err
				}
				if report.Skipped > 0 && e.out == stdout {
					fmt.Fprintf(a.err, "left out: %s of which an end has no code of %s\n", telling.Counted(report.Skipped, "succession"), scheme)
				}
				return a.summarise(e, x, summary{Counts: map[string]int{"successions": report.Rows, "left out": report.Skipped}})
			})
		},
	}
	e.outFlag(command, outStream)
	e.pointFlags(command)
	command.Flags().StringVar(&scheme, "scheme", "", "write the codes of the register `NAME`, as ods (default: the ledger's ids)")
	return command
}

func (a *app) exportDOTCommand() *cobra.Command {
	return a.lineageExport(&cobra.Command{
		Use:     "dot ORG",
		Short:   "Write the lineage of an organisation for Graphviz",
		Long:    `Write where an organisation came from and what became of it as a graph in DOT, for Graphviz and programs that read it.`,
		Example: examples(`orgledger export dot nhs-england | dot -Tpdf > lineage.pdf`),
	}, "dot", func(_ context.Context, d graph.Drawing) ([]byte, error) { return d.DOT, nil })
}

func (a *app) exportSVGCommand() *cobra.Command {
	return a.lineageExport(&cobra.Command{
		Use:     "svg ORG",
		Short:   "Draw the lineage of an organisation",
		Long:    `Draw where an organisation came from and what became of it as an SVG picture.`,
		Example: examples(`orgledger export svg nhs-england --out lineage.svg`),
	}, "svg", graph.SVG)
}

// lineageExport is a command that writes the lineage of an organisation.
func (a *app) lineageExport(command *cobra.Command, format string, draw func(context.Context, graph.Drawing) ([]byte, error)) *cobra.Command {
	e := &exporting{format: format, out: stdout}
	command.Args = cobra.ExactArgs(1)
	command.RunE = func(cmd *cobra.Command, args []string) error {
		return a.extracting(cmd, e, func(ctx context.Context, x *extract) error { return a.exportLineage(ctx, e, x, args[0], draw) })
	}
	e.outFlag(command, outStream)
	command.Flags().StringVar(&e.on, "on", "", "only what was in effect by `DATE` (default: whatever its day)")
	complete(command, "on", "today")
	e.moment.knownFlag(command)
	return a.completes(command, orgKind)
}

func (a *app) exportLineage(ctx context.Context, e *exporting, x *extract, name string, draw func(context.Context, graph.Drawing) ([]byte, error)) error {
	x.book.On = x.on
	q := &inquiry{app: a, Book: x.book, page: a.page()}
	ref, err := q.reference(ctx, name, orgKind)
	if err != nil {
		return err
	}
	drawing, err := graph.Lineage(x.view, domain.OrganisationID(ref.ID), ledger.Point{On: x.lastDay(), Known: x.known})
	if err != nil {
		return q.unknown(ctx, err, ref, orgKind)
	}
	text, err := draw(ctx, drawing)
	if err != nil {
		return err
	}
	if err := a.toStream(e.out, func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(text))
		return err
	}); err != nil {
		return err
	}
	return a.summarise(e, x, summary{Counts: map[string]int{"organisations": drawing.Organisations, "successions": drawing.Successions}})
}
