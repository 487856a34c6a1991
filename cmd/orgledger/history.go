package main

import (
	"context"
	"fmt"

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
	answer, err := answer[projections.History](ctx, q, q.Question("history", "ref", ref.String()))
	if answer == nil {
		return q.unknown(ctx, err, ref, heldKinds)
	}
	if err := q.Names(ctx, ref.String()); err != nil {
		return err
	}
	if err := q.heading(ctx, "History of "+q.Called(ref), ""); err != nil {
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
	doubtful, err := q.Doubtful(ctx, ref, periods)
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
	reasons, err := q.Reasons(ctx, ref, []domain.Date{first - 1})
	if err != nil || len(reasons[0]) == 0 {
		return err
	}
	q.section("Uncertain before " + telling.DayWords(first))
	return q.doubts(ctx, reasons[0])
}

func (q *inquiry) timeline(periods []projections.Period, doubtful []telling.Stretch) {
	t := newTimeline(periods, doubtful, q.On)
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
func newTimeline(periods []projections.Period, doubtful []telling.Stretch, until domain.Date) *timeline {
	t := &timeline{doubtful: doubtful, first: telling.ParseDay(periods[0].From), last: until}
	at := make(map[projections.Share]int)
	for _, p := range periods {
		s := telling.Stretch{From: telling.ParseDay(p.From)}
		if p.To != nil {
			s.To = telling.ParseDay(*p.To)
		}
		t.last = max(t.last, s.From, s.To)
		for _, share := range p.Holders {
			i, ok := at[share]
			if !ok {
				i = len(t.rows)
				at[share] = i
				t.rows = append(t.rows, timelineRow{name: share.Organisation, role: telling.RoleWords(share.Role)})
			}
			held := t.rows[i].held
			if n := len(held); n > 0 && held[n-1].To == s.From {
				held[n-1].To = s.To
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

func (q *inquiry) periodsTable(ctx context.Context, ref domain.Ref, periods []projections.Period, doubtful []telling.Stretch) error {
	wanted := make(map[domain.Date][]domain.Ref)
	for _, p := range periods {
		for _, s := range p.Holders {
			day := telling.ParseDay(p.From)
			wanted[day] = append(wanted[day], domain.OrganisationID(s.Organisation).Ref())
		}
	}
	if err := q.LearnAll(ctx, wanted); err != nil {
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
func (q *inquiry) appendPeriod(rows [][]cell, p projections.Period, doubtful []telling.Stretch) [][]cell {
	from, last := telling.ParseDay(p.From), "open"
	days := telling.Stretch{From: from}
	if p.To != nil {
		days.To = telling.ParseDay(*p.To)
		last = (days.To - 1).String()
	}
	first := []cell{{plain, p.From}, {plain, last}, {plain, "nobody"}, {}, {caution, telling.Uncertainty(days, doubtful, domain.Date.String)}}
	for i, s := range p.Holders {
		row := first
		if i > 0 {
			row = make([]cell, len(first))
		}
		row[2], row[3] = cell{plain, q.Label(domain.OrganisationID(s.Organisation).Ref(), from)}, cell{plain, telling.RoleWords(s.Role)}
		rows = append(rows, row)
	}
	if len(p.Holders) == 0 {
		rows = append(rows, first)
	}
	return rows
}
