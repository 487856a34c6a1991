package api

import (
	"bufio"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
)

// entriesOperation describes the log as entries.
func (s *server) entriesOperation() (o huma.Operation) {
	o = huma.Operation{OperationID: "entries", Method: http.MethodGet, Path: "/v1/entries", Tags: []string{tagLog},
		Summary: "Read recorded entries",
		Description: "As JSON lines they come as a stream, all of them unless limit says otherwise. " +
			"As application/json, where Accept asks for it, they come in pages of at most 100 entries, or of limit.",
		Parameters: append(pageParameters(), atLeastParameter(),
			parameter("ref", "Only entries that concern this reference", text()),
			parameter("from", "The first sequence", sequenceSchema()),
			parameter("to", "The sequence to stop before", sequenceSchema())),
		Responses: gives("Entries, one JSON object a line, or a page of them", lines, nil)}
	o.Responses["200"].Content["application/json"] = &huma.MediaType{Schema: schemaOf[Entries](s.api)}
	s.validation(&o)
	linked(&o)
	return o
}

// entryRoutes serves recorded entries.
func (s *server) entryRoutes() {
	s.pinned(s.entriesOperation(), s.entries)
	one := huma.Operation{OperationID: "entry", Method: http.MethodGet, Path: "/v1/entries/{entry}", Tags: []string{tagLog},
		Summary:    "Read one recorded entry",
		Parameters: []*huma.Param{within("entry", "Its sequence or its id", text()), atLeastParameter()},
		Responses:  gives("The entry", "application/json", schemaOf[Entry](s.api))}
	s.validation(&one)
	s.pinned(one, s.entry)
}

// pinned is raw for what is answered from one view.
func (s *server) pinned(o huma.Operation, answer func(*reading)) {
	c := scopeOf(&o, false)
	c.formats = len(o.Responses["200"].Content) > 1
	s.raw(o, func(w http.ResponseWriter, r *http.Request) {
		if p, ok := s.begin(w, r, c); ok {
			answer(p)
		}
	})
}

// Entries is a page of recorded entries.
type Entries struct {
	Entries []Entry `json:"entries"` // by sequence
}

// Entry describes a recorded entry, as ledger.AppendLogged writes it.
type Entry struct {
	Seq       uint64     `json:"seq"`
	Recorded  string     `json:"recorded" format:"date-time"`
	Actor     string     `json:"actor,omitempty"`
	Corrects  string     `json:"corrects_type,omitempty" doc:"Of a correction: the type of the entry that it corrects"`
	ID        string     `json:"id" format:"uuid"`
	Type      string     `json:"type"`
	Effective string     `json:"effective,omitempty" doc:"EDTF"`
	Data      any        `json:"data"`
	Sources   []Citation `json:"sources,omitempty"`
	Fulfils   string     `json:"fulfils,omitempty"`
	Note      string     `json:"note,omitempty"`
}

// Citation describes where in a source the evidence for an entry is.
type Citation struct {
	Source  string `json:"source"`
	Locator string `json:"locator,omitempty"`
}

const (
	usualPage = 100     // entries on a page, where no limit is given
	heavyPage = 4 << 20 // bytes after which a page ends, whatever its limit
)

// entries gives the log, or what of it concerns a reference.
func (s *server) entries(p *reading) {
	selection, err := selection(p.r.URL.Query())
	if err != nil {
		s.problem(p.w, p.r, http.StatusBadRequest, ledger.Description{Code: codeBadRequest, Message: err.Error()})
		return
	}
	selection.From = max(selection.From, p.after+1)
	if selection.To == 0 || selection.To > p.known+1 {
		selection.To = p.known + 1
	}
	header := p.w.Header()
	header.Add("Vary", "Accept")
	if prefersJSON(p.r.Header) {
		if p.limit == 0 {
			p.limit = usualPage
		}
		header.Set("Content-Type", "application/json")
		s.entryPage(p, selection, `{"entries":[`, ",", "]}\n")
		return
	}
	header.Set("Content-Type", lines)
	if p.limit > 0 {
		s.entryPage(p, selection, "", "\n", "\n")
		return
	}
	s.stream(p, selection)
}

