package telling

import (
	"cmp"
	"strings"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
)

// Narrator says in words what facts say. It asks nobody: names come from what was read before.
type Narrator struct {
	Name    func(domain.Ref) string               // a reference with its name
	Seq     func(uuid.UUID) (seq uint64, ok bool) // of the entry with an id
	Entry   func(seq uint64) string               // an entry in words; nil: entry 248
	Planned bool                                  // what is told is still to come
}

// Phrase says what a fact did, without its date, as the rest of a sentence that begins with one:
// "Health Education England (hee) was merged into NHS England (nhs-england)".
func (n *Narrator) Phrase(f domain.Fact) string {
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

// Sentence says what an entry did and when, with a capital letter and without a full stop.
func (n *Narrator) Sentence(e *domain.Entry) string {
	text := n.Phrase(e.Fact)
	switch {
	case e.Fact.Type().Dated() && !e.Effective.IsZero():
		text = WhenWords(e.Effective) + ", " + text
	case e.Fact.Type().Dated():
		text = "on a day not known, " + text
	}
	return Capital(text)
}

// phrases has a description for every fact type but corrections and retractions, which tell another
// fact.
var phrases = map[domain.Type]func(*Narrator, domain.Fact) string{
	domain.TypeOrganisationEstablished:   saying((*Narrator).established),
	domain.TypeOrganisationRestored:      saying((*Narrator).restored),
	domain.TypeOrganisationRenamed:       saying((*Narrator).renamed),
	domain.TypeOrganisationIdentified:    saying((*Narrator).identified),
	domain.TypeOrganisationReconstituted: saying((*Narrator).reconstituted),
	domain.TypeOrganisationMoved:         saying((*Narrator).moved),
	domain.TypeOrganisationMerged:        saying((*Narrator).merged),
	domain.TypeOrganisationSplit:         saying((*Narrator).split),
	domain.TypeOrganisationDissolved:     saying((*Narrator).dissolved),
	domain.TypeHoldingsTransferred:       saying((*Narrator).holdingsTransferred),

	domain.TypeResponsibilityDefined:      saying((*Narrator).defined),
	domain.TypeResponsibilityAssigned:     saying((*Narrator).assigned),
	domain.TypeResponsibilityWithdrawn:    saying((*Narrator).withdrawn),
	domain.TypeResponsibilityTransferred:  saying((*Narrator).responsibilityTransferred),
	domain.TypeResponsibilityDiscontinued: saying((*Narrator).discontinued),
	domain.TypeContractAwarded:            saying((*Narrator).awarded),
	domain.TypeContractVaried:             saying((*Narrator).varied),
	domain.TypeContractTransferred:        saying((*Narrator).contractTransferred),
	domain.TypeContractEnded:              saying((*Narrator).contractEnded),
	domain.TypeAppointmentMade:            saying((*Narrator).appointed),
	domain.TypeAppointmentEnded:           saying((*Narrator).appointmentEnded),

	domain.TypePlanAnnounced:    saying((*Narrator).announced),
	domain.TypePlanAmended:      saying((*Narrator).amended),
	domain.TypePlanWithdrawn:    saying((*Narrator).planWithdrawn),
	domain.TypePlanCompleted:    saying((*Narrator).planCompleted),
	domain.TypeSourceRegistered: saying((*Narrator).registered),

	domain.TypeKeyRegistered: saying((*Narrator).keyRegistered),
	domain.TypeKeyRevoked:    saying((*Narrator).keyRevoked),

	domain.TypePersonForgotten: saying((*Narrator).forgotten),
}

// saying makes a description of one fact type one of any fact.
func saying[F domain.Fact](say func(*Narrator, F) string) func(*Narrator, domain.Fact) string {
	return func(n *Narrator, f domain.Fact) string { return say(n, f.(F)) }
}

// was is the verb before a participle.
func (n *Narrator) was(many bool) string {
	switch {
	case n.Planned && many:
		return " are to be "
	case n.Planned:
		return " is to be "
	case many:
		return " were "
	default:
		return " was "
	}
}

// did is a verb of one who acts.
func (n *Narrator) did(past, infinitive string) string {
	if n.Planned {
		return " is to " + infinitive + " "
	}
	return " " + past + " "
}

func (n *Narrator) organisation(id domain.OrganisationID) string { return n.Name(id.Ref()) }

func (n *Narrator) organisations(ids []domain.OrganisationID) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = n.organisation(id)
	}
	return Joined(names)
}

func (n *Narrator) refs(refs []domain.Ref) string {
	names := make([]string, len(refs))
	for i, ref := range refs {
		names[i] = n.Name(ref)
	}
	return Joined(names)
}

