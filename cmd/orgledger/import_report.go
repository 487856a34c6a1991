package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/orgledger/orgledger/formats"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// importReport is the account of an import.
type importReport struct {
	Format         string         `json:"format"`
	DryRun         bool           `json:"dry_run,omitzero"`
	Sources        []importedFile `json:"sources"`
	formats.Report `json:",inline"`
	Findings       []raised `json:"findings"` // codes of which there are more or fewer than before
}

// importedFile is a file as the ledger knows it.
type importedFile struct {
	File   string `json:"file"`
	Source string `json:"source"`
	SHA256 string `json:"sha256"`
}

// raised is how many findings of a code there were before an import, and are after it.
type raised struct {
	Code   string `json:"code"`
	Before int    `json:"before"`
	After  int    `json:"after"`
}

func (m *making) account(findings []raised) *importReport {
	r := &importReport{Format: m.format.name, DryRun: m.dryRun, Report: m.report, Findings: findings}
	for _, f := range m.files {
		r.Sources = append(r.Sources, importedFile{f.Name, string(f.Source.Source), f.Source.SHA256})
	}
	return r
}

func countFindings(ctx context.Context, s session) (map[string]int, error) {
	answer, err := telling.Ask[projections.Findings](ctx, s, map[string]any{"q": "findings", "on": ledger.Today(time.Now()).String()})
	if err != nil {
		return nil, err
	}
	counts := make(map[string]int)
	for _, f := range answer.Findings {
		counts[f.Code]++
	}
	return counts, nil
}

func compareFindings(before, after map[string]int) []raised {
	all := []raised{}
	for code, n := range after {
		if before[code] != n {
			all = append(all, raised{code, before[code], n})
		}
	}
	for code, n := range before {
		if _, ok := after[code]; !ok {
			all = append(all, raised{code, n, 0})
		}
	}
	slices.SortFunc(all, func(a, b raised) int { return cmp.Compare(a.Code, b.Code) })
	return all
}

// importReport prints the account, in words or as one line of JSON.
func (a *app) importReport(to io.Writer, r *importReport) error {
	if a.json {
		text, err := json.Marshal(r, json.Deterministic(true))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(to, string(text))
		return err
	}
	var b strings.Builder
	line := func(label, format string, values ...any) {
		fmt.Fprintf(&b, "%-15s%s\n", label, fmt.Sprintf(format, values...))
	}
	for i, f := range r.Sources {
		label := ""
		if i == 0 {
			label = telling.Counted(len(r.Sources), "file")
		}
		line(label, "%s as source/%s", telling.Clean(f.File), f.Source)
	}
	line("rows read", "%d: %d used, %d skipped", r.Rows, r.Used, r.Rows-r.Used)
	for _, k := range r.Skipped {
		line("skipped", "%d: %s (%s)", k.Rows, telling.Clean(k.Why), places(&k))
	}
	recorded := "recorded"
	if r.DryRun {
		recorded = "new, and not recorded: this is a dry run"
	}
	line("entries made", "%d: %d known, %d %s", r.Made, r.Known, r.Recorded, recorded)
	for _, f := range r.Findings {
		line("findings", "%s: %d before, %d now", f.Code, f.Before, f.After)
	}
	for _, note := range r.Notes {
		line("note", "%s", telling.Clean(note))
	}
	_, err := io.WriteString(to, b.String())
	return err
}

// places lists where rows were skipped.
func places(k *formats.Skipped) string {
	all := make([]string, 0, 4)
	for _, p := range k.First[:min(3, len(k.First))] {
		all = append(all, telling.Clean(p.String()))
	}
	if k.Rows > len(all) {
		all = append(all, "…")
	}
	return strings.Join(all, "; ")
}

// isFile reports whether an error is about a file that cannot be read.
func isFile(err error) bool {
	_, ok := errors.AsType[*fs.PathError](err)
	return ok
}
