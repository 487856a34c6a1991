package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

func (a *app) replayCommand() *cobra.Command {
	var s sequences
	var until string
	command := &cobra.Command{
		Use:     "replay",
		GroupID: "log",
		Short:   "Tell the history entry by entry, each with what it changed",
		Long: `Tell what was recorded, entry by entry in the order of recording, and beneath each what it changed: the
holdings whose holders are others once the entry is known, and on which days.

For every entry the ledger as known just before it is compared with the ledger as known just after it,
over all days. A correction changes the past, and shows by that; an entry that only repeats what was
known changes nothing. Changes of names, forms, offices and plans are told by the entry itself, and are
not listed beneath.

--from and --to choose entries by sequence, both included. --until leaves out entries that take effect
after a day, and changes after it.`,
		Example: examples(`orgledger replay --from 177 --to 178`, `orgledger replay --from 249 --to 249`, `orgledger replay --until 2013-04-01`),
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			chosen, err := s.selection()
			if err != nil {
				return err
			}
			last := domain.LastDate
			if until != "" {
				if last, err = readDay("until", until); err != nil {
					return err
				}
			}
			return a.inquire(cmd, new(moment), func(ctx context.Context, q *inquiry) error { return q.replay(ctx, chosen, last) })
		},
	}
	s.flags(command)
	command.Flags().StringVar(&until, "until", "", "leave out what takes effect after `DATE`")
	return command
}

func (q *inquiry) replay(ctx context.Context, chosen ledger.Selection, until domain.Date) error {
	if q.json {
		return q.Select(ctx, chosen, func(e domain.Recorded) error {
			if !takesEffectAfter(&e, until) {
				q.line(string(ledger.AppendLogged(nil, &e)))
			}
			return nil
		})
	}
	index, err := q.readAmendments(ctx, ledger.Selection{})
	if err != nil {
		return err
	}
	maps.Copy(q.Seqs, index.seqs)
	return q.Select(ctx, chosen, func(e domain.Recorded) error {
		if takesEffectAfter(&e, until) {
			return nil
		}
		if err := q.replayEntry(ctx, &e, until); err != nil {
			return err
		}
		return q.flush()
	})
}

// takesEffectAfter tells an entry that does so; sources and retractions take effect on no day.
func takesEffectAfter(e *domain.Recorded, day domain.Date) bool {
	effective := e.Effective
	if correction, ok := e.Fact.(*domain.EntryCorrected); ok {
		effective = correction.Replacement.Effective
	}
	return !effective.IsZero() && effective.Nominal() > day
}

func (q *inquiry) replayEntry(ctx context.Context, e *domain.Recorded, until domain.Date) error {
	if err := q.Tell(ctx, &e.Entry); err != nil {
		return err
	}
	if err := q.LearnSigned(ctx, e); err != nil {
		return err
	}
	q.hang(plain, q.paint(bold, fmt.Sprintf("%6d", e.Seq))+"  ", q.Sentence(&e.Entry)+"."+fulfilling(&e.Entry)+q.SignedSentence(e))
	if reason := telling.ReasonOf(e.Fact); e.Fact.Type() == domain.TypeEntryCorrected {
		q.say(dim, 8, "Reason: "+telling.Stopped(reason))
	}
	return q.consequences(ctx, e, until)
}

// consequences tells what an entry changed: for each stretch of days, which holdings went from whom to
// whom when it became known.
func (q *inquiry) consequences(ctx context.Context, e *domain.Recorded, until domain.Date) error {
	changes, err := q.changedBy(ctx, e)
	if err != nil {
		return err
	}
	order := slices.SortedFunc(maps.Keys(changes), func(a, b telling.Stretch) int { return cmp.Or(int(a.From-b.From), int(a.To-b.To)) })
	for _, days := range order {
		if days.From > until {
			break
		}
		q.On = days.From // names are those of the first day that changes
		if err := q.LearnChanges(ctx, changes[days]); err != nil {
			return err
		}
		for _, t := range telling.Transitions(changes[days]) {
			q.consequence(days, t)
		}
	}
	return nil
}

// changedBy compares the ledger as known just before an entry and just after it: for each stretch of
// days, the holdings whose holders differ.
func (q *inquiry) changedBy(ctx context.Context, e *domain.Recorded) (map[telling.Stretch][]projections.Change, error) {
	refs, err := q.touched(ctx, e)
	if err != nil || len(refs) == 0 {
		return nil, err
	}
	before, err := q.histories(ctx, refs, e.Seq-1)
	if err != nil {
		return nil, err
	}
	after, err := q.histories(ctx, refs, e.Seq)
	if err != nil {
		return nil, err
	}
	changes := make(map[telling.Stretch][]projections.Change)
	for i, ref := range refs {
		for _, d := range historyChanges(before[i], after[i]) {
			changes[d.days] = append(changes[d.days], projections.Change{Ref: ref.String(), Before: d.before, After: d.after})
		}
	}
	return changes, nil
}

