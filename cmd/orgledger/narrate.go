package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
)

// narrator says in words what facts say. It asks nobody: names come from what was read before.
type narrator struct {
	name    func(domain.Ref) string               // a reference with its name
	seq     func(uuid.UUID) (seq uint64, ok bool) // of the entry with an id
	planned bool                                  // what is told is still to come
}

// phrase says what a fact did, without its date, as the rest of a sentence that begins with one:
// "Health Education England (hee) was merged into NHS England (nhs-england)".
func (n *narrator) phrase(f domain.Fact) string {
	switch f := f.(type) {
	case *domain.EntryCorrected:
		return n.corrected(f)
	case *domain.EntryRetracted:
		return n.retracted(f)
	}
	say, ok := phrases[f.Type()]
	if !ok {
		return "an entry of type " + f.Type().String() + " was recorded"
	}
	return say(n, f)
}

// sentence says what an entry did and when, with a capital letter and without a full stop.
func (n *narrator) sentence(e *domain.Entry) string {
	text := n.phrase(e.Fact)
	switch {
	case e.Fact.Type().Dated() && !e.Effective.IsZero():
		text = whenWords(e.Effective) + ", " + text
	case e.Fact.Type().Dated():
		text = "on a day not known, " + text
	}
	return capital(text)
}

// phrases has a description for every fact type but corrections and retractions, which tell another
// fact.
var phrases = map[domain.Type]func(*narrator, domain.Fact) string{
	domain.TypeOrganisationEstablished:   saying((*narrator).established),
	domain.TypeOrganisationRestored:      saying((*narrator).restored),
	domain.TypeOrganisationRenamed:       saying((*narrator).renamed),
	domain.TypeOrganisationIdentified:    saying((*narrator).identified),
	domain.TypeOrganisationReconstituted: saying((*narrator).reconstituted),
	domain.TypeOrganisationMoved:         saying((*narrator).moved),
	domain.TypeOrganisationMerged:        saying((*narrator).merged),
	domain.TypeOrganisationSplit:         saying((*narrator).split),
	domain.TypeOrganisationDissolved:     saying((*narrator).dissolved),
	domain.TypeHoldingsTransferred:       saying((*narrator).holdingsTransferred),

	domain.TypeResponsibilityDefined:      saying((*narrator).defined),
	domain.TypeResponsibilityAssigned:     saying((*narrator).assigned),
	domain.TypeResponsibilityWithdrawn:    saying((*narrator).withdrawn),
	domain.TypeResponsibilityTransferred:  saying((*narrator).responsibilityTransferred),
	domain.TypeResponsibilityDiscontinued: saying((*narrator).discontinued),
	domain.TypeContractAwarded:            saying((*narrator).awarded),
	domain.TypeContractVaried:             saying((*narrator).varied),
	domain.TypeContractTransferred:        saying((*narrator).contractTransferred),
	domain.TypeContractEnded:              saying((*narrator).contractEnded),
	domain.TypeAppointmentMade:            saying((*narrator).appointed),
	domain.TypeAppointmentEnded:           saying((*narrator).appointmentEnded),

	domain.TypePlanAnnounced:    saying((*narrator).announced),
	domain.TypePlanAmended:      saying((*narrator).amended),
	domain.TypePlanWithdrawn:    saying((*narrator).planWithdrawn),
	domain.TypePlanCompleted:    saying((*narrator).planCompleted),
	domain.TypeSourceRegistered: saying((*narrator).registered),

	domain.TypeKeyRegistered: saying((*narrator).keyRegistered),
	domain.TypeKeyRevoked:    saying((*narrator).keyRevoked),

	domain.TypePersonForgotten: saying((*narrator).forgotten),
}

// saying makes a description of one fact type one of any fact.
func saying[F domain.Fact](say func(*narrator, F) string) func(*narrator, domain.Fact) string {
	return func(n *narrator, f domain.Fact) string { return say(n, f.(F)) }
}

// was is the verb before a participle.
func (n *narrator) was(many bool) string {
	switch {
	case n.planned && many:
		return " are to be "
	case n.planned:
		return " is to be "
	case many:
		return " were "
	default:
		return " was "
	}
}

// did is a verb of one who acts.
func (n *narrator) did(past, infinitive string) string {
	if n.planned {
		return " is to " + infinitive + " "
	}
	return " " + past + " "
}

func (n *narrator) organisation(id domain.OrganisationID) string { return n.name(id.Ref()) }

func (n *narrator) organisations(ids []domain.OrganisationID) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = n.organisation(id)
	}
	return joined(names)
}

