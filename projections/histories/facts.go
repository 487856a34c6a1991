package histories

import (
	"fmt"
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// weighted lists the types of what introduces nothing, as often as they are to be drawn: what gives
// more often than what takes away, so that there is something to take.
var weighted = []domain.Type{
	domain.TypeResponsibilityAssigned, domain.TypeResponsibilityAssigned, domain.TypeResponsibilityAssigned,
	domain.TypeResponsibilityTransferred, domain.TypeResponsibilityTransferred, domain.TypeResponsibilityWithdrawn,
	domain.TypeContractTransferred, domain.TypeContractTransferred, domain.TypeContractVaried, domain.TypeContractVaried,
	domain.TypeOrganisationMoved, domain.TypeOrganisationMoved, domain.TypeOrganisationMoved,
	domain.TypeHoldingsTransferred, domain.TypeHoldingsTransferred, domain.TypeOrganisationMerged,
	domain.TypeOrganisationSplit, domain.TypeOrganisationSplit, domain.TypeOrganisationDissolved,
	domain.TypeOrganisationRestored, domain.TypeOrganisationRestored,
	domain.TypeResponsibilityDiscontinued, domain.TypeContractEnded,
	domain.TypeAppointmentMade, domain.TypeAppointmentMade, domain.TypeAppointmentEnded,
	domain.TypeOrganisationRenamed, domain.TypeOrganisationIdentified, domain.TypeOrganisationReconstituted,
	domain.TypePlanAmended, domain.TypePlanAmended, domain.TypePlanWithdrawn, domain.TypePlanCompleted,
}

// possible is the type, or, where it would be about what has not been introduced, another.
func (g *generator) possible(t domain.Type) domain.Type {
	switch {
	case t.IsPlan() && len(g.plans) == 0, t == domain.TypeAppointmentEnded && len(g.offices) == 0:
		return domain.TypeResponsibilityAssigned
	}
	return t
}

// introduceSomething introduces one more thing, where the options leave room for it.
func (g *generator) introduceSomething() {
	t := pick(g.t, "introduces", []domain.Type{
		domain.TypeOrganisationEstablished, domain.TypePlanAnnounced, domain.TypeContractAwarded,
		domain.TypeResponsibilityDefined, domain.TypeSourceRegistered,
	})
	room := map[domain.Type]bool{
		domain.TypeOrganisationEstablished: len(g.organisations) < g.options.Organisations,
		domain.TypePlanAnnounced:           len(g.plans) < g.options.Plans,
		domain.TypeContractAwarded:         len(g.contracts) < g.options.Contracts,
		domain.TypeResponsibilityDefined:   len(g.responsibilities) < g.options.Responsibilities,
		domain.TypeSourceRegistered:        len(g.sources) < g.options.Sources,
	}
	if room[t] {
		g.introduce(t)
	} else {
		g.record()
	}
}

// introduce records an introduction, and lists what it introduces.
func (g *generator) introduce(t domain.Type) {
	if t == domain.TypeSourceRegistered {
		id := domain.SourceID(fmt.Sprintf("s%d", len(g.sources)+1))
		g.append(domain.EDTF{}, &domain.SourceRegistered{Source: id, Title: "A source"})
		g.sources = append(g.sources, id)
		return
	}
	effective := g.date()
	if !chance(g.t, "late", 3) {
		effective = domain.DayEDTF(g.days[0])
	}
	var ref domain.Ref
	switch t {
	case domain.TypeOrganisationEstablished:
		ref = domain.Ref{Kind: domain.KindOrganisation, ID: fmt.Sprintf("o%d", len(g.organisations)+1)}
	case domain.TypeResponsibilityDefined:
		ref = domain.Ref{Kind: domain.KindResponsibility, ID: fmt.Sprintf("r%d", len(g.responsibilities)+1)}
	case domain.TypeContractAwarded:
		ref = domain.Ref{Kind: domain.KindContract, ID: fmt.Sprintf("c%d", len(g.contracts)+1)}
	case domain.TypePlanAnnounced:
		ref = domain.Ref{Kind: domain.KindPlan, ID: fmt.Sprintf("p%d", len(g.plans)+1)}
	}
	fact := g.fact(t, ref, effective)
	if mayBeUndated(fact) && chance(g.t, "undated", 3) {
		effective = domain.EDTF{}
	}
	g.append(effective, fact)
	switch fact := fact.(type) {
	case *domain.OrganisationEstablished:
		g.organisations = append(g.organisations, fact.Organisation)
	case *domain.ResponsibilityDefined:
		g.responsibilities = append(g.responsibilities, fact.Responsibility)
	case *domain.ContractAwarded:
		g.contracts = append(g.contracts, fact.Contract)
	case *domain.PlanAnnounced:
		g.plans = append(g.plans, fact.Plan)
	}
}

// fact draws a fact of a type about a thing; the zero Ref leaves that open.
func (g *generator) fact(t domain.Type, about domain.Ref, effective domain.EDTF) domain.Fact {
	switch {
	case t.IsPlan():
		return g.planFact(t, domain.PlanID(orPick(g, about, g.plans)))
	case t == domain.TypeAppointmentMade || t == domain.TypeAppointmentEnded:
		return g.appointment(t, about)
	}
	switch kind := kindAbout(t); kind {
	case domain.KindResponsibility:
		return g.responsibilityFact(t, domain.ResponsibilityID(orPick(g, about, g.responsibilities)))
	case domain.KindContract:
		return g.contractFact(t, domain.ContractID(orPick(g, about, g.contracts)), effective)
	case domain.KindOrganisation:
		return g.organisationFact(t, domain.OrganisationID(orPick(g, about, g.organisations)))
	default:
		return g.succession(t)
	}
}

// kindAbout is what facts of a type are about, none of mergers, splits, dissolutions and bulk
// transfers.
func kindAbout(t domain.Type) domain.Kind {
	switch t {
	case domain.TypeResponsibilityDefined, domain.TypeResponsibilityWithdrawn, domain.TypeResponsibilityDiscontinued,
		domain.TypeResponsibilityAssigned, domain.TypeResponsibilityTransferred:
		return domain.KindResponsibility
	case domain.TypeContractEnded, domain.TypeContractVaried, domain.TypeContractAwarded, domain.TypeContractTransferred:
		return domain.KindContract
	case domain.TypeOrganisationEstablished, domain.TypeOrganisationRestored, domain.TypeOrganisationRenamed,
		domain.TypeOrganisationIdentified, domain.TypeOrganisationReconstituted, domain.TypeOrganisationMoved:
		return domain.KindOrganisation
	}
	return domain.KindNone
}

func orPick[T ~string](g *generator, about domain.Ref, from []T) string {
	if about.ID != "" {
		return about.ID
	}
	return string(pick(g.t, "about", from))
}

func (g *generator) organisation(label string) domain.OrganisationID {
	return pick(g.t, label, g.organisations)
}

// others are the organisations but one.
func (g *generator) others(one domain.OrganisationID) []domain.OrganisationID {
	return slices.DeleteFunc(slices.Clone(g.organisations), func(o domain.OrganisationID) bool { return o == one })
}

var roles = []domain.Role{"", domain.RoleLead, domain.RoleSupport, domain.RoleJoint, domain.RoleParty}

func (g *generator) responsibilityFact(t domain.Type, id domain.ResponsibilityID) domain.Fact {
	switch t {
	case domain.TypeResponsibilityDefined:
		return &domain.ResponsibilityDefined{Responsibility: id, Title: "A responsibility", Kind: "function"}
	case domain.TypeResponsibilityDiscontinued:
		return &domain.ResponsibilityDiscontinued{Responsibility: id}
	}
	organisation, role := g.organisation("organisation"), pick(g.t, "role", roles)
	switch t {
	case domain.TypeResponsibilityAssigned:
		return &domain.ResponsibilityAssigned{Responsibility: id, Organisation: organisation, Role: role}
	case domain.TypeResponsibilityWithdrawn:
		return &domain.ResponsibilityWithdrawn{Responsibility: id, Organisation: organisation, Role: role}
	}
	to := pick(g.t, "to", g.others(organisation))
	return &domain.ResponsibilityTransferred{Responsibility: id, From: organisation, To: to, Role: role, As: pick(g.t, "as", roles)}
}

func (g *generator) contractFact(t domain.Type, id domain.ContractID, effective domain.EDTF) domain.Fact {
	switch t {
	case domain.TypeContractEnded:
		return &domain.ContractEnded{Contract: id}
	case domain.TypeContractVaried:
		return &domain.ContractVaried{Contract: id, LastDay: g.lastDay(effective), Title: "A contract, varied"}
	case domain.TypeContractAwarded:
		suppliers := some(g.t, "suppliers", g.organisations, 0)
		return &domain.ContractAwarded{
			Contract: id, Title: "A contract", Owner: g.organisation("owner"),
			Suppliers: suppliers[:min(len(suppliers), 2)], LastDay: g.lastDay(effective),
		}
	}
	from := g.organisation("from")
	side := pick(g.t, "side", []domain.Side{"", domain.SideSupplier, domain.SideOwner})
	return &domain.ContractTransferred{Contract: id, From: from, To: pick(g.t, "to", g.others(from)), Side: side}
}

var identifiers = []domain.Identifier{{Scheme: "ods", Value: "A"}, {Scheme: "ods", Value: "B"}, {Scheme: "ch", Value: "A"}}

func (g *generator) organisationFact(t domain.Type, id domain.OrganisationID) domain.Fact {
	switch t {
	case domain.TypeOrganisationEstablished:
		return &domain.OrganisationEstablished{
			Organisation: id, Name: g.name(), Form: pick(g.t, "form", []string{"", "trust"}),
			Identifiers: some(g.t, "identifiers", identifiers, 0), Parent: g.parent(id),
		}
	case domain.TypeOrganisationRestored:
		return &domain.OrganisationRestored{Organisation: id}
	case domain.TypeOrganisationRenamed:
		kind := pick(g.t, "kind", []domain.NameKind{"", domain.NameOperating, domain.NameLegal})
		return &domain.OrganisationRenamed{Organisation: id, Name: g.name(), Kind: kind}
	case domain.TypeOrganisationIdentified:
		return &domain.OrganisationIdentified{
			Organisation: id, Identifiers: some(g.t, "gained", identifiers, 1), Withdrawn: some(g.t, "lost", identifiers, 0),
		}
	case domain.TypeOrganisationReconstituted:
		return &domain.OrganisationReconstituted{Organisation: id, Form: pick(g.t, "form", []string{"agency", "board"})}
	default:
		return &domain.OrganisationMoved{Organisation: id, Parent: g.parent(id)}
	}
}

func (g *generator) name() string { return pick(g.t, "name", []string{"Alpha", "Beta", "Gamma"}) }

// parent draws a parent that is introduced, or none.
func (g *generator) parent(child domain.OrganisationID) *domain.Parent {
	others := g.others(child)
	if len(others) == 0 || chance(g.t, "no parent", 3) {
		return nil
	}
	return &domain.Parent{Organisation: pick(g.t, "parent", others), Relation: pick(g.t, "relation", []domain.Relation{"part_of", "hosted_by"})}
}

// somePersons are one whose name stands in the log, as logs of format 1 have it, and one whose name is sealed, and
// whose id is that name: they are two.
var somePersons = []domain.Person{{Name: "Ada"}, {ID: "Ada", Commitment: [32]byte{1}, Box: "sealed"}}

// appointment names an office; a first appointment introduces it.
func (g *generator) appointment(t domain.Type, about domain.Ref) domain.Fact {
	person := pick(g.t, "person", somePersons)
	if t == domain.TypeAppointmentEnded {
		return &domain.AppointmentEnded{Office: domain.OfficeID(orPick(g, about, g.offices)), Person: person}
	}
	office := domain.OfficeID(about.ID)
	if office == "" {
		office = domain.OfficeID(fmt.Sprintf("f%d", index(g.t, "office", g.options.Offices)+1))
	}
	if !slices.Contains(g.offices, office) {
		g.offices = append(g.offices, office)
	}
	return &domain.AppointmentMade{
		Office: office, Title: "Chair", Organisation: g.organisation("organisation"), Person: person, Acting: chance(g.t, "acting", 3),
	}
}
