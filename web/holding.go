package web

import (
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// holdingShown is what the page of a responsibility or contract shows.
type holdingShown struct {
	Answer    []template.HTML // who holds it on the day, or that nobody does
	Certain   bool
	Doubts    []template.HTML
	Facts     []fact
	Bands     *bands
	Periods   []periodLine
	Pager     *pager
	Chains    []chain
	Other     []template.HTML // amendments that are of none of the facts told
	Earlier   []earlierLine
	Since     *earlierLine
	Plans     []planEffect
	Entries   []entryLine
	EntryPage *pager
	N         int
}

// chain is how one holder came to what it has.
type chain struct {
	Holder Link
	Role   string
	Since  string
	Steps  []factLine
	First  int    // the number of the first of them in the chain
	Pager  *pager // of a long chain, whose last steps come first
}

// stepsAPage is how many facts of a chain are told at once.
const stepsAPage = 20

// periodLine is a stretch of days with one set of holders.
type periodLine struct {
	From, Last string
	Holders    []holderShown
	Doubt      string
	Here       bool
}

type holderShown struct {
	Holder Link
	Role   string
}

// periodsAPage is how many periods the table of a history lists.
const periodsAPage = 50

func (s *site) responsibility(q *request) (*Page, error) {
	return q.holding(domain.KindResponsibility, "Responsibility")
}

func (s *site) contract(q *request) (*Page, error) {
	return q.holding(domain.KindContract, "Contract")
}

// holding shows who holds something on the day, why, and who held it over the years.
func (q *request) holding(kind domain.Kind, kicker string) (*Page, error) {
	ref, err := q.ref(kind)
	if err != nil {
		return nil, err
	}
	answer, err := q.view.Holders(ref, q.point(), q.assumptions())
	if err != nil {
		return nil, err
	}
	history, err := q.view.History(ref, q.known)
	if err != nil {
		return nil, err
	}
	ownersFirst(answer.Holders)
	view, err := q.holdingShown(ref, answer, history)
	if err != nil {
		return nil, err
	}
	name := titled(q.view.Title(ref, q.point()), ref.ID)
	return &Page{Name: "holding", Kicker: kicker, Title: name, Thing: "“" + name + "” (" + ref.String() + ")", Ref: ref, Data: view,
		JSON: q.ask(q.book.OnDay(q.book.Question("holders", "ref", ref.String()))),
		CSV:  func() ([][]string, error) { return periodRows(history), nil },
		SVG:  func() ([]byte, error) { return q.bandsSVG(ref, history) }, JSONLD: func() ([]byte, error) { return q.linkedData(ref) }}, nil
}

// ownersFirst puts those who supply a contract behind those who own it.
func ownersFirst(holders []projections.Holder) {
	supplies := func(h projections.Holder) int {
		if h.Role == string(domain.SideSupplier) {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(holders, func(a, b projections.Holder) int { return supplies(a) - supplies(b) })
}

func (q *request) holdingShown(ref domain.Ref, answer *projections.Holders, history *projections.History) (*holdingShown, error) {
	if err := q.book.LearnHolders(q.ctx, ref, answer); err != nil {
		return nil, err
	}
	q.book.Subject = ref
	view := &holdingShown{Certain: answer.Certainty == projections.Certain, Answer: q.answerWords(ref, answer)}
	texts, err := q.book.DoubtWords(q.ctx, answer.UncertainBy)
	if err != nil {
		return nil, err
	}
	view.Doubts = q.proses(texts)
	if view.Facts, err = q.holdingFacts(ref, answer); err != nil {
		return nil, err
	}
	if err := q.readHistory(view, ref, history); err != nil {
		return nil, err
	}
	if err := q.readWhy(view, ref, answer); err != nil {
		return nil, err
	}
	seqs := q.view.Mentions(ref, q.known)
	view.N = len(seqs)
	slices.Reverse(seqs)
	from, to, pages, err := q.pagesOf("entries", len(seqs), entriesShort)
	if err != nil {
		return nil, err
	}
	view.EntryPage = pages
	view.Entries, err = q.entryLines(seqs[from:to])
	return view, err
}

// answerWords says who holds it on the day.
func (q *request) answerWords(ref domain.Ref, answer *projections.Holders) []template.HTML {
	var texts []string
	if status := q.book.StatusWords(ref, answer.Status, len(answer.Holders)); status != "" {
		texts = append(texts, status)
	}
	for _, h := range answer.Holders {
		texts = append(texts, telling.Capital(q.book.HolderSentence(ref, h))+".")
	}
	return q.proses(texts)
}

func (q *request) holdingFacts(ref domain.Ref, answer *projections.Holders) ([]fact, error) {
	about, err := q.book.HoldingFacts(q.ctx, ref)
	if err != nil {
		return nil, err
	}
	var facts []fact
	add := func(name, text string) {
		if text != "" {
			facts = append(facts, fact{name, q.prose(text)})
		}
	}
	if ref.Kind == domain.KindResponsibility {
		add("Kind", telling.Capital(telling.Clean(about.Kind)))
	}
	add("About", about.Description)
	add("Status", telling.Capital(telling.HoldingStatus(answer.Status)))
	if about.Value != nil {
		add("Worth", about.Value.Currency+" "+string(about.Value.Amount))
	}
	if about.LastDay != 0 {
		add("Last day", telling.DayWords(about.LastDay))
	}
	add("Identified as", strings.TrimPrefix(telling.CodesWords(" ", about.Identifiers), " "))
	add("Reference", ref.String())
	return facts, nil
}

// readHistory draws who held it over the years, and lists the periods.
func (q *request) readHistory(view *holdingShown, ref domain.Ref, history *projections.History) error {
	if len(history.Periods) == 0 {
		return nil
	}
	doubtful, err := q.book.Doubtful(q.ctx, ref, history.Periods)
	if err != nil {
		return err
	}
	view.Bands = q.newBands(q.holderRows(history), doubtful)
	from, to, pages, err := q.pages(len(history.Periods), periodsAPage)
	if err != nil {
		return err
	}
	view.Pager = pages
	for _, p := range history.Periods[from:to] {
		view.Periods = append(view.Periods, q.periodLine(p, doubtful))
	}
	return nil
}

// holderRows are the holders in their roles, in the order in which they come.
func (q *request) holderRows(history *projections.History) []row {
	var rows []row
	at := make(map[projections.Share]int)
	for _, p := range history.Periods {
		s := stretchOf(p)
		for _, share := range p.Holders {
			i, known := at[share]
			if !known {
				i = len(rows)
				at[share] = i
				holder := q.linkOn(domain.OrganisationID(share.Organisation).Ref(), max(s.From, domain.FirstDate))
				rows = append(rows, row{who: anchor(holder), role: telling.RoleWords(share.Role)})
			}
			rows[i].held = lengthen(rows[i].held, s)
		}
	}
	return rows
}

func (q *request) periodLine(p projections.Period, doubtful []telling.Stretch) periodLine {
	s := stretchOf(p)
	line := periodLine{From: telling.DayWords(s.From), Last: "open", Doubt: telling.Uncertainty(s, doubtful, telling.DayWords), Here: s.From <= q.on && (s.To == 0 || q.on < s.To)}
	if s.To != 0 {
		line.Last = telling.DayWords(s.To - 1)
	}
	for _, share := range p.Holders {
		line.Holders = append(line.Holders, holderShown{q.linkOn(domain.OrganisationID(share.Organisation).Ref(), s.From), telling.RoleWords(share.Role)})
	}
	return line
}

// readWhy tells the chain of facts behind the answer, and what else there was and would be.
func (q *request) readWhy(view *holdingShown, ref domain.Ref, answer *projections.Holders) error {
	told := make(map[uint64]bool)
	for i, h := range answer.Holders {
		from, to, pages, err := q.pagesOf("why"+strconv.Itoa(i+1), len(h.Path), stepsAPage)
		if err != nil {
			return err
		}
		from, to = len(h.Path)-to, len(h.Path)-from // the last page of a chain is the one that people ask for
		steps, err := q.factLines(h.Path[from:to])
		if err != nil {
			return err
		}
		for s := range steps {
			steps[s].Above = told[steps[s].seq]
			told[steps[s].seq] = true
		}
		if pages != nil {
			pages.Words = fmt.Sprintf("Steps %s to %s of %s", thousands(from+1), thousands(to), thousands(len(h.Path)))
			pages.Previous.Text, pages.Next.Text = "Later steps", "Earlier steps"
		}
		view.Chains = append(view.Chains, chain{q.org(h.Organisation), telling.RoleWords(h.Role), telling.SinceWords(h.Since, h.Effective), steps, from + 1, pages})
	}
	seqs := append(telling.PathsOf(answer), answer.UncertainBy...)
	amendments, err := q.book.Amendments(q.ctx, ref, seqs, nil)
	if err != nil {
		return err
	}
	other, err := q.book.OtherAmendments(q.ctx, ref, seqs, amendments)
	if err != nil {
		return err
	}
	for _, a := range other {
		view.Other = append(view.Other, q.prose(telling.Capital(q.book.EntryWords(a.Seq))+": "+a.Text))
	}
	question := q.book.OnDay(q.book.Question("holders", "ref", ref.String()))
	if view.Earlier, view.Since, err = q.earlierLines(ref, question, seqs); err != nil {
		return err
	}
	view.Plans, err = q.planEffects(ref)
	return err
}

func periodRows(history *projections.History) [][]string {
	rows := [][]string{{"ref", "from", "to", "organisation", "role"}}
	for _, p := range history.Periods {
		to := ""
		if p.To != nil {
			to = *p.To
		}
		for _, s := range p.Holders {
			rows = append(rows, []string{history.Ref, p.From, to, s.Organisation, s.Role})
		}
		if len(p.Holders) == 0 {
			rows = append(rows, []string{history.Ref, p.From, to, "", ""})
		}
	}
	return rows
}

// anchor is a link as HTML.
func anchor(l Link) template.HTML {
	text := template.HTMLEscapeString(l.Text)
	if l.Href == "" {
		return template.HTML(text)
	}
	return template.HTML(`<a href="` + template.HTMLEscapeString(l.Href) + `">` + text + `</a>`)
}

// assumptions are the plans of the address as questions take them.
func (q *request) assumptions() []projections.Assumption {
	var list []projections.Assumption
	for _, a := range q.book.Assumed {
		assumed := projections.Assumption{Plan: a.Plan}
		if a.Day != "" {
			assumed.Date = telling.ParseDay(a.Day)
		}
		list = append(list, assumed)
	}
	return list
}
