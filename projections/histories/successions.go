package histories

import (
	"fmt"

	"github.com/orgledger/orgledger/domain"
)

// succession draws a bulk transfer, a merger, a split or a dissolution.
func (g *generator) succession(t domain.Type) domain.Fact {
	one := g.organisation("organisation")
	others := g.others(one)
	switch t {
	case domain.TypeHoldingsTransferred:
		return &domain.HoldingsTransferred{From: one, To: pick(g.t, "to", others), Kinds: g.kinds(), Except: g.exceptions()}
	case domain.TypeOrganisationMerged:
		predecessors := some(g.t, "predecessors", others, 1)
		return &domain.OrganisationMerged{
			Organisations: predecessors[:min(len(predecessors), 3)], Into: one, Kinds: g.kinds(), Except: g.exceptions(),
		}
	case domain.TypeOrganisationDissolved:
		successor := pick(g.t, "successor", append(others, "", ""))
		return &domain.OrganisationDissolved{Organisation: one, Successor: successor, Kinds: g.kinds(), Except: g.exceptions()}
	default:
		return g.split(one, others)
	}
}

func (g *generator) split(one domain.OrganisationID, others []domain.OrganisationID) domain.Fact {
	into := some(g.t, "into", others, 1)
	split := &domain.OrganisationSplit{
		Organisation: one, Into: into[:min(len(into), 3)], Continues: chance(g.t, "continues", 2),
	}
	if !chance(g.t, "no residual", 3) {
		split.Residual = pick(g.t, "residual", split.Into)
	}
	for _, ref := range some(g.t, "allocated", g.holdings(), 0) {
		split.Allocate = append(split.Allocate, domain.Allocation{Holding: ref, To: pick(g.t, "allocated to", split.Into)})
	}
	return split
}

// holdings lists everything introduced that can be held.
func (g *generator) holdings() []domain.Ref {
	var refs []domain.Ref
	for _, id := range g.responsibilities {
		refs = append(refs, id.Ref())
	}
	for _, id := range g.contracts {
		refs = append(refs, id.Ref())
	}
	for _, id := range g.organisations {
		refs = append(refs, id.Ref())
	}
	return refs
}

func (g *generator) kinds() []domain.HoldingKind {
	if !chance(g.t, "kinds given", 3) {
		return nil
	}
	return some(g.t, "kinds", []domain.HoldingKind{
		domain.HoldingContract, domain.HoldingResponsibility, domain.HoldingUnit, domain.HoldingSupply,
	}, 1)
}

func (g *generator) exceptions() []domain.Ref {
	if !chance(g.t, "except given", 3) {
		return nil
	}
	except := some(g.t, "except", g.holdings(), 1)
	return except[:min(len(except), 3)]
}

// planFact draws what happens to a plan.
func (g *generator) planFact(t domain.Type, id domain.PlanID) domain.Fact {
	switch t {
	case domain.TypePlanAnnounced:
		return &domain.PlanAnnounced{Plan: id, Title: "A plan", Expected: g.expected(), Items: g.planItems()}
	case domain.TypePlanAmended:
		amended := &domain.PlanAmended{Plan: id, Expected: g.expected(), Conditions: []string{"consent"}}
		if chance(g.t, "items amended", 2) {
			amended.Items = g.planItems()
		}
		return amended
	case domain.TypePlanWithdrawn:
		return &domain.PlanWithdrawn{Plan: id}
	default:
		return &domain.PlanCompleted{Plan: id}
	}
}

// expected draws a date, or none.
func (g *generator) expected() domain.EDTF {
	if chance(g.t, "not expected", 3) {
		return domain.EDTF{}
	}
	return g.date()
}

// planItems draws up to four intended changes that introduce nothing, with a date or without.
func (g *generator) planItems() []domain.PlanItem {
	items := []domain.PlanItem{}
	for i := range index(g.t, "items", 5) {
		t := g.possible(pick(g.t, "item type", weighted))
		if t.IsPlan() || t == domain.TypeAppointmentMade && len(g.offices) == 0 {
			t = domain.TypeOrganisationMerged
		}
		about := domain.Ref{}
		if t == domain.TypeAppointmentMade {
			about = pick(g.t, "office", g.offices).Ref()
		}
		effective := domain.EDTF{}
		if chance(g.t, "item dated", 2) {
			effective = g.date()
		}
		items = append(items, domain.PlanItem{
			Item: fmt.Sprintf("i%d", i+1), Effective: effective, Fact: g.fact(t, about, effective),
		})
	}
	return items
}
