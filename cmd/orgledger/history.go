package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

func (a *app) historyCommand() *cobra.Command {
	var m moment
	command := &cobra.Command{
		Use:     "history REF",
		GroupID: "ask",
		Short:   "Draw who held something over the years",
		Long: `Draw who held a responsibility or contract, or under which organisation a unit stood, over all its years,
with a table of the periods. A period of uncertain days is drawn lighter: some fact of it gives no exact
day. What has been recorded for days to come is drawn too.`,
		Example: examples(`orgledger history responsibility/education-commissioning`,
			`orgledger history contract/cppe-postgraduate-education --known 248`, `orgledger history nhs-leadership-academy`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.inquire(cmd, &m, func(ctx context.Context, q *inquiry) error { return q.history(ctx, args[0]) })
		},
	}
	command.Flags().StringVar(&m.on, "on", "today", "draw it up to `DATE`, or to the last change if that is later")
	complete(command, "on", "today")
	m.knownFlag(command)
	return a.completes(command, heldKinds)
}

func (q *inquiry) history(ctx context.Context, text string) error {
	ref, err := q.reference(ctx, text, heldKinds)
	if err != nil {
		return err
	}
	answer, err := answer[projections.History](ctx, q, q.question("history", "ref", ref.String()))
	if answer == nil {
		return q.unknown(ctx, err, ref, heldKinds)
	}
	if err := q.names(ctx, ref.String()); err != nil {
		return err
	}
	if err := q.heading(ctx, "History of "+q.called(ref), ""); err != nil {
		return err
	}
	q.blank()
	if len(answer.Periods) == 0 {
		never := "Nobody has ever held it."
		if ref.Kind == domain.KindOrganisation {
			never = "It is not known ever to have stood under another organisation."
		}
		q.say(plain, 0, never)
		return nil
	}
	return q.periods(ctx, ref, answer.Periods)
}

// periods draws the timeline and lists the periods beneath it.
func (q *inquiry) periods(ctx context.Context, ref domain.Ref, periods []projections.Period) error {
	doubtful, err := q.doubtful(ctx, ref, periods)
	if err != nil {
		return err
	}
	q.timeline(periods, doubtful)
	q.blank()
	if err := q.periodsTable(ctx, ref, periods, doubtful); err != nil {
		return err
	}
	return q.before(ctx, ref, telling.ParseDay(periods[0].From))
}

// before says what makes the days before the first period uncertain.
func (q *inquiry) before(ctx context.Context, ref domain.Ref, first domain.Date) error {
	if first == domain.FirstDate {
		return nil
	}
	reasons, err := q.reasons(ctx, ref, []domain.Date{first - 1})
	if err != nil || len(reasons[0]) == 0 {
		return err
	}
	q.section("Uncertain before " + telling.DayWords(first))
	return q.doubts(ctx, reasons[0])
}

func (q *inquiry) timeline(periods []projections.Period, doubtful []stretch) {
	t := newTimeline(periods, doubtful, q.on)
	width := q.page.width
	if width == 0 {
		width = defaultWidth
	}
	for i, line := range t.draw(width) {
		if i < 2 {
			line = q.paint(dim, line)
		}
		q.line(line)
	}
	if len(doubtful) > 0 {
		q.say(dim, 0, fmt.Sprintf("%c certain  %c uncertain: a fact gives no exact day", sureBar, doubtfulBar))
	}
}

// newTimeline has a row for each holder and role, in the order in which they come. Its axis reaches from
// the first day to the given one, or beyond it to just after the last change.
func newTimeline(periods []projections.Period, doubtful []stretch, until domain.Date) *timeline {
	t := &timeline{doubtful: doubtful, first: telling.ParseDay(periods[0].From), last: until}
	at := make(map[projections.Share]int)
	for _, p := range periods {
		s := stretch{from: telling.ParseDay(p.From)}
		if p.To != nil {
			s.to = telling.ParseDay(*p.To)
		}
		t.last = max(t.last, s.from, s.to)
		for _, share := range p.Holders {
			i, ok := at[share]
			if !ok {
				i = len(t.rows)
				at[share] = i
				t.rows = append(t.rows, timelineRow{name: share.Organisation, role: telling.RoleWords(share.Role)})
			}
			held := t.rows[i].held
			if n := len(held); n > 0 && held[n-1].to == s.from {
				held[n-1].to = s.to
			} else {
				t.rows[i].held = append(held, s)
			}
		}
	}
	if t.last > until {
		t.last = min(t.last+domain.Date(t.days()/20), domain.LastDate)
	}
	return t
}

