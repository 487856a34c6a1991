package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
)

// ErrChanged says that a file is not the one that was signed.
var ErrChanged = errors.New("not what was signed")

// The files of a bundle, in the order of the archive; the receipts stand after the citations.
const (
	readmeFile      = "README.txt"
	questionFile    = "question.json"
	answerFile      = "answer.json"
	explanationFile = "explanation.txt"
	citationsFile   = "citations.json"
	checkpointFile  = "checkpoint"
	policyFile      = "policy"
	manifestFile    = "manifest"
)

// manifestHeader begins what is signed. No checkpoint can begin so, since a log's name has no space.
const manifestHeader = "orgledger bundle v1\n"

// Bundle is the evidence for one answer, as one archive: the question, the answer, what it says in words, and a
// receipt for each entry that it cites, all signed by the log. What that proves and what not stands
// in its README.txt.
//
// The archive is a zip of stored files in one form, so that of the same content there is one sequence
// of bytes, and any one byte changed anywhere in it is found.
type Bundle struct {
	Question    []byte     // JSON, as it was asked
	Answer      []byte     // JSON, as it was given
	Explanation string     // UTF-8
	Receipts    []*Receipt // with their entries, by index, each with the checkpoint below; at least those that Cited names
	Checkpoint  []byte     // a signed note
	Policy      *Policy    // whose signatures they are: for information, and by which WriteBundle checks its work
	Signed      *Signed    // the checkpoint, set by ReadBundle
}

// Citations are the sequences of the entries that have a receipt, ascending.
func (b *Bundle) Citations() []uint64 {
	sequences := make([]uint64, len(b.Receipts))
	for i, r := range b.Receipts {
		sequences[i] = r.Index + 1
	}
	return sequences
}

// WriteBundle writes the archive, its manifest signed by a key of the log. It writes nothing that [ReadBundle]
// would not accept by the bundle's policy: the error is then that of ReadBundle. All is made in memory.
func WriteBundle(w io.Writer, b *Bundle, signer note.Signer) error {
	checkpoint, err := Open(b.Checkpoint, b.Policy)
	if err != nil {
		return fmt.Errorf("%s: %w", checkpointFile, err)
	}
	files := []file{
		{readmeFile, readme(checkpoint)},
		{questionFile, b.Question},
		{answerFile, b.Answer},
		{explanationFile, []byte(b.Explanation)},
		{citationsFile, citations(b.Citations())},
	}
	for _, r := range b.Receipts {
		files = append(files, file{receiptFile(r.Index), r.Format()})
	}
	files = append(files, file{checkpointFile, b.Checkpoint}, file{policyFile, b.Policy.Text()})
	signed, err := note.Sign(&note.Note{Text: manifest(files)}, signer)
	if err != nil {
		return fmt.Errorf("%s: %w", manifestFile, err)
	}
	archive, err := pack(append(files, file{manifestFile, signed}))
	if err != nil {
		return err
	}
	if _, err := ReadBundle(archive, b.Policy); err != nil {
		return fmt.Errorf("such a bundle would not verify: %w", err)
	}
	_, err = w.Write(archive)
	return err
}

func receiptFile(index uint64) string { return fmt.Sprintf("receipts/%d.tlog-proof", index+1) }

func citations(sequences []uint64) []byte {
	var b bytes.Buffer
	b.WriteString(`{"sequences":[`)
	for i, s := range sequences {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprint(&b, s)
	}
	b.WriteString("]}\n")
	return b.Bytes()
}

// manifest is the text that is signed: every file's SHA-256 and name, as sha256sum writes them.
func manifest(files []file) string {
	var b strings.Builder
	b.WriteString(manifestHeader)
	for _, f := range files {
		fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(f.data), f.name)
	}
	return b.String()
}

// BundlePolicy is the policy that a bundle brings along. Nothing is verified: who verifies the bundle by it
// learns that it is whole, not whose it is.
func BundlePolicy(archive []byte) (*Policy, error) {
	files, err := unpack(archive)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(files, func(f file) bool { return f.name == policyFile })
	if i < 0 {
		return nil, fmt.Errorf("%s is missing: %w", policyFile, ErrMalformed)
	}
	return ParsePolicy(files[i].data)
}

