package web

import (
	"fmt"
	"html/template"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// findingsShown is what the page of findings shows.
type findingsShown struct {
	Total string
	Kinds []findingKind
	About named // the thing that is asked about, where one is
	All   Link
}

// findingKind is what is odd in one way.
type findingKind struct {
	Code, Meaning, Remedy string
	Count                 string
	Only                  Link // this kind alone
	Lines                 []findingLine
	Pager                 *pager
}

type findingLine struct {
	Entry Link
	About template.HTML
	Text  template.HTML
}

// How many findings of one kind are shown beside others, and alone.
const (
	findingsEach  = 25
	findingsAlone = 200
)

// findings lists what is odd in what the evidence says, each kind with what it means and how to resolve it.
func (s *site) findings(q *request) (*Page, error) {
	all := q.view.Findings(q.point()).Findings
	code, about := q.URL.Query().Get("code"), q.URL.Query().Get("ref")
	chosen := make([]projections.Finding, 0, len(all))
	for _, f := range all {
		if (code == "" || f.Code == code) && (about == "" || f.Ref != nil && *f.Ref == about) {
			chosen = append(chosen, f)
		}
	}
	view := &findingsShown{Total: thousands(len(chosen))}
	if about != "" {
		ref, err := domain.ParseRef(about)
		if err != nil {
			return nil, &projections.QuestionError{Code: projections.CodeBadQuestion, Field: "ref", Message: err.Error()}
		}
		view.About = q.named(ref)
	}
	if code != "" || about != "" {
		view.All = Link{q.here("code", "", "ref", "", "page", ""), "All findings"}
	}
	byCode := make(map[string][]projections.Finding)
	for _, f := range chosen {
		byCode[f.Code] = append(byCode[f.Code], f)
	}
	for _, kind := range telling.FindingKinds {
		list := byCode[kind.Code]
		if len(list) == 0 {
			continue
		}
		shown, err := q.findingKind(kind, list, code != "")
		if err != nil {
			return nil, err
		}
		view.Kinds = append(view.Kinds, *shown)
	}
	return &Page{Name: "findings", Title: "Findings", Data: view,
		JSON: func() ([]byte, error) { return marshalled(projections.Findings{Findings: chosen}) },
		CSV:  func() ([][]string, error) { return findingRows(chosen), nil }}, nil
}

// findingKind tells the findings of one kind.
func (q *request) findingKind(kind telling.Finding, list []projections.Finding, alone bool) (*findingKind, error) {
	view := &findingKind{Code: kind.Code, Meaning: telling.Capital(kind.Meaning), Remedy: kind.Remedy, Count: thousands(len(list))}
	part := list[:min(findingsEach, len(list))]
	if alone {
		from, to, p, err := q.pages(len(list), findingsAlone)
		if err != nil {
			return nil, err
		}
		part, view.Pager = list[from:to], p
	} else if len(list) > findingsEach {
		view.Only = Link{q.here("code", kind.Code), fmt.Sprintf("All %s of this kind", thousands(len(list)))}
	}
	seqs, refs := make([]uint64, len(part)), make([]string, 0, len(part))
	for i, f := range part {
		seqs[i] = f.Seq
		if f.Ref != nil {
			refs = append(refs, *f.Ref)
		}
	}
	facts, err := q.book.Editions(q.ctx, seqs)
	if err != nil {
		return nil, err
	}
	if err := q.book.Names(q.ctx, refs...); err != nil {
		return nil, err
	}
	for i, f := range part {
		view.Lines = append(view.Lines, findingLine{q.entryLink(f.Seq), q.prose(q.book.FindingAbout(f)), q.prose(q.book.Sentence(facts[i].Now) + ".")})
	}
	return view, nil
}

func findingRows(list []projections.Finding) [][]string {
	rows := [][]string{{"code", "seq", "ref", "from", "to"}}
	for _, f := range list {
		row := []string{f.Code, telling.Decimal(f.Seq), "", "", ""}
		if f.Ref != nil {
			row[2] = *f.Ref
		}
		if f.Span != nil {
			row[3] = f.From
			if f.To != nil {
				row[4] = *f.To
			}
		}
		rows = append(rows, row)
	}
	return rows
}
