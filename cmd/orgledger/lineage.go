package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

func (a *app) lineageCommand() *cobra.Command {
	m := moment{}
	command := &cobra.Command{
		Use:     "lineage ORG",
		GroupID: "ask",
		Short:   "Draw where an organisation came from and what became of it",
		Long: `Draw the organisations from which one came, above it, and those that came of it, below it: by mergers,
splits, and dissolutions with a successor. With --on only what was in effect by a day is followed.`,
		Example: examples(`orgledger lineage nhs-england`, `orgledger lineage hee --on 2022-12-31`, `orgledger lineage mee --known 205`),
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			given := cmd.Flags().Changed("on")
			return a.inquire(cmd, &m, func(ctx context.Context, q *inquiry) error { return q.lineage(ctx, args[0], given) })
		},
	}
	command.Flags().StringVar(&m.on, "on", "", "only what was in effect by `DATE` (default: whatever its day)")
	complete(command, "on", "today")
	m.knownFlag(command)
	return a.completes(command, orgKind)
}

func (q *inquiry) lineage(ctx context.Context, name string, given bool) error {
	ref, err := q.reference(ctx, name, orgKind)
	if err != nil {
		return err
	}
	question := q.Question("lineage", "organisation", ref.ID)
	day := ""
	if given {
		question, day = q.OnDay(question), "by "+strings.TrimPrefix(q.day(), "on ")
	}
	answer, err := answer[projections.Lineage](ctx, q, question)
	if answer == nil {
		return q.unknown(ctx, err, ref, orgKind)
	}
	if err := q.Orgs(ctx, ref.ID); err != nil {
		return err
	}
	if err := q.heading(ctx, "Lineage of "+q.Called(ref), day); err != nil {
		return err
	}
	q.blank()
	return q.lineageTree(ctx, ref, answer.Edges)
}

func (q *inquiry) lineageTree(ctx context.Context, ref domain.Ref, edges []projections.Edge) error {
	if len(edges) == 0 {
		return q.noLineage(ctx, ref)
	}
	t, err := q.newTree(ctx, ref, edges)
	if err != nil {
		return err
	}
	for _, line := range t.lines {
		q.line(line)
	}
	return nil
}

// noLineage says so, and how the organisation ended where it did.
func (q *inquiry) noLineage(ctx context.Context, ref domain.Ref) error {
	q.say(plain, 0, q.Called(ref)+" has no predecessors and no successors here.")
	o, err := telling.Ask[projections.Organisation](ctx, q, q.Question("organisation", "organisation", ref.ID, "on", q.On.String()))
	if err != nil {
		return err
	}
	if err := q.LearnEnding(ctx, o); err != nil {
		return err
	}
	q.say(plain, 0, q.LifeWords(o))
	return nil
}

// tree draws successions: an organisation's predecessors above it, its successors below it.
type tree struct {
	q     *inquiry
	from  map[string][]projections.Edge // by predecessor
	to    map[string][]projections.Edge // by successor
	lines []string
}

func (q *inquiry) newTree(ctx context.Context, ref domain.Ref, edges []projections.Edge) (*tree, error) {
	t := &tree{q: q, from: make(map[string][]projections.Edge), to: make(map[string][]projections.Edge)}
	wanted := make(map[domain.Date][]domain.Ref)
	for _, e := range edges {
		t.from[e.From] = append(t.from[e.From], e)
		t.to[e.To] = append(t.to[e.To], e)
		day := telling.ParseEDTF(e.Effective).Nominal()
		wanted[day] = append(wanted[day], domain.OrganisationID(e.From).Ref(), domain.OrganisationID(e.To).Ref())
	}
	if err := q.LearnAll(ctx, wanted); err != nil {
		return nil, err
	}
	t.above(ref.ID, "", map[string]bool{ref.ID: true})
	t.lines = append(t.lines, q.paint(bold, q.Called(ref)))
	t.below(ref.ID, "", map[string]bool{ref.ID: true})
	return t, nil
}

// The parts of the branches.
const (
	firstBranch, nextBranch, lastBranch = "┌── ", "├── ", "└── "
	trunk, air                          = "│   ", "    "
)

// above draws the predecessors of an organisation, each with its own above it. Those drawn already are
// not followed again: a ring ends.
func (t *tree) above(id, prefix string, drawn map[string]bool) {
	for i, e := range t.to[id] {
		branch, deeper := nextBranch, trunk
		if i == 0 {
			branch, deeper = firstBranch, air
		}
		again := drawn[e.From]
		if !again {
			drawn[e.From] = true
			t.above(e.From, prefix+deeper, drawn)
		}
		t.edge(prefix+branch, prefix+trunk, e, e.From, telling.PredecessorWords[e.How], again)
	}
}

// below draws the successors of an organisation, each with its own below it.
func (t *tree) below(id, prefix string, drawn map[string]bool) {
	edges := t.from[id]
	for i, e := range edges {
		branch, deeper := nextBranch, trunk
		if i == len(edges)-1 {
			branch, deeper = lastBranch, air
		}
		again := drawn[e.To]
		t.edge(prefix+branch, prefix+deeper, e, e.To, telling.SuccessorWords[e.How], again)
		if !again {
			drawn[e.To] = true
			t.below(e.To, prefix+deeper, drawn)
		}
	}
}

// edge draws one branch and what stands at its end; what does not fit goes on beside the trunk.
func (t *tree) edge(branch, beside string, e projections.Edge, id, how string, again bool) {
	date := telling.ParseEDTF(e.Effective)
	name := t.q.Label(domain.OrganisationID(id).Ref(), date.Nominal())
	note := fmt.Sprintf("%s %s (entry %d)", how, telling.WhenWords(date), e.Seq)
	if again {
		note += ", shown before"
	}
	width := 0
	if t.q.page.width > 0 {
		width = max(t.q.page.width-text.StringWidth(branch), narrowest)
	}
	for i, line := range wrapped(name+"  "+note, width) {
		if i > 0 {
			branch = beside
		}
		t.lines = append(t.lines, t.q.paint(dim, branch)+line)
	}
}
