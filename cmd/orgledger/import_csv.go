package main

import (
	"errors"

	"github.com/spf13/pflag"

	"github.com/orgledger/orgledger/formats"
	"github.com/orgledger/orgledger/formats/table"
)

var csvFormat = format{name: table.Name, files: "--mapping FILE FILE…", short: "Any table of separated values, by a mapping",
	long: `Import tables of separated values. A mapping in YAML says which facts a row gives, under which conditions, and from
which columns their fields come; it is checked against the types of facts before a table is read.
docs/importing.md explains it with an example. Begin with --dry-run, which prints the entries.`,
	examples: []string{`orgledger import csv --mapping bodies.yaml bodies.csv --dry-run | head`, `orgledger import csv --mapping bodies.yaml bodies.csv`},
	evidence: formats.Evidence{Title: "Table"}, prepare: prepareCSV}

func prepareCSV(flags *pflag.FlagSet) func([]string) (formats.Importer, []formats.Given, error) {
	mapping := flags.String("mapping", "", "what the rows mean, a YAML `FILE`")
	return func(args []string) (formats.Importer, []formats.Given, error) {
		if *mapping == "" {
			return nil, nil, errors.New("name with --mapping what the rows mean; docs/importing.md has an example")
		}
		m, err := table.ReadMapping(*mapping)
		if err != nil {
			return nil, nil, err
		}
		return &table.Importer{Mapping: m}, filesOf(args), nil
	}
}
