package audit

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// digestHeader begins a signed digest. No checkpoint can begin so, since a log's name has no space.
const digestHeader = "orgledger digest v1"

// Digest is the statement of what a log's entries amounted to: one hash over who held everything on a day, as known at
// an entry. Whoever folds the log anew has to come to the same.
type Digest struct {
	Origin string // the log's name, that of its key
	Known  uint64 // entries
	On     string // day, as 2023-03-15
	SHA256 string // 64 hexadecimal digits, lower case
}

var (
	dayForm    = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	sha256Form = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// Text is what is signed: five lines.
func (d Digest) Text() string {
	return digestHeader + "\n" + d.Origin + "\n" + strconv.FormatUint(d.Known, 10) + "\n" + d.On + "\n" + d.SHA256 + "\n"
}

// Sign gives the digest as a signed note.
func (d Digest) Sign(signer note.Signer) ([]byte, error) {
	if _, err := parseDigest(d.Text()); err != nil {
		return nil, err
	}
	return note.Sign(&note.Note{Text: d.Text()}, signer)
}

// OpenDigest verifies a signed digest: that it has the one form that it can have and that a log of the policy with the
// name of its origin has signed it, and nobody else. Witnesses do not cosign digests.
func OpenDigest(signed []byte, policy *Policy) (d Digest, err error) {
	text, lines, err := splitNote(signed)
	if err != nil {
		return d, err
	}
	if d, err = parseDigest(text); err != nil {
		return d, err
	}
	known := policy.of(d.Origin)
	if len(known) == 0 {
		return d, fmt.Errorf("a digest of %q: %w", d.Origin, ErrUnknownLog)
	}
	found, err := verifyLines(text, lines, known)
	if err != nil {
		return d, err
	}
	if len(found) != 1 || len(lines) != 1 {
		return d, fmt.Errorf("a digest of %q: %w", d.Origin, ErrSignature)
	}
	return d, nil
}

// parseDigest takes exactly what Text gives.
func parseDigest(text string) (d Digest, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 6 || lines[0] != digestHeader || lines[5] != "" || !validName(lines[1]) {
		return d, fmt.Errorf("a digest has five lines and begins with %q: %w", digestHeader, ErrMalformed)
	}
	d = Digest{Origin: lines[1], On: lines[3], SHA256: lines[4]}
	if d.Known, err = parseNumber(lines[2]); err != nil {
		return d, fmt.Errorf("the digest's known point: %w", err)
	}
	if !dayForm.MatchString(d.On) || !sha256Form.MatchString(d.SHA256) {
		return d, fmt.Errorf("a digest has a day and 64 hexadecimal digits: %w", ErrMalformed)
	}
	return d, nil
}
