package api

import (
	"github.com/danielgtaylor/huma/v2"

	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/projections"
)

// questionRoutes serves the questions of semantics.md §4 as resources.
func (s *server) questionRoutes() {
	answers[holdersAsked](s, resource[*projections.Holders]{question: "holders", path: "/v1/holders/{kind}/{id}",
		summary: "Who holds a responsibility, a contract or a unit's placement"})
	answers[holdingsAsked](s, resource[*projections.Holdings]{question: "holdings", path: "/v1/holdings/{organisation}",
		summary: "What an organisation holds",
		cut:     func(p *reading, a *projections.Holdings) { a.Holdings = cut(p, a.Holdings) }})
	answers[organisationAsked](s, resource[*projections.Organisation]{question: "organisation", path: "/v1/organisations/{organisation}",
		summary: "What an organisation is"})
	answers[historyAsked](s, resource[*projections.History]{question: "history", path: "/v1/history/{kind}/{id}",
		summary: "Who held something, over time"})
	answers[lineageAsked](s, resource[*projections.Lineage]{question: "lineage", path: "/v1/lineage/{organisation}", everyDay: true,
		summary: "Where an organisation came from, and what became of it"})
	answers[organisationAsked](s, resource[*projections.Offices]{question: "offices", path: "/v1/offices/{organisation}", changes: true,
		summary: "Who holds an organisation's offices"})
	answers[momentAsked](s, resource[*projections.Plans]{question: "plans", path: "/v1/plans", summary: "What is announced",
		cut: func(p *reading, a *projections.Plans) { a.Plans = cut(p, a.Plans) }})
	answers[planAsked](s, resource[*ledger.PlanOn]{question: "plan", path: "/v1/plans/{plan}", summary: "How a plan stands"})
	answers[impactAsked](s, resource[*projections.Impact]{question: "impact", path: "/v1/impact/{plan}",
		summary: "What a plan would change", cut: cutImpact,
		description: "A page has changes, and after the last of them what is orphaned."})
	answers[momentAsked](s, resource[*projections.Findings]{question: "findings", path: "/v1/findings", summary: "What is odd in the evidence",
		cut: func(p *reading, a *projections.Findings) { a.Findings = cut(p, a.Findings) }})
	answers[diffAsked](s, resource[*projections.Diff]{question: "diff", path: "/v1/diff", summary: "What differs between two states",
		cut: func(p *reading, a *projections.Diff) { a.Changes = cut(p, a.Changes) }})
	s.lookupRoutes()
}

// lookupRoutes serves what helps to ask: names, sources, keys, and one hash over everything.
func (s *server) lookupRoutes() {
	answers[findAsked](s, resource[*ledger.Found]{question: "find", path: "/v1/find", summary: "Find something by words",
		cut: func(p *reading, a *ledger.Found) { a.Matches = cut(p, a.Matches) }})
	answers[titlesAsked](s, resource[*ledger.Titles]{question: "titles", path: "/v1/titles", summary: "What references are called"})
	answers[sourcesAsked](s, resource[*ledger.Sources]{question: "sources", path: "/v1/sources", summary: "The sources",
		cut: func(p *reading, a *ledger.Sources) { a.Sources = cut(p, a.Sources) }})
	answers[sourceAsked](s, resource[*ledger.Source]{question: "source", path: "/v1/sources/{source}",
		summary:     "A source, and which entries concern it",
		description: "GET /v1/entries?ref=source/ID gives the entries themselves."})
	answers[keysAsked](s, resource[*projections.Keys]{question: "keys", path: "/v1/keys", summary: "The keys that actors sign with"})
	answers[personAsked](s, resource[*ledger.Person]{question: "person", path: "/v1/persons/{person}", changes: true, summary: "Who a person is, now",
		description: "A person is asked for by name with POST /v1/query: names do not belong into addresses, which are logged."})
	answers[momentAsked](s, resource[*projections.Digest]{question: "digest", path: "/v1/digest", summary: "One hash over everything that is held"})
}

// cutImpact takes a page of two lists, one after the other.
func cutImpact(p *reading, a *projections.Impact) {
	type item struct {
		change *projections.Change
		orphan *projections.Orphan
	}
	var all []item
	for i := range a.Changes {
		all = append(all, item{change: &a.Changes[i]})
	}
	for i := range a.Orphaned {
		all = append(all, item{orphan: &a.Orphaned[i]})
	}
	changes, orphaned := []projections.Change{}, []projections.Orphan{}
	for _, one := range cut(p, all) {
		if one.change != nil {
			changes = append(changes, *one.change)
		} else {
			orphaned = append(orphaned, *one.orphan)
		}
	}
	a.Changes, a.Orphaned = changes, orphaned
}

// pageParameters turn the pages of a list.
func pageParameters() []*huma.Param {
	one, most := 1.0, float64(maxPage)
	return []*huma.Param{
		parameter("limit", "How long a page is at most; left out: the whole list at once", &huma.Schema{Type: huma.TypeInteger, Minimum: &one, Maximum: &most}),
		parameter("cursor", "Where the page begins, as the Link of the page before says", text()),
	}
}

