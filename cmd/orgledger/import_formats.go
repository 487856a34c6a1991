package main

import (
	"github.com/spf13/pflag"

	"github.com/orgledger/orgledger/formats"
	"github.com/orgledger/orgledger/formats/lines"
)

// format is a kind of data set that can be imported.
type format struct {
	name, files string // as the command line writes them
	short, long string
	examples    []string
	evidence    formats.Evidence // of its files, unless flags say otherwise

	// prepare adds the format's own flags. What it returns is called when they are read, with the other arguments.
	prepare func(*pflag.FlagSet) func(args []string) (formats.Importer, []formats.Given, error)
}

// openGovernment is the licence of what British public bodies publish.
const openGovernment = "Open Government Licence v3.0"

// importable are the formats, in the order in which help shows them.
var importable = []format{
	odsFormat, onsFormat, csvFormat,
	{name: lines.Name, files: "FILE…", short: "Entries of another ledger, as log --json gives them",
		long: `Record the entries of another ledger, one JSON object a line, as log --json and record have them, with their ids
and sources. What is here already is known. An id that is here with other content is an error.`,
		examples: []string{`orgledger log --json --data elsewhere > entries.jsonl`, `orgledger import jsonl entries.jsonl`},
		evidence: formats.Evidence{Title: "Entries of another ledger"}, prepare: only(lines.Importer{})},
	govukFormat,
	ocdsFormat,
}

// only is a format without flags of its own, whose files are all of one kind.
func only(importer formats.Importer) func(*pflag.FlagSet) func([]string) (formats.Importer, []formats.Given, error) {
	return func(*pflag.FlagSet) func([]string) (formats.Importer, []formats.Given, error) {
		return func(args []string) (formats.Importer, []formats.Given, error) { return importer, filesOf(args), nil }
	}
}

// filesOf names files that are all of one kind.
func filesOf(names []string) []formats.Given {
	given := make([]formats.Given, len(names))
	for i, name := range names {
		given[i].Name = name
	}
	return given
}