func (n *Narrator) established(f *domain.OrganisationEstablished) string {
	text := Clean(f.Name) + " (" + string(f.Organisation) + ")"
	if n.Planned {
		text += " is to be established"
	} else {
		text += " was established"
	}
	if f.Form != "" {
		text += " as " + Article(Clean(f.Form))
	}
	if f.Parent != nil {
		text += ", " + RelationWords(string(f.Parent.Relation)) + " " + n.organisation(f.Parent.Organisation)
	}
	return text + CodesWords(", identified as ", f.Identifiers)
}

func (n *Narrator) restored(f *domain.OrganisationRestored) string {
	return n.organisation(f.Organisation) + n.was(false) + "restored"
}

func (n *Narrator) renamed(f *domain.OrganisationRenamed) string {
	kind := "the legal name "
	if f.Kind == domain.NameOperating {
		kind = "the operating name "
	}
	return n.organisation(f.Organisation) + n.did("took", "take") + kind + Quoted(f.Name)
}

func (n *Narrator) identified(f *domain.OrganisationIdentified) string {
	var parts []string
	if len(f.Withdrawn) > 0 {
		parts = append(parts, n.did("lost", "lose")+"the identifier"+plural(len(f.Withdrawn))+CodesWords(" ", f.Withdrawn))
	}
	if len(f.Identifiers) > 0 {
		parts = append(parts, n.did("gained", "gain")+"the identifier"+plural(len(f.Identifiers))+CodesWords(" ", f.Identifiers))
	}
	return n.organisation(f.Organisation) + strings.Join(parts, " and")
}

func (n *Narrator) reconstituted(f *domain.OrganisationReconstituted) string {
	return n.organisation(f.Organisation) + n.was(false) + "reconstituted as " + Article(Clean(f.Form))
}

func (n *Narrator) moved(f *domain.OrganisationMoved) string {
	if f.Parent == nil {
		return n.organisation(f.Organisation) + n.was(false) + "placed under no other organisation"
	}
	return n.organisation(f.Organisation) + n.did("became", "become") + RelationWords(string(f.Parent.Relation)) + " " +
		n.organisation(f.Parent.Organisation)
}

func (n *Narrator) merged(f *domain.OrganisationMerged) string {
	return n.organisations(f.Organisations) + n.was(len(f.Organisations) > 1) + "merged into " + n.organisation(f.Into) +
		n.carried(f.Kinds, f.Except)
}

