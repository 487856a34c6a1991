package web

import (
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// searchShown is what the search page shows.
type searchShown struct {
	Words   string
	Kind    string
	Kinds   []kindChoice
	Matches []matchLine
	Total   int
	Pager   *pager
}

type kindChoice struct {
	Link Link
	N    int
	Here bool
}

type matchLine struct {
	Thing Link
	Kind  string
	Ref   string
	Found string // by what, where the name does not show it
}

// search finds things by words in what they are or were called.
func (s *site) search(q *request) (*Page, error) {
	words := strings.TrimSpace(q.URL.Query().Get("q"))
	p := &Page{Name: "search", Title: "Search", Data: searchShown{}}
	if words == "" {
		return p, nil
	}
	matches := q.view.Find(words, q.known)
	view := searchShown{Words: words, Kind: q.URL.Query().Get("kind")}
	view.Kinds = q.kindChoices(matches, view.Kind)
	if view.Kind != "" {
		matches = ofKind(matches, view.Kind)
	}
	view.Total = len(matches)
	from, to, pages, err := q.pages(len(matches), matchesAPage)
	if err != nil {
		return nil, err
	}
	view.Pager = pages
	for _, m := range matches[from:to] {
		view.Matches = append(view.Matches, q.match(m))
	}
	p.Data, p.Title, p.Thing = view, "Search for “"+telling.Clean(words)+"”", "search for “"+telling.Clean(words)+"”"
	p.JSON = q.ask(q.book.Question("find", "words", words))
	p.CSV = func() ([][]string, error) { return matchRows(matches), nil }
	return p, nil
}

// matchesAPage is how many matches a page lists.
const matchesAPage = 50

func (q *request) match(m projections.Match) matchLine {
	ref := telling.RefOf(m.Ref)
	return matchLine{Thing: Link{q.thing(ref), titled(m.Title, m.Ref)}, Kind: ref.Kind.String(), Ref: m.Ref, Found: telling.FoundAs(m)}
}

// kindChoices counts matches by kind, for who wants one kind alone.
func (q *request) kindChoices(matches []projections.Match, chosen string) []kindChoice {
	counts := make(map[string]int)
	for _, m := range matches {
		kind, _, _ := strings.Cut(m.Ref, "/")
		counts[kind]++
	}
	if len(counts) < 2 {
		return nil
	}
	list := []kindChoice{{Link{q.here("kind", "", "page", ""), "all"}, len(matches), chosen == ""}}
	for _, kind := range []domain.Kind{domain.KindOrganisation, domain.KindResponsibility, domain.KindContract, domain.KindPlan, domain.KindSource,
		domain.KindOffice, domain.KindPerson, domain.KindKey} {
		if n := counts[kind.String()]; n > 0 {
			list = append(list, kindChoice{Link{q.here("kind", kind.String(), "page", ""), kind.String()}, n, chosen == kind.String()})
		}
	}
	return list
}

func ofKind(matches []projections.Match, kind string) []projections.Match {
	var list []projections.Match
	for _, m := range matches {
		if strings.HasPrefix(m.Ref, kind+"/") {
			list = append(list, m)
		}
	}
	return list
}

func matchRows(matches []projections.Match) [][]string {
	rows := [][]string{{"ref", "title", "found", "was"}}
	for _, m := range matches {
		was := "false"
		if m.Was {
			was = "true"
		}
		rows = append(rows, []string{m.Ref, m.Title, m.Found, was})
	}
	return rows
}
