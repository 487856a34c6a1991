package telling

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// ShareWords is who has something, and as what.
func (b *Book) ShareWords(s projections.Share) string {
	return b.Org(s.Organisation) + ", " + RoleWords(s.Role)
}

// SharesWords says who holds something: nobody, or each with the role.
func (b *Book) SharesWords(shares []projections.Share) string {
	if len(shares) == 0 {
		return "nobody"
	}
	names := make([]string, len(shares))
	for i, s := range shares {
		names[i] = b.Org(s.Organisation) + AsRole(s.Role)
	}
	return strings.Join(names, "; ")
}

// HolderSentence says who holds something since when; of a unit, under whom it stands.
func (b *Book) HolderSentence(ref domain.Ref, h projections.Holder) string {
	since := SinceWords(h.Since, h.Effective)
	if ref.Kind == domain.KindOrganisation {
		return fmt.Sprintf("it is %s %s, since %s", RelationWords(h.Role), b.Org(h.Organisation), since)
	}
	return fmt.Sprintf("%s holds it%s, since %s", b.Org(h.Organisation), AsRole(h.Role), since)
}

// PathsOf are the facts on which an answer about holders rests.
func PathsOf(answer *projections.Holders) []uint64 {
	var seqs []uint64
	for _, h := range answer.Holders {
		seqs = append(seqs, h.Path...)
	}
	return seqs
}

// A part of what is held.
type HoldingsPart struct {
	Title string
	Has   func(ref domain.Ref, role string) bool
}

// HoldingsParts are the parts in which what an organisation holds is shown.
var HoldingsParts = []HoldingsPart{
	{"Responsibilities", func(ref domain.Ref, _ string) bool { return ref.Kind == domain.KindResponsibility }},
	{"Contracts that it owns", func(ref domain.Ref, role string) bool {
		return ref.Kind == domain.KindContract && role != string(domain.SideSupplier)
	}},
	{"Contracts that it supplies", func(ref domain.Ref, role string) bool {
		return ref.Kind == domain.KindContract && role == string(domain.SideSupplier)
	}},
	{"Units under it", func(ref domain.Ref, _ string) bool { return ref.Kind == domain.KindOrganisation }},
}

// RefID is a reference as short as commands take it.
func RefID(ref domain.Ref) string {
	if ref.Kind == domain.KindOrganisation {
		return ref.ID
	}
	return ref.String()
}

// HoldingFact is the newest content of what a holding's own facts say of it on the day.
type HoldingFact struct {
	Kind, Description string
	LastDay           domain.Date
	Value             *domain.Value
	Identifiers       []domain.Identifier
	Entries           int
}

// HoldingStatus is the status of a responsibility or contract in words.
func HoldingStatus(status string) string {
	return map[string]string{projections.StatusUnknown: "unknown: what introduced it is retracted", projections.StatusPending: "pending: nobody has been given it yet",
		projections.StatusHeld: "held", projections.StatusUnheld: "without a holder", projections.StatusEnded: "ended"}[status]
}

// HoldingFacts folds what a responsibility or contract is.
func (b *Book) HoldingFacts(ctx context.Context, ref domain.Ref) (*HoldingFact, error) {
	entries, err := b.Concerning(ctx, ref)
	if err != nil {
		return nil, err
	}
	about := new(HoldingFact)
	var varied []*domain.Entry
	for _, e := range entries {
		if e.Seq > b.Known {
			break
		}
		about.Entries++
		now := b.EditionOf(e, b.Known)
		switch f := now.Now.Fact.(type) {
		case *domain.ResponsibilityDefined:
			about.Kind, about.Description = string(f.Kind), Clean(f.Description)
		case *domain.ContractAwarded:
			about.Kind = "contract"
			about.LastDay, about.Value, about.Identifiers = f.LastDay, f.Value, f.Identifiers
		case *domain.ContractVaried:
			if !now.Retracted && now.Now.Effective.Nominal() <= b.On {
				varied = append(varied, now.Now)
			}
		}
	}
	slices.SortStableFunc(varied, func(a, b *domain.Entry) int { return int(a.Effective.Nominal() - b.Effective.Nominal()) })
	for _, e := range varied {
		f := e.Fact.(*domain.ContractVaried)
		if f.LastDay != 0 {
			about.LastDay = f.LastDay
		}
		if f.Value != nil {
			about.Value = f.Value
		}
	}
	return about, nil
}

// OfficeHolder says who holds an office: it is with one of the organisations that appointments name.
func (b *Book) OfficeHolder(ctx context.Context, ref domain.Ref, entries []*domain.Recorded) (string, error) {
	var orgs []string
	for _, e := range entries {
		if made, ok := b.EditionOf(e, b.Known).Now.Fact.(*domain.AppointmentMade); ok && e.Seq <= b.Known && !slices.Contains(orgs, string(made.Organisation)) {
			orgs = append(orgs, string(made.Organisation))
		}
	}
	for _, org := range orgs {
		answer, err := Ask[projections.Offices](ctx, b, b.Question("offices", "organisation", org, "on", b.On.String()))
		if err != nil {
			return "", err
		}
		for _, o := range answer.Offices {
			if o.Office != ref.ID {
				continue
			}
			if err := b.Orgs(ctx, org); err != nil {
				return "", err
			}
			acting := ""
			if o.Acting {
				acting = "acting, "
			}
			return fmt.Sprintf("%s holds it, %sat %s, since %s (%s).", OfficerWords(&o), acting, b.Org(org), SinceWords(o.Since, &o.Effective), b.EntryWords(o.Seq)), nil
		}
	}
	return "Nobody is known to hold it on " + DayWords(b.On) + ".", nil
}

// LearnHolders reads the names that an answer needs.
func (b *Book) LearnHolders(ctx context.Context, ref domain.Ref, answer *projections.Holders) error {
	refs := []domain.Ref{ref}
	for _, h := range answer.Holders {
		refs = append(refs, domain.OrganisationID(h.Organisation).Ref())
	}
	return b.Learn(ctx, b.On, refs)
}

// StatusWords says in words a status that the holders do not say by themselves.
func (b *Book) StatusWords(ref domain.Ref, status string, holders int) string {
	unit := ref.Kind == domain.KindOrganisation
	day := DayWords(b.On)
	switch status {
	case projections.StatusUnknown:
		return "What introduced it has been retracted or is not in the history: its status is unknown."
	case projections.StatusPending:
		if unit {
			return "It stands under no other organisation on " + day + ", nor is known to have stood under one before."
		}
		return "Nobody holds it on " + day + ": it has not been given to anybody yet."
	case projections.StatusEnded:
		if unit {
			return "It has ended by " + day + ", and stands under no other organisation."
		}
		return "It has ended by " + day + ": nobody holds it any more."
	case projections.StatusUnheld:
		switch {
		case unit:
			return "It stands under no other organisation on " + day + "."
		case holders > 0:
			return "It has no owner on " + day + "."
		}
		return "Nobody holds it on " + day + "."
	}
	return ""
}
