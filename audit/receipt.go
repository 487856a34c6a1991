package audit

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

const (
	receiptHeader = "c2sp.org/tlog-proof@v1"
	maxProof      = 64 // hashes
)

// Receipt proves without the log that an entry is in it: the entry's bytes, a proof of inclusion, and the
// signed checkpoint that it leads to. It is text in the form of C2SP tlog-proof, the entry as its extra data.
type Receipt struct {
	Entry      []byte // nil: the receipt does not carry it
	Index      uint64 // of the leaf: the entry's sequence less 1
	Proof      []Hash // see [View.Inclusion]
	Checkpoint []byte // a signed note
}

// Format is the receipt as text: some 1.4 times the entry's length, and 45 bytes a hash.
func (r *Receipt) Format() []byte {
	var b strings.Builder
	b.WriteString(receiptHeader + "\n")
	if r.Entry != nil {
		b.WriteString("extra " + base64.StdEncoding.EncodeToString(r.Entry) + "\n")
	}
	b.WriteString("index " + strconv.FormatUint(r.Index, 10) + "\n")
	for _, hash := range r.Proof {
		b.WriteString(base64.StdEncoding.EncodeToString(hash[:]) + "\n")
	}
	b.WriteByte('\n')
	b.Write(r.Checkpoint)
	return []byte(b.String())
}

// ParseReceipt takes exactly what Format gives. The error is ErrMalformed. Nothing is verified.
func ParseReceipt(text []byte) (*Receipt, error) {
	head, checkpoint, found := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || lines[0] != receiptHeader {
		return nil, fmt.Errorf("a receipt begins with %q: %w", receiptHeader, ErrMalformed)
	}
	r, lines := &Receipt{Checkpoint: []byte(checkpoint)}, lines[1:]
	var err error
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		if r.Entry, err = strictBase64(lines[0][len("extra "):]); err != nil {
			return nil, fmt.Errorf("the receipt's entry is not in base64: %w", ErrMalformed)
		}
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") || len(lines)-1 > maxProof {
		return nil, fmt.Errorf("a receipt has an index and at most %d hashes: %w", maxProof, ErrMalformed)
	}
	if r.Index, err = parseNumber(lines[0][len("index "):]); err != nil {
		return nil, fmt.Errorf("the receipt's index: %w", err)
	}
	for _, line := range lines[1:] {
		hash, err := parseHash(line)
		if err != nil {
			return nil, fmt.Errorf("the receipt's proof: %w", err)
		}
		r.Proof = append(r.Proof, hash)
	}
	if _, _, err := splitNote(r.Checkpoint); err != nil {
		return nil, fmt.Errorf("the receipt's checkpoint: %w", err)
	}
	return r, nil
}

// Verify checks the receipt's checkpoint by a policy, and that the entry is where the receipt says. The error is
// one of [Open]'s, or ErrUnproven.
func (r *Receipt) Verify(policy *Policy) (*Signed, error) {
	signed, err := Open(r.Checkpoint, policy)
	if err != nil {
		return nil, err
	}
	return signed, r.in(signed.Checkpoint)
}

// in checks that a checkpoint, which is believed, covers the entry.
func (r *Receipt) in(c Checkpoint) error {
	if r.Entry == nil {
		return fmt.Errorf("the receipt does not carry its entry: %w", ErrUnproven)
	}
	leaf, _ := LeafHash(nil, r.Entry)
	return VerifyInclusion(r.Index, c.Size, leaf, r.Proof, c.Root)
}
