package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
	"github.com/orgledger/orgledger/formats/ods"
)

var odsFormat = format{name: ods.Name, files: "[FILE…]", short: "Successor files, registers and API answers of the NHS Organisation Data Service",
	long: `Import what the NHS Organisation Data Service publishes: successor files (old_code, new_code, date), registers of
bodies (27 columns, no header), and answers of its organisation API. Bodies have their codes as ids, and as
identifiers of the scheme ods. Give the files together where you have them: what a body did on a day is
decided by all of them. A file that no flag names is taken for what its content looks like.`,
	examples: []string{`orgledger import nhs-ods --succession ods_succession_2022-10-13.csv --register etr_2022-03.csv`, `orgledger import nhs-ods --api RWR.json`},
	evidence: formats.Evidence{Title: "NHS Organisation Data Service", Publisher: "NHS Organisation Data Service", Licence: openGovernment},
	prepare:  prepareODS}

func prepareODS(flags *pflag.FlagSet) func([]string) (formats.Importer, []formats.Given, error) {
	var successions, registers, answers, relations []string
	flags.StringArrayVar(&successions, ods.Succession, nil, "a successor `FILE`; may be given again")
	flags.StringArrayVar(&registers, ods.Register, nil, "a register `FILE`; may be given again, the older first")
	flags.StringArrayVar(&answers, ods.API, nil, "a `FILE` with an answer of the organisation API; may be given again")
	flags.StringArrayVar(&relations, "relation", nil, "what a relationship of the API means, `RE5=RELATION`, or none (default RE2 and RE6: part_of; RE3 and RE5: accountable_to)")
	return func(args []string) (formats.Importer, []formats.Given, error) {
		importer := &ods.Importer{Relations: ods.Relations()}
		if err := relate(importer.Relations, relations); err != nil {
			return nil, nil, err
		}
		given := slices.Concat(inRole(ods.Succession, successions), inRole(ods.Register, registers), inRole(ods.API, answers))
		for _, name := range args {
			role, err := odsRole(name)
			if err != nil {
				return nil, nil, err
			}
			given = append(given, formats.Given{Name: name, Role: role})
		}
		return importer, given, nil
	}
}

func inRole(role string, names []string) []formats.Given {
	given := filesOf(names)
	for i := range given {
		given[i].Role = role
	}
	return given
}

// relate takes what --relation says.
func relate(relations map[string]domain.Relation, flags []string) error {
	words := []string{"part_of", "committee_of", "hosted_by", "accountable_to"}
	for _, flag := range flags {
		id, relation, ok := strings.Cut(flag, "=")
		switch {
		case ok && relation == "none":
			delete(relations, id)
		case ok && slices.Contains(words, relation):
			relations[id] = domain.Relation(relation)
		default:
			return fmt.Errorf("--relation is a relationship and what it means, as RE5=part_of: one of %s, or none; not %q", strings.Join(words, ", "), flag)
		}
	}
	return nil
}

// odsRole looks at how a file begins.
func odsRole(name string) (string, error) {
	begin, err := formats.Begin(context.Background(), name)
	first, _, _ := bytes.Cut(bytes.TrimSpace(begin), []byte("\n"))
	switch {
	case err != nil:
		return "", err
	case bytes.HasPrefix(first, []byte("{")):
		return ods.API, nil
	case bytes.Contains(first, []byte("old_code")):
		return ods.Succession, nil
	}
	return ods.Register, nil
}