// What resources take. The ledger judges the values; huma reads and describes them, and sees exported types only.
type (
	// OnDay is the day that an answer is about.
	OnDay struct {
		On string `query:"on" format:"date" doc:"The day, as 2026-04-01. Left out: today"`
	}
	// AsKnown is the point up to which entries are taken into account.
	AsKnown struct {
		Known string `query:"known" doc:"A sequence, or a time as RFC 3339 writes it: what the ledger had recorded by then. Left out: everything"`
	}
	// Assuming is what is taken to come true.
	Assuming struct {
		Assume []string `query:"assume" doc:"Plans that are taken to come true, each as PLAN or as PLAN=2027-04-01"`
	}
	// OfHolding is what is held.
	OfHolding struct {
		Kind string `path:"kind" enum:"responsibility,contract,organisation" doc:"Of the reference"`
		ID   string `path:"id" doc:"Of the reference; an organisation may be SCHEME:VALUE"`
	}
	// OfOrganisation is the organisation that is asked about.
	OfOrganisation struct {
		Organisation string `path:"organisation" doc:"Its identifier, or SCHEME:VALUE, an identifier that a register gave it at any time"`
	}
	// OfPlan is the plan that is asked about.
	OfPlan struct {
		Plan string `path:"plan" doc:"Its identifier"`
	}
)

type holdersAsked struct {
	OfHolding
	OnDay
	AsKnown
	Assuming
}

func (i *holdersAsked) ask(q *question) {
	q.put("ref", i.Kind+"/"+i.ID)
	q.at(i.On, i.Known)
	q.assume(i.Assume)
}

type holdingsAsked struct {
	OfOrganisation
	OnDay
	AsKnown
	Assuming
}

func (i *holdingsAsked) ask(q *question) {
	q.put("organisation", i.Organisation)
	q.at(i.On, i.Known)
	q.assume(i.Assume)
}

type organisationAsked struct {
	OfOrganisation
	OnDay
	AsKnown
}

func (i *organisationAsked) ask(q *question) {
	q.put("organisation", i.Organisation)
	q.at(i.On, i.Known)
}

type historyAsked struct {
	OfHolding
	AsKnown
}

func (i *historyAsked) ask(q *question) {
	q.put("ref", i.Kind+"/"+i.ID)
	q.upTo(i.Known)
}

type lineageAsked struct {
	OfOrganisation
	On string `query:"on" format:"date" doc:"Only successions in effect on this day. Left out: all"`
	AsKnown
}

func (i *lineageAsked) ask(q *question) {
	q.put("organisation", i.Organisation)
	q.put("on", i.On)
	q.upTo(i.Known)
}

type momentAsked struct {
	OnDay
	AsKnown
}

func (i *momentAsked) ask(q *question) { q.at(i.On, i.Known) }

type planAsked struct {
	OfPlan
	OnDay
	AsKnown
}

func (i *planAsked) ask(q *question) {
	q.put("plan", i.Plan)
	q.at(i.On, i.Known)
}

type impactAsked struct {
	OfPlan
	Date string `query:"date" format:"date" doc:"The day of items that have none"`
	AsKnown
}

func (i *impactAsked) ask(q *question) {
	q.put("plan", i.Plan)
	q.put("date", i.Date)
	q.upTo(i.Known)
}

type diffAsked struct {
	From      string `query:"from" format:"date" doc:"The day of the earlier state. Left out: today"`
	FromKnown string `query:"from-known" doc:"What the earlier state knows: a sequence or a time. Left out: everything"`
	To        string `query:"to" format:"date" doc:"The day of the later state. Left out: today"`
	ToKnown   string `query:"to-known" doc:"What the later state knows: a sequence or a time. Left out: everything"`
}

func (i *diffAsked) ask(q *question) {
	q.state("from", i.From, i.FromKnown)
	q.state("to", i.To, i.ToKnown)
}

type findAsked struct {
	Words string `query:"words" required:"true" doc:"Each has to be in the identifier, or in a name, title or code that it ever had"`
	AsKnown
}

func (i *findAsked) ask(q *question) {
	q.put("words", i.Words)
	q.upTo(i.Known)
}

type titlesAsked struct {
	Refs []string `query:"refs" doc:"References, as organisation/dhsc"`
	OnDay
	AsKnown
}

func (i *titlesAsked) ask(q *question) {
	q.list("refs", i.Refs)
	q.at(i.On, i.Known)
}

type sourcesAsked struct{ AsKnown }

func (i *sourcesAsked) ask(q *question) { q.upTo(i.Known) }

type sourceAsked struct {
	Source string `path:"source" doc:"Its identifier"`
	AsKnown
}

func (i *sourceAsked) ask(q *question) {
	q.put("source", i.Source)
	q.upTo(i.Known)
}

type keysAsked struct {
	Actor string `query:"actor" doc:"Whose keys. Left out: everybody's"`
	OnDay
	AsKnown
}

func (i *keysAsked) ask(q *question) {
	q.put("actor", i.Actor)
	q.at(i.On, i.Known)
}

type personAsked struct {
	Person string `path:"person" doc:"Who, by identifier"`
}

func (i *personAsked) ask(q *question) { q.put("person", i.Person) }
