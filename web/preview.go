package web

import (
	"fmt"
	"html/template"
	"reflect"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// previewShown is what would be answered otherwise if an entry were recorded.
type previewShown struct {
	Known    string
	Recorded Link // it is recorded already
	Nothing  bool
	Days     []previewDay
	Over     []answerShown // who holds what over all days
	Raised   []foreseenFinding
	Settled  []foreseenFinding
}

// previewDay is what would be answered otherwise of one day.
type previewDay struct {
	ID, Day string
	Moves   *movements
	Answers []answerShown
}

// answerShown is a thing about which something else would be answered.
type answerShown struct {
	Thing named
	New   bool
	Lines []answerLine
}

// answerLine is one respect in which an answer would be another.
type answerLine struct{ What, Before, After string }

// foreseenFinding is one that there would be, or would no longer be.
type foreseenFinding struct {
	Meaning, Remedy string
	About           template.HTML
}

func (q *request) preview(foreseen *ledger.Preview) (*previewShown, error) {
	view := &previewShown{Known: telling.Decimal(foreseen.Known), Nothing: len(foreseen.Days) == 0 && len(foreseen.Raised) == 0 && len(foreseen.Settled) == 0}
	if seq := foreseen.Receipts[0].Seq; seq != 0 {
		view.Recorded = q.entryLink(seq)
	}
	for i, d := range foreseen.Days {
		day := previewDay{ID: "on-" + d.Day, Day: telling.DayWords(d.On)}
		if d.On == q.today {
			day.Day += " (today)"
		}
		if len(d.Changes) > 0 {
			var err error
			if day.Moves, err = q.movements("", d.Changes); err != nil {
				return nil, err
			}
		}
		for _, a := range d.Answers {
			if shown := q.answerShown(a); len(shown.Lines) > 0 {
				day.Answers = append(day.Answers, shown)
			}
		}
		if n := len(view.Days); n > 0 && sameDay(foreseen.Days[i-1], d) {
			view.Days[n-1].Day += ", and just so on " + day.Day
			continue
		}
		view.Days = append(view.Days, day)
	}
	for _, h := range foreseen.Over {
		view.Over = append(view.Over, answerShown{Thing: q.named(h.Ref), New: h.Before == nil,
			Lines: []answerLine{{"Holders", q.periodsText(h.Before), q.periodsText(h.After)}}})
	}
	view.Raised, view.Settled = q.foreseenFindings(foreseen.Raised), q.foreseenFindings(foreseen.Settled)
	return view, nil
}

// sameDay reports whether of two days the same would be answered otherwise.
func sameDay(a, b ledger.PreviewDay) bool {
	if !reflect.DeepEqual(a.Changes, b.Changes) || len(a.Answers) != len(b.Answers) {
		return false
	}
	for i := range a.Answers {
		if a.Answers[i].Ref != b.Answers[i].Ref || !sameAnswers(a.Answers[i].Before, b.Answers[i].Before) || !sameAnswers(a.Answers[i].After, b.Answers[i].After) {
			return false
		}
	}
	return true
}

// sameAnswers compares answers of two days but for the day in them.
func sameAnswers(a, b *ledger.Answers) bool {
	return reflect.DeepEqual(timeless(a), timeless(b))
}

func timeless(a *ledger.Answers) *ledger.Answers {
	if a == nil {
		return nil
	}
	t := *a
	if t.Organisation != nil {
		o := *t.Organisation
		o.On = ""
		t.Organisation = &o
	}
	if t.Holders != nil {
		h := *t.Holders
		h.On = ""
		t.Holders = &h
	}
	return &t
}

func (q *request) foreseenFindings(list []projections.Finding) []foreseenFinding {
	shown := make([]foreseenFinding, len(list))
	for i, f := range list {
		if f.Ref != nil {
			link := q.link(telling.RefOf(*f.Ref))
			shown[i].About = template.HTML(template.HTMLEscapeString(link.Text))
			if link.Href != "" {
				shown[i].About = template.HTML(`<a href="` + template.HTMLEscapeString(link.Href) + `">` + template.HTMLEscapeString(link.Text) + `</a>`)
			}
		}
		shown[i].Meaning = f.Code
		for _, kind := range telling.FindingKinds {
			if kind.Code == f.Code {
				shown[i].Meaning, shown[i].Remedy = telling.Capital(kind.Meaning), kind.Remedy
			}
		}
	}
	return shown
}

// answerShown lists in what the answers about a thing would differ.
func (q *request) answerShown(a ledger.Reanswered) answerShown {
	before, after := a.Before, a.After
	shown := answerShown{Thing: q.named(a.Ref), New: before == nil}
	if before == nil {
		before = new(ledger.Answers)
	}
	if after == nil {
		after = new(ledger.Answers)
	}
	line := func(what, was, is string) {
		if was != is {
			shown.Lines = append(shown.Lines, answerLine{what, was, is})
		}
	}
	if before.Organisation == nil {
		line("Name", before.Title, after.Title)
	}
	q.organisationLines(line, before.Organisation, after.Organisation)
	q.holderLines(line, before, after)
	line("Holder of the office", officeText(before.Office), officeText(after.Office))
	q.planLines(line, before.Plan, after.Plan)
	return shown
}

// organisationLines compares what an organisation is.
func (q *request) organisationLines(line func(what, before, after string), before, after *projections.Organisation) {
	if before == nil {
		before = new(projections.Organisation)
	}
	if after == nil {
		after = new(projections.Organisation)
	}
	line("Status", before.Status, after.Status)
	line("Name", telling.Deref(before.Name), telling.Deref(after.Name))
	line("Name it goes by", telling.Deref(before.OperatingName), telling.Deref(after.OperatingName))
	line("Legal form", telling.Deref(before.Form), telling.Deref(after.Form))
	line("Placed under", q.placementText(before.Parent), q.placementText(after.Parent))
	line("Identifiers", codesText(before.Identifiers), codesText(after.Identifiers))
	line("Established", telling.Deref(before.Established), telling.Deref(after.Established))
	line("Ended", q.endingText(before.Ended), q.endingText(after.Ended))
	line("Certainty", doubtText(before.Certainty), doubtText(after.Certainty))
}

func (q *request) placementText(p *projections.Placement) string {
	if p == nil {
		return ""
	}
	return telling.RelationWords(p.Relation) + " " + q.org(p.Organisation).Text
}

func (q *request) endingText(e *projections.Ending) string {
	if e == nil {
		return ""
	}
	text := e.How + " " + e.Effective
	if len(e.Successors) > 0 {
		text += ", succeeded by " + q.orgsText(e.Successors)
	}
	return text
}

func (q *request) orgsText(ids []string) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = q.org(id).Text
	}
	return telling.Joined(names)
}

