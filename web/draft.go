package web

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/projections"
)

// draft is an entry that is being filled in: a fact, or the correction or retraction of one.
type draft struct {
	Type     domain.Type // of the fact; of a correction that of the entry which is corrected
	Target   *domain.Recorded
	Retracts bool
	filled   *tree
	fields   []domain.Field
	intro    string // the path of the identifier that the fact introduces
	problems map[string]string
	called   map[string]string
	choices  map[string][]option
	general  string // what is wrong with it as a whole
}

// newDraft begins to fill in a fact.
func newDraft(t domain.Type, filled *tree) *draft {
	return &draft{Type: t, filled: filled, fields: entryFields(t), intro: introducing(t), problems: make(map[string]string)}
}

// correcting begins to correct an entry, with what it says now where nothing is filled in yet.
func correcting(target *domain.Recorded, now *domain.Entry, filled *tree) (*draft, error) {
	if filled == nil {
		content, err := treeFromJSON(now.AppendJSON(nil))
		if err != nil {
			return nil, fmt.Errorf("fill in what entry %d says: %w", target.Seq, err)
		}
		content.drop("id", "type", "note", "key", "signature")
		filled = content
	}
	d := newDraft(now.Fact.Type(), filled)
	d.Target = target
	for i := range d.fields {
		if d.fields[i].Name == "note" { // it is the correction's
			d.fields[i] = domain.Field{Name: "reason", Shape: domain.ShapeText, Required: true, Limit: domain.LimitText}
		}
	}
	return d, nil
}

// retracting begins to retract an entry.
func retracting(target *domain.Recorded, filled *tree) *draft {
	return &draft{Type: target.Fact.Type(), Target: target, Retracts: true, filled: filled, problems: make(map[string]string),
		fields: []domain.Field{{Name: "reason", Shape: domain.ShapeText, Required: true, Limit: domain.LimitText},
			{Name: "note", Shape: domain.ShapeText, Limit: domain.LimitText}}}
}

// introducing is the path of the identifier that facts of a type bring into the ledger; empty where they bring none.
func introducing(t domain.Type) string {
	switch t {
	case domain.TypeOrganisationEstablished:
		return "data.organisation"
	case domain.TypeResponsibilityDefined:
		return "data.responsibility"
	case domain.TypeContractAwarded:
		return "data.contract"
	case domain.TypePlanAnnounced:
		return "data.plan"
	case domain.TypeKeyRegistered:
		return "data.key"
	case domain.TypeSourceRegistered:
		return "data.source"
	}
	return ""
}

// look puts references in place of names, and reports whether nothing is wrong with them.
func (d *draft) look(view *projections.View, on domain.Date) bool {
	intro := d.intro
	if d.Target != nil {
		intro = ""
	}
	l := newLookup(view, on, intro)
	l.resolve(d.fields, d.filled, "")
	d.called, d.choices = l.called, l.choices
	for path, problem := range l.problems {
		d.problems[path] = problem
	}
	return len(d.problems) == 0
}

// glance says what the references are called that are found, while the form is still being filled in.
func (d *draft) glance(view *projections.View, on domain.Date) {
	d.look(view, on)
	clear(d.problems)
	clear(d.choices)
}

// inputs are the fields as they are shown.
func (d *draft) inputs() []*input {
	f := &former{introduces: d.intro, problems: d.problems, called: d.called, choices: d.choices}
	return f.inputs(d.fields, d.filled, "")
}

// json is the entry that the draft says.
func (d *draft) json() jsontext.Value {
	switch {
	case d.Retracts:
		return d.amendment(domain.TypeEntryRetracted, "retracts", nil)
	case d.Target != nil:
		replaced := objectJSON(without(d.fields, "reason"), d.filled)
		return d.amendment(domain.TypeEntryCorrected, "corrects", append([]byte(`,"replacement":`), replaced...))
	}
	return entryJSON(d.Type, d.filled)
}

// amendment writes a correction or retraction.
func (d *draft) amendment(t domain.Type, field string, rest []byte) jsontext.Value {
	text := fmt.Appendf(nil, `{"type":%q,"data":{%q:%q,"reason":`, t, field, d.Target.ID)
	text = append(append(appendText(text, d.filled.at("reason").value()), rest...), '}')
	if note := d.filled.at("note").value(); note != "" {
		text = appendText(append(text, `,"note":`...), note)
	}
	return append(text, '}')
}

func without(fields []domain.Field, name string) []domain.Field {
	var rest []domain.Field
	for _, f := range fields {
		if f.Name != name {
			rest = append(rest, f)
		}
	}
	return rest
}

// entry reads what the draft says, or puts what is wrong beside the fields.
func (d *draft) entry() (*domain.Entry, bool) {
	e, err := domain.ParseEntry(d.json())
	if err == nil {
		if correction, ok := e.Fact.(*domain.EntryCorrected); ok {
			err = correction.Resolve(d.Type)
		}
	}
	if err != nil {
		d.refuse(err)
		return nil, false
	}
	return e, true
}

// refuse puts a refusal beside the field that it is about, and any other failure above all of them.
func (d *draft) refuse(err error) {
	refusal, ok := errors.AsType[*domain.Refusal](err)
	if !ok {
		d.general = capitalised(ledger.Describe(err).Message)
		return
	}
	text := capitalised(refusal.Rule)
	if refusal.Value != "" {
		text += ", not " + refusal.Value
	}
	if path := d.path(refusal.Field); d.problems[path] != "" {
		return // the name was looked up in vain, and is said to be none
	} else if d.has(path) {
		d.problems[path] = text
	} else {
		d.general = text
	}
}

// path is that of the input in which the field of the entry is filled in.
func (d *draft) path(field string) string {
	path := fieldPath(field)
	if d.Target == nil {
		return path
	}
	if replaced, ok := strings.CutPrefix(path, "data.replacement."); ok {
		return replaced
	}
	return strings.TrimPrefix(path, "data.")
}

// has reports whether the form shows an input of a path.
func (d *draft) has(path string) bool {
	var find func([]*input) bool
	find = func(list []*input) bool {
		for _, i := range list {
			if i.Path == path || find(i.Within) {
				return true
			}
		}
		return false
	}
	return find(d.inputs())
}

// foresee asks the ledger what the entry would change; false where it refuses it.
func (d *draft) foresee(ctx context.Context, l *ledger.Ledger, e *domain.Entry, actor string, today domain.Date) (*ledger.Preview, bool) {
	p, err := l.Preview(ctx, []*domain.Entry{e}, ledger.RecordOptions{Actor: actor}, today)
	if err != nil {
		d.refuse(err)
		return nil, false
	}
	return p, true
}

// edited does what a button of the form asks for with one of its lists.
func (d *draft) edited(do string) {
	verb, path, _ := strings.Cut(do, " ")
	switch verb {
	case "add":
		d.filled.reach(path).set(more)
	case "remove":
		*d.filled.at(path) = tree{}
	}
}
