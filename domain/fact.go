package domain

import "github.com/google/uuid"

// Type says which change a fact is.
type Type uint8

// The fact types, in the order of the documentation.
const (
	TypeNone Type = iota
	TypeOrganisationEstablished
	TypeOrganisationRestored
	TypeResponsibilityDefined
	TypeResponsibilityWithdrawn
	TypeResponsibilityDiscontinued
	TypeContractEnded
	TypeAppointmentEnded
	TypeOrganisationRenamed
	TypeOrganisationIdentified
	TypeOrganisationReconstituted
	TypeContractVaried
	TypeResponsibilityAssigned
	TypeContractAwarded
	TypeAppointmentMade
	TypeResponsibilityTransferred
	TypeContractTransferred
	TypeOrganisationMoved
	TypeHoldingsTransferred
	TypeOrganisationMerged
	TypeOrganisationSplit
	TypeOrganisationDissolved
	TypePlanAnnounced
	TypePlanAmended
	TypePlanWithdrawn
	TypePlanCompleted
	TypeKeyRegistered
	TypeKeyRevoked
	TypeSourceRegistered
	TypePersonForgotten
	TypeEntryCorrected
	TypeEntryRetracted
)

// PhaseExpiry is the phase in which a contract expires, the day after its last day.
const PhaseExpiry = 1

// PhaseEnding is the phase of the facts that end an organisation; those of one day act together.
const PhaseEnding = 6

// A typeRow is one row of the table of fact types. The phase orders the facts of one day; it is
// undefined for what is not a fact of the fold.
type typeRow struct {
	name  string
	phase uint8
	make  func() Fact
}

var types = [...]typeRow{
	TypeOrganisationEstablished:    {"organisation.established", 0, func() Fact { return new(OrganisationEstablished) }},
	TypeOrganisationRestored:       {"organisation.restored", 0, func() Fact { return new(OrganisationRestored) }},
	TypeResponsibilityDefined:      {"responsibility.defined", 0, func() Fact { return new(ResponsibilityDefined) }},
	TypeResponsibilityWithdrawn:    {"responsibility.withdrawn", 1, func() Fact { return new(ResponsibilityWithdrawn) }},
	TypeResponsibilityDiscontinued: {"responsibility.discontinued", 1, func() Fact { return new(ResponsibilityDiscontinued) }},
	TypeContractEnded:              {"contract.ended", 1, func() Fact { return new(ContractEnded) }},
	TypeAppointmentEnded:           {"appointment.ended", 1, func() Fact { return new(AppointmentEnded) }},
	TypeOrganisationRenamed:        {"organisation.renamed", 2, func() Fact { return new(OrganisationRenamed) }},
	TypeOrganisationIdentified:     {"organisation.identified", 2, func() Fact { return new(OrganisationIdentified) }},
	TypeOrganisationReconstituted:  {"organisation.reconstituted", 2, func() Fact { return new(OrganisationReconstituted) }},
	TypeContractVaried:             {"contract.varied", 2, func() Fact { return new(ContractVaried) }},
	TypeResponsibilityAssigned:     {"responsibility.assigned", 3, func() Fact { return new(ResponsibilityAssigned) }},
	TypeContractAwarded:            {"contract.awarded", 3, func() Fact { return new(ContractAwarded) }},
	TypeAppointmentMade:            {"appointment.made", 3, func() Fact { return new(AppointmentMade) }},
	TypeResponsibilityTransferred:  {"responsibility.transferred", 4, func() Fact { return new(ResponsibilityTransferred) }},
	TypeContractTransferred:        {"contract.transferred", 4, func() Fact { return new(ContractTransferred) }},
	TypeOrganisationMoved:          {"organisation.moved", 4, func() Fact { return new(OrganisationMoved) }},
	TypeHoldingsTransferred:        {"holdings.transferred", 5, func() Fact { return new(HoldingsTransferred) }},
	TypeOrganisationMerged:         {"organisation.merged", PhaseEnding, func() Fact { return new(OrganisationMerged) }},
	TypeOrganisationSplit:          {"organisation.split", PhaseEnding, func() Fact { return new(OrganisationSplit) }},
	TypeOrganisationDissolved:      {"organisation.dissolved", PhaseEnding, func() Fact { return new(OrganisationDissolved) }},
	TypePlanAnnounced:              {"plan.announced", 0, func() Fact { return new(PlanAnnounced) }},
	TypePlanAmended:                {"plan.amended", 0, func() Fact { return new(PlanAmended) }},
	TypePlanWithdrawn:              {"plan.withdrawn", 0, func() Fact { return new(PlanWithdrawn) }},
	TypePlanCompleted:              {"plan.completed", 0, func() Fact { return new(PlanCompleted) }},
	TypeKeyRegistered:              {"key.registered", 0, func() Fact { return new(KeyRegistered) }},
	TypeKeyRevoked:                 {"key.revoked", 0, func() Fact { return new(KeyRevoked) }},
	TypeSourceRegistered:           {"source.registered", 0, func() Fact { return new(SourceRegistered) }},
	TypePersonForgotten:            {"person.forgotten", 0, func() Fact { return new(PersonForgotten) }},
	TypeEntryCorrected:             {"entry.corrected", 0, func() Fact { return new(EntryCorrected) }},
	TypeEntryRetracted:             {"entry.retracted", 0, func() Fact { return new(EntryRetracted) }},
}

var typesByName = func() map[string]Type {
	m := make(map[string]Type, len(types))
	for t, row := range types {
		m[row.name] = Type(t)
	}
	return m
}()

