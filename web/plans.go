package web

import (
	"bytes"
	"fmt"
	"html/template"

	"github.com/go-json-experiment/json"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// plans lists what had been announced by the day, what is outstanding first.
func (s *site) plans(q *request) (*Page, error) {
	answer := q.view.Plans(q.point())
	var view struct{ Outstanding, Closed []planLine }
	for _, p := range answer.Plans {
		line := q.planLine(p)
		if outstanding(p.Status) {
			view.Outstanding = append(view.Outstanding, line)
		} else {
			view.Closed = append(view.Closed, line)
		}
	}
	return &Page{Name: "plans", Title: "Plans", Data: view, JSON: q.ask(q.book.OnDay(q.book.Question("plans"))),
		CSV: func() ([][]string, error) {
			rows := [][]string{{"plan", "title", "status", "announced", "announced_by", "expected", "items", "fulfilled"}}
			for _, p := range answer.Plans {
				rows = append(rows, planRow(p))
			}
			return rows, nil
		}}, nil
}

func outstanding(status string) bool {
	return status == projections.PlanAnnounced || status == projections.PlanInProgress
}

func planRow(p projections.Plan) []string {
	fulfilled := 0
	for _, item := range p.Items {
		if item.FulfilledBy != nil {
			fulfilled++
		}
	}
	expected := ""
	if p.Expected != nil {
		expected = *p.Expected
	}
	return []string{p.Plan, p.Title, p.Status, p.Announced, p.By, expected, fmt.Sprint(len(p.Items)), fmt.Sprint(fulfilled)}
}

// planShown is what the page of a plan shows.
type planShown struct {
	Announced  bool // by the day
	Line       planLine
	By         string
	When       string
	Entry      Link
	Conditions []string
	Items      []itemShown
	Entries    []entryLine
	Impact     *impactShown
	NoDate     string // why there is no impact
	Date       string // for items without a day of their own
	Keep       []field
}

// itemShown is one change that a plan intends.
type itemShown struct {
	Text    template.HTML
	Outcome template.HTML
	Done    bool
}

// impactShown is what a plan would move, and what it would leave without a holder.
type impactShown struct {
	Day      string // empty: nothing is outstanding
	Moves    *movements
	Count    string
	Orphaned string
	Orphans  []orphansShown
}

// orphansShown are holdings that would be taken from one organisation in one role.
type orphansShown struct {
	From  Link
	Role  string
	Count string
	Refs  []named
	Whole Link
	Pager *pager
}

// plan shows what was announced, what came of it, and what it would change.
func (s *site) plan(q *request) (*Page, error) {
	ref, err := q.ref(domain.KindPlan)
	if err != nil {
		return nil, err
	}
	date, err := q.date()
	if err != nil {
		return nil, err
	}
	p := &Page{Name: "plan", Kicker: "Plan", Title: q.link(ref).Text, Ref: ref}
	view := &planShown{Date: q.URL.Query().Get("date")}
	p.Data = view
	if err := q.planned(view, domain.PlanID(ref.ID)); err != nil {
		return nil, err
	}
	impact, err := q.impact(domain.PlanID(ref.ID), date)
	if question, ok := err.(*projections.QuestionError); ok && (question.Code == projections.CodeNoDate || question.Code == projections.CodeUnknownReference) {
		view.NoDate = telling.Capital(question.Message)
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	p.JSON = func() ([]byte, error) { return marshalled(impact) }
	p.CSV = func() ([][]string, error) { return q.impactRows(impact), nil }
	view.Impact, err = q.impactShown(impact)
	return p, err
}

// marshalled is an answer as one value of JSON.
func marshalled(answer any) ([]byte, error) {
	var text bytes.Buffer
	err := json.MarshalWrite(&text, answer, json.Deterministic(true))
	return text.Bytes(), err
}

// date is the day for items that have none; the zero Date where the address gives none.
func (q *request) date() (domain.Date, error) {
	text := q.URL.Query().Get("date")
	if text == "" {
		return 0, nil
	}
	day, err := domain.ParseDate(text)
	if err != nil {
		return 0, &projections.QuestionError{Code: projections.CodeBadDate, Field: "date", Message: err.Error()}
	}
	return day, nil
}

// planned fills in how a plan stands on the day.
func (q *request) planned(view *planShown, id domain.PlanID) error {
	if err := q.book.LearnPlan(q.ctx, id); err != nil {
		return err
	}
	seqs := q.view.Mentions(id.Ref(), q.known)
	var err error
	if view.Entries, err = q.entryLines(seqs[max(0, len(seqs)-listedEntries):]); err != nil {
		return err
	}
	p, _, err := q.view.Plan(id, q.point())
	if p == nil || err != nil {
		return err
	}
	view.Announced, view.Line, view.By = true, q.planLine(*p), telling.Clean(p.By)
	view.When, view.Entry = telling.WhenWords(telling.ParseEDTF(p.Announced)), q.entryLink(p.Seq)
	for _, condition := range p.Conditions {
		view.Conditions = append(view.Conditions, telling.Clean(condition))
	}
	texts, err := q.book.ItemsOf(q.ctx, id)
	if err != nil {
		return err
	}
	for _, item := range p.Items {
		shown := itemShown{Text: q.prose(telling.Capital(texts[item.Item])), Done: item.FulfilledBy != nil}
		if shown.Done {
			done, err := q.book.Editions(q.ctx, []uint64{*item.FulfilledBy})
			if err != nil {
				return err
			}
			shown.Outcome = q.prose("Carried out " + telling.WhenWords(done[0].Now.Effective) + " by " + q.book.EntryWords(*item.FulfilledBy))
		}
		view.Items = append(view.Items, shown)
	}
	return nil
}

// listedEntries is how many entries about a thing are told on its page: the newest.
const listedEntries = 100

// impact is what a plan would change; it is kept for whoever turns its pages.
func (q *request) impact(id domain.PlanID, date domain.Date) (*projections.Impact, error) {
	return q.site.impacts.of(fmt.Sprint(id, date, q.known), func() (*projections.Impact, error) { return q.view.Impact(id, date, q.known) })
}

// impactShown groups what a plan would change. Names are those of the day of the page.
func (q *request) impactShown(impact *projections.Impact) (*impactShown, error) {
	view := &impactShown{Count: thousands(len(impact.Changes)), Orphaned: thousands(len(impact.Orphaned))}
	if impact.On == nil {
		return view, nil
	}
	view.Day = telling.DayWords(telling.ParseDay(*impact.On))
	var err error
	if view.Moves, err = q.movements("moves", impact.Changes); err != nil {
		return nil, err
	}
	groups, order := make(map[projections.Share][]domain.Ref), []projections.Share(nil)
	for _, o := range impact.Orphaned {
		share := projections.Share{Organisation: o.Organisation, Role: o.Role}
		if groups[share] == nil {
			order = append(order, share)
		}
		groups[share] = append(groups[share], telling.RefOf(o.Ref))
	}
	for i, share := range order {
		shown, err := q.orphans(fmt.Sprint("orphaned-", i+1), share, groups[share])
		if err != nil {
			return nil, err
		}
		view.Orphans = append(view.Orphans, shown)
	}
	return view, nil
}

// orphans is one group of what would be left without a holder.
func (q *request) orphans(name string, share projections.Share, refs []domain.Ref) (o orphansShown, err error) {
	o = orphansShown{From: q.org(share.Organisation), Role: telling.RoleWords(share.Role), Count: thousands(len(refs))}
	shown := refs[:min(shownOfMany, len(refs))]
	if q.URL.Query().Get("group") == name {
		var from, to int
		if from, to, o.Pager, err = q.pages(len(refs), shownAlone); err != nil {
			return o, err
		}
		shown = refs[from:to]
	} else if len(refs) > shownOfMany {
		o.Whole = Link{q.here("group", name, "page", ""), "All " + thousands(len(refs)) + " of them"}
	}
	for _, ref := range shown {
		o.Refs = append(o.Refs, q.named(ref))
	}
	return o, nil
}

// impactRows are what moves and what is orphaned as one table.
func (q *request) impactRows(impact *projections.Impact) [][]string {
	rows := q.changeRows([][]string{{"effect", "ref", "name", "before", "after"}}, impact.Changes, "moved")
	for _, o := range impact.Orphaned {
		rows = append(rows, []string{"orphaned", o.Ref, q.link(telling.RefOf(o.Ref)).Text, o.Organisation + " " + o.Role, ""})
	}
	return rows
}
