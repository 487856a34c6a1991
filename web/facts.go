package web

import (
	"html/template"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
)

// factLine is one fact as it stands, told with its evidence: why something is so.
type factLine struct {
	seq       uint64
	effective string // EDTF

	Day       string // in words
	Text      template.HTML
	Seq       Link
	Recorded  string
	Evidence  []evidenceLine
	Revisions []revisionLine
	Notes     []string
	Above     bool // it is told in full further up
}

// evidenceLine is a source and the place in it.
type evidenceLine struct {
	Source             Link
	Publisher, Locator string
	URL                string // as text: pages lead to no other address by themselves
}

// revisionLine is a correction or retraction of a fact.
type revisionLine struct {
	Seq      Link
	Retracts bool
	Recorded string
	Changed  template.HTML
	Reason   string
}

// factLines tells facts, each in full.
func (q *request) factLines(seqs []uint64) ([]factLine, error) {
	lines := make([]factLine, len(seqs))
	for i, seq := range seqs {
		a, err := q.book.Account(q.ctx, seq)
		if err != nil {
			return nil, err
		}
		lines[i] = q.factLine(a)
	}
	return lines, nil
}

func (q *request) factLine(a *telling.Account) factLine {
	line := factLine{seq: a.Seq, effective: a.Now.Effective.String(), Day: telling.Capital(telling.DateWords(a.Now.Effective)), Seq: q.entryLink(a.Seq),
		Text: q.prose(telling.Capital(q.undated(a)) + "."), Recorded: q.book.RecordedWords(a.Recorded)}
	for _, e := range a.Evidence {
		line.Evidence = append(line.Evidence, evidenceLine{Source: Link{q.path(e.Source.Ref().String()), telling.Clean(e.Registered.Title)},
			Publisher: telling.Clean(e.Registered.Publisher), Locator: telling.Clean(e.Locator), URL: telling.Clean(e.Registered.URL)})
	}
	for _, r := range a.Revisions {
		line.Revisions = append(line.Revisions, revisionLine{Seq: q.entryLink(r.Seq), Retracts: r.Retracts, Recorded: q.book.RecordedWords(r.Recorded),
			Changed: q.prose(r.Changed), Reason: telling.Stopped(r.Reason)})
	}
	for _, e := range append([]*domain.Recorded{a.Recorded}, a.Changes...) {
		if e.Note != "" {
			line.Notes = append(line.Notes, telling.Clean(e.Note))
		}
	}
	return line
}

// undated tells a fact without its day, which stands beside it.
func (q *request) undated(a *telling.Account) string {
	if _, plan := a.Now.Fact.(*domain.PlanAnnounced); plan {
		return a.Told
	}
	return q.book.Narrator(a.Now).Phrase(a.Now.Fact)
}

// lifeRows are facts as a table of text.
func (q *request) lifeRows(lines []factLine) ([][]string, error) {
	rows := [][]string{{"effective", "fact", "seq", "sources"}}
	for _, line := range lines {
		a, err := q.book.Account(q.ctx, line.seq)
		if err != nil {
			return nil, err
		}
		sources := make([]string, len(a.Evidence))
		for i, e := range a.Evidence {
			sources[i] = e.Source.Ref().String()
		}
		rows = append(rows, []string{line.effective, telling.Unmarked(telling.Capital(q.undated(a))) + ".", telling.Decimal(line.seq), strings.Join(sources, " ")})
	}
	return rows, nil
}

// earlierLine is what an answer was, or is by everything recorded, at another known point.
type earlierLine struct {
	Known   Link // leads there
	At      string
	Text    template.HTML
	Changed template.HTML // the entry that changed it
}

// earlierLines tells what the answer to a question was before corrections and retractions, and what it has become since. seqs are
// the facts on which it rests.
func (q *request) earlierLines(ref domain.Ref, question map[string]any, seqs []uint64) ([]earlierLine, *earlierLine, error) {
	amendments, err := q.book.Amendments(q.ctx, ref, seqs, nil)
	if err != nil {
		return nil, nil, err
	}
	was, _, err := q.book.Earlier(q.ctx, ref, question, amendments)
	if err != nil {
		return nil, nil, err
	}
	lines := make([]earlierLine, len(was))
	for i, w := range was {
		lines[i] = q.earlierLine(w)
		lines[i].Changed = q.prose(telling.Capital(q.book.EntryWords(w.Change.Seq)) + " changed that: " + telling.Lower(q.book.Sentence(&w.Change.Entry)) + ".")
	}
	now, err := q.book.Since(q.ctx, ref, question)
	if err != nil || now == nil {
		return lines, nil, err
	}
	since := q.earlierLine(*now)
	return lines, &since, nil
}

func (q *request) earlierLine(w telling.Earlier) earlierLine {
	return earlierLine{Known: Link{q.here(fieldKnown, telling.Decimal(w.Known)), "sequence " + telling.Decimal(w.Known)},
		At: telling.TimeWords(q.view.RecordedAt(w.Known)), Text: q.prose(w.Text)}
}

// planEffects tells what outstanding plans would do to a thing.
func (q *request) planEffects(ref domain.Ref) ([]planEffect, error) {
	effects, err := q.book.PlanEffects(q.ctx, ref)
	if err != nil {
		return nil, err
	}
	list := make([]planEffect, len(effects))
	for i, e := range effects {
		list[i].Text = q.prose(e.Text)
		for _, condition := range e.Plan.Conditions {
			list[i].Conditions = append(list[i].Conditions, telling.Clean(condition))
		}
	}
	return list, nil
}
