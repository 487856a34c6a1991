package domain

import (
	"fmt"
	"strings"
)

// Kind is what a reference names.
type Kind uint8

// The kinds of reference. An organisation is also a holding: its placement under a parent, the unit.
const (
	KindNone Kind = iota
	KindOrganisation
	KindResponsibility
	KindContract
	KindPlan
	KindSource
	KindOffice
	KindKey
	KindPerson
)

var kindNames = [...]string{"", "organisation", "responsibility", "contract", "plan", "source", "office", "key", "person"}

// String is the kind as references write it.
func (k Kind) String() string { return kindNames[k] }

func parseKind(text string) Kind {
	for k, name := range kindNames {
		if name == text {
			return Kind(k)
		}
	}
	return KindNone
}

// Identifiers, one type a kind, so that none is taken for another.
type (
	OrganisationID   string
	ResponsibilityID string
	ContractID       string
	PlanID           string
	SourceID         string
	OfficeID         string
	KeyID            string // see ValidKey
	PersonID         string
)

// Kind and Ref of each identifier type.

func (OrganisationID) Kind() Kind   { return KindOrganisation }
func (ResponsibilityID) Kind() Kind { return KindResponsibility }
func (ContractID) Kind() Kind       { return KindContract }
func (PlanID) Kind() Kind           { return KindPlan }
func (SourceID) Kind() Kind         { return KindSource }
func (OfficeID) Kind() Kind         { return KindOffice }
func (KeyID) Kind() Kind            { return KindKey }
func (PersonID) Kind() Kind         { return KindPerson }

func (id OrganisationID) Ref() Ref   { return Ref{KindOrganisation, string(id)} }
func (id ResponsibilityID) Ref() Ref { return Ref{KindResponsibility, string(id)} }
func (id ContractID) Ref() Ref       { return Ref{KindContract, string(id)} }
func (id PlanID) Ref() Ref           { return Ref{KindPlan, string(id)} }
func (id SourceID) Ref() Ref         { return Ref{KindSource, string(id)} }
func (id OfficeID) Ref() Ref         { return Ref{KindOffice, string(id)} }
func (id KeyID) Ref() Ref            { return Ref{KindKey, string(id)} }
func (id PersonID) Ref() Ref         { return Ref{KindPerson, string(id)} }

type identifier interface {
	~string
	Kind() Kind
}

// Ref names one thing in the ledger, written kind/id. The zero Ref names nothing.
type Ref struct {
	Kind Kind
	ID   string
}

// ParseRef reads kind/id.
func ParseRef(text string) (Ref, error) {
	ref, rule := parseRef(text)
	if rule != "" {
		return Ref{}, fmt.Errorf("%s is not a reference: %s", quote(text), rule)
	}
	return ref, nil
}

// parseRef reads kind/id, or says in words what would be a reference.
func parseRef(text string) (ref Ref, rule string) {
	name, id, ok := strings.Cut(text, "/")
	kind := parseKind(name)
	if !ok || kind == KindNone {
		return Ref{}, "a reference is written kind/id, the kind one of " + strings.Join(kindNames[1:], ", ")
	}
	if !ValidID(id) {
		return Ref{}, "in a reference kind/id, " + idRule
	}
	return Ref{kind, id}, ""
}

// String writes kind/id, and the zero Ref as the empty string.
func (r Ref) String() string {
	if r.Kind == KindNone {
		return ""
	}
	return kindNames[r.Kind] + "/" + r.ID
}

// IsHolding reports whether the reference names something that is held.
func (r Ref) IsHolding() bool {
	return r.Kind == KindResponsibility || r.Kind == KindContract || r.Kind == KindOrganisation
}

// IDPattern is what every identifier matches.
const IDPattern = `[A-Za-z0-9][A-Za-z0-9_-]{0,127}`

// holdingPattern is what the reference of a holding matches; see IsHolding.
const holdingPattern = `(responsibility|contract|organisation)/` + IDPattern

const idRule = "an identifier has 1 to 128 letters a-z and A-Z, digits, _ or -, and begins with a letter or digit"

// ValidID reports whether text matches IDPattern.
func ValidID(text string) bool {
	if text == "" || len(text) > 128 || text[0] == '_' || text[0] == '-' {
		return false
	}
	for i := range len(text) {
		c := text[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}
