package audit

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

var (
	// ErrUnknownLog says that a checkpoint is one of a log that the policy does not name.
	ErrUnknownLog = errors.New("not a log of the policy")
	// ErrSignature says that no key of the log has signed, or that a signature of a known key is wrong.
	ErrSignature = errors.New("not signed by the log's key")
	// ErrQuorum says that fewer witnesses have cosigned than the policy needs.
	ErrQuorum = errors.New("not enough witnesses have cosigned")
)

// maxNote is how many bytes a signed checkpoint may have: some 100 signatures.
const maxNote = 1 << 20

// Checkpoint is the statement of how a log was at some moment (C2SP tlog-checkpoint): its first Size entries have
// the Merkle root. Whoever has it can be shown for any entry that it was there, and for any later
// checkpoint that nothing before was changed.
type Checkpoint struct {
	Origin    string // the log's name, that of its key
	Size      uint64
	Root      Hash
	Extension string // further lines, each with its line feed; those of this project have none
}

// Text is what is signed: three lines.
func (c Checkpoint) Text() string {
	return c.Origin + "\n" + strconv.FormatUint(c.Size, 10) + "\n" + base64.StdEncoding.EncodeToString(c.Root[:]) + "\n" + c.Extension
}

// parseCheckpoint takes exactly what Text gives.
func parseCheckpoint(text string) (c Checkpoint, err error) {
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) < 4 || !validName(lines[0]) {
		return c, fmt.Errorf("a checkpoint has three lines and begins with the log's name: %w", ErrMalformed)
	}
	c.Origin, c.Extension = lines[0], lines[3]
	if c.Size, err = parseNumber(lines[1]); err != nil {
		return c, fmt.Errorf("the checkpoint's size: %w", err)
	}
	if c.Root, err = parseHash(lines[2]); err != nil {
		return c, fmt.Errorf("the checkpoint's root: %w", err)
	}
	for line := range strings.Lines(c.Extension) {
		if line == "\n" || !strings.HasSuffix(line, "\n") {
			return c, fmt.Errorf("a checkpoint with an empty or unfinished line: %w", ErrMalformed)
		}
	}
	return c, nil
}

// ReadCheckpoint reads what a signed checkpoint says. It verifies nothing: see [Open].
func ReadCheckpoint(signed []byte) (Checkpoint, error) {
	text, _, err := splitNote(signed)
	if err != nil {
		return Checkpoint{}, err
	}
	return parseCheckpoint(text)
}

// Sign gives the checkpoint as a note with the signatures of all signers, in their order.
func (c Checkpoint) Sign(signers ...note.Signer) ([]byte, error) {
	if _, err := parseCheckpoint(c.Text()); err != nil {
		return nil, err
	}
	return note.Sign(&note.Note{Text: c.Text()}, signers...)
}

// Cosign gives a witness's signature line for a signed checkpoint, to be appended to it. The checkpoint is not
// verified.
func Cosign(signed []byte, witness note.Signer) (line []byte, err error) {
	text, _, err := splitNote(signed)
	if err != nil {
		return nil, err
	}
	alone, err := note.Sign(&note.Note{Text: text}, witness)
	if err != nil {
		return nil, err
	}
	return alone[len(text)+1:], nil
}

// CheckCosignature finds, among the signature lines that a witness answered with, the one of its key, and verifies that
// it cosigns the checkpoint. The error is ErrMalformed or ErrSignature.
func CheckCosignature(signed, lines []byte, witnessKey string) (line []byte, _ Cosignature, err error) {
	key, err := parseVerifier(witnessKey, witnessKind)
	if err != nil {
		return nil, Cosignature{}, err
	}
	text, _, err := splitNote(signed)
	if err != nil {
		return nil, Cosignature{}, err
	}
	_, given, err := splitNote([]byte(text + "\n" + string(lines)))
	if err != nil {
		return nil, Cosignature{}, err
	}
	found, err := verifyLines(text, given, []verifier{key})
	if err != nil {
		return nil, Cosignature{}, err
	}
	for i, g := range given {
		if len(found) == 1 && g.name == key.name && g.hash == key.hash {
			return bytes.SplitAfter(lines, []byte("\n"))[i], Cosignature{key.name, found[0].at}, nil
		}
	}
	return nil, Cosignature{}, fmt.Errorf("no line of %s: %w", key.name, ErrSignature)
}

// Cosignature is that of a witness of the policy.
type Cosignature struct {
	Witness string    // the name of its key
	Time    time.Time // UTC, to the second: when the witness knew of no later checkpoint
}