// Types lists every fact type.
func Types() []Type {
	all := make([]Type, 0, len(types))
	for t := range types[1:] {
		all = append(all, Type(t+1))
	}
	return all
}

// ParseType finds a type by its name, and reports whether there is one.
func ParseType(name string) (Type, bool) {
	t, ok := typesByName[name]
	return t, ok && t != TypeNone
}

// String is the name of the type, as organisation.merged.
func (t Type) String() string { return types[t].name }

// New is an empty fact of the type.
func (t Type) New() Fact { return types[t].make() }

func (t Type) exists() bool { return t > TypeNone && int(t) < len(types) }

// IsPlan reports whether the type announces, amends or closes a plan.
func (t Type) IsPlan() bool { return t >= TypePlanAnnounced && t <= TypePlanCompleted }

// InFold reports whether facts of the type change who holds what, or what an organisation is.
func (t Type) InFold() bool { return t > TypeNone && t < TypePlanAnnounced }

// IsKey reports whether the type says which keys an actor has.
func (t Type) IsKey() bool { return t == TypeKeyRegistered || t == TypeKeyRevoked }

// Dated reports whether entries of the type carry an effective date: facts of the fold, of plans and of
// keys do, sources, corrections and retractions do not. What is dated can be corrected and retracted.
func (t Type) Dated() bool { return t > TypeNone && t <= TypeKeyRevoked }

// Fulfils reports whether entries of the type may say which plan they carry out.
func (t Type) Fulfils() bool { return t.Dated() && !t.IsKey() }

// Fact is the content of an entry: one of the types of this package, always a pointer, never
// changed once it is recorded.
type Fact interface {
	Type() Type
	fields(v visitor)
}

// Phase places a fact among those of the same day: 0 first, PhaseEnding last. A split after which
// the organisation continues acts with the bulk transfers.
func Phase(f Fact) uint8 {
	if split, ok := f.(*OrganisationSplit); ok && split.Continues {
		return types[TypeHoldingsTransferred].phase
	}
	return types[f.Type()].phase
}

// Introduces is the reference that a fact of an introducing type brings into the ledger, and the
// zero Ref for the others. An office is introduced by whichever appointment.made names it first.
func Introduces(f Fact) Ref {
	switch f := f.(type) {
	case *OrganisationEstablished:
		return f.Organisation.Ref()
	case *ResponsibilityDefined:
		return f.Responsibility.Ref()
	case *ContractAwarded:
		return f.Contract.Ref()
	case *PlanAnnounced:
		return f.Plan.Ref()
	case *KeyRegistered:
		return f.Key.Ref()
	case *SourceRegistered:
		return f.Source.Ref()
	}
	return Ref{}
}

// About is what a fact is about, which a correction may not change. Mergers, splits, dissolutions,
// bulk transfers, corrections and retractions are about no single thing: the zero Ref.
func About(f Fact) Ref {
	switch f := f.(type) {
	case *OrganisationRestored:
		return f.Organisation.Ref()
	case *OrganisationRenamed:
		return f.Organisation.Ref()
	case *OrganisationIdentified:
		return f.Organisation.Ref()
	case *OrganisationReconstituted:
		return f.Organisation.Ref()
	case *OrganisationMoved:
		return f.Organisation.Ref()
	case *ResponsibilityAssigned:
		return f.Responsibility.Ref()
	case *ResponsibilityWithdrawn:
		return f.Responsibility.Ref()
	case *ResponsibilityDiscontinued:
		return f.Responsibility.Ref()
	case *ResponsibilityTransferred:
		return f.Responsibility.Ref()
	case *ContractVaried:
		return f.Contract.Ref()
	case *ContractTransferred:
		return f.Contract.Ref()
	case *ContractEnded:
		return f.Contract.Ref()
	case *AppointmentMade:
		return f.Office.Ref()
	case *AppointmentEnded:
		return f.Office.Ref()
	case *PlanAmended:
		return f.Plan.Ref()
	case *PlanWithdrawn:
		return f.Plan.Ref()
	case *PlanCompleted:
		return f.Plan.Ref()
	case *KeyRevoked:
		return f.Key.Ref()
	case *PersonForgotten:
		return f.Person.Ref()
	}
	return Introduces(f)
}

// Entry is what a person or a program hands in to be recorded: a fact, when it takes effect, and
// the evidence for it.
type Entry struct {
	ID        uuid.UUID // the zero UUID where none was given; see DeriveID
	Effective EDTF      // zero where the type has no date, or the beginning is unknown
	Fact      Fact
	Sources   []Citation
	Fulfils   Fulfilment
	Note      string
	Signature *Signature // of who records it; nil: nobody's. Not part of what the entry says
}

// Citation points at the place in a source that says so.
type Citation struct {
	Source  SourceID
	Locator string
}

// Fulfilment names the plan, or the item of a plan, that a fact carries out. The zero value is none.
type Fulfilment struct {
	Plan PlanID
	Item string // empty: the plan as a whole
}

// String writes plan or plan/item.
func (f Fulfilment) String() string {
	if f.Item == "" {
		return string(f.Plan)
	}
	return string(f.Plan) + "/" + f.Item
}

// Recorded is an entry as the log holds it.
type Recorded struct {
	Entry
	Seq   uint64 // dense, from 1
	Time  int64  // recorded time, UTC, in nanoseconds since 1970; never decreasing along Seq
	Actor string // who recorded it; empty where nobody was named
}
