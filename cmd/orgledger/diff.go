package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// span is two points to compare, as flags give them.
type span struct {
	from, to, fromKnown, toKnown string
	known                        string // of both, where they have none of their own
}

func (a *app) diffCommand() *cobra.Command {
	var s span
	command := &cobra.Command{
		Use:     "diff --from DATE --to DATE",
		GroupID: "ask",
		Short:   "Compare two days, or what was known of them at two points",
		Long: `Compare who held what on two days, or what was known at two points of the log of one day or two. It lists
every holding whose holders differ, together with those that went the same way: who lost it → who gained
it. A unit is listed by the organisation that it is.

Where both the days and the known points differ, it tells apart what was learned (of the first day, between
the two points) and how the world changed (between the two days, as known at the second point). With
--json these are the members learned and world, beside changes, which has both in one.`,
		Example: examples(`orgledger diff --from 2019-03-31 --to 2019-04-02`,
			`orgledger diff --from 2023-03-15 --to 2023-03-15 --from-known 248 --to-known 360`,
			`orgledger diff --from 2013-03-31 --to 2013-04-01 --known 205`,
			`orgledger diff --from 2023-03-15 --from-known 248 --to 2023-04-02 --to-known 360`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.diff(cmd, s) },
	}
	flags := command.Flags()
	flags.StringVar(&s.from, "from", "", "compare `DATE`, written 2019-04-01 or today")
	flags.StringVar(&s.to, "to", "", "with `DATE`")
	flags.StringVar(&s.known, "known", "", "both as known at `SEQ|TIME` (default: everything recorded)")
	flags.StringVar(&s.fromKnown, "from-known", "", "the first as known at `SEQ|TIME`")
	flags.StringVar(&s.toKnown, "to-known", "", "the second as known at `SEQ|TIME`")
	return command
}

func (a *app) diff(cmd *cobra.Command, s span) error {
	if s.from == "" || s.to == "" {
		return usageError{errors.New("diff compares two days: give --from DATE and --to DATE, as --from 2019-03-31 --to 2019-04-02")}
	}
	from, err := readDay("from", s.from)
	if err != nil {
		return err
	}
	if _, err := readDay("to", s.to); err != nil {
		return err
	}
	if s.fromKnown == "" {
		s.fromKnown = s.known
	}
	if s.toKnown == "" {
		s.toKnown = s.known
	}
	before, err := readKnown("from-known", s.fromKnown)
	if err != nil {
		return err
	}
	if _, err := readKnown("to-known", s.toKnown); err != nil {
		return err
	}
	return a.inquire(cmd, &moment{on: s.to, known: s.toKnown}, func(ctx context.Context, q *inquiry) error {
		known, err := q.Resolve(ctx, before)
		if err != nil {
			return err
		}
		if before == nil {
			known = q.Known
			if s.toKnown != "" {
				known, err = q.Resolve(ctx, nil)
			}
		}
		if err != nil {
			return err
		}
		return q.differences(ctx, from, known)
	})
}

func (q *inquiry) differences(ctx context.Context, from domain.Date, known uint64) error {
	before, after := projections.Point{On: from, Known: known}, projections.Point{On: q.On, Known: q.Known}
	if before.On != after.On && before.Known != after.Known {
		return q.bothDifferences(ctx, before, after)
	}
	answer, err := answer[projections.Diff](ctx, q, telling.DiffQuestion(before, after))
	if answer == nil {
		return err
	}
	if err := q.diffHeading(ctx, from, known); err != nil {
		return err
	}
	q.blank()
	return q.tellChanges(ctx, answer.Changes)
}

// bothDifferences tells what was learned of the first day, and then how the world changed from there.
func (q *inquiry) bothDifferences(ctx context.Context, before, after projections.Point) error {
	between := projections.Point{On: before.On, Known: after.Known}
	learned, err := telling.Ask[projections.Diff](ctx, q, telling.DiffQuestion(before, between))
	if err != nil {
		return err
	}
	world, err := telling.Ask[projections.Diff](ctx, q, telling.DiffQuestion(between, after))
	if err != nil {
		return err
	}
	if q.json {
		both, err := telling.Ask[projections.Diff](ctx, q, telling.DiffQuestion(before, after))
		if err != nil {
			return err
		}
		line, err := json.Marshal(struct {
			*projections.Diff
			Learned []projections.Change `json:"learned"`
			World   []projections.Change `json:"world"`
		}{both, learned.Changes, world.Changes})
		q.line(string(line))
		return err
	}
	if err := q.diffHeading(ctx, before.On, before.Known); err != nil {
		return err
	}
	q.section(fmt.Sprintf("Between entries %d and %d we learned of %s", before.Known, after.Known, telling.DayWords(before.On)))
	if err := q.tellChanges(ctx, learned.Changes); err != nil {
		return err
	}
	q.section(fmt.Sprintf("Between %s and %s the world changed, as known at entry %d", telling.DayWords(before.On), telling.DayWords(after.On), after.Known))
	return q.tellChanges(ctx, world.Changes)
}

func (q *inquiry) tellChanges(ctx context.Context, changes []projections.Change) error {
	if len(changes) == 0 {
		q.say(plain, 0, "Nothing differs: every holding has the same holders.")
		return nil
	}
	if err := q.LearnChanges(ctx, changes); err != nil {
		return err
	}
	q.say(plain, 0, telling.Tally(changes))
	q.changesList(changes)
	return nil
}

func (q *inquiry) diffHeading(ctx context.Context, from domain.Date, known uint64) error {
	before, err := q.KnownAt(ctx, known)
	if err != nil {
		return err
	}
	after, err := q.KnownAt(ctx, q.Known)
	if err != nil {
		return err
	}
	if known == q.Known {
		q.say(bold, 0, fmt.Sprintf("%s compared with %s", telling.DayWords(from), telling.DayWords(q.On)))
		q.say(dim, 0, telling.Capital(after))
		return nil
	}
	title := fmt.Sprintf("%s compared with %s", telling.DayWords(from), telling.DayWords(q.On))
	if from == q.On {
		title = "What was known of " + telling.DayWords(from)
	}
	q.say(bold, 0, title)
	q.say(dim, 0, "The first "+before)
	q.say(dim, 0, "The second "+after)
	return nil
}
