package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/telling"
)

// moment is what a question is about, as flags give it: the day, what was known, and what is assumed.
type moment struct {
	on, known string
	assumed   []string
}

func (m *moment) onFlag(command *cobra.Command) {
	command.Flags().StringVar(&m.on, "on", "today", "as of `DATE`, written 2019-04-01 or today")
	complete(command, "on", "today")
}

func (m *moment) knownFlag(command *cobra.Command) {
	command.Flags().StringVar(&m.known, "known", "", "as known at `SEQ|TIME`: an entry's sequence, or a time 2026-04-01T12:00:00Z (default: everything recorded)")
	complete(command, "known")
}

func (m *moment) assumeFlag(command *cobra.Command) {
	command.Flags().StringArrayVar(&m.assumed, "assume", nil, "as if `PLAN[=DATE]` were carried out, its items without a day on DATE; may be repeated")
}

// complete offers fixed values for a flag, and no file names.
func complete(command *cobra.Command, flag string, values ...string) {
	err := command.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the flag is not there
	}
}

// readDay reads a day of a flag; empty and today are the civil day of this machine.
func readDay(flag, text string) (domain.Date, error) {
	if text == "" || text == "today" {
		return ledger.Today(time.Now()), nil
	}
	day, err := domain.ParseDate(text)
	if err != nil {
		return 0, usageError{fmt.Errorf("--%s: %w", flag, err)}
	}
	return day, nil
}

// readKnown reads a known point of a flag as questions write it: nil, a sequence or a time.
func readKnown(flag, text string) (any, error) {
	if text == "" {
		return nil, nil
	}
	if seq, err := strconv.ParseUint(text, 10, 64); err == nil {
		return seq, nil
	}
	if _, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return text, nil
	}
	return nil, usageError{fmt.Errorf("--%s: %q is neither the sequence of an entry, as 248, nor a time, as 2026-04-01T12:00:00Z", flag, text)}
}

// readAssumed reads plans, each with or without a day.
func readAssumed(texts []string) ([]telling.Assumption, error) {
	var assumed []telling.Assumption
	dated := 0
	for _, text := range texts {
		name, day, given := strings.Cut(text, "=")
		name = strings.TrimPrefix(name, "plan/")
		if !domain.ValidID(name) {
			return nil, usageError{fmt.Errorf("--assume: %q is no plan; write PLAN or PLAN=2027-04-01", text)}
		}
		if given {
			if _, err := domain.ParseDate(day); err != nil {
				return nil, usageError{fmt.Errorf("--assume %s: %w", name, err)}
			}
			dated++
		}
		assumed = append(assumed, telling.Assumption{Plan: domain.PlanID(name), Day: day})
	}
	if dated != 0 && dated != len(assumed) {
		return nil, usageError{errors.New("--assume: give every plan a day, or none")}
	}
	return assumed, nil
}
