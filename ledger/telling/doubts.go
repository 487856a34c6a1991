package telling

import (
	"context"
	"fmt"
	"slices"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// DoubtWords says why an answer is uncertain, and until when. Facts of one type and date are told together.
func (b *Book) DoubtWords(ctx context.Context, seqs []uint64) ([]string, error) {
	list, err := b.Editions(ctx, seqs)
	if err != nil {
		return nil, err
	}
	type likeness struct {
		date domain.EDTF
		kind domain.Type
	}
	var order []likeness
	alike := make(map[likeness][]*Edition)
	for _, e := range list {
		date := e.Now.Effective
		if announced, ok := e.Now.Fact.(*domain.PlanAnnounced); ok {
			_, date = b.Planned(announced.Plan)
		}
		l := likeness{date, e.Now.Fact.Type()}
		if len(alike[l]) == 0 {
			order = append(order, l)
		}
		alike[l] = append(alike[l], e)
	}
	texts := make([]string, len(order))
	for i, l := range order {
		texts[i] = b.doubt(l.date, alike[l])
	}
	return texts, nil
}

// doubt says of facts of one date what is not known of them.
func (b *Book) doubt(date domain.EDTF, alike []*Edition) string {
	first := alike[0]
	text := fmt.Sprintf("%s gives no exact day: %s.", Capital(b.EntryWords(first.Seq)), Lower(b.Told(first)))
	if n := len(alike); n > 1 {
		seqs := make([]uint64, n-1)
		for i, e := range alike[1:] {
			seqs[i] = e.Seq
		}
		text += fmt.Sprintf(" %s like it: %s.", Capital(Counted(n-1, "more entry")), SeqsWords(seqs))
	}
	if date.Latest() != 0 {
		text += " It is certain from " + DayWords(date.Latest()) + " on."
	}
	return text
}

// Doubtful finds the stretches of days on which it is uncertain who holds something. Certainty changes
// only on the first and last day of a fact's date, and where the holders change: it is asked there.
func (b *Book) Doubtful(ctx context.Context, ref domain.Ref, periods []projections.Period) ([]Stretch, error) {
	if reader, ok := b.Reader.(indexed); ok {
		if turns, err := reader.View().Turns(ref, b.Known); err != nil || !turns.Vague {
			return nil, err
		}
	}
	read := b.Concerning
	if ref.Kind == domain.KindOrganisation {
		read = b.life
	}
	entries, err := read(ctx, ref)
	if err != nil {
		return nil, err
	}
	var days []domain.Date
	for _, p := range periods {
		days = append(days, ParseDay(p.From))
	}
	for _, e := range entries {
		days = appendBounds(days, b.EditionOf(e, b.Known).Now)
	}
	for asked := 0; ; {
		slices.Sort(days)
		days = slices.DeleteFunc(slices.Compact(days), func(d domain.Date) bool { return d < ParseDay(periods[0].From) })
		if len(days) == asked {
			break
		}
		asked = len(days)
		reasons, err := b.Reasons(ctx, ref, days)
		if err != nil {
			return nil, err
		}
		for _, because := range reasons {
			for _, seq := range because {
				e, err := b.edition(ctx, seq)
				if err != nil {
					return nil, err
				}
				days = appendBounds(days, e.Now)
			}
		}
	}
	reasons, err := b.Reasons(ctx, ref, days)
	return stretches(days, reasons), err
}

func appendBounds(days []domain.Date, e *domain.Entry) []domain.Date {
	if e.Effective.IsZero() {
		return days
	}
	return append(days, max(e.Effective.Earliest(), domain.FirstDate), e.Effective.Latest())
}

// Reasons asks on each day because of which facts the answer is uncertain.
func (b *Book) Reasons(ctx context.Context, ref domain.Ref, days []domain.Date) ([][]uint64, error) {
	if reader, ok := b.Reader.(indexed); ok {
		return doubtsOn(reader.View(), ref, b.Known, days)
	}
	questions := make([]map[string]any, len(days))
	for i, day := range days {
		questions[i] = b.Question("holders", "ref", ref.String(), "on", day.String())
	}
	replies, err := b.AskAll(ctx, questions)
	if err != nil {
		return nil, err
	}
	reasons := make([][]uint64, len(days))
	for i, r := range replies {
		answer, err := Read[projections.Holders](r)
		if err != nil {
			return nil, err
		}
		reasons[i] = answer.UncertainBy
	}
	return reasons, nil
}

// doubtsOn is Reasons of an index.
func doubtsOn(view *projections.View, ref domain.Ref, known uint64, days []domain.Date) ([][]uint64, error) {
	reasons := make([][]uint64, len(days))
	for i, day := range days {
		var err error
		if reasons[i], err = view.Doubts(ref, projections.Point{On: day, Known: known}); err != nil {
			return nil, err
		}
	}
	return reasons, nil
}

// stretches joins the days from which on there are reasons for doubt.
func stretches(days []domain.Date, reasons [][]uint64) []Stretch {
	var list []Stretch
	for i, day := range days {
		n := len(list)
		open := n > 0 && list[n-1].To == 0
		switch doubt := len(reasons[i]) > 0; {
		case doubt && !open:
			list = append(list, Stretch{From: day})
		case !doubt && open:
			list[n-1].To = day
		}
	}
	return list
}

// Uncertainty says from or until when a period is uncertain, with days as write has them; empty where it is certain.
func Uncertainty(days Stretch, doubtful []Stretch, write func(domain.Date) string) string {
	for _, d := range doubtful {
		if days.To != 0 && d.From >= days.To || d.To != 0 && d.To <= days.From {
			continue
		}
		switch {
		case d.From > days.From:
			return "uncertain from " + write(d.From)
		case d.To == 0 || days.To != 0 && d.To >= days.To:
			return "uncertain"
		default:
			return "uncertain before " + write(d.To)
		}
	}
	return ""
}

// Stretch is some days, from the first on to the day after the last; to 0 is an open end.
type Stretch struct{ From, To domain.Date }
