package ledger

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// Preview says what recording entries would change.
type Preview struct {
	Known    uint64                `json:"known"`     // the entry that would come before them
	Receipts []Receipt             `json:"receipts"`  // as a dry run gives them
	Days     []PreviewDay          `json:"days"`      // rising; a day of which nothing is answered otherwise is left out
	Over     []Rehistory           `json:"histories"` // of the things that the entries name and that are held, those with another
	Raised   []projections.Finding `json:"raised"`    // that there are not yet, judged with everything in effect
	Settled  []projections.Finding `json:"settled"`   // that there are, and would no longer be
	Titles   map[string]string     `json:"titles"`    // what the references in it would be called
}

// PreviewDay is what would be answered otherwise of one day.
type PreviewDay struct {
	On      domain.Date          `json:"-"`
	Day     string               `json:"on"`
	Changes []projections.Change `json:"changes"` // holdings with other holders, by reference
	Answers []Reanswered         `json:"answers"` // the references that the entries name, in that order, those with other answers
}

// Reanswered is a reference about which answers would be others.
type Reanswered struct {
	Ref    domain.Ref `json:"-"`
	Name   string     `json:"ref"`
	Before *Answers   `json:"before"` // null where the entries introduce it
	After  *Answers   `json:"after"`
}

// Rehistory is something that would be held by others over the days.
type Rehistory struct {
	Ref    domain.Ref           `json:"-"`
	Name   string               `json:"ref"`
	Before []projections.Period `json:"before"`
	After  []projections.Period `json:"after"`
}

// Answers are what is answered about one reference on a day, each where it has such an answer.
type Answers struct {
	Title        string                    `json:"title,omitempty"`
	Organisation *projections.Organisation `json:"organisation,omitempty"`
	Holders      *projections.Holders      `json:"holders,omitempty"`
	Office       *projections.Office       `json:"office,omitempty"`
	Plan         *projections.Plan         `json:"plan,omitempty"`
}

// limitPreview is how many entries are previewed at once: each may be about days of its own, and of each day every
// holding is resolved twice.
const limitPreview = 10

// Preview judges entries as Record does, and says what would be answered otherwise if they were recorded now; nothing
// is. It looks at the days on which the entries, or what they replace, take effect, and at today. Its cost is that of two folds over every holding
// for each day and of twice the findings, during which nothing else is recorded.
func (l *Ledger) Preview(ctx context.Context, entries []*domain.Entry, o RecordOptions, today domain.Date) (*Preview, error) {
	if n := len(entries); n > limitPreview {
		return nil, &domain.Refusal{Code: domain.CodeTooMany, Rule: fmt.Sprintf("at most %d entries are previewed at once", limitPreview), Value: fmt.Sprint(n)}
	}
	o.DryRun = true
	p := new(Preview)
	receipts, err := l.submit(ctx, entries, o, func(s *staged, from int) error { return l.preview(ctx, s, from, today, p) })
	if err != nil {
		return nil, err
	}
	p.Receipts = receipts
	return p, nil
}

// preview looks at the index with the staged entries applied, of which those from a position on are asked about. Where
// the call is judged again, it begins anew.
func (l *Ledger) preview(ctx context.Context, s *staged, from int, today domain.Date, p *Preview) error {
	*p = Preview{Known: s.after + uint64(from), Days: []PreviewDay{}, Over: []Rehistory{}, Titles: make(map[string]string)}
	said, err := l.said(ctx, s, from)
	if err != nil {
		return err
	}
	days := []domain.Date{today}
	for _, e := range said {
		if effective := effectiveSaid(e); !effective.IsZero() {
			days = append(days, effective.Nominal())
		}
	}
	slices.Sort(days)
	batch := slices.Concat(s.awaited(), s.entries)
	for i := range batch {
		batch[i].Seq = l.index.Seq() + 1 + uint64(i)
	}
	f := &foreseeing{ctx: ctx, staged: s, people: l.people, p: p}
	f.collect(said)
	err = l.index.Preview(batch, func(view *projections.View) {
		f.view = view
		f.findings()
		f.histories()
		for _, day := range slices.Compact(days) {
			f.day(day)
		}
	})
	return errors.Join(err, f.err)
}

