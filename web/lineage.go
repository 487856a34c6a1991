package web

import (
	"fmt"
	"html/template"
	"slices"
	"strconv"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// lineageShown is a picture of a lineage, and its equal in words.
type lineageShown struct {
	Picture template.HTML
	Bodies  int // in the picture
	All     int // in the lineage
	Edges   []edgeLine
	N       int // successions in the lineage
	Pager   *pager
	Steps   []kindChoice // how far the picture goes
	Left    int          // successions of later days, which are left out
	Whole   Link         // the page of the lineage
}

// edgeLine is a succession in words.
type edgeLine struct {
	Day      string
	From, To Link
	How      string
	Seq      Link
}

const (
	bodiesShown  = 60  // a picture goes as far as it has no more bodies, unless it is told to go further
	bodiesInPage = 40  // the same, on the page of an organisation
	bodiesMax    = 600 // nobody can read more, and the layout of many takes long
	edgesAPage   = 200
)

// hows say how one organisation came of another.
var hows = map[string]string{"merged": "merged into", "split": "split into", "dissolved": "dissolved, succeeded by"}

// lineage shows where an organisation came from and what became of it.
func (s *site) lineage(q *request) (*Page, error) {
	ref, err := q.ref(domain.KindOrganisation)
	if err != nil {
		return nil, err
	}
	org := domain.OrganisationID(ref.ID)
	steps, err := q.steps()
	if err != nil {
		return nil, err
	}
	view, err := q.lineageShown(org, steps, bodiesShown)
	if err != nil {
		return nil, err
	}
	name := titled(q.view.Title(ref, q.point()), ref.ID)
	question := q.book.Question("lineage", "organisation", ref.ID)
	if q.onGiven {
		question = q.book.OnDay(question)
		delete(question, fieldAssume)
	}
	return &Page{Name: "lineage", Kicker: "Lineage", Title: name, Thing: "lineage of " + name + " (" + ref.String() + ")", Ref: ref,
		Data: struct {
			Organisation Link
			*lineageShown
		}{q.link(ref), view},
		JSON: q.ask(question), CSV: func() ([][]string, error) { return q.edgeRows(org) },
		SVG: func() ([]byte, error) { return q.lineageSVG(org, steps) }}, nil
}

// steps reads how far the picture goes: 0 as far as it can be read.
func (q *request) steps() (int, error) {
	text := q.URL.Query().Get("steps")
	if text == "" {
		return 0, nil
	}
	if text == "all" {
		return bodiesMax, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, &projections.QuestionError{Code: projections.CodeBadQuestion, Field: "steps", Message: fmt.Sprintf("%q is neither a number of steps nor all", text)}
	}
	return n, nil
}

// edges are the successions of a lineage: all, or where the address names a day, those in effect by then.
func (q *request) edges(org domain.OrganisationID) (list []projections.Edge, left int, err error) {
	all, err := q.view.Lineage(org, ledger.Point{On: domain.LastDate, Known: q.known})
	if err != nil || !q.onGiven {
		return all.Edges, 0, err
	}
	answer, err := q.view.Lineage(org, q.point())
	if err != nil {
		return nil, 0, err
	}
	return answer.Edges, len(all.Edges) - len(answer.Edges), nil
}

func (q *request) lineageShown(org domain.OrganisationID, steps, most int) (*lineageShown, error) {
	edges, left, err := q.edges(org)
	if err != nil {
		return nil, err
	}
	distance := distances(string(org), edges)
	view := &lineageShown{All: len(distance), N: len(edges), Left: left, Whole: Link{q.url("/lineage/" + string(org)), "The whole lineage"}}
	if len(edges) == 0 {
		return view, nil
	}
	chosen := reach(distance, steps, most)
	view.Steps = q.stepChoices(distance, chosen)
	near := within(edges, distance, chosen)
	if view.Bodies = countWithin(distance, chosen); view.Bodies <= bodiesMax {
		picture, err := q.drawLineage(string(org), near)
		if err != nil {
			return nil, err
		}
		view.Picture = template.HTML(picture)
	}
	from, to, pages, err := q.pagesOf("edges", len(edges), edgesAPage)
	if err != nil {
		return nil, err
	}
	view.Pager, view.Edges = pages, q.edgeLines(edges[from:to])
	return view, nil
}

func (q *request) edgeLines(edges []projections.Edge) []edgeLine {
	lines := make([]edgeLine, len(edges))
	for i, e := range edges {
		date := telling.ParseEDTF(e.Effective)
		name := func(id string) Link {
			return q.linkOn(domain.OrganisationID(id).Ref(), max(date.Nominal(), domain.FirstDate))
		}
		lines[i] = edgeLine{telling.Capital(telling.DateWords(date)), name(e.From), name(e.To), hows[e.How], q.entryLink(e.Seq)}
	}
	return lines
}

// distances are how many successions lead to each organisation, back or forth.
func distances(org string, edges []projections.Edge) map[string]int {
	distance := map[string]int{org: 0}
	for _, forth := range []bool{true, false} {
		for queue := []string{org}; len(queue) > 0; queue = queue[1:] {
			for _, e := range edges {
				near, far := e.From, e.To
				if !forth {
					near, far = far, near
				}
				if _, seen := distance[far]; near == queue[0] && !seen {
					distance[far] = distance[near] + 1
					queue = append(queue, far)
				}
			}
		}
	}
	return distance
}

// reach is how many steps a picture goes: as many as it is told, or as it can be read with.
func reach(distance map[string]int, steps, most int) int {
	furthest := 0
	for _, d := range distance {
		furthest = max(furthest, d)
	}
	if steps > 0 {
		return min(steps, furthest)
	}
	for furthest > 1 && countWithin(distance, furthest) > most {
		furthest--
	}
	return furthest
}

func countWithin(distance map[string]int, steps int) int {
	n := 0
	for _, d := range distance {
		if d <= steps {
			n++
		}
	}
	return n
}

func within(edges []projections.Edge, distance map[string]int, steps int) []projections.Edge {
	return slices.DeleteFunc(slices.Clone(edges), func(e projections.Edge) bool { return distance[e.From] > steps || distance[e.To] > steps })
}

// stepChoices offers to see less or more of a lineage.
func (q *request) stepChoices(distance map[string]int, chosen int) []kindChoice {
	furthest := reach(distance, bodiesMax, 0)
	if furthest < 2 {
		return nil
	}
	var list []kindChoice
	for steps := 1; steps <= furthest; steps++ {
		if steps > 5 && steps < furthest {
			continue
		}
		text, value := telling.Counted(steps, "step"), strconv.Itoa(steps)
		if steps == furthest {
			text, value = "all", "all"
		}
		list = append(list, kindChoice{Link{q.here("steps", value, "page", ""), text}, countWithin(distance, steps), steps == chosen})
	}
	return list
}

func (q *request) edgeRows(org domain.OrganisationID) ([][]string, error) {
	edges, _, err := q.edges(org)
	rows := [][]string{{"from", "to", "effective", "how", "seq"}}
	for _, e := range edges {
		rows = append(rows, []string{e.From, e.To, e.Effective, e.How, telling.Decimal(e.Seq)})
	}
	return rows, err
}

// readLineage draws the lineage for the page of an organisation.
func (q *request) readLineage(view *organisationShown, ref domain.Ref, _ *projections.Organisation) (err error) {
	view.Lineage, err = q.lineageShown(domain.OrganisationID(ref.ID), 0, bodiesInPage)
	return err
}

// lineageSVG is the picture as a file.
func (q *request) lineageSVG(org domain.OrganisationID, steps int) ([]byte, error) {
	edges, _, err := q.edges(org)
	if err != nil {
		return nil, err
	}
	distance := distances(string(org), edges)
	chosen := reach(distance, steps, bodiesShown)
	if n := countWithin(distance, chosen); n > bodiesMax {
		return nil, &projections.QuestionError{Code: projections.CodeBadQuestion, Field: "steps",
			Message: fmt.Sprintf("the picture would have %d organisations, and at most %d are drawn: ask for fewer steps", n, bodiesMax)}
	}
	return q.drawLineage(string(org), within(edges, distance, chosen))
}
