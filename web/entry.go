package web

import (
	"crypto/sha256"
	"fmt"
	"html/template"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// entryShown is what the page of an entry shows.
type entryShown struct {
	Seq       uint64
	ID        string
	Type      string
	Says      template.HTML // as it was recorded
	Now       template.HTML // as it stands, where that is another
	Retracted bool
	Effective string
	Recorded  string
	Actor     string
	Signed    string
	Forged    bool // the signature is not valid
	Fulfils   Link
	Note      string
	Evidence  []evidenceShown
	Revisions []revisionShown
	Amends    Link // of a correction or retraction: the entry that it is of
	Reason    string
	Names     []named
	Event     string // as it is stored, indented
	Hash      string
	Receipt   string // where its proof is had; empty: nowhere
	Correct   Link
	Retract   Link
	Recent    bool // it has just been recorded here
	Earlier   Link
	Later     Link
}

// evidenceShown is a citation.
type evidenceShown struct {
	Source          Link
	Publisher, When string
	Locator, Digest string
	Origin          Link
}

// revisionShown is a correction or retraction of the entry.
type revisionShown struct {
	Entry    Link
	Retracts bool
	Recorded string
	Changed  template.HTML
	Reason   string
}

// entry shows one entry as it was recorded, what became of it, on what evidence it stands, and how it is proved.
func (s *site) entry(q *request) (*Page, error) {
	seq, err := q.seq()
	if err != nil {
		return nil, err
	}
	account, err := q.book.Account(q.ctx, seq)
	if err != nil {
		return nil, err
	}
	e := account.Recorded
	view := &entryShown{Seq: seq, ID: e.ID.String(), Type: typeLabel(e.Fact.Type()), Says: q.prose(q.book.Sentence(&e.Entry) + "."), Retracted: account.Retracted,
		Recorded: telling.TimeWords(telling.RecordedAt(e)), Actor: telling.Clean(e.Actor), Note: telling.Clean(e.Note), Recent: q.URL.Query().Has("recorded")}
	sound := false
	view.Signed, sound = q.book.Signature(e)
	view.Forged = !sound
	if account.Now != &e.Entry {
		view.Now = q.prose(q.book.Sentence(account.Now) + ".")
	}
	q.entryDates(view, e)
	q.entryEvidence(view, account)
	if err := q.entryProof(view, e); err != nil {
		return nil, err
	}
	return &Page{Name: "entry", Kicker: capitalised(view.Type), Title: "Entry " + telling.Decimal(seq), Data: view, Days: effectDays(account),
		JSON: func() ([]byte, error) { return ledger.AppendLogged(nil, e), nil }}, nil
}

// seq is the sequence that the address names, of an entry that is known.
func (q *request) seq() (uint64, error) {
	seq, err := strconv.ParseUint(q.PathValue("seq"), 10, 64)
	switch {
	case err != nil || seq == 0 || seq > q.view.Seq():
		return 0, noPage{q.URL.Path}
	case seq > q.known:
		return 0, &projections.QuestionError{Code: projections.CodeBeyondLog, Field: fieldKnown,
			Message: "entry " + telling.Decimal(seq) + " was not known at entry " + telling.Decimal(q.known)}
	}
	return seq, nil
}

// effectDays are those on which an entry takes effect, as it was recorded and as it stands.
func effectDays(a *telling.Account) (days []domain.Date) {
	for _, effective := range []domain.EDTF{a.Effective, a.Now.Effective} {
		if !effective.IsZero() {
			days = append(days, effective.Nominal())
		}
	}
	return days
}

// entryDates fills in when it takes effect, what it carries out, which entry it is of, and what leads on from it.
func (q *request) entryDates(view *entryShown, e *domain.Recorded) {
	if e.Fact.Type().Dated() {
		view.Effective = telling.Capital(telling.DateWords(e.Effective))
		if q.site.Recording {
			view.Correct = Link{"/entry/" + telling.Decimal(e.Seq) + "/correct", "Correct this entry"} // as it stands with everything recorded
			view.Retract = Link{"/entry/" + telling.Decimal(e.Seq) + "/retract", "Retract this entry"}
		}
	}
	if e.Fulfils != (domain.Fulfilment{}) {
		view.Fulfils = q.link(e.Fulfils.Plan.Ref())
		if e.Fulfils.Item != "" {
			view.Fulfils.Text += ", item " + e.Fulfils.Item
		}
	}
	if telling.AmendedBy(e.Fact) != [16]byte{} {
		view.Amends, view.Reason = q.entryLink(q.view.Corrected(e.Seq)), telling.Stopped(telling.ReasonOf(e.Fact))
	}
	if e.Seq > 1 {
		view.Earlier = q.entryLink(e.Seq - 1)
	}
	if e.Seq < q.known {
		view.Later = q.entryLink(e.Seq + 1)
	}
	for _, ref := range telling.Mentioned(&e.Entry) {
		if ref.Kind != domain.KindSource { // they are told as evidence
			view.Names = append(view.Names, q.named(ref))
		}
	}
}

// entryEvidence fills in the citations, and the corrections and retractions.
func (q *request) entryEvidence(view *entryShown, a *telling.Account) {
	for _, c := range a.Evidence {
		shown := evidenceShown{Source: q.link(c.Source.Ref()), Publisher: telling.Clean(c.Registered.Publisher), Locator: telling.Clean(c.Locator),
			Digest: c.Registered.SHA256, Origin: outside(c.Registered.URL)}
		if !c.Registered.Published.IsZero() {
			shown.When = telling.DateWords(c.Registered.Published)
		}
		view.Evidence = append(view.Evidence, shown)
	}
	for _, r := range a.Revisions {
		view.Revisions = append(view.Revisions, revisionShown{q.entryLink(r.Seq), r.Retracts, telling.Capital(q.book.RecordedWords(r.Recorded)),
			q.prose(telling.Capital(r.Changed)), telling.Stopped(r.Reason)})
	}
}

// entryProof fills in what is stored, its hash as a leaf of the log, and where its receipt is had.
func (q *request) entryProof(view *entryShown, e *domain.Recorded) error {
	event, err := q.site.Ledger.Event(q.ctx, e.Seq)
	if err != nil {
		return err
	}
	view.Hash = fmt.Sprintf("%x", sha256.Sum256(append([]byte{0}, event...))) // RFC 6962 §2.1, as audit.LeafHash
	indented := jsontext.Value(event)
	if err := indented.Indent(jsontext.WithIndent("  ")); err != nil {
		return err
	}
	view.Event = string(indented)
	if q.site.Receipts {
		view.Receipt = "/v1/receipts/" + telling.Decimal(e.Seq)
	}
	return nil
}
