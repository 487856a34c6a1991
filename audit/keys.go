package audit

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
)

// The kinds of keys, by the signature types of C2SP signed-note.
const (
	logKind     = 1 // Ed25519 over the note's text
	witnessKind = 4 // Ed25519 over the time and the note's text: cosignature/v1
)

const timeSize = 8 // of a cosignature, before the signature itself

// NewLogKey makes the key with which the log of a name signs its checkpoints: a line PRIVATE+KEY+…, to be kept
// secret, in the form of golang.org/x/mod/sumdb/note. The name is the checkpoints' origin.
func NewLogKey(origin string) (private string, err error) { return newKey(origin, logKind) }

// NewWitnessKey makes the key with which a witness of a name cosigns.
func NewWitnessKey(name string) (private string, err error) { return newKey(name, witnessKind) }

func newKey(name string, kind byte) (string, error) {
	if !validName(name) {
		return "", fmt.Errorf("%q cannot be a key's name: it is empty or has a space or a plus: %w", name, ErrMalformed)
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	return "PRIVATE+KEY+" + keyText(name, kind, key.Public().(ed25519.PublicKey), key.Seed()), nil
}

// keyText is a key as notes write it: name, hash of the public key, and what is written of the key.
func keyText(name string, kind byte, public ed25519.PublicKey, written []byte) string {
	return fmt.Sprintf("%s+%08x+%s", name, keyHash(name, kind, public),
		base64.StdEncoding.EncodeToString(append([]byte{kind}, written...)))
}

// keyHash is the key's number in signatures (C2SP signed-note).
func keyHash(name string, kind byte, public []byte) uint32 {
	sum := sha256.Sum256(append(append([]byte(name), '\n', kind), public...))
	return binary.BigEndian.Uint32(sum[:])
}

// VerifierKey is the public key that belongs to a private one, as policies and verifiers take it.
func VerifierKey(private string) (string, error) {
	k, err := parsePrivate(private)
	if err != nil {
		return "", err
	}
	public := k.private.Public().(ed25519.PublicKey)
	return keyText(k.name, k.kind, public, public), nil
}

// LogSigner signs for a log.
func LogSigner(private string) (note.Signer, error) {
	k, err := parsePrivate(private)
	if err != nil {
		return nil, err
	}
	if k.kind != logKind {
		return nil, fmt.Errorf("the key %s is a witness's, not a log's: %w", k.name, ErrMalformed)
	}
	return k, nil
}

// WitnessSigner cosigns for a witness, at the time of a clock (C2SP tlog-cosignature).
func WitnessSigner(private string, clock func() time.Time) (note.Signer, error) {
	k, err := parsePrivate(private)
	if err != nil {
		return nil, err
	}
	if k.kind != witnessKind {
		return nil, fmt.Errorf("the key %s is a log's, not a witness's: %w", k.name, ErrMalformed)
	}
	k.clock = clock
	return k, nil
}

// signer is a [note.Signer].
type signer struct {
	name    string
	kind    byte
	hash    uint32
	private ed25519.PrivateKey
	clock   func() time.Time // of a witness
}

// parsePrivate takes exactly what newKey gives. Errors do not name the key.
func parsePrivate(text string) (signer, error) {
	rest, found := strings.CutPrefix(text, "PRIVATE+KEY+")
	name, kind, seed, err := splitKey(rest)
	if !found || err != nil || kind != logKind && kind != witnessKind || len(seed) != ed25519.SeedSize {
		return signer{}, fmt.Errorf("a private key is PRIVATE+KEY+name+hash+key: %w", ErrMalformed)
	}
	key := ed25519.NewKeyFromSeed(seed)
	public := key.Public().(ed25519.PublicKey)
	if "PRIVATE+KEY+"+keyText(name, kind, public, seed) != text {
		return signer{}, fmt.Errorf("the private key %s does not match its hash: %w", name, ErrMalformed)
	}
	return signer{name: name, kind: kind, hash: keyHash(name, kind, public), private: key}, nil
}

// splitKey takes name+hash+base64(kind, key) apart.
func splitKey(text string) (name string, kind byte, key []byte, err error) {
	name, rest, _ := strings.Cut(text, "+")
	_, encoded, _ := strings.Cut(rest, "+")
	data, err := strictBase64(encoded)
	if err != nil || len(data) == 0 || !validName(name) {
		return "", 0, nil, ErrMalformed
	}
	return name, data[0], data[1:], nil
}

func (s signer) Name() string    { return s.name }
func (s signer) KeyHash() uint32 { return s.hash }

func (s signer) Sign(text []byte) ([]byte, error) {
	if s.kind == logKind {
		return ed25519.Sign(s.private, text), nil
	}
	at := uint64(s.clock().Unix())
	return append(binary.BigEndian.AppendUint64(nil, at), ed25519.Sign(s.private, cosigned(at, text))...), nil
}

// cosigned is what a witness signs of a checkpoint at a time in seconds since 1970.
func cosigned(at uint64, text []byte) []byte {
	return append(append(strconv.AppendUint([]byte("cosignature/v1\ntime "), at, 10), '\n'), text...)
}

// verifier is a [note.Verifier] that knows its key.
type verifier struct {
	text   string // name+hash+key
	name   string
	kind   byte
	hash   uint32
	public ed25519.PublicKey
}

// parseVerifier takes the public key of a log or of a witness, exactly as [VerifierKey] gives it. A witness may also
// be given by a key of the log's kind, as it is with other programs; it then cosigns all the same.
func parseVerifier(text string, kind byte) (verifier, error) {
	if strings.HasPrefix(text, "PRIVATE+") {
		return verifier{}, fmt.Errorf("a private key, where the public one is due: %w", ErrMalformed)
	}
	name, given, public, err := splitKey(text)
	if err != nil || len(public) != ed25519.PublicKeySize || given != logKind && given != witnessKind {
		return verifier{}, fmt.Errorf("%q is no public key name+hash+key of Ed25519: %w", text, ErrMalformed)
	}
	if keyText(name, given, public, public) != text {
		return verifier{}, fmt.Errorf("the public key %q does not match its hash: %w", text, ErrMalformed)
	}
	if given != kind && kind == logKind {
		return verifier{}, fmt.Errorf("the public key %q is a witness's, not a log's: %w", text, ErrMalformed)
	}
	return verifier{text: text, name: name, kind: kind, hash: keyHash(name, kind, public), public: public}, nil
}

func (v verifier) Name() string    { return v.name }
func (v verifier) KeyHash() uint32 { return v.hash }

func (v verifier) Verify(text, signature []byte) bool {
	if v.kind == logKind {
		return len(signature) == ed25519.SignatureSize && ed25519.Verify(v.public, text, signature)
	}
	if len(signature) != timeSize+ed25519.SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(signature)
	return at < 1<<63 && ed25519.Verify(v.public, cosigned(at, text), signature[timeSize:])
}

// validName reports whether notes can carry a key's name.
func validName(name string) bool {
	return name != "" && utf8.ValidString(name) && !strings.ContainsFunc(name, func(r rune) bool {
		return r == '+' || unicode.IsSpace(r) || r < ' '
	})
}

// strictBase64 decodes what base64 writes, and no other text for the same bytes.
func strictBase64(text string) ([]byte, error) {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil || base64.StdEncoding.EncodeToString(data) != text {
		return nil, ErrMalformed
	}
	return data, nil
}

func parseHash(text string) (Hash, error) {
	data, err := strictBase64(text)
	if err != nil || len(data) != HashSize {
		return Hash{}, fmt.Errorf("%q is not a hash of %d bytes in base64: %w", text, HashSize, ErrMalformed)
	}
	return Hash(data), nil
}

// parseNumber reads a number as strconv writes it: digits without a sign or leading zeros.
func parseNumber(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || strconv.FormatUint(n, 10) != text {
		return 0, fmt.Errorf("%q is not a number: %w", text, ErrMalformed)
	}
	return n, nil
}