// said lists the staged entries from a position on, and what they correct or retract, in every version.
func (l *Ledger) said(ctx context.Context, s *staged, from int) ([]*domain.Entry, error) {
	var said []*domain.Entry
	for i := range s.entries[from:] {
		e := &s.entries[from+i].Entry
		said = append(said, e)
		var earlier []*domain.Entry
		var err error
		switch f := e.Fact.(type) {
		case *domain.EntryCorrected:
			earlier, err = l.earlier(ctx, s, f.Corrects)
		case *domain.EntryRetracted:
			earlier, err = l.earlier(ctx, s, f.Retracts)
		}
		if err != nil {
			return nil, err
		}
		said = append(said, earlier...)
	}
	return said, nil
}

// earlier lists what an entry says by itself and by its corrections, recorded or staged.
func (l *Ledger) earlier(ctx context.Context, s *staged, id uuid.UUID) (list []*domain.Entry, err error) {
	if seq, ok := s.index.Entry(id); ok {
		if list, err = l.versions(ctx, seq); err != nil {
			return nil, err
		}
	}
	for _, e := range slices.Concat(s.awaited(), s.entries) {
		if correction, ok := e.Fact.(*domain.EntryCorrected); e.ID == id || ok && correction.Corrects == id {
			list = append(list, &e.Entry)
		}
	}
	return list, nil
}

// effectiveSaid is when an entry, or what it puts in place of another, takes effect.
func effectiveSaid(e *domain.Entry) domain.EDTF {
	if f, ok := e.Fact.(*domain.EntryCorrected); ok {
		return f.Replacement.Effective
	}
	return e.Effective
}

// versions reads an entry that has a date, and its corrections and retractions.
func (l *Ledger) versions(ctx context.Context, seq uint64) ([]*domain.Entry, error) {
	first, err := l.stored(ctx, seq)
	if err != nil {
		return nil, fmt.Errorf("read entry %d, which is to be replaced: %w", seq, err)
	}
	var about domain.Ref
	first.References(func(ref domain.Ref) { about = ref }) // any will do: its amendments concern it
	versions := []*domain.Entry{&first.Entry}
	for _, later := range l.View().Amendments(about, seq) {
		e, err := l.stored(ctx, later)
		if err != nil {
			return nil, fmt.Errorf("read entry %d, which replaces entry %d: %w", later, seq, err)
		}
		versions = append(versions, &e.Entry)
	}
	return versions, nil
}

// foreseeing fills a preview from a view that may be used only meanwhile.
type foreseeing struct {
	ctx    context.Context
	view   *projections.View
	staged *staged
	people *people
	p      *Preview
	refs   []domain.Ref // that the entries name
	err    error        // the first failure to open a name
}

// collect lists what entries name, each once.
func (f *foreseeing) collect(entries []*domain.Entry) {
	seen := make(map[domain.Ref]bool)
	add := func(ref domain.Ref) {
		if !seen[ref] {
			seen[ref] = true
			f.refs = append(f.refs, ref)
		}
	}
	for _, e := range entries {
		e.References(add)
	}
}

// at is the point before the entries, or after them.
func (f *foreseeing) at(on domain.Date, after bool) projections.Point {
	if after {
		return projections.Point{On: on, Known: f.view.Seq()}
	}
	return projections.Point{On: on, Known: f.p.Known}
}

// findings compares what is odd with everything in effect. Whether a plan is overdue depends on the day and not on an
// entry: it does not count.
func (f *foreseeing) findings() {
	before := f.view.Findings(f.at(domain.LastDate, false)).Findings
	after := f.view.Findings(f.at(domain.LastDate, true)).Findings
	f.p.Raised = f.missing(after, before)
	f.p.Settled = f.missing(before, after)
}

// missing lists the findings that others do not have.
func (f *foreseeing) missing(list, others []projections.Finding) []projections.Finding {
	known := make(map[string]bool, len(others))
	for _, other := range others {
		known[findingKey(other)] = true
	}
	missing := []projections.Finding{}
	for _, one := range list {
		if one.Code != projections.CodeOverduePlan && !known[findingKey(one)] {
			missing = append(missing, one)
			if one.Ref != nil {
				f.call(domain.LastDate, *one.Ref)
			}
		}
	}
	return missing
}

