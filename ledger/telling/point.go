package telling

import (
	"context"
	"fmt"

	"github.com/orgledger/orgledger/domain"
)

// Question begins a question about the known point; its fields come as name and value in turn.
func (b *Book) Question(kind string, fields ...any) map[string]any {
	question := map[string]any{"q": kind, "known": b.Known}
	for i := 0; i+1 < len(fields); i += 2 {
		question[fields[i].(string)] = fields[i+1]
	}
	return question
}

// OnDay adds the day, and what is assumed.
func (b *Book) OnDay(question map[string]any) map[string]any {
	question["on"] = b.On.String()
	if len(b.Assumed) > 0 {
		question["assume"] = assumeField(b.Assumed)
	}
	return question
}

// KnownWords says as known when.
func (b *Book) KnownWords(ctx context.Context) (string, error) { return b.KnownAt(ctx, b.Known) }

// KnownAt says as known when, for any entry: it reads the entry.
func (b *Book) KnownAt(ctx context.Context, known uint64) (string, error) {
	if known == 0 {
		return "as known before anything was recorded", nil
	}
	last, err := b.Entry(ctx, known)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("as known at %s, recorded on %s", b.EntryWords(known), TimeWords(RecordedAt(last))), nil
}

// AssumedWords says what is assumed; empty where nothing is.
func (b *Book) AssumedWords() string {
	if len(b.Assumed) == 0 {
		return ""
	}
	plans := make([]string, len(b.Assumed))
	for i, a := range b.Assumed {
		plans[i] = a.Plan.Ref().String()
		if a.Day != "" {
			plans[i] += " from " + DayWords(ParseDay(a.Day))
		}
	}
	return "; assuming " + Joined(plans)
}

// Called is a reference with its name on the day of the book.
func (b *Book) Called(ref domain.Ref) string { return b.Label(ref, b.On) }

// Org is an organisation with its name on the day of the book.
func (b *Book) Org(id string) string { return b.Called(domain.OrganisationID(id).Ref()) }

// Orgs reads the names of organisations on the day of the book.
func (b *Book) Orgs(ctx context.Context, ids ...string) error {
	refs := make([]domain.Ref, len(ids))
	for i, id := range ids {
		refs[i] = domain.OrganisationID(id).Ref()
	}
	return b.Learn(ctx, b.On, refs)
}

// Names reads what references are called on the day of the book.
func (b *Book) Names(ctx context.Context, texts ...string) error {
	refs := make([]domain.Ref, 0, len(texts))
	for _, text := range texts {
		if ref, err := domain.ParseRef(text); err == nil {
			refs = append(refs, ref)
		}
	}
	return b.Learn(ctx, b.On, refs)
}

// Assumption is a plan that is taken as carried out.
type Assumption struct {
	Plan domain.PlanID
	Day  string // empty: when the plan says
}

// assumeField is what is assumed as questions write it.
func assumeField(assumed []Assumption) any {
	if assumed[0].Day == "" {
		plans := make([]domain.PlanID, len(assumed))
		for i, a := range assumed {
			plans[i] = a.Plan
		}
		return plans
	}
	plans := make(map[domain.PlanID]string, len(assumed))
	for _, a := range assumed {
		plans[a.Plan] = a.Day
	}
	return plans
}
