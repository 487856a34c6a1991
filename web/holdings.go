package web

import (
	"fmt"
	"slices"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// heldShown is a page of what an organisation holds, of one kind.
type heldShown struct {
	Organisation Link
	Title        string
	Kinds        []kindChoice
	Rows         []holdingLine
	Ceded        []cededLine
	Pager        *pager
	Cut          string // not all that ever came to it was looked at
}

// holdings lists what an organisation holds of one kind on the day.
func (s *site) holdings(q *request) (*Page, error) {
	ref, err := q.ref(domain.KindOrganisation)
	if err != nil {
		return nil, err
	}
	held, err := q.view.Held(domain.OrganisationID(ref.ID), q.point(), q.assumptions())
	if err != nil {
		return nil, err
	}
	kind := domain.HoldingKind(q.URL.Query().Get("kind"))
	if kind == "" {
		kind = largest(held)
	}
	if !slices.Contains(projections.HoldingKinds, kind) {
		return nil, &projections.QuestionError{Code: projections.CodeBadQuestion, Field: "kind", Message: fmt.Sprintf("%q is none of %v", kind, projections.HoldingKinds)}
	}
	from, to, pages, err := q.pages(held.Len(kind), holdingsAPage)
	if err != nil {
		return nil, err
	}
	view := heldShown{Organisation: q.link(ref), Title: holdingTitles[kind], Rows: q.holdingLines(held.Page(kind, from, to)), Pager: pages}
	for _, k := range projections.HoldingKinds {
		if n := held.Len(k); n > 0 || k == kind {
			view.Kinds = append(view.Kinds, kindChoice{Link{q.here("kind", string(k), "page", ""), holdingTitles[k]}, n, k == kind})
		}
	}
	name := titled(q.view.Title(ref, q.point()), ref.ID)
	return &Page{Name: "holdings", Kicker: "What it holds", Title: name, Thing: "what " + name + " (" + ref.String() + ") holds", Ref: ref, Data: view,
		JSON: q.ask(q.book.OnDay(q.book.Question("holdings", "organisation", ref.ID))),
		CSV:  func() ([][]string, error) { return holdingRows(held), nil }}, nil
}

// largest is the kind of which most is held.
func largest(held *projections.Held) domain.HoldingKind {
	return slices.MaxFunc(projections.HoldingKinds, func(a, b domain.HoldingKind) int { return held.Len(a) - held.Len(b) })
}

func holdingRows(held *projections.Held) [][]string {
	rows := [][]string{{"ref", "role", "since", "effective", "certainty"}}
	for _, kind := range projections.HoldingKinds {
		for _, h := range held.Page(kind, 0, held.Len(kind)) {
			rows = append(rows, []string{h.Ref, h.Role, h.Since, telling.Deref(h.Effective), h.Certainty})
		}
	}
	return rows
}

// ceded lists what an organisation held before and no longer holds.
func (s *site) ceded(q *request) (*Page, error) {
	ref, err := q.ref(domain.KindOrganisation)
	if err != nil {
		return nil, err
	}
	tenures, err := q.view.Ceded(domain.OrganisationID(ref.ID), q.point(), cededLookedAll)
	if err != nil {
		return nil, err
	}
	from, to, pages, err := q.pages(tenures.Len(), holdingsAPage)
	if err != nil {
		return nil, err
	}
	view := heldShown{Organisation: q.link(ref), Title: "Held before", Ceded: q.cededLines(tenures.Page(from, to)), Pager: pages}
	if tenures.More {
		view.Cut = thousands(cededLookedAll)
	}
	name := titled(q.view.Title(ref, q.point()), ref.ID)
	return &Page{Name: "holdings", Kicker: "What it held before", Title: name, Thing: "what " + name + " (" + ref.String() + ") held before", Ref: ref, Data: view,
		CSV: func() ([][]string, error) {
			rows := [][]string{{"ref", "role", "from", "to"}}
			for _, t := range tenures.Page(0, tenures.Len()) {
				rows = append(rows, []string{t.Ref, t.Role, t.From, t.To})
			}
			return rows, nil
		}}, nil
}
