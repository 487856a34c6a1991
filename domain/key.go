package domain

import "github.com/nats-io/nkeys"

// KeyRegistered introduces a key of an actor, with which it signs what it records from the effective day
// on. A key belongs to one actor, and is registered once.
type KeyRegistered struct {
	Key   KeyID
	Actor string
}

// KeyRevoked ends a key: from the effective day on nothing is signed with it.
type KeyRevoked struct {
	Key    KeyID
	Reason string
}

func (*KeyRegistered) Type() Type { return TypeKeyRegistered }
func (*KeyRevoked) Type() Type    { return TypeKeyRevoked }

func (f *KeyRegistered) fields(v visitor) {
	id(v, "key", &f.Key, required)
	v.text("actor", &f.Actor, LimitTitle, required)
}

func (f *KeyRevoked) fields(v visitor) {
	id(v, "key", &f.Key, required)
	v.text("reason", &f.Reason, LimitText, optional)
}

func (f *KeyRegistered) rules(c *checker) {
	c.key(f.Key)
	c.actor("actor", f.Actor)
}

func (f *KeyRevoked) rules(c *checker) { c.key(f.Key) }

func (c *checker) key(key KeyID) {
	if !ValidKey(key) {
		c.refuse(CodeBadValue, "key", keyRule, quote(string(key)))
	}
}

const (
	keyPattern = `U[A-Z2-7]{55}`
	keyRule    = "a key is the public half of an Ed25519 nkey of a user: U and 55 of A-Z and 2-7, of which the last are a checksum"
)

// ValidKey reports whether text is the public half of an nkey of a user, an Ed25519 key, checksum
// included (NATS ADR-14).
func ValidKey(key KeyID) bool { return nkeys.IsValidPublicUserKey(string(key)) }
