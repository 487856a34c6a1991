package web

import (
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/telling"
)

// What is recorded by hand goes three steps: a form is filled in, what it would change is shown, and it is recorded. Each is a
// page of its own, and the filled form travels in them: nothing is kept here between two steps.

// limitPosted is the longest form that is read, in bytes: an entry, as a form writes it.
const limitPosted = 4 * domain.LimitEntry

// The fields of a form beside those of the entry.
const (
	fieldDo    = "do"    // what a button asks for
	fieldActor = "actor" // who records
	fieldCalm  = "calm"  // the preview raised no finding: refuse if recording would
)

// formRequest is a request for a form, or with one.
type formRequest struct {
	*request
	w      http.ResponseWriter
	filled *tree  // what was sent, or what the address fills in
	do     string // what a button asks for; empty: nothing was sent
	actor  string
	stale  bool // what was sent carries no token of this process
}

// formRoutes sets up the forms, which are there to be had and to be sent.
func (s *site) formRoutes(mux *http.ServeMux) {
	mux.Handle("GET /record", s.forming((*site).recordTypes))
	for _, method := range []string{"GET ", "POST "} {
		mux.Handle(method+"/record/{type}", s.forming((*site).record))
		mux.Handle(method+"/entry/{seq}/correct", s.forming((*site).correct))
		mux.Handle(method+"/entry/{seq}/retract", s.forming((*site).retract))
	}
}

// seeOther sends the browser on, after something was recorded.
type seeOther struct{ address string }

// Error says where it leads.
func (e seeOther) Error() string { return "see " + e.address }

// forming answers requests for forms, and with them. What they show is for one browser alone.
func (s *site) forming(answer func(*site, *formRequest) (*Page, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		q, err := s.formRequest(w, r)
		var p *Page
		if err == nil {
			p, err = answer(s, q)
		}
		if to, ok := errors.AsType[seeOther](err); ok {
			http.Redirect(w, r, to.address, http.StatusSeeOther)
			return
		}
		if err == nil {
			err = s.show(w, q.request, p, html)
		}
		if err != nil {
			s.fail(w, r, html, err)
		}
	})
}

func (s *site) formRequest(w http.ResponseWriter, r *http.Request) (*formRequest, error) {
	if !s.Recording {
		return nil, noPage{r.URL.Path}
	}
	q := &formRequest{w: w}
	values := r.URL.Query()
	if r.Method == http.MethodPost {
		r.Body = http.MaxBytesReader(w, r.Body, limitPosted)
		if err := r.ParseForm(); err != nil {
			return nil, &domain.Refusal{Code: domain.CodeTooLarge, Rule: "a form is one that this page made, and has at most as much as an entry"}
		}
		values = r.PostForm
		q.do, q.actor = values.Get(fieldDo), strings.TrimSpace(values.Get(fieldActor))
		q.stale = !s.tokens.valid(r)
		if q.do == "" {
			q.do = "preview"
		}
	}
	var err error
	if q.request, err = s.request(r); err != nil {
		return nil, err
	}
	q.filled, err = treeOf(fillable(values))
	return q, err
}

// fillable are the fields of a form that are those of an entry.
func fillable(values url.Values) url.Values {
	fields := make(url.Values, len(values))
	for name, list := range values {
		switch name {
		case fieldDo, fieldActor, fieldCalm, tokenField, fieldOn, fieldKnown, fieldAssume:
		default:
			fields[name] = list
		}
	}
	return fields
}

// recordShown is what the pages of recording show.
type recordShown struct {
	Action   string
	Token    string
	Summary  string
	Target   *entryLine // that is corrected or retracted
	Verb     string
	Inputs   []*input
	Problems []Link // to the fields that are wrong
	General  string
	Actor    string
	Hidden   []field
	Says     template.HTML
	Line     string // the entry as one line, for who signs
	Preview  *previewShown
	Calm     bool
}

// recordTypes lists what can be recorded.
func (s *site) recordTypes(q *formRequest) (*Page, error) {
	return &Page{Name: "record", Title: "Record", Still: true, Data: typeGroups(q.request)}, nil
}

// typeGroup is fact types about one kind of thing.
type typeGroup struct {
	Title string
	Types []typeShown
}

type typeShown struct {
	Link    Link
	Summary string
}

func typeGroups(q *request) []typeGroup {
	groups := []typeGroup{{Title: "Organisations"}, {Title: "Responsibilities"}, {Title: "Contracts"}, {Title: "Offices and persons"}, {Title: "Plans"},
		{Title: "Evidence"}, {Title: "Keys"}}
	of := map[string]int{"organisation": 0, "holdings": 0, "responsibility": 1, "contract": 2, "appointment": 3, "person": 3, "plan": 4, "source": 5, "key": 6}
	for _, t := range domain.Types() {
		kind, _, _ := strings.Cut(t.String(), ".")
		if at, ok := of[kind]; ok {
			groups[at].Types = append(groups[at].Types, typeShown{Link{q.url("/record/" + t.String()), capitalised(typeLabel(t))}, telling.Capital(t.Summary()) + "."})
		}
	}
	return groups
}

