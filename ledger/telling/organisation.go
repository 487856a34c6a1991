package telling

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// LifeOf lists the facts about an organisation itself, in the order of their days: those in effect on
// the day, and those still to come.
func (b *Book) LifeOf(ctx context.Context, ref domain.Ref) (past, coming []uint64, err error) {
	entries, err := b.life(ctx, ref)
	if err != nil {
		return nil, nil, err
	}
	var own []*Edition
	for _, e := range entries {
		now := b.EditionOf(e, b.Known)
		if e.Seq <= b.Known && !now.Retracted && isAbout(now.Now.Fact, domain.OrganisationID(ref.ID)) {
			own = append(own, now)
		}
	}
	slices.SortStableFunc(own, func(a, b *Edition) int {
		return cmp.Or(cmp.Compare(a.Now.Effective.Nominal(), b.Now.Effective.Nominal()),
			cmp.Compare(domain.Phase(a.Now.Fact), domain.Phase(b.Now.Fact)), cmp.Compare(a.Seq, b.Seq))
	})
	for _, e := range own {
		if e.Now.Effective.Nominal() <= b.On {
			past = append(past, e.Seq)
		} else {
			coming = append(coming, e.Seq)
		}
	}
	return past, coming, nil
}

// isAbout tells the facts that make an organisation what it is, or end it.
func isAbout(f domain.Fact, org domain.OrganisationID) bool {
	switch f := f.(type) {
	case *domain.OrganisationMerged:
		return slices.Contains(f.Organisations, org)
	case *domain.OrganisationSplit:
		return f.Organisation == org
	case *domain.OrganisationDissolved:
		return f.Organisation == org
	}
	return domain.About(f) == org.Ref()
}

// OrganisationWords says what an organisation is on the day.
func (b *Book) OrganisationWords(o *projections.Organisation) string {
	sentences := []string{b.LifeWords(o)}
	verb := "It is "
	if o.Status == projections.StatusEnded {
		verb = "It was "
	}
	if o.Form != nil {
		sentences = append(sentences, verb+Article(Clean(*o.Form))+".")
	}
	if o.Name != nil {
		sentences = append(sentences, "Its legal name is "+Quoted(*o.Name)+".")
	}
	if o.OperatingName != nil {
		sentences = append(sentences, "It operates as "+Quoted(*o.OperatingName)+".")
	}
	if o.Parent != nil {
		sentences = append(sentences, "It is "+RelationWords(o.Parent.Relation)+" "+b.Org(o.Parent.Organisation)+".")
	}
	if len(o.Identifiers) > 0 {
		codes := make([]string, len(o.Identifiers))
		for i, code := range o.Identifiers {
			codes[i] = Clean(code.Scheme + ":" + code.Value)
		}
		sentences = append(sentences, "It is identified as "+Joined(codes)+".")
	}
	return strings.Join(sentences, " ")
}

// LearnOrganisation reads the names that an answer about an organisation needs.
func (b *Book) LearnOrganisation(ctx context.Context, o *projections.Organisation) error {
	ids := []string{o.Organisation}
	if o.Parent != nil {
		ids = append(ids, o.Parent.Organisation)
	}
	if err := b.Orgs(ctx, ids...); err != nil {
		return err
	}
	return b.LearnEnding(ctx, o)
}

// LifeWords says whether an organisation exists on the day, and how it ended.
func (b *Book) LifeWords(o *projections.Organisation) string {
	switch o.Status {
	case projections.StatusPending:
		return "It does not exist yet: it is established " + WhenWords(DateOf(o.Established)) + "."
	case projections.StatusEnded:
		return "It has ended: it was " + b.endingWords(o.Ended) + "."
	case projections.StatusUnknown:
		return "What established it has been retracted: whether it exists is unknown."
	}
	if o.Established == nil {
		return "It is active. It existed before the ledger begins; since when is not known."
	}
	return "It is active. It was established " + WhenWords(DateOf(o.Established)) + "."
}

// LearnEnding reads the names of the organisations that an organisation ended into.
func (b *Book) LearnEnding(ctx context.Context, o *projections.Organisation) error {
	if o.Ended == nil {
		return nil
	}
	return b.Orgs(ctx, o.Ended.Successors...)
}

// endingWords says how an organisation ended; learnEnding has read the successors' names.
func (b *Book) endingWords(e *projections.Ending) string {
	names := make([]string, len(e.Successors))
	for i, id := range e.Successors {
		names[i] = b.Org(id)
	}
	when := WhenWords(ParseEDTF(e.Effective))
	if len(names) == 0 {
		return fmt.Sprintf("%s without a successor %s (%s)", e.How, when, b.EntryWords(e.Seq))
	}
	into := map[string]string{"dissolved": "dissolved and succeeded by "}[e.How]
	if into == "" {
		into = e.How + " into "
	}
	return fmt.Sprintf("%s%s %s (%s)", into, Joined(names), when, b.EntryWords(e.Seq))
}

// How one organisation came of another, said of the predecessor and of the successor.
var (
	PredecessorWords = map[string]string{"merged": "merged into it", "split": "split into it", "dissolved": "dissolved and succeeded by it"}
	SuccessorWords   = map[string]string{"merged": "into which it was merged", "split": "into which it was split", "dissolved": "which succeeded it when it was dissolved"}
)