// replayIndent is how far what an entry changed stands beneath it, in columns.
const replayIndent = 10

func (q *inquiry) consequence(days telling.Stretch, t *telling.Transition) {
	text := telling.Capital(daysWords(days)) + ", " + q.TransitionWords(t) + ": "
	if len(t.Refs) == 1 {
		q.say(good, replayIndent, text+q.Called(t.Refs[0]))
		return
	}
	q.say(good, replayIndent, text+telling.Counted(len(t.Refs), "holding"))
	q.refTable(replayIndent+2, t.Refs)
}

func daysWords(days telling.Stretch) string {
	switch {
	case days.To == 0:
		return "from " + telling.DayWords(days.From) + " on"
	case days.To == days.From+1:
		return "on " + telling.DayWords(days.From)
	default:
		return "from " + telling.DayWords(days.From) + " to " + telling.DayWords(days.To-1)
	}
}

// touched lists the holdings that an entry may have changed. A fact about one holding changes that one
// alone. Whatever a fact about whole organisations changes, on any day, differs at the end of its own
// day or of the day that it had before it was corrected or retracted: before the first of these days the
// same facts apply, and after the last one the same facts apply to what is there.
func (q *inquiry) touched(ctx context.Context, e *domain.Recorded) ([]domain.Ref, error) {
	facts := []*domain.Entry{&e.Entry}
	if target := telling.AmendedBy(e.Fact); target != [16]byte{} {
		seq, ok := q.Seqs[target]
		if !ok {
			return nil, nil
		}
		was, err := q.EditionAt(ctx, seq, e.Seq-1)
		if err != nil {
			return nil, err
		}
		is, err := q.EditionAt(ctx, seq, e.Seq)
		if err != nil {
			return nil, err
		}
		facts = []*domain.Entry{was.Now, is.Now}
	}
	if f := facts[0].Fact; !f.Type().InFold() {
		return nil, nil
	}
	if about := domain.About(facts[0].Fact); about.ID != "" {
		if !about.IsHolding() {
			return nil, nil
		}
		return []domain.Ref{about}, nil
	}
	return q.differingOn(ctx, e.Seq, facts)
}

// differingOn compares what is known before and after an entry on the days of its facts.
func (q *inquiry) differingOn(ctx context.Context, seq uint64, facts []*domain.Entry) ([]domain.Ref, error) {
	var questions []map[string]any
	for _, f := range facts {
		on := f.Effective.Nominal().String()
		questions = append(questions, map[string]any{"q": "diff", "from": map[string]any{"on": on, "known": seq - 1}, "to": map[string]any{"on": on, "known": seq}})
	}
	replies, err := q.AskAll(ctx, questions)
	if err != nil {
		return nil, err
	}
	var refs []domain.Ref
	for _, r := range replies {
		diff, err := telling.Read[projections.Diff](r)
		if err != nil {
			return nil, err
		}
		for _, c := range diff.Changes {
			refs = append(refs, telling.RefOf(c.Ref))
		}
	}
	slices.SortFunc(refs, func(a, b domain.Ref) int { return cmp.Compare(a.String(), b.String()) })
	return slices.Compact(refs), nil
}

// histories asks for the history of each reference at a known point; of what was not known yet it is
// empty.
func (q *inquiry) histories(ctx context.Context, refs []domain.Ref, known uint64) ([][]projections.Period, error) {
	meter := q.progress("comparing", "holdings")
	defer meter.done()
	histories := make([][]projections.Period, 0, len(refs))
	for part := range slices.Chunk(refs, 500) {
		questions := make([]map[string]any, len(part))
		for i, ref := range part {
			questions[i] = map[string]any{"q": "history", "ref": ref.String(), "known": known}
		}
		replies, err := q.AskAll(ctx, questions)
		if err != nil {
			return nil, err
		}
		for _, r := range replies {
			answer, err := telling.Read[projections.History](r)
			if err != nil && codeOf(err) != projections.CodeUnknownReference {
				return nil, err
			}
			if err != nil {
				answer = new(projections.History)
			}
			histories = append(histories, answer.Periods)
		}
		meter.ints(len(histories), len(refs))
	}
	return histories, nil
}
