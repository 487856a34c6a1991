package main

import (
	"io"
	"os"

	"github.com/spf13/pflag"

	"github.com/orgledger/orgledger/formats"
	"github.com/orgledger/orgledger/formats/govuk"
	"github.com/orgledger/orgledger/formats/ocds"
)

var govukFormat = format{name: govuk.Format, files: "FILE…", short: "Snapshots of the GOV.UK organisations API, in the order of their days",
	long: `Record what snapshots of https://www.gov.uk/api/organisations say: the first whole, of each later one what is new. The
day of a snapshot stands in its file's name. A later import needs only the newer snapshots. docs/importing-govuk.md
says what becomes of what.`,
	examples: []string{`orgledger import govuk-organisations 2021-08-11.json.gz 2021-10-06.json.gz`},
	evidence: formats.Evidence{Title: "GOV.UK organisations", Publisher: "Government Digital Service", Licence: openGovernment},
	prepare:  only(govuk.Importer{})}

var ocdsFormat = format{name: ocds.Format, files: "FILE…", short: "Open contracting releases, packages and records (OCDS 1.1)",
	long: `Record the contracts that releases of open contracting data tell of: owner, suppliers, period, value, and how they
changed. Files hold releases, records or packages of them, as JSON or one a line. Parties are found in the ledger by
identifier, then by name, and else established. docs/importing-ocds.md says what becomes of what.`,
	examples: []string{`orgledger import ocds --unmatched decide.csv releases.jsonl`, `orgledger import ocds --matches decide.csv releases.jsonl`},
	evidence: formats.Evidence{Title: "Open contracting releases"}, prepare: prepareOCDS}

func prepareOCDS(flags *pflag.FlagSet) func([]string) (formats.Importer, []formats.Given, error) {
	matches := flags.String("matches", "", "table `FILE` (CSV) of what was decided by hand: name or scheme:value, organisation")
	unmatched := flags.String("unmatched", "", "write the parties that were new to the ledger or wait for a decision to `FILE`, in the form of --matches")
	return func(args []string) (formats.Importer, []formats.Given, error) {
		given := filesOf(args)
		if *matches != "" && len(args) > 0 {
			given = append(given, formats.Given{Name: *matches, Role: ocds.RoleMatches})
		}
		if *unmatched == "" {
			return ocds.Importer{}, given, nil
		}
		return ocds.Importer{Unmatched: func() (io.WriteCloser, error) { return os.Create(*unmatched) }}, given, nil
	}
}
