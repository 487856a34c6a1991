package projections

import "github.com/orgledger/orgledger/domain"

// Key is a key of an actor, as it stands at a point.
type Key struct {
	Key        string  `json:"key"`
	Actor      string  `json:"actor"`
	From       string  `json:"from"` // first day on which it is valid
	To         *string `json:"to"`   // first day on which it no longer is; null while it is not revoked
	Valid      bool    `json:"valid"`
	Registered uint64  `json:"registered"` // sequence
	Revoked    *uint64 `json:"revoked"`    // sequence; null while it is not revoked
	Reason     string  `json:"reason,omitempty"`
}

// Keys answers which keys actors have.
type Keys struct {
	On    string `json:"on"`
	Known uint64 `json:"known"`
	Keys  []Key  `json:"keys"` // by actor, then by key
}

// Keys lists the keys of an actor, of all actors where the name is empty, revoked ones and ones to come included.
func (v *View) Keys(actor string, at Point) *Keys {
	answer := &Keys{On: at.On.String(), Known: at.Known, Keys: []Key{}}
	for _, key := range v.keys.Keys(actor, at.Known) {
		k := Key{Key: string(key.Key), Actor: key.Actor, From: key.From.String(), Valid: key.ValidOn(at.On),
			Registered: key.Registered, Reason: key.Reason}
		if key.To != 0 {
			to := key.To.String()
			k.To, k.Revoked = &to, &key.Revoked
		}
		answer.Keys = append(answer.Keys, k)
	}
	return answer
}

// Keyring is what the entries of the view say of keys. It is not to be changed: see Clone.
func (v *View) Keyring() *domain.Keyring { return v.keys }

// applyKeys takes what an entry says of keys, on a copy unless nobody reads the index yet.
func (x *Index) applyKeys(r *domain.Recorded) {
	if !x.next.keys.Concerns(r.Fact) {
		return
	}
	if !x.loading {
		x.next.keys = x.next.keys.Clone()
	}
	x.next.keys.Apply(r)
}