func (n *narrator) refs(refs []domain.Ref) string {
	names := make([]string, len(refs))
	for i, ref := range refs {
		names[i] = n.name(ref)
	}
	return joined(names)
}

func (n *narrator) established(f *domain.OrganisationEstablished) string {
	text := clean(f.Name) + " (" + string(f.Organisation) + ")"
	if n.planned {
		text += " is to be established"
	} else {
		text += " was established"
	}
	if f.Form != "" {
		text += " as " + article(clean(f.Form))
	}
	if f.Parent != nil {
		text += ", " + relationWords(string(f.Parent.Relation)) + " " + n.organisation(f.Parent.Organisation)
	}
	return text + codesWords(", identified as ", f.Identifiers)
}

func (n *narrator) restored(f *domain.OrganisationRestored) string {
	return n.organisation(f.Organisation) + n.was(false) + "restored"
}

func (n *narrator) renamed(f *domain.OrganisationRenamed) string {
	kind := "the legal name "
	if f.Kind == domain.NameOperating {
		kind = "the operating name "
	}
	return n.organisation(f.Organisation) + n.did("took", "take") + kind + quoted(f.Name)
}

func (n *narrator) identified(f *domain.OrganisationIdentified) string {
	var parts []string
	if len(f.Withdrawn) > 0 {
		parts = append(parts, n.did("lost", "lose")+"the identifier"+plural(len(f.Withdrawn))+codesWords(" ", f.Withdrawn))
	}
	if len(f.Identifiers) > 0 {
		parts = append(parts, n.did("gained", "gain")+"the identifier"+plural(len(f.Identifiers))+codesWords(" ", f.Identifiers))
	}
	return n.organisation(f.Organisation) + strings.Join(parts, " and")
}

func (n *narrator) reconstituted(f *domain.OrganisationReconstituted) string {
	return n.organisation(f.Organisation) + n.was(false) + "reconstituted as " + article(clean(f.Form))
}

func (n *narrator) moved(f *domain.OrganisationMoved) string {
	if f.Parent == nil {
		return n.organisation(f.Organisation) + n.was(false) + "placed under no other organisation"
	}
	return n.organisation(f.Organisation) + n.did("became", "become") + relationWords(string(f.Parent.Relation)) + " " +
		n.organisation(f.Parent.Organisation)
}

func (n *narrator) merged(f *domain.OrganisationMerged) string {
	return n.organisations(f.Organisations) + n.was(len(f.Organisations) > 1) + "merged into " + n.organisation(f.Into) +
		n.carried(f.Kinds, f.Except)
}

func (n *narrator) split(f *domain.OrganisationSplit) string {
	var text string
	if f.Continues {
		text = n.organisations(f.Into) + n.was(len(f.Into) > 1) + "split off from " + n.organisation(f.Organisation) + ", which continues"
	} else {
		text = n.organisation(f.Organisation) + n.was(false) + "split into " + n.organisations(f.Into)
	}
	shares := make(map[domain.OrganisationID][]domain.Ref)
	for _, a := range f.Allocate {
		shares[a.To] = append(shares[a.To], a.Holding)
	}
	for _, to := range f.Into {
		if len(shares[to]) > 0 {
			text += "; " + n.organisation(to) + n.did("took", "take") + n.refs(shares[to])
		}
	}
	if f.Residual != "" && !f.Continues {
		text += "; " + n.organisation(f.Residual) + n.did("took", "take") + "the rest"
	}
	return text
}

func (n *narrator) dissolved(f *domain.OrganisationDissolved) string {
	text := n.organisation(f.Organisation) + n.was(false) + "dissolved"
	if f.Successor == "" {
		return text + " without a successor"
	}
	return text + " and succeeded by " + n.organisation(f.Successor) + n.carried(f.Kinds, f.Except)
}

func (n *narrator) holdingsTransferred(f *domain.HoldingsTransferred) string {
	what := "everything"
	if len(f.Kinds) > 0 {
		what = "the " + kindsWords(f.Kinds)
	}
	text := what + " of " + n.organisation(f.From) + n.was(len(f.Kinds) > 0) + "transferred to " + n.organisation(f.To)
	if len(f.Except) > 0 {
		text += ", but not " + n.refs(f.Except)
	}
	return text
}

// carried says what a succession takes along, where that is not everything.
func (n *narrator) carried(kinds []domain.HoldingKind, except []domain.Ref) string {
	text := ""
	if len(kinds) > 0 {
		text = ", which" + n.did("took", "take") + "over only the " + kindsWords(kinds)
	}
	if len(except) > 0 {
		text += ", but not " + n.refs(except)
	}
	return text
}