func codesText(codes []projections.Code) string {
	texts := make([]string, len(codes))
	for i, code := range codes {
		texts[i] = telling.Clean(code.Scheme + ":" + code.Value)
	}
	return strings.Join(texts, ", ")
}

// holderLines compares who holds something on the day, in what the movements do not show.
func (q *request) holderLines(line func(what, before, after string), before, after *ledger.Answers) {
	was, is := before.Holders, after.Holders
	if was == nil {
		was = new(projections.Holders)
	}
	if is == nil {
		is = new(projections.Holders)
	}
	line("Status", was.Status, is.Status)
	line("Held by", q.holdersText(was.Holders), q.holdersText(is.Holders))
	line("Certainty", doubtText(was.Certainty), doubtText(is.Certainty))
}

func (q *request) holdersText(holders []projections.Holder) string {
	texts := make([]string, len(holders))
	for i, h := range holders {
		texts[i] = fmt.Sprintf("%s%s since %s", q.org(h.Organisation).Text, telling.AsRole(domain.Role(h.Role)), telling.SinceText(h.Since, h.Effective))
	}
	return strings.Join(texts, "; ")
}

// periodsText tells who holds something over all days, a line each.
func (q *request) periodsText(periods []projections.Period) string {
	lines := make([]string, len(periods))
	for i, p := range periods {
		to := "on"
		if p.To != nil {
			to = "to " + (telling.ParseDay(*p.To) - 1).String()
		}
		who := make([]string, len(p.Holders))
		for j, s := range p.Holders {
			who[j] = q.org(s.Organisation).Text + telling.AsRole(domain.Role(s.Role))
		}
		lines[i] = "from " + p.From + " " + to + ": " + strings.Join(who, "; ")
		if len(who) == 0 {
			lines[i] += "nobody"
		}
	}
	return strings.Join(lines, "\n")
}

// doubtText says of an answer that it is uncertain; that it is certain needs no saying.
func doubtText(certainty string) string {
	if certainty == projections.Uncertain {
		return certainty
	}
	return ""
}

func officeText(o *projections.Office) string {
	if o == nil {
		return ""
	}
	text := telling.OfficerWords(o) + ", " + telling.Clean(o.Title)
	if o.Acting {
		text += " (acting)"
	}
	return text + ", since " + telling.SinceText(o.Since, &o.Effective)
}

// planLines compares how a plan stands.
func (q *request) planLines(line func(what, before, after string), before, after *projections.Plan) {
	if before == nil {
		before = new(projections.Plan)
	}
	if after == nil {
		after = new(projections.Plan)
	}
	line("Status", telling.PlanStatus(before.Status), telling.PlanStatus(after.Status))
	line("Expected", telling.Deref(before.Expected), telling.Deref(after.Expected))
	line("Conditions", strings.Join(before.Conditions, "; "), strings.Join(after.Conditions, "; "))
	line("Items", itemsText(before.Items), itemsText(after.Items))
}

func itemsText(items []projections.Item) string {
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = item.Item
		if item.FulfilledBy != nil {
			texts[i] += " (carried out)"
		}
	}
	return strings.Join(texts, ", ")
}
