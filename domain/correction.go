package domain

import (
	"fmt"

	"github.com/google/uuid"
)

// EntryCorrected replaces what an earlier entry says. Its replacement is read for the type of the
// entry that it corrects, which only the ledger knows: until Resolve is called, Replacement.Fact is
// nil and the data is kept as it was handed in.
type EntryCorrected struct {
	Corrects    uuid.UUID
	Reason      string
	Replacement Replacement
}

// Replacement is the new content of a corrected entry, whole: what it leaves out is gone.
type Replacement struct {
	Effective EDTF
	Fact      Fact
	Sources   []Citation
	Fulfils   Fulfilment

	raw  []byte // JSON of data, until it is resolved
	form form   // of raw
}

// EntryRetracted takes an earlier entry out of the history.
type EntryRetracted struct {
	Retracts uuid.UUID
	Reason   string
}

func (*EntryCorrected) Type() Type { return TypeEntryCorrected }
func (*EntryRetracted) Type() Type { return TypeEntryRetracted }

func (r *Replacement) fields(v visitor) {
	v.edtf("effective", &r.Effective)
	v.replacement("data", r)
	objects(v, "sources", &r.Sources, optional)
	v.fulfils("fulfils", &r.Fulfils)
}

func (f *EntryCorrected) fields(v visitor) {
	v.uuid("corrects", &f.Corrects, required)
	v.text("reason", &f.Reason, LimitText, required)
	v.nested("replacement", &f.Replacement)
}

func (f *EntryRetracted) fields(v visitor) {
	v.uuid("retracts", &f.Retracts, required)
	v.text("reason", &f.Reason, LimitText, required)
}

// Resolve reads the replacement as a fact of the type of the entry being corrected, strictly as
// it was handed in, and checks it. It does nothing where that has been done; where it fails, the
// correction stays unresolved.
func (f *EntryCorrected) Resolve(t Type) error {
	if f.Replacement.Fact != nil {
		if got := f.Replacement.Fact.Type(); got != t {
			return &Refusal{Code: CodeBadCorrection, Field: "data.replacement.data",
				Rule: fmt.Sprintf("a correction keeps the type of the entry, %s", t), Value: quote(got.String())}
		}
		return nil
	}
	if !t.Dated() {
		return &Refusal{Code: CodeBadCorrection, Field: "data.corrects",
			Rule: "only a fact or plan entry can be corrected", Value: quote(t.String())}
	}
	resolved := f.Replacement
	resolved.Fact, resolved.raw, resolved.form = t.New(), nil, 0
	if err := decodeObject(f.Replacement.raw, "data.replacement.data", resolved.Fact, f.Replacement.form); err != nil {
		return err
	}
	if err := resolved.check(); err != nil {
		return err
	}
	f.Replacement = resolved
	return nil
}

// check judges the replacement as if it were an entry of its own.
func (r *Replacement) check() error {
	c := new(checker)
	c.enter("data")
	c.enter("replacement")
	c.entry(&Entry{Effective: r.Effective, Fact: r.Fact, Sources: r.Sources, Fulfils: r.Fulfils})
	return c.err()
}

// Apply is the original entry as the correction leaves it.
func (f *EntryCorrected) Apply(original *Entry) *Entry {
	r := &f.Replacement
	return &Entry{ID: original.ID, Effective: r.Effective, Fact: r.Fact, Sources: r.Sources, Fulfils: r.Fulfils, Note: original.Note}
}