func (n *narrator) defined(f *domain.ResponsibilityDefined) string {
	return "the " + string(f.Kind) + " " + quoted(f.Title) + " (" + f.Responsibility.Ref().String() + ")" + n.was(false) + "defined"
}

func (n *narrator) assigned(f *domain.ResponsibilityAssigned) string {
	return n.name(f.Responsibility.Ref()) + n.was(false) + "assigned to " + n.organisation(f.Organisation) + asRole(cmp.Or(f.Role, domain.RoleLead))
}

func (n *narrator) withdrawn(f *domain.ResponsibilityWithdrawn) string {
	return n.name(f.Responsibility.Ref()) + n.was(false) + "withdrawn from " + n.organisation(f.Organisation) + asRole(f.Role)
}

func (n *narrator) responsibilityTransferred(f *domain.ResponsibilityTransferred) string {
	return n.name(f.Responsibility.Ref()) + n.was(false) + "transferred from " + n.organisation(f.From) + asRole(f.Role) +
		" to " + n.organisation(f.To) + asRole(f.As)
}

func (n *narrator) discontinued(f *domain.ResponsibilityDiscontinued) string {
	return n.name(f.Responsibility.Ref()) + n.was(false) + "discontinued"
}

func (n *narrator) awarded(f *domain.ContractAwarded) string {
	text := quoted(f.Title) + " (" + f.Contract.Ref().String() + ")" + n.was(false) + "awarded by " + n.organisation(f.Owner)
	if len(f.Suppliers) > 0 {
		text += " to " + n.organisations(f.Suppliers)
	}
	if terms := termsWords(f.LastDay, f.Value); terms != "" {
		text += ", " + terms
	}
	return text + codesWords(", identified as ", f.Identifiers)
}

func (n *narrator) varied(f *domain.ContractVaried) string {
	var changes []string
	if f.Title != "" {
		changes = append(changes, "titled "+quoted(f.Title))
	}
	if terms := termsWords(f.LastDay, f.Value); terms != "" {
		changes = append(changes, terms)
	}
	return n.name(f.Contract.Ref()) + n.was(false) + "varied: " + strings.Join(changes, ", ")
}

func (n *narrator) contractTransferred(f *domain.ContractTransferred) string {
	return n.name(f.Contract.Ref()) + n.was(false) + "transferred from " + n.organisation(f.From) + " to " + n.organisation(f.To) +
		asRole(cmp.Or(f.Side, domain.SideOwner))
}

func (n *narrator) contractEnded(f *domain.ContractEnded) string {
	return n.name(f.Contract.Ref()) + n.was(false) + "ended" + because(f.Reason)
}

func (n *narrator) appointed(f *domain.AppointmentMade) string {
	acting := ""
	if f.Acting {
		acting = "acting "
	}
	return personWords(&f.Person) + n.was(false) + "appointed " + acting + clean(f.Title) + " (" + f.Office.Ref().String() + "), an office of " +
		n.organisation(f.Organisation)
}

func (n *narrator) appointmentEnded(f *domain.AppointmentEnded) string {
	return personWords(&f.Person) + n.did("left", "leave") + "the office " + n.name(f.Office.Ref())
}

func (n *narrator) announced(f *domain.PlanAnnounced) string {
	text := "the plan " + quoted(f.Title) + " (" + f.Plan.Ref().String() + ") was announced"
	if f.AnnouncedBy != "" {
		text += " by " + clean(f.AnnouncedBy)
	}
	if !f.Expected.IsZero() {
		text += ", expected " + whenWords(f.Expected)
	}
	return text
}

func (n *narrator) amended(f *domain.PlanAmended) string {
	var changes []string
	if !f.Expected.IsZero() {
		changes = append(changes, "expected "+whenWords(f.Expected))
	}
	switch {
	case len(f.Conditions) > 0:
		changes = append(changes, "conditions: "+joined(cleanAll(f.Conditions)))
	case f.Conditions != nil:
		changes = append(changes, "no conditions")
	}
	if f.Items != nil {
		changes = append(changes, counted(len(f.Items), "item"))
	}
	return "the plan " + n.name(f.Plan.Ref()) + " was amended: " + strings.Join(changes, "; ")
}

func (n *narrator) planWithdrawn(f *domain.PlanWithdrawn) string {
	return "the plan " + n.name(f.Plan.Ref()) + " was withdrawn" + because(f.Reason)
}

