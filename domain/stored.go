package domain

import (
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/google/uuid"
)

// AppendStored appends the fields of a fact as the log stores them, persons sealed.
func AppendStored(dst []byte, f Fact) []byte { return encodeObject(dst, f, formStored) }

// ReadStored reads what AppendStored wrote of a fact of type t. Only the shape is looked at, and nothing that
// it gives shares memory with text.
func ReadStored(t Type, text []byte) (Fact, error) {
	if !t.exists() {
		return nil, fmt.Errorf("%d is no type of fact", uint8(t))
	}
	if !utf8.Valid(text) {
		return nil, errors.New("it is not UTF-8")
	}
	f := t.New()
	if err := decodeObject(text, "", f, formStored); err != nil {
		return nil, err
	}
	return f, nil
}

// Facts lists what a keyring holds, in the order in which it came.
func (k *Keyring) Facts() []KeyFact { return slices.Clip(k.facts) }

// KeyringOf is the keyring that holds such facts, in their order: registrations and revocations alone.
func KeyringOf(facts []KeyFact) (*Keyring, error) {
	k := new(Keyring)
	for i := range facts {
		if f := &facts[i]; f.Fact == nil || !f.Fact.Type().IsKey() {
			return nil, fmt.Errorf("the fact of entry %d says nothing of keys", f.Seq)
		}
		k.hold(facts[i])
	}
	return k, nil
}

// hold adds a fact in one of its versions.
func (k *Keyring) hold(f KeyFact) {
	if k.byEntry == nil {
		k.byKey, k.byActor, k.byEntry = make(map[KeyID][]int), make(map[string][]int), make(map[uuid.UUID]Type)
	}
	at, key := len(k.facts), KeyID(About(f.Fact).ID)
	k.facts = append(k.facts, f)
	k.byEntry[f.Entry] = f.Fact.Type()
	k.byKey[key] = append(slices.Clip(k.byKey[key]), at)
	if registered, ok := f.Fact.(*KeyRegistered); ok {
		k.byActor[registered.Actor] = append(slices.Clip(k.byActor[registered.Actor]), at)
	}
}