// ReadBundle verifies a bundle by the policy of who reads it: that the archive has its one form, that every
// file is the one in the manifest, that a key of the log whose checkpoint it is signed the manifest, that the checkpoint
// holds by the policy, that every receipt proves its entry by that very checkpoint, and that every entry that the answer cites
// has a receipt. Errors name the file.
func ReadBundle(archive []byte, policy *Policy) (*Bundle, error) {
	files, err := unpack(archive)
	if err != nil {
		return nil, err
	}
	b, err := parseBundle(files)
	if err != nil {
		return nil, err
	}
	if b.Signed, err = Open(b.Checkpoint, policy); err != nil {
		return nil, fmt.Errorf("%s: %w", checkpointFile, err)
	}
	if err := checkManifest(files, policy.of(b.Signed.Origin)); err != nil {
		return nil, fmt.Errorf("%s: %w", manifestFile, err)
	}
	for _, r := range b.Receipts {
		if !bytes.Equal(r.Checkpoint, b.Checkpoint) {
			return nil, fmt.Errorf("%s: it leads to another checkpoint: %w", receiptFile(r.Index), ErrUnproven)
		}
		if err := r.in(b.Signed.Checkpoint); err != nil {
			return nil, fmt.Errorf("%s: %w", receiptFile(r.Index), err)
		}
	}
	if err := b.checkAnswer(); err != nil {
		return nil, fmt.Errorf("%s: %w", answerFile, err)
	}
	return b, nil
}

// parseBundle finds every file at its place.
func parseBundle(files []file) (*Bundle, error) {
	first, last := []string{readmeFile, questionFile, answerFile, explanationFile, citationsFile}, []string{checkpointFile, policyFile, manifestFile}
	for i, name := range first {
		if i >= len(files) || files[i].name != name {
			return nil, fmt.Errorf("file %d is not %s: %w", i+1, name, ErrMalformed)
		}
	}
	for i, name := range last {
		if at := len(files) - len(last) + i; at < len(first) || files[at].name != name {
			return nil, fmt.Errorf("%s is missing: %w", name, ErrMalformed)
		}
	}
	b := &Bundle{Question: files[1].data, Answer: files[2].data, Explanation: string(files[3].data)}
	rest := files[len(first) : len(files)-len(last)]
	for i, f := range rest {
		r, err := ParseReceipt(f.data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		if f.name != receiptFile(r.Index) || i > 0 && r.Index <= b.Receipts[i-1].Index {
			return nil, fmt.Errorf("%s: it is the receipt of entry %d: %w", f.name, r.Index+1, ErrMalformed)
		}
		b.Receipts = append(b.Receipts, r)
	}
	tail := files[len(files)-len(last):]
	b.Checkpoint = tail[0].data
	var err error
	if b.Policy, err = ParsePolicy(tail[1].data); err != nil {
		return nil, fmt.Errorf("%s: %w", policyFile, err)
	}
	if !bytes.Equal(files[4].data, citations(b.Citations())) {
		return nil, fmt.Errorf("%s: it does not list the receipts: %w", citationsFile, ErrMalformed)
	}
	for _, f := range files[:4] {
		if strings.HasSuffix(f.name, ".json") && !json.Valid(f.data) || !utf8.Valid(f.data) {
			return nil, fmt.Errorf("%s is not JSON or not UTF-8: %w", f.name, ErrMalformed)
		}
	}
	return b, nil
}

// checkManifest compares every file with the manifest, which is the last, and its signature with the log's keys. It
// has one signature: one by another key would be bytes that nothing protects.
func checkManifest(files []file, keys []verifier) error {
	last := len(files) - 1
	text, lines, err := splitNote(files[last].data)
	if err != nil {
		return err
	}
	found, err := verifyLines(text, lines, keys)
	if err != nil {
		return err
	}
	if len(found) != 1 || len(lines) != 1 {
		return ErrSignature
	}
	signed := strings.SplitAfter(text, "\n")
	for i, line := range strings.SplitAfter(manifest(files[:last]), "\n") {
		switch {
		case i < len(signed) && signed[i] == line:
		case i == 0 || i > last:
			return fmt.Errorf("it does not list the files: %w", ErrChanged)
		default:
			return fmt.Errorf("%s: %w", files[i-1].name, ErrChanged)
		}
	}
	return nil
}

// checkAnswer finds a receipt for every entry that the answer cites. It may have been given on no more entries than
// the checkpoint covers.
func (b *Bundle) checkAnswer() error {
	cited, err := Cited(b.Answer)
	if err != nil {
		return err
	}
	for _, sequence := range cited {
		if !slices.ContainsFunc(b.Receipts, func(r *Receipt) bool { return r.Index+1 == sequence }) {
			return fmt.Errorf("it cites entry %d, which has no receipt: %w", sequence, ErrUnproven)
		}
	}
	var given struct {
		Known json.Number `json:"known"`
	}
	if json.Unmarshal(b.Answer, &given) != nil || given.Known == "" {
		return nil // not every answer names one point
	}
	known, err := parseNumber(given.Known.String())
	if err != nil || known > b.Signed.Size {
		return fmt.Errorf("it was given with %s entries known, the checkpoint covers %d: %w", given.Known, b.Signed.Size, ErrUnproven)
	}
	return nil
}
