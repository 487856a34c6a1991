package ods

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
)

// answer is one of the organisation API.
type answer struct {
	Organisation *organisation
}

type organisation struct {
	Name  string
	Date  many[period]
	OrgID extension `json:"OrgId"`
	Roles struct{ Role many[jsontext.Value] }
	Rels  struct{ Rel many[relationship] }
	Succs struct{ Succ many[successor] }
}

type extension struct {
	Extension string `json:"extension"`
}

type target struct {
	OrgID extension `json:"OrgId"`
}

type relationship struct {
	ID     string `json:"id"`
	Date   many[period]
	Target target
}

type successor struct {
	Type   string
	Date   many[period]
	Target target
}

// period has its last day as End. Legal ones are authoritative; operational ones begin no later and end no earlier.
type period struct {
	Type, Start, End string
}

// many is a list, which the API writes without its brackets where it has one element.
type many[T any] []T

// UnmarshalJSONFrom reads a list or its only element.
func (m *many[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() == '[' {
		return json.UnmarshalDecode(d, (*[]T)(m))
	}
	*m = make([]T, 1)
	return json.UnmarshalDecode(d, &(*m)[0])
}

// readAnswer reads one answer. Its rows are the body itself, its roles, its relationships and its successions.
func (p *picture) readAnswer(f *formats.File, relations map[string]domain.Relation) error {
	var a answer
	if err := f.Decode(func(d *jsontext.Decoder) error { return json.UnmarshalDecode(d, &a) }); err != nil {
		return err
	}
	o := a.Organisation
	if o == nil {
		return f.Wrong(0, "Organisation", "an answer of the API is about an organisation", "something else")
	}
	if err := checkCode(f, 0, "Organisation.OrgId.extension", o.OrgID.Extension); err != nil {
		return err
	}
	b, err := p.described(f, o)
	if err != nil {
		return err
	}
	for i := range o.Roles.Role {
		p.sink.Row()
		p.sink.Skip(f.At(0, fmt.Sprintf("Roles.Role[%d]", i)), "a role, of which the API gives only a code")
	}
	if err := p.placed(f, b, o.Rels.Rel, relations); err != nil {
		return err
	}
	for i := range o.Succs.Succ {
		if err := p.succeeded(f, b, &o.Succs.Succ[i], fmt.Sprintf("Succs.Succ[%d]", i)); err != nil {
			return err
		}
	}
	return nil
}

// described takes name and days of the body.
func (p *picture) described(f *formats.File, o *organisation) (*body, error) {
	at := cite{file: f, path: "Organisation"}
	p.sink.Row()
	p.sink.Used(1)
	b := p.named(o.OrgID.Extension, at)
	name := strings.TrimSpace(o.Name)
	if name == "" {
		return nil, f.Wrong(0, "Organisation.Name", "an organisation has a name", "")
	}
	b.names = append(b.names, naming{name, publishedBy(&f.Source), at})
	from, last, err := days(f, "Organisation.Date", o.Date)
	if err != nil {
		return nil, err
	}
	if from != 0 {
		b.opens(from, at)
	}
	if last != 0 {
		b.closes(last, at)
	}
	return b, nil
}

// days are the first and the last of a thing's periods: of the legal ones, if there are such.
func days(f *formats.File, path string, periods []period) (from, last domain.Date, err error) {
	open := false
	legal := slices.ContainsFunc(periods, func(p period) bool { return p.Type == "Legal" })
	for i, p := range periods {
		if p.Type != "Legal" && p.Type != "Operational" {
			return 0, 0, f.Wrong(0, fmt.Sprintf("%s[%d].Type", path, i), "a period is Legal or Operational", p.Type)
		}
		if legal && p.Type != "Legal" {
			continue
		}
		begins, err := answerDay(f, fmt.Sprintf("%s[%d].Start", path, i), p.Start)
		if err != nil {
			return 0, 0, err
		}
		ends, err := answerDay(f, fmt.Sprintf("%s[%d].End", path, i), p.End)
		if err != nil {
			return 0, 0, err
		}
		if from == 0 || begins != 0 && begins < from {
			from = begins
		}
		open, last = open || ends == 0, max(last, ends)
	}
	if open {
		last = 0
	}
	if last != 0 && last < from {
		return 0, 0, f.Wrong(0, path, "a period does not end before it begins", last.String())
	}
	return from, last, nil
}

func answerDay(f *formats.File, path, text string) (domain.Date, error) {
	if text == "" {
		return 0, nil
	}
	day, err := domain.ParseDate(text)
	if err != nil {
		return 0, f.Wrong(0, path, "a day is written YYYY-MM-DD", text)
	}
	return day, nil
}

// placed takes the relationships that place a body under another. A body has one parent at a time: where two hold at once,
// the one of the closer relation stays, and of the same the one that began first.
func (p *picture) placed(f *formats.File, b *body, rels []relationship, relations map[string]domain.Relation) error {
	var all []placement
	for i, r := range rels {
		p.sink.Row()
		path := fmt.Sprintf("Rels.Rel[%d]", i)
		from, last, err := days(f, path+".Date", r.Date)
		if err != nil {
			return err
		}
		if err := checkCode(f, 0, path+".Target.OrgId.extension", r.Target.OrgID.Extension); err != nil {
			return err
		}
		relation, ok := relations[r.ID]
		switch {
		case !ok:
			p.sink.Skip(f.At(0, path), "a relationship "+r.ID+" places no body under another")
		case from == 0:
			p.sink.Skip(f.At(0, path), "a relationship without a first day")
		default:
			at := cite{file: f, path: path}
			next := domain.Date(0)
			if last != 0 {
				next = last + 1
			}
			all = append(all, placement{from, next, p.named(r.Target.OrgID.Extension, at), relation, r.ID, at})
		}
	}
	p.choose(b, all)
	return nil
}

// closeness orders relationships, the closest first.
var closeness = map[string]int{"RE2": 1, "RE6": 2, "RE3": 3, "RE4": 4, "RE5": 5}

func (p *picture) choose(b *body, all []placement) {
	slices.SortStableFunc(all, func(x, y placement) int {
		return cmp.Or(cmp.Compare(closeness[x.kind], closeness[y.kind]), cmp.Compare(x.from, y.from))
	})
	for _, place := range all {
		if place.parent == b || slices.ContainsFunc(b.places, place.overlaps) {
			p.sink.Skip(place.cite.file.At(0, place.cite.path), "a relationship while another one places the body")
			continue
		}
		p.sink.Used(1)
		b.places = append(b.places, place)
	}
	slices.SortFunc(b.places, func(x, y placement) int { return cmp.Compare(x.from, y.from) })
}

func (x placement) overlaps(y placement) bool {
	return (x.to == 0 || y.from < x.to) && (y.to == 0 || x.from < y.to)
}

// succeeded takes a succession that the answer gives.
func (p *picture) succeeded(f *formats.File, b *body, s *successor, path string) error {
	p.sink.Row()
	if err := checkCode(f, 0, path+".Target.OrgId.extension", s.Target.OrgID.Extension); err != nil {
		return err
	}
	day, _, err := days(f, path+".Date", s.Date)
	if err != nil {
		return err
	}
	at := cite{file: f, path: path}
	other := p.named(s.Target.OrgID.Extension, at)
	switch {
	case day == 0:
		p.sink.Skip(f.At(0, path), "a succession without a day")
		return nil
	case other == b:
		p.sink.Skip(f.At(0, path), "the code succeeds itself: the body lives on, and no body comes after itself")
		b.lives = max(b.lives, day)
		return nil
	case s.Type == "Predecessor":
		other.hands(b, day, at)
	case s.Type == "Successor":
		b.hands(other, day, at)
	default:
		return f.Wrong(0, path+".Type", "a succession has a Predecessor or a Successor", s.Type)
	}
	p.sink.Used(1)
	return nil
}