// doubtful finds the stretches of days on which it is uncertain who holds something. Certainty changes
// only on the first and last day of a fact's date, and where the holders change: it is asked there.
func (q *inquiry) doubtful(ctx context.Context, ref domain.Ref, periods []projections.Period) ([]stretch, error) {
	entries, err := q.concerning(ctx, ref)
	if err != nil {
		return nil, err
	}
	var days []domain.Date
	for _, p := range periods {
		days = append(days, telling.ParseDay(p.From))
	}
	for _, e := range entries {
		days = appendBounds(days, q.editionOf(e, q.known).Now)
	}
	for asked := 0; ; {
		slices.Sort(days)
		days = slices.DeleteFunc(slices.Compact(days), func(d domain.Date) bool { return d < telling.ParseDay(periods[0].From) })
		if len(days) == asked {
			break
		}
		asked = len(days)
		reasons, err := q.reasons(ctx, ref, days)
		if err != nil {
			return nil, err
		}
		for _, because := range reasons {
			for _, seq := range because {
				e, err := q.edition(ctx, seq)
				if err != nil {
					return nil, err
				}
				days = appendBounds(days, e.Now)
			}
		}
	}
	reasons, err := q.reasons(ctx, ref, days)
	return stretches(days, reasons), err
}

func appendBounds(days []domain.Date, e *domain.Entry) []domain.Date {
	if e.Effective.IsZero() {
		return days
	}
	return append(days, max(e.Effective.Earliest(), domain.FirstDate), e.Effective.Latest())
}

// reasons asks on each day because of which facts the answer is uncertain.
func (q *inquiry) reasons(ctx context.Context, ref domain.Ref, days []domain.Date) ([][]uint64, error) {
	questions := make([]map[string]any, len(days))
	for i, day := range days {
		questions[i] = q.question("holders", "ref", ref.String(), "on", day.String())
	}
	replies, err := q.askAll(ctx, questions)
	if err != nil {
		return nil, err
	}
	reasons := make([][]uint64, len(days))
	for i, r := range replies {
		answer, err := read[projections.Holders](r)
		if err != nil {
			return nil, err
		}
		reasons[i] = answer.UncertainBy
	}
	return reasons, nil
}

// stretches joins the days from which on there are reasons for doubt.
func stretches(days []domain.Date, reasons [][]uint64) []stretch {
	var list []stretch
	for i, day := range days {
		n := len(list)
		open := n > 0 && list[n-1].to == 0
		switch doubt := len(reasons[i]) > 0; {
		case doubt && !open:
			list = append(list, stretch{from: day})
		case !doubt && open:
			list[n-1].to = day
		}
	}
	return list
}

func (q *inquiry) periodsTable(ctx context.Context, ref domain.Ref, periods []projections.Period, doubtful []stretch) error {
	wanted := make(map[domain.Date][]domain.Ref)
	for _, p := range periods {
		for _, s := range p.Holders {
			day := telling.ParseDay(p.From)
			wanted[day] = append(wanted[day], domain.OrganisationID(s.Organisation).Ref())
		}
	}
	if err := q.learnAll(ctx, wanted); err != nil {
		return err
	}
	columns := []column{{"First day", 0}, {"Last day", 0}, {"Held by", 12}, {"Role", 0}, {"", 16}}
	if ref.Kind == domain.KindOrganisation {
		columns[2].title, columns[3].title = "Stood under", "Relation"
	}
	var rows [][]cell
	for _, p := range periods {
		rows = q.appendPeriod(rows, p, doubtful)
	}
	q.table(0, columns, rows)
	return nil
}

// appendPeriod adds a period, a row for each of its holders.
func (q *inquiry) appendPeriod(rows [][]cell, p projections.Period, doubtful []stretch) [][]cell {
	from, last := telling.ParseDay(p.From), "open"
	days := stretch{from: from}
	if p.To != nil {
		days.to = telling.ParseDay(*p.To)
		last = (days.to - 1).String()
	}
	first := []cell{{plain, p.From}, {plain, last}, {plain, "nobody"}, {}, {caution, uncertainty(days, doubtful)}}
	for i, s := range p.Holders {
		row := first
		if i > 0 {
			row = make([]cell, len(first))
		}
		row[2], row[3] = cell{plain, q.label(domain.OrganisationID(s.Organisation).Ref(), from)}, cell{plain, telling.RoleWords(s.Role)}
		rows = append(rows, row)
	}
	if len(p.Holders) == 0 {
		rows = append(rows, first)
	}
	return rows
}

// uncertainty says until when a period is uncertain.
func uncertainty(days stretch, doubtful []stretch) string {
	for _, d := range doubtful {
		if days.to != 0 && d.from >= days.to || d.to != 0 && d.to <= days.from {
			continue
		}
		switch {
		case d.from > days.from:
			return "uncertain from " + d.from.String()
		case d.to == 0 || days.to != 0 && d.to >= days.to:
			return "uncertain"
		default:
			return "uncertain before " + d.to.String()
		}
	}
	return ""
}
