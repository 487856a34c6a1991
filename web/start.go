package web

import (
	"html/template"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// recentEntries is how many of the newest entries the start page tells.
const recentEntries = 10

// startShown is what the start page shows.
type startShown struct {
	Kinds    []Link // how many things there are of each, leading to their list
	Entries  uint64
	First    string
	Recent   []entryLine
	Plans    []planLine
	Findings []findingCount
	Counted  bool // the findings are; of a large ledger they are counted on their own page alone
	All      Link // the page of findings
	Log      string
}

// entryLine is an entry in one sentence.
type entryLine struct {
	Seq      Link
	Recorded string
	Actor    string
	Text     template.HTML
	Marks    []template.HTML // corrected by entry 12
}

type planLine struct {
	Plan             Link
	Status, Expected string
	Items            string
}

type findingCount struct {
	Link Link
	N    int
}

// countedThings is up to how many things the findings are counted for the start page: it takes some microseconds for each.
const countedThings = 20_000

// start says what the ledger covers, and where to begin.
func (s *site) start(q *request) (*Page, error) {
	view := startShown{Entries: q.known, Log: q.url("/log"), All: Link{q.url("/findings"), "All findings"}}
	counts := q.view.Counts(q.known)
	view.Kinds = q.kindLinks(counts)
	if q.known > 0 {
		view.First = telling.TimeWords(q.view.RecordedAt(1))
	}
	var err error
	if view.Recent, err = q.newest(recentEntries); err != nil {
		return nil, err
	}
	view.Plans = q.outstanding()
	things := 0
	for _, n := range counts {
		things += n
	}
	if view.Counted = things <= countedThings; view.Counted {
		view.Findings = q.countFindings()
	}
	return &Page{Name: "start", Title: "The history of organisations, and who was responsible", Thing: "start page", Data: view,
		JSON: q.ask(q.book.OnDay(q.book.Question("plans")))}, nil
}

// kindLinks say how many things of each kind there are.
func (q *request) kindLinks(counts map[domain.Kind]int) []Link {
	var list []Link
	for _, kind := range searchedKinds[:6] { // persons and keys have no pages
		if n := counts[kind]; n > 0 {
			list = append(list, Link{q.url("/search", "kind", kind.String()), thousands(n) + strings.TrimLeft(telling.Counted(n, kind.String()), "0123456789")})
		}
	}
	return list
}

// countFindings counts what is odd by kind, what matters most first.
func (q *request) countFindings() []findingCount {
	counts := make(map[string]int)
	for _, f := range q.view.Findings(q.point()).Findings {
		counts[f.Code]++
	}
	var list []findingCount
	for _, kind := range telling.FindingKinds {
		if n := counts[kind.Code]; n > 0 {
			list = append(list, findingCount{Link{q.url("/findings", "code", kind.Code), telling.Capital(kind.Meaning)}, n})
		}
	}
	return list
}

// newest tells the last entries up to the known point, newest first.
func (q *request) newest(n uint64) ([]entryLine, error) {
	var seqs []uint64
	for seq := q.known; seq > 0 && uint64(len(seqs)) < n; seq-- {
		seqs = append(seqs, seq)
	}
	return q.entryLines(seqs)
}

// entryLines tells entries as they were recorded, with what corrected or retracted them up to the known point.
func (q *request) entryLines(seqs []uint64) ([]entryLine, error) {
	entries := make([]*domain.Recorded, len(seqs))
	told := make([]*domain.Entry, len(seqs))
	for i, seq := range seqs {
		e, err := q.book.Entry(q.ctx, seq)
		if err != nil {
			return nil, err
		}
		entries[i], told[i] = e, &e.Entry
	}
	if err := q.book.Tell(q.ctx, told...); err != nil {
		return nil, err
	}
	lines := make([]entryLine, len(entries))
	for i, e := range entries {
		edition, err := q.book.EditionAt(q.ctx, e.Seq, q.known)
		if err != nil {
			return nil, err
		}
		lines[i] = entryLine{Seq: q.entryLink(e.Seq), Recorded: telling.TimeWords(telling.RecordedAt(e)), Actor: telling.Clean(e.Actor),
			Text: q.prose(q.book.Sentence(&e.Entry) + "."), Marks: q.marks(edition)}
	}
	return lines, nil
}

func (q *request) entryLink(seq uint64) Link {
	return Link{q.path("entry/" + telling.Decimal(seq)), "entry " + telling.Decimal(seq)}
}

// marks say by which entries a fact was corrected or retracted.
func (q *request) marks(e *telling.Edition) []template.HTML {
	var list []template.HTML
	for _, change := range e.Changes {
		list = append(list, q.prose(telling.AmendmentVerb(change.Fact)+" by "+q.book.EntryWords(change.Seq)))
	}
	return list
}

// outstanding lists the plans that are neither carried out nor withdrawn.
func (q *request) outstanding() []planLine {
	var lines []planLine
	for _, p := range q.view.Plans(q.point()).Plans {
		if outstanding(p.Status) {
			lines = append(lines, q.planLine(p))
		}
	}
	return lines
}

// planLine is how a plan stands in a line.
func (q *request) planLine(p projections.Plan) planLine {
	line := planLine{Plan: Link{q.path("plan/" + p.Plan), telling.Clean(p.Title)}, Status: telling.PlanStatus(p.Status), Items: telling.FulfilledText(p),
		Expected: "no day given"}
	if p.Expected != nil {
		line.Expected = telling.DateWords(telling.DateOf(p.Expected))
	}
	return line
}