// day adds a day, where something would be answered otherwise of it.
func (f *foreseeing) day(on domain.Date) {
	d := PreviewDay{On: on, Day: on.String(), Changes: f.view.Diff(f.at(on, false), f.at(on, true)).Changes, Answers: []Reanswered{}}
	for _, ref := range f.refs {
		before, after := f.answers(ref, f.at(on, false)), f.answers(ref, f.at(on, true))
		if !reflect.DeepEqual(before, after) {
			d.Answers = append(d.Answers, Reanswered{ref, ref.String(), before, after})
			f.call(on, ref.String())
		}
	}
	for _, change := range d.Changes {
		f.call(on, change.Ref)
		for _, share := range slices.Concat(change.Before, change.After) {
			f.call(on, domain.OrganisationID(share.Organisation).Ref().String())
		}
	}
	if len(d.Changes) > 0 || len(d.Answers) > 0 {
		f.p.Days = append(f.p.Days, d)
	}
}

// call notes what a reference would be called on a day.
func (f *foreseeing) call(on domain.Date, text string) {
	ref, err := domain.ParseRef(text)
	if err != nil {
		return
	}
	if title := f.view.Title(ref, f.at(on, true)); title != "" {
		f.p.Titles[text] = title
	}
}

// answers are those about a reference at a point; nil where nothing introduces it by then.
func (f *foreseeing) answers(ref domain.Ref, at projections.Point) *Answers {
	if !f.view.Introduced(ref, at.Known) {
		return nil
	}
	a := &Answers{Title: f.view.Title(ref, at)}
	var err error
	switch ref.Kind {
	case domain.KindOrganisation:
		if a.Organisation, err = f.view.Organisation(domain.OrganisationID(ref.ID), at); err == nil {
			a.Organisation.Known = 0 // so that answers compare equal
		}
	case domain.KindResponsibility, domain.KindContract:
		if a.Holders, err = f.view.Holders(ref, at, nil); err == nil {
			a.Holders.Known = 0
		}
	case domain.KindOffice:
		a.Office, _, err = f.view.Office(domain.OfficeID(ref.ID), at)
		f.open(a.Office)
	case domain.KindPlan:
		a.Plan, _, err = f.view.Plan(domain.PlanID(ref.ID), at)
	}
	f.err = errors.Join(f.err, err)
	return a
}

// histories compares who holds what the entries name, over all days.
func (f *foreseeing) histories() {
	for _, ref := range f.refs {
		if ref.Kind != domain.KindResponsibility && ref.Kind != domain.KindContract {
			continue
		}
		before, after := f.periods(ref, f.p.Known), f.periods(ref, f.view.Seq())
		if reflect.DeepEqual(before, after) {
			continue
		}
		f.p.Over = append(f.p.Over, Rehistory{ref, ref.String(), before, after})
		f.call(domain.LastDate, ref.String())
		for _, period := range slices.Concat(before, after) {
			for _, share := range period.Holders {
				f.call(domain.LastDate, domain.OrganisationID(share.Organisation).Ref().String())
			}
		}
	}
}

// periods are those of a holding; none where nothing introduces it by then.
func (f *foreseeing) periods(ref domain.Ref, known uint64) []projections.Period {
	if !f.view.Introduced(ref, known) {
		return nil
	}
	history, err := f.view.History(ref, known)
	if err != nil {
		f.err = errors.Join(f.err, err)
		return nil
	}
	return history.Periods
}

// open reads the name of who holds an office, also of one whom the staged entries name for the first time.
func (f *foreseeing) open(o *projections.Office) {
	if o == nil || o.PersonID == "" {
		return
	}
	if key, fresh := f.staged.fresh[o.PersonID]; fresh {
		if person, ok := f.view.Person(o.PersonID); ok {
			text, _, err := person.Open(key)
			o.Person, f.err = &text, errors.Join(f.err, err)
		}
		return
	}
	n, found, err := f.people.open(f.ctx, o.PersonID)
	if f.err = errors.Join(f.err, err); found {
		o.Person = &n.text
	}
}
