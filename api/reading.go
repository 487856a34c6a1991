package api

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/orgledger/orgledger/audit"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
)

// reading is what one request is answered from: a view and a day, the same for the whole answer and, by its cursor, for
// the pages after it.
type reading struct {
	w    http.ResponseWriter
	r    *http.Request
	view *ledger.View

	known uint64      // the point that is meant where the request names none
	today domain.Date // the day that is meant where the request names none
	after uint64      // how much of a list was given on earlier pages; of entries, the last sequence
	limit int         // how much of a list is given at most; 0: all of it
}

// scope is what an operation takes, and what its answers depend on.
type scope struct {
	takes   map[string]bool // query parameters
	known   []string        // parameters that name a point; left out, each means everything recorded
	days    []string        // parameters that name a day; left out, each means today
	settles bool            // an answer about a day, as known at a point, never changes
	formats bool            // the answer has the media type that the client takes
}

// scopeOf reads an operation's parameters. Names of persons change when they are forgotten, so that what shows them
// does not settle.
func scopeOf(o *huma.Operation, settles bool) scope {
	c := scope{takes: taken(o), settles: settles}
	for _, p := range o.Parameters {
		switch p.Name {
		case "known", "from-known", "to-known":
			c.known = append(c.known, p.Name)
		case "on", "from", "to":
			if p.Schema.Format == "date" {
				c.days = append(c.days, p.Name)
			}
		}
	}
	return c
}

// begin pins what a request is answered from, once the ledger has got as far as the request asks, and says so in the headers:
// Ledger-Sequence, ETag and Cache-Control. It reports false where it has answered by itself: with a problem, or with 304 where the
// client has the answer.
func (s *server) begin(w http.ResponseWriter, r *http.Request, c scope) (*reading, bool) {
	query, ok := s.parameters(w, r, c.takes)
	if !ok {
		return nil, false
	}
	p := &reading{w: w, r: r}
	mark, err := p.page(query)
	least, err2 := atLeast(query)
	if err := errors.Join(err, err2); err != nil {
		s.problem(w, r, http.StatusBadRequest, ledger.Description{Code: codeBadRequest, Message: err.Error()})
		return nil, false
	}
	if err := s.reach(r.Context(), max(least, mark.Known)); err != nil {
		s.fail(w, r, err)
		return nil, false
	}
	p.view, p.today = s.ledger.View(), ledger.Today(time.Now())
	p.known = p.view.Seq()
	if mark.Day != 0 {
		p.known, p.today, p.after = mark.Known, mark.Day, mark.After
	}
	w.Header().Set(headerSequence, strconv.FormatUint(p.view.Seq(), 10))
	return p, !s.validated(p, query, c)
}

// reach waits for an entry; 0 is there.
func (s *server) reach(ctx context.Context, seq uint64) error {
	if seq == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, waiting)
	defer cancel()
	return s.ledger.Reach(ctx, seq)
}

// settledFor is how long, in seconds, a client may keep an answer that never changes: a day, after which a later program may
// say more than this one.
const settledFor = 24 * 60 * 60

// validated sets the headers by which an answer is kept and asked for again, and answers 304 where the client has it.
// The tag is weak: an answer says the same, whether it is compressed or not. It names the last entry that the answer
// rests on, the root of the log up to there, so that it is no other log's, and the day where none is asked for.
func (s *server) validated(p *reading, query url.Values, c scope) bool {
	bound, fixed := p.bound(query, c)
	root, err := s.root(bound)
	if err != nil {
		return false // it asks for more than there is, and will be told so
	}
	tag := fmt.Appendf(nil, `W/"%d-%x-%s`, bound, root[:6], s.edition)
	for _, name := range c.days {
		if !query.Has(name) {
			tag, fixed = append(append(tag, '-'), p.today.String()...), false
			break
		}
	}
	if c.formats && prefersJSON(p.r.Header) {
		tag = append(tag, "-json"...)
	}
	tag = append(tag, '"')
	header := p.w.Header()
	header.Set("ETag", string(tag))
	if header.Set("Cache-Control", "no-cache"); fixed {
		header.Set("Cache-Control", "max-age="+strconv.Itoa(settledFor)+", immutable")
	}
	if !matches(p.r.Header.Values("If-None-Match"), string(tag)) {
		return false
	}
	p.w.WriteHeader(http.StatusNotModified)
	return true
}

// rooted is the root of the log up to an entry.
type rooted struct {
	seq  uint64
	root audit.Hash
}

// root gives the root of the log up to an entry; the one given last is most often wanted again.
func (s *server) root(seq uint64) (audit.Hash, error) {
	if last := s.rooted.Load(); last != nil && last.seq == seq {
		return last.root, nil
	}
	root, err := s.ledger.Tree().Root(seq)
	if err == nil {
		s.rooted.Store(&rooted{seq, root})
	}
	return root, err
}

// bound is the last entry that an answer may rest on, and whether later ones can change nothing.
func (p *reading) bound(query url.Values, c scope) (seq uint64, fixed bool) {
	if !c.settles || strings.Contains(p.r.URL.Path, ":") { // an identifier is looked for in everything recorded
		return p.view.Seq(), false
	}
	fixed = len(c.known) > 0
	for _, name := range c.known {
		at, settled, _ := p.point(query.Get(name))
		seq, fixed = max(seq, at), fixed && settled
	}
	if len(c.known) == 0 {
		seq = p.known
	}
	return seq, fixed
}

// point is the sequence that a known point means, whether it will mean that for ever, and whether it is one at all.
func (p *reading) point(text string) (seq uint64, settled, ok bool) {
	if text == "" {
		return p.known, false, true
	}
	if seq, err := strconv.ParseUint(text, 10, 64); err == nil {
		return seq, seq <= p.view.Seq(), true
	}
	at, err := time.Parse(time.RFC3339Nano, unspaced(text))
	if err != nil {
		return p.known, false, false
	}
	return min(p.view.At(at), p.known), at.Before(p.view.LastRecorded()), true
}

// unspaced puts back the plus sign of a zone, which is a space in an address unless it is escaped.
func unspaced(text string) string { return strings.ReplaceAll(text, " ", "+") }

// matches reports whether one of the tags that a client has is ours, by weak comparison (RFC 9110 §8.8.3.2).
func matches(values []string, tag string) bool {
	for _, value := range values {
		for one := range strings.SplitSeq(value, ",") {
			if one = strings.TrimSpace(one); one == tag || one == strings.TrimPrefix(tag, "W/") {
				return true
			}
		}
	}
	return false
}

// editionOf is what tags say of the program, so that a later one's answers are asked for again.
func editionOf(version string) string {
	sum := fnv.New32a()
	sum.Write([]byte(version))
	return strconv.FormatUint(uint64(sum.Sum32()), 36)
}