// record is the form of one fact type, its preview, and its recording.
func (s *site) record(q *formRequest) (*Page, error) {
	t, ok := domain.ParseType(q.PathValue("type"))
	if !ok || t == domain.TypeEntryCorrected || t == domain.TypeEntryRetracted {
		return nil, noPage{q.URL.Path}
	}
	d := newDraft(t, q.filled)
	return s.filling(q, d, &Page{Title: "Record: " + typeLabel(t)}, &recordShown{Summary: telling.Capital(t.Summary()) + ".", Verb: "Record"})
}

// correct is the form that corrects an entry.
func (s *site) correct(q *formRequest) (*Page, error) {
	account, view, err := q.target("Correct")
	if err != nil {
		return nil, err
	}
	filled := q.filled
	if q.do == "" {
		filled = nil
	}
	d, err := correcting(account.Recorded, account.Now, filled)
	if err != nil {
		return nil, err
	}
	return s.filling(q, d, &Page{Title: "Correct entry " + telling.Decimal(account.Seq)}, view)
}

// retract is the form that retracts an entry.
func (s *site) retract(q *formRequest) (*Page, error) {
	account, view, err := q.target("Retract")
	if err != nil {
		return nil, err
	}
	return s.filling(q, retracting(account.Recorded, q.filled), &Page{Title: "Retract entry " + telling.Decimal(account.Seq)}, view)
}

// target is the entry that is to be corrected or retracted, as it stands with everything recorded.
func (q *formRequest) target(verb string) (*telling.Account, *recordShown, error) {
	seq, err := q.seq()
	if err != nil {
		return nil, nil, err
	}
	account, err := q.book.Account(q.ctx, seq)
	if err != nil {
		return nil, nil, err
	}
	if !account.Fact.Type().Dated() {
		return nil, nil, noPage{q.URL.Path}
	}
	lines, err := q.entryLines([]uint64{seq})
	if err != nil {
		return nil, nil, err
	}
	return account, &recordShown{Verb: verb, Target: &lines[0]}, nil
}

// filling shows the form, or takes it the next step.
func (s *site) filling(q *formRequest, d *draft, p *Page, view *recordShown) (*Page, error) {
	p.Still, p.Data, p.Name, p.Kicker = true, view, "recordform", "Record"
	view.Action, view.Actor = q.URL.Path, q.actor
	verb, _, _ := strings.Cut(q.do, " ")
	switch {
	case q.do == "" || verb == "change" || verb == "add" || verb == "remove" || verb == "fields":
		d.edited(q.do)
		d.glance(q.view, q.today)
	case q.stale:
		d.general = "This form was opened before the server was started, or in another browser. It is as you left it: send it again."
		p.Status = http.StatusForbidden
	default:
		if err := s.submitted(q, d, p, view, verb == "record"); err != nil {
			return nil, err
		}
	}
	view.Inputs = d.inputs()
	view.General = d.general
	view.Problems = summary(view.Inputs, nil)
	if p.Status == 0 && len(view.Problems) > 0 {
		p.Status = http.StatusUnprocessableEntity
	}
	view.Hidden = d.filled.hidden("", nil)
	view.Token = s.tokens.issue(q.w, q.Request)
	return p, nil
}

// summary lists what is wrong, with links to the fields.
func summary(inputs []*input, list []Link) []Link {
	for _, i := range inputs {
		if i.Problem != "" {
			list = append(list, Link{"#" + i.ID(), i.Label + ": " + i.Problem})
		}
		list = summary(i.Within, list)
	}
	return list
}

// submitted previews what was filled in, or records it.
func (s *site) submitted(q *formRequest, d *draft, p *Page, view *recordShown, record bool) error {
	found := d.look(q.view, q.today)
	e, ok := d.entry()
	if !ok || !found {
		return nil
	}
	if record {
		calm := q.PostForm.Get(fieldCalm) != ""
		receipts, err := s.Ledger.Record(q.ctx, []*domain.Entry{e}, ledger.RecordOptions{Actor: q.actor, Strict: calm})
		if err == nil {
			return seeOther{"/entry/" + telling.Decimal(receipts[0].Seq) + "?recorded=1"}
		}
		if !refusedAs(err, domain.CodeNewFinding) {
			d.refuse(err)
			return nil
		}
		d.general = "Meanwhile something was recorded because of which this would raise a finding. Look again at what would change."
	}
	foreseen, ok := d.foresee(q.ctx, s.Ledger, e, q.actor, q.today)
	if !ok {
		return nil
	}
	p.Name = "recordpreview"
	return q.previewed(view, d, e, foreseen)
}

func refusedAs(err error, code domain.Code) bool {
	refusal, ok := errors.AsType[*domain.Refusal](err)
	return ok && refusal.Code == code
}

// previewed fills in what the entry says and what it would change.
func (q *formRequest) previewed(view *recordShown, d *draft, e *domain.Entry, foreseen *ledger.Preview) error {
	q.foreseen = foreseen.Titles
	if d.Target != nil {
		q.book.Seqs[d.Target.ID] = d.Target.Seq
	}
	if err := q.book.Tell(q.ctx, e); err != nil {
		return err
	}
	view.Says = q.prose(q.book.Sentence(e) + ".")
	line := jsontext.Value(d.json())
	view.Line = string(line)
	var err error
	view.Preview, err = q.preview(foreseen)
	view.Calm = len(foreseen.Raised) == 0
	return err
}
