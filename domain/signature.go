package domain

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/nats-io/nkeys"
)

// Signature is what an actor has put to an entry with one of its keys.
type Signature struct {
	Key   KeyID
	Bytes [ed25519.SignatureSize]byte // Ed25519 (RFC 8032) over SignedText
}

const signatureRule = "a signature is 64 bytes in base64 with padding (RFC 4648 §4)"

// ParseSignature reads the text form of a signature. The key is taken as it is.
func ParseSignature(key KeyID, text string) (*Signature, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != ed25519.SignatureSize {
		return nil, errors.New(signatureRule)
	}
	return &Signature{Key: key, Bytes: [ed25519.SignatureSize]byte(raw)}, nil
}

// Text is the signature in base64.
func (s *Signature) Text() string { return base64.StdEncoding.EncodeToString(s.Bytes[:]) }

// signedPrefix tells what is signed from everything else that the same key may sign. With the lines that
// follow it is frozen: signatures are checked for as long as the log lasts.
const signedPrefix = "orgledger entry v1\n"

// SignedText is what an actor signs: a fixed line, the ledger's name, the actor, the entry's id, each on a
// line, and the entry's content. Neither name holds a line feed. An entry without an id is signed with the
// derived one; a correction is resolved first.
func (e *Entry) SignedText(ledger, actor string) []byte {
	id := e.ID
	if id == uuid.Nil {
		id = e.DeriveID()
	}
	return append([]byte(signedPrefix+ledger+"\n"+actor+"\n"+id.String()+"\n"), e.Content()...)
}

// Verify reports whether the entry has a signature, made by that actor for that ledger with the key that
// stands beside it. Whose the key is, a Keyring knows. It costs some 40 µs.
func (e *Entry) Verify(ledger, actor string) bool {
	if e.Signature == nil {
		return false
	}
	public, err := nkeys.Decode(nkeys.PrefixByteUser, []byte(e.Signature.Key))
	return err == nil && len(public) == ed25519.PublicKeySize &&
		ed25519.Verify(public, e.SignedText(ledger, actor), e.Signature.Bytes[:])
}

// Signer is the secret half of a key.
type Signer struct {
	Key     KeyID
	private ed25519.PrivateKey
}

// NewSigner makes a key of a seed, which is 32 random bytes.
func NewSigner(seed [ed25519.SeedSize]byte) (*Signer, error) {
	private := ed25519.NewKeyFromSeed(seed[:])
	key, err := nkeys.Encode(nkeys.PrefixByteUser, private.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, fmt.Errorf("write the public key: %w", err)
	}
	return &Signer{KeyID(key), private}, nil
}

// ParseSeed reads the text form of a seed, an nkey that begins with SU.
func ParseSeed(text string) (*Signer, error) {
	prefix, seed, err := nkeys.DecodeSeed([]byte(text))
	if err != nil || prefix != nkeys.PrefixByteUser || len(seed) != ed25519.SeedSize {
		return nil, errors.New("this is no seed of an actor's key: one is an nkey that begins with SU, as orgledger key new makes it")
	}
	return NewSigner([ed25519.SeedSize]byte(seed))
}

// Seed is the text form of the secret half.
func (s *Signer) Seed() (string, error) {
	text, err := nkeys.EncodeSeed(nkeys.PrefixByteUser, s.private.Seed())
	return string(text), err
}

// Sign puts a signature to the entry, in the name of an actor and for the ledger of a name.
func (s *Signer) Sign(e *Entry, ledger, actor string) {
	e.Signature = &Signature{Key: s.Key, Bytes: [ed25519.SignatureSize]byte(ed25519.Sign(s.private, e.SignedText(ledger, actor)))}
}
