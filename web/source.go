package web

import (
	"net/url"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/telling"
)

// sourceShown is what the page of a source shows.
type sourceShown struct {
	Publisher, Published, Retrieved, Digest, Note string
	Origin                                        Link
	Registered                                    entryLine
	Citing                                        int
	Entries                                       []entryLine
	Pager                                         *pager
}

// entriesAPage is how many entries a page tells.
const entriesAPage = 50

// source shows a piece of evidence as it was registered, and what was recorded from it.
func (s *site) source(q *request) (*Page, error) {
	ref, err := q.ref(domain.KindSource)
	if err != nil {
		return nil, err
	}
	registered, err := q.book.Source(q.ctx, domain.SourceID(ref.ID))
	if err != nil {
		return nil, err
	}
	view := &sourceShown{Publisher: telling.Clean(registered.Publisher), Digest: registered.SHA256, Origin: outside(registered.URL)}
	if !registered.Published.IsZero() {
		view.Published = telling.Capital(telling.DateWords(registered.Published))
	}
	if !registered.Retrieved.IsZero() {
		view.Retrieved = telling.Capital(telling.DateWords(registered.Retrieved))
	}
	seqs := q.view.Mentions(ref, q.known)
	lines, err := q.entryLines(seqs[:1])
	if err != nil {
		return nil, err
	}
	first, err := q.book.Entry(q.ctx, seqs[0])
	if err != nil {
		return nil, err
	}
	view.Registered, view.Note, view.Citing = lines[0], telling.Clean(first.Note), len(seqs)-1
	from, to, p, err := q.pages(len(seqs)-1, entriesAPage)
	if err != nil {
		return nil, err
	}
	if view.Entries, err = q.entryLines(seqs[1:][from:to]); err != nil {
		return nil, err
	}
	view.Pager = p
	return &Page{Name: "source", Kicker: "Source", Title: telling.Clean(registered.Title), Data: view,
		JSON: func() ([]byte, error) { return q.entriesJSON(seqs) },
		CSV:  func() ([][]string, error) { return q.entryRows(seqs) }}, nil
}

// outside is an address of the web that the ledger has. Nothing is asked of it unless somebody follows it.
func outside(address string) Link {
	text := telling.Clean(address)
	if u, err := url.Parse(address); err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" {
		return Link{address, text}
	}
	return Link{"", text}
}

// entriesJSON is entries as the log gives them, in one list.
func (q *request) entriesJSON(seqs []uint64) ([]byte, error) {
	text := []byte(`{"entries":[`)
	for i, seq := range seqs {
		e, err := q.book.Entry(q.ctx, seq)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			text = append(text, ',')
		}
		text = ledger.AppendLogged(text, e)
	}
	return jsontext.Value(append(text, "]}"...)), nil
}

// entryRows are entries as a table.
func (q *request) entryRows(seqs []uint64) ([][]string, error) {
	rows := [][]string{{"seq", "recorded", "actor", "type", "effective", "says"}}
	for _, seq := range seqs {
		e, err := q.book.Entry(q.ctx, seq)
		if err != nil {
			return nil, err
		}
		if err := q.book.Tell(q.ctx, &e.Entry); err != nil {
			return nil, err
		}
		rows = append(rows, []string{telling.Decimal(seq), utc(telling.RecordedAt(e)), e.Actor, e.Fact.Type().String(), e.Effective.String(),
			telling.Unmarked(q.book.Sentence(&e.Entry))})
	}
	return rows, nil
}
