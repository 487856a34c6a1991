package web

import (
	"strconv"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// logShown is what the page of the log shows.
type logShown struct {
	About        named // the thing whose entries are shown; zero: all are
	Entries      []entryLine
	Total        int
	First, Last  uint64 // of those shown
	Newer, Older Link
	Live         string // where entries that arrive are had as lines of the list; empty: the page is not about now
	Feed         string // what tells that some have arrived; empty: they are asked for
	Everything   Link
}

// log lists what was recorded, newest first, and goes on as more arrives. The part of a page that has arrived since is had
// alone, for the script of the page.
func (s *site) log(q *request) (*Page, error) {
	p := &Page{Name: "log", Title: "Log"}
	view := new(logShown)
	p.Data = view
	seqs, err := q.logged(p, view)
	if err != nil {
		return nil, err
	}
	if after := q.URL.Query().Get("after"); after != "" {
		p.Name, p.Part = "loglines", true
		from, err := strconv.ParseUint(after, 10, 64)
		if err != nil {
			return nil, &projections.QuestionError{Code: projections.CodeBadQuestion, Field: "after", Message: strconv.Quote(after) + " is no sequence"}
		}
		seqs = seqs.between(from+1, q.known+1)
		seqs = seqs.newest(entriesAPage)
	} else if seqs, err = q.logPage(view, seqs); err != nil {
		return nil, err
	}
	list := seqs.list()
	p.JSON = func() ([]byte, error) { return q.entriesJSON(list) }
	p.CSV = func() ([][]string, error) { return q.entryRows(list) }
	view.Entries, err = q.entryLines(list)
	return p, err
}

// logged chooses the entries that the address asks for: all, or those that concern a thing.
func (q *request) logged(p *Page, view *logShown) (sequences, error) {
	text := q.URL.Query().Get("ref")
	if text == "" {
		return sequences{from: 1, to: q.known + 1}, nil
	}
	ref, err := domain.ParseRef(text)
	if err != nil {
		return sequences{}, &projections.QuestionError{Code: projections.CodeBadQuestion, Field: "ref", Message: err.Error()}
	}
	if !q.view.Introduced(ref, q.known) {
		return sequences{}, q.unknown(ref)
	}
	view.About, view.Everything = q.named(ref), Link{q.url("/log"), "The whole log"}
	p.Ref, p.Title = ref, "Log of what concerns "+view.About.Text
	return sequences{some: q.view.Mentions(ref, q.known), listed: true}, nil
}

// logPage cuts out the entries of one page: those before the one that the address names, else the newest.
func (q *request) logPage(view *logShown, all sequences) (sequences, error) {
	view.Total = all.count()
	before := q.known + 1
	if text := q.URL.Query().Get("before"); text != "" {
		seq, err := strconv.ParseUint(text, 10, 64)
		if err != nil || seq == 0 {
			return all, &projections.QuestionError{Code: projections.CodeBadQuestion, Field: "before", Message: strconv.Quote(text) + " is no sequence"}
		}
		before = min(seq, before)
	}
	page := all.between(1, before).newest(entriesAPage)
	if page.count() == 0 {
		return page, nil
	}
	view.First, view.Last = page.ends()
	if older := all.between(1, view.First); older.count() > 0 {
		view.Older = Link{q.here("before", telling.Decimal(view.First)), "Older entries"}
	}
	if newer := all.between(view.Last+1, q.known+1).oldest(entriesAPage); newer.count() > 0 {
		_, last := newer.ends()
		view.Newer = Link{q.here("before", telling.Decimal(last+1)), "Newer entries"}
	} else if !q.knownGiven {
		view.Live, view.Feed = q.here("after", telling.Decimal(view.Last), "before", ""), q.site.Feed
	}
	return page, nil
}

// sequences are a stretch of the log, or some entries of it, rising.
type sequences struct {
	from, to uint64 // from ≤ seq < to
	some     []uint64
	listed   bool
}

func (s sequences) count() int {
	if s.listed {
		return len(s.some)
	}
	return int(s.to - min(s.from, s.to))
}

// between are those with from ≤ seq < to.
func (s sequences) between(from, to uint64) sequences {
	if !s.listed {
		return sequences{from: max(from, s.from), to: max(from, min(to, s.to))}
	}
	var some []uint64
	for _, seq := range s.some {
		if seq >= from && seq < to {
			some = append(some, seq)
		}
	}
	return sequences{some: some, listed: true}
}

func (s sequences) newest(n int) sequences {
	if s.listed {
		return sequences{some: s.some[max(0, len(s.some)-n):], listed: true}
	}
	return sequences{from: max(s.from, s.to-min(s.to, uint64(n))), to: s.to}
}

func (s sequences) oldest(n int) sequences {
	if s.listed {
		return sequences{some: s.some[:min(n, len(s.some))], listed: true}
	}
	return sequences{from: s.from, to: min(s.to, s.from+uint64(n))}
}

// ends are the first and the last; there is at least one.
func (s sequences) ends() (first, last uint64) {
	if s.listed {
		return s.some[0], s.some[len(s.some)-1]
	}
	return s.from, s.to - 1
}

// list has them newest first.
func (s sequences) list() []uint64 {
	list := make([]uint64, 0, s.count())
	for i := s.count() - 1; i >= 0; i-- {
		if s.listed {
			list = append(list, s.some[i])
		} else {
			list = append(list, s.from+uint64(i))
		}
	}
	return list
}
