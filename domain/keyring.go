package domain

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/google/uuid"
)

// Everything is the known point after all entries.
const Everything = math.MaxUint64 - 1

// Keyring is what the entries of a log say of actors' keys, as known at each of its sequences. The zero
// Keyring is that of an empty log. It grows by Apply, while nobody else uses it; a copy is made by Clone.
type Keyring struct {
	facts   []KeyFact
	byKey   map[KeyID][]int  // into facts
	byActor map[string][]int // registrations
	byEntry map[uuid.UUID]Type
}

// KeyFact is a registration or revocation in one of its versions.
type KeyFact struct {
	Entry       uuid.UUID
	Seq         uint64 // of the original entry
	From, Until uint64 // known points that see it: From ≤ known < Until
	Day         Date
	Fact        Fact
}

// Key is a registered key as it stands at a known point.
type Key struct {
	Key        KeyID
	Actor      string
	From, To   Date   // valid from ≤ day < to; To is 0 while it is not revoked
	Registered uint64 // sequence of the registration
	Revoked    uint64 // sequence of the revocation that ends it; 0: none
	Reason     string // of the revocation
}

// ValidOn reports whether the key may be signed with on a day.
func (k *Key) ValidOn(day Date) bool { return k.From <= day && (k.To == 0 || day < k.To) }

// Concerns reports whether Apply of such a fact changes the keyring.
func (k *Keyring) Concerns(f Fact) bool {
	switch f := f.(type) {
	case *KeyRegistered, *KeyRevoked:
		return true
	case *EntryCorrected:
		return k.byEntry[f.Corrects] != TypeNone
	case *EntryRetracted:
		return k.byEntry[f.Retracts] != TypeNone
	}
	return false
}

// Apply takes the next entry. Corrections are resolved. Entries that say nothing of keys cost next to
// nothing.
func (k *Keyring) Apply(e *Recorded) {
	if !k.Concerns(e.Fact) {
		return
	}
	switch f := e.Fact.(type) {
	case *EntryCorrected:
		k.add(f.Corrects, k.supersede(f.Corrects, e.Seq), e.Seq, f.Replacement.Effective, f.Replacement.Fact)
	case *EntryRetracted:
		k.supersede(f.Retracts, e.Seq)
	default:
		k.add(e.ID, e.Seq, e.Seq, e.Effective, e.Fact)
	}
}

func (k *Keyring) add(entry uuid.UUID, seq, from uint64, effective EDTF, f Fact) {
	k.hold(KeyFact{entry, seq, from, Everything + 1, effective.Nominal(), f})
}

// supersede ends the version of an entry that stands, and gives the entry's sequence.
func (k *Keyring) supersede(entry uuid.UUID, known uint64) (seq uint64) {
	for i := range k.facts {
		if f := &k.facts[i]; f.Entry == entry {
			seq = f.Seq
			f.Until = min(f.Until, known)
		}
	}
	return seq
}

// Clone is a copy that grows on its own.
func (k *Keyring) Clone() *Keyring {
	return &Keyring{slices.Clone(k.facts), maps.Clone(k.byKey), maps.Clone(k.byActor), maps.Clone(k.byEntry)}
}

// Key is a key as it stands at a known point; false where no visible entry registers it.
func (k *Keyring) Key(id KeyID, known uint64) (key Key, registered bool) {
	key.Key = id
	for _, at := range k.byKey[id] {
		f := &k.facts[at]
		if known < f.From || known >= f.Until {
			continue
		}
		switch fact := f.Fact.(type) {
		case *KeyRegistered:
			key.Actor, key.From, key.Registered, registered = fact.Actor, f.Day, f.Seq, true
		case *KeyRevoked:
			if key.To == 0 || f.Day < key.To {
				key.To, key.Revoked, key.Reason = f.Day, f.Seq, fact.Reason
			}
		}
	}
	return key, registered
}