// Signed is a checkpoint whose signatures were verified.
type Signed struct {
	Checkpoint
	Cosignatures []Cosignature // by witnesses that the policy names, in the note's order
	Note         []byte        // as it was given
}

// Open verifies a signed checkpoint: that it has the one form that it can have, to the byte, that a log of the policy with
// the name of the checkpoint's origin has signed it, that no signature of a known key is wrong, and that
// as many witnesses cosigned as the policy needs. Signatures by other keys are ignored, as C2SP
// signed-note wants it: of theirs a changed byte is not seen. The error is ErrMalformed, ErrUnknownLog,
// ErrSignature or ErrQuorum.
func Open(signed []byte, policy *Policy) (*Signed, error) {
	text, lines, err := splitNote(signed)
	if err != nil {
		return nil, err
	}
	checkpoint, err := parseCheckpoint(text)
	if err != nil {
		return nil, err
	}
	known := policy.of(checkpoint.Origin)
	if len(known) == 0 {
		return nil, fmt.Errorf("a checkpoint of %q: %w", checkpoint.Origin, ErrUnknownLog)
	}
	found, err := verifyLines(text, lines, append(known, policy.cosigners()...))
	if err != nil {
		return nil, err
	}
	s := &Signed{Checkpoint: checkpoint, Note: bytes.Clone(signed)}
	byLog := false
	for _, f := range found {
		if f.key.kind == logKind {
			byLog = true
			continue
		}
		s.Cosignatures = append(s.Cosignatures, Cosignature{f.key.name, f.at})
	}
	if !byLog {
		return nil, fmt.Errorf("a checkpoint of %q: %w", checkpoint.Origin, ErrSignature)
	}
	if err := policy.enough(found); err != nil {
		return nil, err
	}
	return s, nil
}

// signature is one line of a note: its key's name and number, and what was signed.
type signature struct {
	name  string
	hash  uint32
	bytes []byte
}

// splitNote takes a note apart, and takes it only as Sign writes it: valid UTF-8, base64 without other forms, no
// key twice.
func splitNote(signed []byte) (text string, lines []signature, err error) {
	if len(signed) > maxNote {
		return "", nil, fmt.Errorf("a note of %d bytes, over %d: %w", len(signed), maxNote, ErrMalformed)
	}
	if _, err := note.Open(signed, note.VerifierList()); err != nil {
		if _, ok := errors.AsType[*note.UnverifiedNoteError](err); !ok {
			return "", nil, fmt.Errorf("no signed note: %w", ErrMalformed)
		}
	}
	cut := bytes.LastIndex(signed, []byte("\n\n"))
	for line := range strings.Lines(string(signed[cut+2:])) {
		s, err := parseSignature(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return "", nil, err
		}
		for _, other := range lines {
			if other.name == s.name && other.hash == s.hash {
				return "", nil, fmt.Errorf("two signatures of the key %s+%08x: %w", s.name, s.hash, ErrMalformed)
			}
		}
		lines = append(lines, s)
	}
	return string(signed[:cut+1]), lines, nil
}

// parseSignature reads a signature line without its line feed, of which package note has seen the form.
func parseSignature(line string) (signature, error) {
	name, encoded, _ := strings.Cut(strings.TrimPrefix(line, "— "), " ")
	data, err := strictBase64(encoded)
	if err != nil || len(data) < 5 {
		return signature{}, fmt.Errorf("the signature of %s is not in base64: %w", name, ErrMalformed)
	}
	return signature{name, binary.BigEndian.Uint32(data), data[4:]}, nil
}

// verified is a key that has signed, and a witness's time.
type verified struct {
	key verifier
	at  time.Time
}

// verifyLines finds which known keys have signed a text. A wrong signature of one of them is ErrSignature.
func verifyLines(text string, lines []signature, known []verifier) (found []verified, err error) {
	for _, line := range lines {
		for _, key := range known {
			if key.name != line.name || key.hash != line.hash {
				continue
			}
			if !key.Verify([]byte(text), line.bytes) {
				return nil, fmt.Errorf("the signature of %s+%08x is wrong: %w", key.name, key.hash, ErrSignature)
			}
			v := verified{key: key}
			if key.kind == witnessKind {
				v.at = time.Unix(int64(binary.BigEndian.Uint64(line.bytes)), 0).UTC()
			}
			found = append(found, v)
		}
	}
	return found, nil
}
