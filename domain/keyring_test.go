package domain

import (
	"errors"
	"testing"

	"github.com/google/uuid"
)

// ringed is a log of entries about keys, to judge further ones by.
type ringed struct {
	t    *testing.T
	keys Keyring
	seq  uint64
}

const judgedOn = Date(740000)

// entry makes the next entry, signed with the key of a seed unless that is 0.
func (r *ringed) entry(f Fact, from Date, actor string, seed byte) *Recorded {
	e := Entry{Fact: f}
	if from != 0 {
		e.Effective = DayEDTF(from)
	}
	e.ID = e.DeriveID()
	if seed != 0 {
		signer(r.t, seed).Sign(&e, "main", actor)
	}
	return &Recorded{Entry: e, Actor: actor}
}

func (r *ringed) judge(e *Recorded) Code {
	err := r.keys.Judge(e, "main", Everything, judgedOn)
	refusal, _ := errors.AsType[*Refusal](err)
	if err == nil {
		return ""
	}
	return refusal.Code
}

// record applies an entry that has to be accepted, and gives its id.
func (r *ringed) record(e *Recorded) uuid.UUID {
	r.t.Helper()
	if code := r.judge(e); code != "" {
		r.t.Fatalf("%s is refused: %s", e.AppendJSON(nil), code)
	}
	r.seq++
	e.Seq = r.seq
	r.keys.Apply(e)
	return e.ID
}

func (r *ringed) register(seed byte, actor string) Fact {
	return &KeyRegistered{Key: signer(r.t, seed).Key, Actor: actor}
}

func (r *ringed) revoke(seed byte) Fact { return &KeyRevoked{Key: signer(r.t, seed).Key} }

// Who may record what once keys are known: in one's own name signed with a valid key, in that of an actor
// without one unsigned; and the keys of who has one change only by what that one signs.
func TestJudge(t *testing.T) {
	r := &ringed{t: t}
	said := func(note string) Fact { return &PlanWithdrawn{Plan: PlanID(note)} }
	first := r.record(r.entry(r.register(1, "ann"), judgedOn, "", 0))
	r.record(r.entry(r.register(2, "bob"), judgedOn+1, "ann", 1)) // not valid yet
	for _, c := range []struct {
		name string
		e    *Recorded
		want Code
	}{
		{"nobody, unsigned", r.entry(said("a"), 1, "", 0), ""},
		{"without a key, unsigned", r.entry(said("a"), 1, "carl", 0), ""},
		{"whose key is not valid yet, unsigned", r.entry(said("a"), 1, "bob", 0), ""},
		{"unsigned", r.entry(said("a"), 1, "ann", 0), CodeSignatureRequired},
		{"signed", r.entry(said("a"), 1, "ann", 1), ""},
		{"with another's key", r.entry(said("a"), 1, "ann", 2), CodeUnknownKey},
		{"with one's key as another", r.entry(said("a"), 1, "carl", 1), CodeUnknownKey},
		{"with a key that nobody has", r.entry(said("a"), 1, "ann", 3), CodeUnknownKey},
		{"with a key too early", r.entry(said("a"), 1, "bob", 2), CodeKeyNotValid},
		{"a further key, unsigned", r.entry(r.register(3, "ann"), 1, "", 0), CodeSignatureRequired},
		{"a further key, by another", r.entry(r.register(3, "ann"), 1, "carl", 0), CodeSignatureRequired},
		{"a further key, signed", r.entry(r.register(3, "ann"), 1, "ann", 1), ""},
		{"a first key, by another", r.entry(r.register(3, "carl"), 1, "ann", 1), ""},
		{"revoked, unsigned", r.entry(r.revoke(1), judgedOn, "", 0), CodeSignatureRequired},
		{"revoked, signed", r.entry(r.revoke(1), judgedOn, "ann", 1), ""},
		{"retracted, unsigned", r.entry(&EntryRetracted{Retracts: first}, 0, "", 0), CodeSignatureRequired},
		{"corrected, unsigned", r.entry(&EntryCorrected{Corrects: first, Replacement: Replacement{Effective: DayEDTF(1), Fact: r.register(1, "carl")}}, 0, "", 0), CodeSignatureRequired},
		{"corrected, signed", r.entry(&EntryCorrected{Corrects: first, Replacement: Replacement{Effective: DayEDTF(1), Fact: r.register(1, "carl")}}, 0, "ann", 1), ""},
	} {
		if got := r.judge(c.e); got != c.want {
			t.Errorf("%s: refused as %q, want %q", c.name, got, c.want)
		}
	}
	forged := r.entry(said("a"), 1, "ann", 1)
	forged.Note = "and more"
	if got := r.judge(forged); got != CodeBadSignature {
		t.Errorf("with another content: refused as %q", got)
	}
}

// A key given away by a correction needs both owners' consent, which one entry cannot give.
func TestJudgeBothOwners(t *testing.T) {
	r := &ringed{t: t}
	first := r.record(r.entry(r.register(1, "ann"), judgedOn, "", 0))
	r.record(r.entry(r.register(2, "bob"), judgedOn, "", 0))
	given := &EntryCorrected{Corrects: first, Replacement: Replacement{Effective: DayEDTF(1), Fact: r.register(1, "bob")}}
	if got := r.judge(r.entry(given, 0, "ann", 1)); got != CodeSignatureRequired {
		t.Errorf("refused as %q", got)
	}
}

// What a keyring says at a known point does not change by what comes later: revocations, corrections,
// retractions and their undoing.
func TestKeyringVersions(t *testing.T) {
	r := &ringed{t: t}
	first := r.record(r.entry(r.register(1, "ann"), 100, "", 0))
	gone := r.record(r.entry(r.revoke(1), 200, "ann", 1))
	r.record(r.entry(&EntryRetracted{Retracts: gone}, 0, "", 0))
	r.record(r.entry(&EntryCorrected{Corrects: first, Replacement: Replacement{Effective: DayEDTF(150), Fact: r.register(1, "bob")}}, 0, "ann", 1))
	r.record(r.entry(&EntryCorrected{Corrects: gone, Replacement: Replacement{Effective: DayEDTF(300), Fact: r.revoke(1)}}, 0, "bob", 1))
	before := r.keys.Clone()
	r.record(r.entry(&EntryRetracted{Retracts: first}, 0, "", 0))
	for known, want := range []Key{
		{}, {Actor: "ann", From: 100, Registered: 1}, {Actor: "ann", From: 100, To: 200, Registered: 1, Revoked: 2},
		{Actor: "ann", From: 100, Registered: 1}, {Actor: "bob", From: 150, Registered: 1},
		{Actor: "bob", From: 150, To: 300, Registered: 1, Revoked: 2}, {To: 300, Revoked: 2},
	} {
		want.Key = signer(t, 1).Key
		if got, registered := r.keys.Key(want.Key, uint64(known)); got != want || registered != (want.Actor != "") {
			t.Errorf("known %d: %+v, want %+v", known, got, want)
		}
		if n := len(r.keys.Keys("", uint64(known))); (n == 1) != (want.Actor != "") {
			t.Errorf("known %d: %d keys", known, n)
		}
	}
	if _, registered := before.Key(signer(t, 1).Key, Everything); !registered {
		t.Error("a copy has changed with what it was made of")
	}
}
