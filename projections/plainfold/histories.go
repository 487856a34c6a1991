package plainfold

import (
	"cmp"
	"maps"
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// A pair is one element of a holder set.
type pair struct {
	Organisation domain.OrganisationID `json:"organisation"`
	Role         string                `json:"role"`
}

// set is the holder set, by (organisation, role).
func (h *holding) set() []pair {
	pairs := []pair{}
	for _, e := range h.sortedEntries() {
		pairs = append(pairs, pair{e.organisation, e.role})
	}
	return pairs
}

// history lists the "maximal periods of one holder set, from the day of the first grant on, each as
// it stands at the end of a day; empty sets included, the last one too".
func history(facts []*fact, q *question) any {
	type periodAnswer struct {
		From    string  `json:"from"`
		To      *string `json:"to"`
		Holders []pair  `json:"holders"`
	}
	periods := []periodAnswer{}
	foldDays(facts, domain.LastDate, func(s *state) {
		h := s.holding(q.ref)
		last := len(periods) - 1
		if h.granted == 0 || last >= 0 && slices.Equal(periods[last].Holders, h.set()) {
			return
		}
		day := s.day.String()
		if last >= 0 {
			periods[last].To = &day
		}
		periods = append(periods, periodAnswer{day, nil, h.set()})
	})
	return map[string]any{"ref": q.ref.String(), "known": q.known, "periods": periods}
}

type change struct {
	Ref    string `json:"ref"`
	Before []pair `json:"before"`
	After  []pair `json:"after"`
}

// changes lists the holdings whose holder set differs.
func changes(before, after *state) []change {
	refs := make(map[domain.Ref]bool)
	for ref := range before.holdings {
		refs[ref] = true
	}
	for ref := range after.holdings {
		refs[ref] = true
	}
	list := []change{}
	for ref := range refs {
		c := change{ref.String(), before.holding(ref).set(), after.holding(ref).set()}
		if !slices.Equal(c.Before, c.After) {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b change) int { return cmp.Compare(a.Ref, b.Ref) })
	return list
}

// An edge is one step of lineage.
type edge struct {
	From      domain.OrganisationID `json:"from"`
	To        domain.OrganisationID `json:"to"`
	Effective string                `json:"effective"`
	How       string                `json:"how"`
	Seq       uint64                `json:"seq"`
	day       domain.Date
}

// lineage lists the edges among the predecessors of an organisation to any depth, and those among
// its successors. With a day, "only those in effect, before following any".
func lineage(facts []*fact, q *question) any {
	var all []edge
	for _, f := range facts {
		if q.onGiven && f.day() > q.on {
			continue
		}
		left := ends(f.content)
		if split, ok := f.content.(*domain.OrganisationSplit); ok {
			left = []domain.OrganisationID{split.Organisation}
		}
		for _, from := range left {
			for _, to := range successors(f.content) {
				all = append(all, edge{from, to, f.date.String(), how(f.content), f.seq, f.day()})
			}
		}
	}
	before := reach(all, q.organisation, func(e edge) (domain.OrganisationID, domain.OrganisationID) { return e.To, e.From })
	after := reach(all, q.organisation, func(e edge) (domain.OrganisationID, domain.OrganisationID) { return e.From, e.To })
	edges := []edge{}
	for _, e := range all {
		if before[e.To] || after[e.From] {
			edges = append(edges, e)
		}
	}
	slices.SortFunc(edges, func(a, b edge) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Seq, b.Seq))
	})
	answer := map[string]any{"organisation": q.organisation, "known": q.known, "edges": edges}
	if q.onGiven {
		answer["on"] = q.on.String()
	}
	return answer
}

// reach is the organisation and all that edges lead to from it, one way.
func reach(all []edge, start domain.OrganisationID, way func(edge) (near, far domain.OrganisationID)) map[domain.OrganisationID]bool {
	reached := map[domain.OrganisationID]bool{start: true}
	for grown := true; grown; {
		grown = false
		for _, e := range all {
			if near, far := way(e); reached[near] && !reached[far] {
				reached[far], grown = true, true
			}
		}
	}
	return reached
}

type itemAnswer struct {
	Item        string  `json:"item"`
	FulfilledBy *uint64 `json:"fulfilled_by"`
}

func plansAnswer(facts []*fact, on domain.Date) any {
	type planAnswer struct {
		Plan     domain.PlanID `json:"plan"`
		Title    string        `json:"title"`
		Status   string        `json:"status"`
		Expected *string       `json:"expected"`
		Items    []itemAnswer  `json:"items"`
	}
	list := []planAnswer{}
	for _, p := range plansOn(facts, on) {
		items := []itemAnswer{}
		for _, i := range p.items {
			answer := itemAnswer{Item: i.Item}
			if i.fulfilledBy != nil {
				answer.FulfilledBy = &i.fulfilledBy.seq
			}
			items = append(items, answer)
		}
		list = append(list, planAnswer{p.id, p.title, p.status, textOrNull(p.expected.String()), items})
	}
	return list
}

type orphanAnswer struct {
	Ref          string                `json:"ref"`
	Organisation domain.OrganisationID `json:"organisation"`
	Role         string                `json:"role"`
}

// impact "takes the plan as it stands with every fact up to known, whatever its day": on the day the
// last assumed item takes effect, the fold with the plan against the fold without it.
func impact(facts []*fact, q *question) (any, *problem) {
	p := planOn(q.plan, facts, domain.LastDate)
	items, ok := p.assumed(q.date)
	if !ok {
		return nil, &problem{"no-date", "an item of the plan has no date: give one", "date"}
	}
	answer := map[string]any{"plan": q.plan, "known": q.known, "status": p.status, "on": nil, "changes": []change{}, "orphaned": []orphanAnswer{}}
	if len(items) == 0 {
		return answer, nil
	}
	on := domain.Date(0)
	for _, f := range items {
		on = max(on, f.day())
	}
	without, with := fold(facts, on), fold(append(slices.Clone(facts), items...), on)
	answer["on"], answer["changes"] = on.String(), changes(without, with)
	answer["orphaned"] = newOrphans(without, with)
	return answer, nil
}

// newOrphans lists "what is orphaned up to that day with the plan and not without it".
func newOrphans(without, with *state) []orphanAnswer {
	orphans := make(map[orphan]bool)
	for _, o := range with.orphans {
		orphans[o] = true
	}
	for _, o := range without.orphans {
		delete(orphans, o)
	}
	byRef := func(a, b orphan) int {
		return cmp.Or(cmp.Compare(a.ref.String(), b.ref.String()), cmp.Compare(a.organisation, b.organisation), cmp.Compare(a.role, b.role))
	}
	list := []orphanAnswer{}
	for _, o := range slices.SortedFunc(maps.Keys(orphans), byRef) {
		list = append(list, orphanAnswer{o.ref.String(), o.organisation, o.role})
	}
	return list
}
