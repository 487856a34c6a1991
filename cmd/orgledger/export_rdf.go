package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/formats/rdf"
	"github.com/orgledger/orgledger/formats/tables"
)

const linkedHelp = `

The default graph says what is so today, or on the day that --on names, as known now, or at --known: in W3C's
Organization Ontology with org:ChangeEvent, SKOS for forms and kinds. The graph BASE/record has entries,
corrections and evidence in PROV-O and Dublin Core. Without --on and --known the graph BASE/history has every row
of the tables with its valid and its known period. See docs/linked-data.md.`

func (a *app) exportNQuadsCommand() *cobra.Command {
	return a.linkedExport(&cobra.Command{
		Use:     "nquads",
		Short:   "Write linked data as N-Quads",
		Long:    "Write the ledger as linked data, one statement a line." + linkedHelp,
		Example: examples(`orgledger export nquads --out history.nq`, `orgledger export nquads --base https://example.org/history/ --on 2013-03-31`),
	}, "nquads", rdf.NewNQuads)
}

func (a *app) exportJSONLDCommand() *cobra.Command {
	return a.linkedExport(&cobra.Command{
		Use:     "jsonld",
		Short:   "Write linked data as JSON-LD",
		Long:    "Write the ledger as linked data in JSON-LD, with its context in the file: the statements of export nquads." + linkedHelp,
		Example: examples(`orgledger export jsonld --out history.jsonld`),
	}, "jsonld", rdf.NewJSONLD)
}

// linkedExport is a command that writes linked data in a syntax.
func (a *app) linkedExport(command *cobra.Command, format string, syntax func(io.Writer) rdf.Syntax) *cobra.Command {
	e := &exporting{format: format, out: stdout}
	var base string
	command.Args = cobra.NoArgs
	command.RunE = func(cmd *cobra.Command, _ []string) error {
		if base == "" {
			base = "urn:orgledger:" + a.ledger + ":"
		}
		if err := rdf.CheckBase(base); err != nil {
			return usageError{fmt.Errorf("--base: %w", err)}
		}
		return a.extracting(cmd, e, func(ctx context.Context, x *extract) error { return a.exportLinked(ctx, e, x, base, syntax) })
	}
	e.outFlag(command, outStream)
	command.Flags().StringVar(&e.on, "on", "", "what is so on `DATE`, written 2019-04-01 or today, and no history (default: today, and all history)")
	complete(command, "on", "today")
	command.Flags().StringVar(&e.known, "known", "", "as known at `SEQ|TIME`, and no history (default: everything recorded, and all history)")
	complete(command, "known")
	command.Flags().StringVar(&base, "base", "", "begin the IRIs with `IRI` (default: urn:orgledger:LEDGER:)")
	return command
}

func (a *app) exportLinked(ctx context.Context, e *exporting, x *extract, base string, syntax func(io.Writer) rdf.Syntax) error {
	var counts []tables.Count
	err := a.toStream(e.out, func(w io.Writer) error {
		out := syntax(w)
		graphs := rdf.New(rdf.Options{Base: base, On: x.on, Known: x.known, History: !x.oneDay && !x.oneKnown}, out)
		var err error
		counts, err = tables.Write(ctx, x.view, x.book, x.tableOptions(a.ledger), graphs)
		return errors.Join(err, out.Close())
	})
	if err != nil {
		return err
	}
	return a.summarise(e, x, summary{Tables: counts})
}
