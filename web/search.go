package web

import (
	"strconv"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// searchShown is what the search page shows.
type searchShown struct {
	Words   string
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
	kind, err := chosenKind(q.URL.Query().Get("kind"))
	if err != nil {
		return nil, err
	}
	var found *projections.Found
	switch {
	case words != "":
		p.Title = "Search for “" + telling.Clean(words) + "”"
		found = q.view.Search(words, q.known)
		p.JSON = q.ask(q.book.Question("find", "words", words))
	case kind != 0:
		found = q.view.All(kind, q.known)
		p.Title = "All " + strings.TrimLeft(telling.Counted(2, kind.String()), "2 ")
	default:
		return p, nil
	}
	p.Thing = telling.Lower(p.Title)
	view := searchShown{Words: words, Kinds: q.kindChoices(found, kind), Total: found.Len(kind)}
	from, to, pages, err := q.pages(view.Total, matchesAPage)
	if err != nil {
		return nil, err
	}
	view.Pager = pages
	for _, m := range found.Page(kind, from, to) {
		view.Matches = append(view.Matches, q.match(m))
	}
	p.Data = view
	p.CSV = func() ([][]string, error) { return matchRows(found.Page(kind, 0, view.Total)), nil }
	return p, nil
}

// chosenKind reads a kind of thing; empty is 0, all kinds.
func chosenKind(text string) (domain.Kind, error) {
	for _, kind := range searchedKinds {
		if kind.String() == text {
			return kind, nil
		}
	}
	if text != "" {
		return 0, &projections.QuestionError{Code: projections.CodeBadQuestion, Field: "kind", Message: strconv.Quote(text) + " is no kind of thing"}
	}
	return 0, nil
}

// searchedKinds in the order in which they are offered.
var searchedKinds = []domain.Kind{domain.KindOrganisation, domain.KindResponsibility, domain.KindContract, domain.KindPlan, domain.KindSource,
	domain.KindOffice, domain.KindPerson, domain.KindKey}

// matchesAPage is how many matches a page lists.
const matchesAPage = 50

func (q *request) match(m projections.Match) matchLine {
	ref := telling.RefOf(m.Ref)
	return matchLine{Thing: Link{q.thing(ref), titled(m.Title, m.Ref)}, Kind: ref.Kind.String(), Ref: m.Ref, Found: telling.FoundAs(m)}
}

// kindChoices counts what was found by kind, for who wants one kind alone.
func (q *request) kindChoices(found *projections.Found, chosen domain.Kind) []kindChoice {
	list := []kindChoice{{Link{q.here("kind", "", "page", ""), "all"}, found.Len(0), chosen == 0}}
	for _, kind := range searchedKinds {
		if n := found.Len(kind); n > 0 {
			list = append(list, kindChoice{Link{q.here("kind", kind.String(), "page", ""), kind.String()}, n, chosen == kind})
		}
	}
	if len(list) < 3 {
		return nil
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