func (n *narrator) planCompleted(f *domain.PlanCompleted) string {
	return "the plan " + n.name(f.Plan.Ref()) + " was completed" + because(f.Reason)
}

func (n *narrator) registered(f *domain.SourceRegistered) string {
	text := "the source " + quoted(f.Title) + " (" + f.Source.Ref().String() + ") was registered"
	if f.Publisher != "" {
		text += ", published by " + clean(f.Publisher)
	}
	if !f.Published.IsZero() {
		text += ", " + dateWords(f.Published)
	}
	return text
}

func (n *narrator) keyRegistered(f *domain.KeyRegistered) string {
	return "the key " + string(f.Key) + " of the actor " + quoted(f.Actor) + " became valid"
}

func (n *narrator) keyRevoked(f *domain.KeyRevoked) string {
	return "the key " + string(f.Key) + " ceased to be valid" + because(f.Reason)
}

func (n *narrator) forgotten(f *domain.PersonForgotten) string {
	return "the name of " + f.Person.Ref().String() + " was forgotten" + because(f.Reason)
}

func (n *narrator) corrected(f *domain.EntryCorrected) string {
	text := n.entryWords(f.Corrects) + " was corrected"
	if f.Replacement.Fact == nil {
		return text
	}
	return text + ": " + lower(n.sentence(&domain.Entry{Effective: f.Replacement.Effective, Fact: f.Replacement.Fact}))
}

func (n *narrator) retracted(f *domain.EntryRetracted) string {
	return n.entryWords(f.Retracts) + " was retracted" + because(f.Reason)
}

func (n *narrator) entryWords(id uuid.UUID) string {
	if seq, ok := n.seq(id); ok {
		return fmt.Sprintf("entry %d", seq)
	}
	return "entry " + id.String()
}

// roleWords are the roles, sides and relations in words, as what the holder is.
func roleWords(role string) string { return strings.ReplaceAll(role, "_", " ") }

// relationWords say how a unit stands to its parent, whose name follows.
func relationWords(relation string) string {
	switch relation {
	case "committee_of":
		return "a committee of"
	case "hosted_by":
		return "hosted by"
	case "part_of":
		return "part of"
	default:
		return roleWords(relation)
	}
}

// asRole says in which role: as lead, as joint holder, in support.
func asRole[R ~string](role R) string {
	switch domain.Role(role) {
	case "":
		return ""
	case domain.RoleJoint:
		return " as joint holder"
	case domain.RoleSupport:
		return " in support"
	}
	return " as " + roleWords(string(role))
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + clean(reason) + ")"
}

func kindsWords(kinds []domain.HoldingKind) string {
	words := map[domain.HoldingKind]string{domain.HoldingResponsibility: "responsibilities", domain.HoldingContract: "contracts owned",
		domain.HoldingSupply: "contracts supplied", domain.HoldingUnit: "units"}
	names := make([]string, len(kinds))
	for i, kind := range kinds {
		names[i] = words[kind]
	}
	return joined(names)
}

func codesWords(before string, codes []domain.Identifier) string {
	if len(codes) == 0 {
		return ""
	}
	names := make([]string, len(codes))
	for i, code := range codes {
		names[i] = clean(code.Scheme + ":" + code.Value)
	}
	return before + joined(names)
}

func termsWords(lastDay domain.Date, value *domain.Value) string {
	var terms []string
	if value != nil {
		terms = append(terms, "worth "+value.Currency+" "+string(value.Amount))
	}
	if lastDay != 0 {
		terms = append(terms, "until "+dayWords(lastDay))
	}
	return strings.Join(terms, ", ")
}

// article puts the indefinite article before a form.
func article(form string) string {
	if form != "" && strings.ContainsRune("aeioAEIO", rune(form[0])) {
		return "an " + form
	}
	return "a " + form
}

// mentioned lists what an entry names, each once.
func mentioned(e *domain.Entry) []domain.Ref {
	var refs []domain.Ref
	for _, m := range e.Mentions() {
		if !slices.Contains(refs, m.Ref) {
			refs = append(refs, m.Ref)
		}
	}
	return refs
}

// personWords is who an appointment names, or why that cannot be said.
func personWords(p *domain.Person) string {
	switch {
	case p.Name != "":
		return clean(p.Name)
	case p.Forgotten:
		return "(name forgotten, " + p.ID.Ref().String() + ")"
	default:
		return "(name lost, " + p.ID.Ref().String() + ")"
	}
}
