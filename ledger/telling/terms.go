package telling

import (
	"slices"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// RoleWords are the roles, sides and relations in words, as what the holder is.
func RoleWords(role string) string { return strings.ReplaceAll(role, "_", " ") }

// RelationWords say how a unit stands to its parent, whose name follows.
func RelationWords(relation string) string {
	switch relation {
	case "committee_of":
		return "a committee of"
	case "hosted_by":
		return "hosted by"
	case "part_of":
		return "part of"
	default:
		return RoleWords(relation)
	}
}

// AsRole says in which role: as lead, as joint holder, in support.
func AsRole[R ~string](role R) string {
	switch domain.Role(role) {
	case "":
		return ""
	case domain.RoleJoint:
		return " as joint holder"
	case domain.RoleSupport:
		return " in support"
	}
	return " as " + RoleWords(string(role))
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + Clean(reason) + ")"
}

func kindsWords(kinds []domain.HoldingKind) string {
	words := map[domain.HoldingKind]string{domain.HoldingResponsibility: "responsibilities", domain.HoldingContract: "contracts owned",
		domain.HoldingSupply: "contracts supplied", domain.HoldingUnit: "units"}
	names := make([]string, len(kinds))
	for i, kind := range kinds {
		names[i] = words[kind]
	}
	return Joined(names)
}

// CodesWords lists identifiers after some words; empty where there are none.
func CodesWords(before string, codes []domain.Identifier) string {
	if len(codes) == 0 {
		return ""
	}
	names := make([]string, len(codes))
	for i, code := range codes {
		names[i] = Clean(code.Scheme + ":" + code.Value)
	}
	return before + Joined(names)
}

func termsWords(lastDay domain.Date, value *domain.Value) string {
	var terms []string
	if value != nil {
		terms = append(terms, "worth "+value.Currency+" "+string(value.Amount))
	}
	if lastDay != 0 {
		terms = append(terms, "until "+DayWords(lastDay))
	}
	return strings.Join(terms, ", ")
}

// Article puts the indefinite article before a form.
func Article(form string) string {
	if form != "" && strings.ContainsRune("aeioAEIO", rune(form[0])) {
		return "an " + form
	}
	return "a " + form
}

// Mentioned lists what an entry names, each once.
func Mentioned(e *domain.Entry) []domain.Ref {
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
		return Clean(p.Name)
	case p.Forgotten:
		return "(name forgotten, " + p.ID.Ref().String() + ")"
	default:
		return "(name lost, " + p.ID.Ref().String() + ")"
	}
}

// OfficerWords is who holds an office, or why that cannot be said.
func OfficerWords(o *projections.Office) string {
	return personWords(&domain.Person{Name: Deref(o.Person), ID: o.PersonID, Forgotten: o.Forgotten})
}

// AmendmentVerb says what a correction or retraction did to its entry.
func AmendmentVerb(f domain.Fact) string {
	if f.Type() == domain.TypeEntryRetracted {
		return "retracted"
	}
	return "corrected"
}

// ReasonOf is why an entry was corrected or retracted; empty of any other fact.
func ReasonOf(f domain.Fact) string {
	switch f := f.(type) {
	case *domain.EntryCorrected:
		return f.Reason
	case *domain.EntryRetracted:
		return f.Reason
	}
	return ""
}

// AmendedBy is the id of the entry that a fact corrects or retracts; zero where it does neither.
func AmendedBy(f domain.Fact) (id [16]byte) {
	switch f := f.(type) {
	case *domain.EntryCorrected:
		return f.Corrects
	case *domain.EntryRetracted:
		return f.Retracts
	}
	return id
}

// FulfilsWords is the plan, or the item of one, that an entry fulfils.
func FulfilsWords(f domain.Fulfilment) string {
	if f == (domain.Fulfilment{}) {
		return "no plan"
	}
	return "plan/" + f.String()
}

// FoundAs says by what a match was found, where its name does not show it.
func FoundAs(m projections.Match) string {
	_, id, _ := strings.Cut(m.Ref, "/")
	switch {
	case m.Was:
		return "formerly " + Quoted(m.Found)
	case m.Found == m.Title || m.Found == id:
		return ""
	default:
		return "identifier " + Clean(m.Found)
	}
}