// Keys lists the keys of an actor at a known point, in byte order; of all actors, by actor, where the name is
// empty.
func (k *Keyring) Keys(actor string, known uint64) []Key {
	var keys []Key
	add := func(registrations []int) {
		for _, at := range registrations {
			f := &k.facts[at]
			if f.From <= known && known < f.Until {
				key, _ := k.Key(KeyID(About(f.Fact).ID), known)
				keys = append(keys, key)
			}
		}
	}
	if actor != "" {
		add(k.byActor[actor])
	} else {
		for _, registrations := range k.byActor {
			add(registrations)
		}
	}
	slices.SortFunc(keys, func(a, b Key) int { return cmp.Or(cmp.Compare(a.Actor, b.Actor), cmp.Compare(a.Key, b.Key)) })
	return keys
}

// bound reports whether an actor has a key that is valid on a day, and so has to sign.
func (k *Keyring) bound(actor string, known uint64, day Date) bool {
	if actor == "" || len(k.facts) == 0 {
		return false
	}
	return slices.ContainsFunc(k.Keys(actor, known), func(key Key) bool { return key.ValidOn(day) })
}

// Judge decides whether an entry may be recorded in the name of its actor, on a day, by what the entries up
// to known say of keys (semantics.md §2, Signatures). Its sequence and time need not be set; a correction is
// resolved. The error is a *Refusal.
func (k *Keyring) Judge(e *Recorded, ledger string, known uint64, day Date) error {
	if err := k.judgeSignature(e, ledger, known, day); err != nil {
		return err
	}
	for _, owner := range k.owners(e.Fact, known) {
		if k.bound(owner, known, day) && (e.Signature == nil || e.Actor != owner) {
			return &Refusal{Code: CodeSignatureRequired, Field: "signature",
				Rule: fmt.Sprintf("%s has a valid key: only an entry that it signs changes its keys", quote(owner)), Value: recordedBy(e)}
		}
	}
	return nil
}

func (k *Keyring) judgeSignature(e *Recorded, ledger string, known uint64, day Date) error {
	if e.Signature == nil {
		if k.bound(e.Actor, known, day) {
			return &Refusal{Code: CodeSignatureRequired, Field: "signature",
				Rule: "an actor that has a valid key signs what it records", Value: "an unsigned entry in the name of " + quote(e.Actor)}
		}
		return nil
	}
	key, registered := k.Key(e.Signature.Key, known)
	switch {
	case !registered || key.Actor != e.Actor:
		return &Refusal{Code: CodeUnknownKey, Field: "key",
			Rule: fmt.Sprintf("an entry is signed with a key that an earlier entry registers for its actor, %s", quote(e.Actor)), Value: quote(string(key.Key))}
	case !key.ValidOn(day):
		return &Refusal{Code: CodeKeyNotValid, Field: "key",
			Rule: fmt.Sprintf("an entry is signed with a key that is valid on the day of recording, %s", day), Value: "one " + key.period()}
	case !e.Verify(ledger, e.Actor):
		return &Refusal{Code: CodeBadSignature, Field: "signature",
			Rule: fmt.Sprintf("the signature is that of this entry, for the ledger %s, in the name of %s", ledger, quote(e.Actor)), Value: "one of something else"}
	}
	return nil
}

// period says in words when a key is valid.
func (k *Key) period() string {
	if k.To == 0 {
		return "valid from " + k.From.String() + " on"
	}
	return "valid from " + k.From.String() + " to before " + k.To.String()
}

func recordedBy(e *Recorded) string {
	if e.Signature == nil {
		return "an unsigned one"
	}
	return "one signed by " + quote(e.Actor)
}

// owners are the actors whose keys a fact would change: whoever has the key now, and whoever would get it.
func (k *Keyring) owners(f Fact, known uint64) []string {
	var owners []string
	owned := func(f Fact) {
		switch f := f.(type) {
		case *KeyRegistered:
			owners = append(owners, f.Actor)
		case *KeyRevoked:
			if key, registered := k.Key(f.Key, known); registered {
				owners = append(owners, key.Actor)
			}
		}
	}
	amended := func(entry uuid.UUID) {
		for i := range k.facts {
			if k.facts[i].Entry == entry {
				owned(k.facts[i].Fact)
			}
		}
	}
	switch f := f.(type) {
	case *EntryCorrected:
		amended(f.Corrects)
		owned(f.Replacement.Fact)
	case *EntryRetracted:
		amended(f.Retracts)
	default:
		owned(f)
	}
	return owners
}