func (n *Narrator) split(f *domain.OrganisationSplit) string {
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

func (n *Narrator) dissolved(f *domain.OrganisationDissolved) string {
	text := n.organisation(f.Organisation) + n.was(false) + "dissolved"
	if f.Successor == "" {
		return text + " without a successor"
	}
	return text + " and succeeded by " + n.organisation(f.Successor) + n.carried(f.Kinds, f.Except)
}

func (n *Narrator) holdingsTransferred(f *domain.HoldingsTransferred) string {
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
func (n *Narrator) carried(kinds []domain.HoldingKind, except []domain.Ref) string {
	text := ""
	if len(kinds) > 0 {
		text = ", which" + n.did("took", "take") + "over only the " + kindsWords(kinds)
	}
	if len(except) > 0 {
		text += ", but not " + n.refs(except)
	}
	return text
}

func (n *Narrator) defined(f *domain.ResponsibilityDefined) string {
	return "the " + string(f.Kind) + " " + Quoted(f.Title) + " (" + f.Responsibility.Ref().String() + ")" + n.was(false) + "defined"
}

func (n *Narrator) assigned(f *domain.ResponsibilityAssigned) string {
	return n.Name(f.Responsibility.Ref()) + n.was(false) + "assigned to " + n.organisation(f.Organisation) + AsRole(cmp.Or(f.Role, domain.RoleLead))
}

func (n *Narrator) withdrawn(f *domain.ResponsibilityWithdrawn) string {
	return n.Name(f.Responsibility.Ref()) + n.was(false) + "withdrawn from " + n.organisation(f.Organisation) + AsRole(f.Role)
}

func (n *Narrator) responsibilityTransferred(f *domain.ResponsibilityTransferred) string {
	return n.Name(f.Responsibility.Ref()) + n.was(false) + "transferred from " + n.organisation(f.From) + AsRole(f.Role) +
		" to " + n.organisation(f.To) + AsRole(f.As)
}

func (n *Narrator) discontinued(f *domain.ResponsibilityDiscontinued) string {
	return n.Name(f.Responsibility.Ref()) + n.was(false) + "discontinued"
}

func (n *Narrator) awarded(f *domain.ContractAwarded) string {
	text := Quoted(f.Title) + " (" + f.Contract.Ref().String() + ")" + n.was(false) + "awarded by " + n.organisation(f.Owner)
	if len(f.Suppliers) > 0 {
		text += " to " + n.organisations(f.Suppliers)
	}
	if terms := termsWords(f.LastDay, f.Value); terms != "" {
		text += ", " + terms
	}
	return text + CodesWords(", identified as ", f.Identifiers)
}

func (n *Narrator) varied(f *domain.ContractVaried) string {
	var changes []string
	if f.Title != "" {
		changes = append(changes, "titled "+Quoted(f.Title))
	}
	if terms := termsWords(f.LastDay, f.Value); terms != "" {
		changes = append(changes, terms)
	}
	return n.Name(f.Contract.Ref()) + n.was(false) + "varied: " + strings.Join(changes, ", ")
}

func (n *Narrator) contractTransferred(f *domain.ContractTransferred) string {
	return n.Name(f.Contract.Ref()) + n.was(false) + "transferred from " + n.organisation(f.From) + " to " + n.organisation(f.To) +
		AsRole(cmp.Or(f.Side, domain.SideOwner))
}

func (n *Narrator) contractEnded(f *domain.ContractEnded) string {
	return n.Name(f.Contract.Ref()) + n.was(false) + "ended" + because(f.Reason)
}

func (n *Narrator) appointed(f *domain.AppointmentMade) string {
	acting := ""
	if f.Acting {
		acting = "acting "
	}
	return personWords(&f.Person) + n.was(false) + "appointed " + acting + Clean(f.Title) + " (" + f.Office.Ref().String() + "), an office of " +
		n.organisation(f.Organisation)
}

func (n *Narrator) appointmentEnded(f *domain.AppointmentEnded) string {
	return personWords(&f.Person) + n.did("left", "leave") + "the office " + n.Name(f.Office.Ref())
}

func (n *Narrator) announced(f *domain.PlanAnnounced) string {
	text := "the plan " + Quoted(f.Title) + " (" + f.Plan.Ref().String() + ") was announced"
	if f.AnnouncedBy != "" {
		text += " by " + Clean(f.AnnouncedBy)
	}
	if !f.Expected.IsZero() {
		text += ", expected " + WhenWords(f.Expected)
	}
	return text
}

func (n *Narrator) amended(f *domain.PlanAmended) string {
	var changes []string
	if !f.Expected.IsZero() {
		changes = append(changes, "expected "+WhenWords(f.Expected))
	}
	switch {
	case len(f.Conditions) > 0:
		changes = append(changes, "conditions: "+Joined(cleanAll(f.Conditions)))
	case f.Conditions != nil:
		changes = append(changes, "no conditions")
	}
	if f.Items != nil {
		changes = append(changes, Counted(len(f.Items), "item"))
	}
	return "the plan " + n.Name(f.Plan.Ref()) + " was amended: " + strings.Join(changes, "; ")
}

func (n *Narrator) planWithdrawn(f *domain.PlanWithdrawn) string {
	return "the plan " + n.Name(f.Plan.Ref()) + " was withdrawn" + because(f.Reason)
}

func (n *Narrator) planCompleted(f *domain.PlanCompleted) string {
	return "the plan " + n.Name(f.Plan.Ref()) + " was completed" + because(f.Reason)
}

func (n *Narrator) registered(f *domain.SourceRegistered) string {
	text := "the source " + Quoted(f.Title) + " (" + f.Source.Ref().String() + ") was registered"
	if f.Publisher != "" {
		text += ", published by " + Clean(f.Publisher)
	}
	if !f.Published.IsZero() {
		text += ", " + DateWords(f.Published)
	}
	return text
}

func (n *Narrator) keyRegistered(f *domain.KeyRegistered) string {
	return "the key " + string(f.Key) + " of the actor " + Quoted(f.Actor) + " became valid"
}

func (n *Narrator) keyRevoked(f *domain.KeyRevoked) string {
	return "the key " + string(f.Key) + " ceased to be valid" + because(f.Reason)
}

func (n *Narrator) forgotten(f *domain.PersonForgotten) string {
	return "the name of " + f.Person.Ref().String() + " was forgotten" + because(f.Reason)
}

func (n *Narrator) corrected(f *domain.EntryCorrected) string {
	text := n.entryWords(f.Corrects) + " was corrected"
	if f.Replacement.Fact == nil {
		return text
	}
	return text + ": " + Lower(n.Sentence(&domain.Entry{Effective: f.Replacement.Effective, Fact: f.Replacement.Fact}))
}

func (n *Narrator) retracted(f *domain.EntryRetracted) string {
	return n.entryWords(f.Retracts) + " was retracted" + because(f.Reason)
}

func (n *Narrator) entryWords(id uuid.UUID) string {
	seq, ok := n.Seq(id)
	switch {
	case ok && n.Entry != nil:
		return n.Entry(seq)
	case ok:
		return "entry " + Decimal(seq)
	}
	return "entry " + id.String()
}
