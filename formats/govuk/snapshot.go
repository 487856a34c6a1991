package govuk

import (
	"context"
	"slices"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
	"github.com/orgledger/orgledger/formats/bodies"
)

// snapshot is one snapshot being compared with the state.
type snapshot struct {
	*importing
	day    domain.Date
	source domain.SourceID
	rows   []*row
	slugs  map[string]string      // content ids by slug
	there  map[string]domain.Date // by slug: a day on which a body was there, since it succeeded another
}

func newSnapshot(in *importing, day domain.Date, source domain.SourceID, rows []*row) *snapshot {
	s := &snapshot{importing: in, day: day, source: source, rows: rows, slugs: make(map[string]string, len(rows)), there: make(map[string]domain.Date)}
	for _, r := range rows {
		s.slugs[r.slug] = r.content
		for _, slug := range append(r.succeeded, r.slug) {
			if was := s.there[slug]; r.closedOn != 0 && (was == 0 || r.closedOn < was) {
				s.there[slug] = r.closedOn
			}
		}
	}
	return s
}

// record records what is new: bodies, who ended and who succeeded them, what they are called, where they stand.
func (s *snapshot) record(ctx context.Context) error {
	ended := make(map[*body]bool)
	for _, r := range s.rows {
		b := s.state.byContent[r.content]
		if b != nil {
			end := s.state.endOf(b.id)
			ended[b] = end != 0 && end <= s.day
		} else if err := s.meet(r); err != nil {
			return err
		}
	}
	for _, step := range []func(*body, *row) error{s.succeed, s.call, func(b *body, r *row) error {
		if ended[b] && b.ending() != nil {
			return nil // its placement was cleared
		}
		return s.place(b, r)
	}} {
		for _, r := range s.rows {
			if err := step(s.state.byContent[r.content], r); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	s.remark()
	return nil
}

// meet introduces an organisation that no earlier snapshot had: of the first snapshot without a day, since it was there
// before, of a later one on or before the day of the snapshot, or an earlier one by which it has to have been there. One
// that the ledger has from elsewhere is not introduced again.
func (s *snapshot) meet(r *row) error {
	effective := domain.EDTF{}
	if s.day > s.state.oldest {
		effective = onOrBefore(s.day)
		if was := s.there[r.slug]; was != 0 && was < s.day {
			effective = onOrBefore(was)
		}
	}
	codes := r.identifiers()
	id, there := s.identify(r)
	if !there {
		return s.say(r, effective, &domain.OrganisationEstablished{Organisation: id, Name: r.title, Form: r.format, Identifiers: codes}, "")
	}
	s.remarks.adopted = append(s.remarks.adopted, string(id))
	return s.say(r, onOrBefore(s.day), &domain.OrganisationIdentified{Organisation: id, Identifiers: codes}, "")
}

func (r *row) identifiers() []domain.Identifier {
	codes := []domain.Identifier{{Scheme: schemeContent, Value: r.content}, {Scheme: schemeSlug, Value: r.slug}}
	if r.register != "" {
		codes = append(codes, domain.Identifier{Scheme: schemeRegister, Value: r.register})
	}
	return codes
}

// identify finds the organisation of the ledger that a new row is about, or an identifier for one: the slug that it has
// now, which stays when the slug changes.
func (s *snapshot) identify(r *row) (id domain.OrganisationID, there bool) {
	for _, code := range []domain.Identifier{{Scheme: schemeContent, Value: r.content}, {Scheme: schemeRegister, Value: r.register}} {
		if found := s.directory.Identified(code); len(found) == 1 && s.foreign(found[0]) {
			return found[0], true
		}
	}
	id = domain.OrganisationID(identifier(r.slug))
	if id == "" || s.directory.Has(id) {
		if s.foreign(id) && slices.Contains(s.directory.Named(r.title), id) {
			return id, true
		}
		id = domain.OrganisationID(strings.TrimPrefix(string(id)+"-"+r.content[:8], "-"))
	}
	return id, false
}

// foreign reports whether an organisation is none that a snapshot had.
func (s *snapshot) foreign(id domain.OrganisationID) bool {
	b := s.state.bodies[id]
	return s.directory.Has(id) && (b == nil || b.content == "")
}

// identifier makes a slug one of the ledger's, with room for more; empty where nothing of it can stay.
func identifier(slug string) string {
	const most = 110
	clean := strings.Map(func(r rune) rune {
		if domain.ValidID("a" + string(r)) {
			return r
		}
		return '-'
	}, slug)
	return strings.TrimLeft(clean[:min(len(clean), most)], "-_")
}

// call records a new title, slug, code or form.
func (s *snapshot) call(b *body, r *row) error {
	on := onOrBefore(b.until(s.day))
	if r.mended {
		s.remarks.mended[r.content] = true
	}
	if b.name() != r.title {
		if err := s.say(r, on, &domain.OrganisationRenamed{Organisation: b.id, Name: r.title}, ""); err != nil {
			return err
		}
	}
	codes := &domain.OrganisationIdentified{Organisation: b.id}
	for _, code := range r.identifiers() {
		if had := b.identifier(code.Scheme); had != code.Value {
			codes.Identifiers = append(codes.Identifiers, code)
			if had != "" {
				codes.Withdrawn = append(codes.Withdrawn, domain.Identifier{Scheme: code.Scheme, Value: had})
			}
		}
	}
	if len(codes.Identifiers) > 0 {
		if err := s.say(r, on, codes, ""); err != nil {
			return err
		}
	}
	if r.format == "" || bodies.Normal(b.form()) == bodies.Normal(r.format) {
		return nil // another way to write it
	}
	return s.say(r, on, &domain.OrganisationReconstituted{Organisation: b.id, Form: r.format}, "")
}

// resolve finds the bodies that have the slugs, now or before.
func (s *snapshot) resolve(slugs []string) []domain.OrganisationID {
	var found []domain.OrganisationID
	for _, slug := range slugs {
		b := s.state.bySlug[slug]
		if content, ok := s.slugs[slug]; ok {
			b = s.state.byContent[content]
		}
		switch {
		case b == nil:
			s.remarks.unknown[slug] = true
		case !slices.Contains(found, b.id):
			found = append(found, b.id)
		}
	}
	return found
}

// remark gathers what is worth telling of the last snapshot.
func (s *snapshot) remark() {
	s.remarks.several, s.remarks.orphaned, s.remarks.missing, s.remarks.last = 0, 0, nil, s.rows[0].place.File
	here := make(map[string]bool, len(s.rows))
	for _, r := range s.rows {
		here[r.content] = true
		listed := s.resolve(r.parents)
		if len(listed) > 1 {
			s.remarks.several++
		}
		if !r.closed && len(listed) > 0 && !slices.ContainsFunc(listed, func(id domain.OrganisationID) bool { return s.state.endOf(id) == 0 }) {
			s.remarks.orphaned++
		}
	}
	for content, b := range s.state.byContent {
		if !here[content] {
			s.remarks.missing = append(s.remarks.missing, string(b.id))
		}
	}
}

// onOrBefore is a day that is not known, up to one by which it was.
func onOrBefore(day domain.Date) domain.EDTF {
	e, err := domain.ParseEDTF("[.." + day.String() + "]")
	if err != nil {
		panic(err) // day is one of the calendar
	}
	return e
}

func (s *snapshot) cite(r *row) []domain.Citation {
	return []domain.Citation{{Source: s.source, Locator: locator(s.day, r.content)}}
}

// key tells an entry from every other: what it is about, what it says, and the snapshot's day, since a thing may change,
// change back and change again.
func (s *snapshot) key(r *row, what string, effective domain.EDTF, fact domain.Fact) []string {
	return []string{r.content, what, s.day.String(), effective.String(), string(domain.AppendFact(nil, fact))}
}

// say records a fact.
func (s *snapshot) say(r *row, effective domain.EDTF, fact domain.Fact, note string) error {
	return s.take(&domain.Entry{ID: formats.ID(Format, s.key(r, fact.Type().String(), effective, fact)...), Effective: effective, Fact: fact,
		Sources: s.cite(r), Note: note})
}

// take hands on an entry, and knows it from then on.
func (s *snapshot) take(e *domain.Entry) error {
	s.state.apply(e)
	s.directory.Add(e)
	return s.sink.Entry(e)
}