// prefersJSON reports whether a client asks for one JSON value rather than for lines.
func prefersJSON(header http.Header) bool {
	accept := strings.Join(header.Values("Accept"), ",")
	return strings.Contains(accept, "application/json") && !strings.Contains(accept, lines)
}

// stream sends entries as they are read.
func (s *server) stream(p *reading, selection ledger.Selection) {
	answer := &begun{ResponseWriter: p.w}
	out := bufio.NewWriter(answer)
	err := s.ledger.Select(p.r.Context(), selection, func(e domain.Recorded) error {
		_, err := out.Write(append(ledger.AppendLogged(nil, &e), '\n'))
		return err
	})
	switch {
	case err == nil:
		if err := out.Flush(); err != nil {
			s.log.Warn("entries were not sent", "error", err)
		}
	case answer.yes:
		s.cutOff(p.r, "a reading of the log was cut off", err)
	default:
		s.fail(p.w, p.r, err)
	}
}

// errFull ends the reading of a page.
var errFull = errors.New("the page is full")

// entryPage sends as many entries as a page has, between what begins and ends it.
func (s *server) entryPage(p *reading, selection ledger.Selection, begin, between, end string) {
	page, n := []byte(begin), 0
	var last uint64
	err := s.ledger.Select(p.r.Context(), selection, func(e domain.Recorded) error {
		if n == p.limit || len(page) > heavyPage {
			return errFull
		}
		if n > 0 {
			page = append(page, between...)
		}
		page, last = ledger.AppendLogged(page, &e), e.Seq
		n++
		return nil
	})
	switch {
	case errors.Is(err, errFull):
		p.more(last)
	case err != nil:
		s.fail(p.w, p.r, err)
		return
	}
	if n > 0 || begin != "" {
		page = append(page, end...)
	}
	if _, err := p.w.Write(page); err != nil {
		s.log.Debug("entries were not sent", "error", err)
	}
}

// entry gives one entry, by its sequence or its id.
func (s *server) entry(p *reading) {
	seq, err := s.sequenceOf(p)
	if err == nil && (seq == 0 || seq > p.view.Seq()) {
		err = &ledger.QuestionError{Code: ledger.CodeNotFound, Field: "entry", Message: "no entry " + p.r.PathValue("entry") + " is recorded"}
	}
	var e domain.Recorded
	if err == nil {
		e, err = s.ledger.Entry(p.r.Context(), seq)
	}
	if err != nil {
		s.fail(p.w, p.r, err)
		return
	}
	p.w.Header().Set("Content-Type", "application/json")
	if _, err := p.w.Write(append(ledger.AppendLogged(nil, &e), '\n')); err != nil {
		s.log.Debug("an entry was not sent", "error", err)
	}
}

// sequenceOf reads which entry a path names; 0 where it can be none.
func (s *server) sequenceOf(p *reading) (uint64, error) {
	name := p.r.PathValue("entry")
	if seq, err := strconv.ParseUint(name, 10, 64); err == nil {
		return seq, nil
	}
	id, err := uuid.Parse(name)
	if err != nil {
		return 0, &ledger.QuestionError{Code: ledger.CodeBadQuestion, Field: "entry", Message: strconv.Quote(name) + " is neither a sequence nor the id of an entry, which is a UUID"}
	}
	return s.ledger.Sequence(p.r.Context(), id)
}

func selection(query url.Values) (sel ledger.Selection, err error) {
	if query.Has("ref") {
		if sel.Ref, err = domain.ParseRef(query.Get("ref")); err != nil {
			return sel, err
		}
	}
	for name, to := range map[string]*uint64{"from": &sel.From, "to": &sel.To} {
		if query.Has(name) {
			if *to, err = sequence(query, name); err != nil {
				return sel, err
			}
		}
	}
	return sel, nil
}

func sequence(query url.Values, name string) (uint64, error) {
	seq, err := strconv.ParseUint(query.Get(name), 10, 64)
	if err != nil {
		return 0, errors.New(name + " is a sequence")
	}
	return seq, nil
}
