package eventstore

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/orgledger/orgledger/audit"
	"github.com/orgledger/orgledger/domain"
)

// Limits of a commit.
const (
	MaxCommitEntries = 1000
	MaxCommitBytes   = 4 << 20 // sum of Size
)

// maxMessage is the room a message may take: MaxCommitBytes, the attributes around every entry (under
// 2 KiB each) and the headers.
const maxMessage = 8 << 20

// maxActor is the longest actor, in bytes.
const maxActor = domain.LimitTitle

// Size is what an entry counts towards MaxCommitBytes: the bytes of its data as stored, which are
// never more than those it was handed in with, but for some 350 bytes for each sealed name. The attributes
// around the data are not counted.
func Size(e *domain.Entry) int { return len(e.AppendBody(nil)) }

// Commit is what was recorded at one moment. It is never changed.
type Commit struct {
	ID        uuid.UUID
	StreamSeq uint64 // position among the commits, from 1, without gaps
	First     uint64 // sequence of the first entry
	Entries   []domain.Recorded
	Root      [audit.HashSize]byte   // of the log up to and including the last entry
	Hashes    [][audit.HashSize]byte // of the entries' events, the leaves of the Merkle tree
}

// Last is the sequence of the commit's last entry.
func (c *Commit) Last() uint64 { return c.First + uint64(len(c.Entries)) - 1 }

// Head is the end of the log as far as a store has seen and proved it. The zero Head is an empty log.
type Head struct {
	Seq       uint64 // of the last entry
	Time      int64  // recorded time of the last entry, in nanoseconds since 1970
	Root      [audit.HashSize]byte
	StreamSeq uint64 // of the last commit
}

// state is a head and what it takes to go on from there.
type state struct {
	Head
	tree audit.Tree
}

func (s *state) clone() state { return state{Head: s.Head, tree: s.tree.Clone()} }

// extend takes the next commit, whose leaves have been appended to the tree.
func (s *state) extend(c *Commit) {
	s.Head = Head{Seq: c.Last(), Time: c.Entries[len(c.Entries)-1].Time, Root: c.Root, StreamSeq: c.StreamSeq}
}

// prove checks that a commit is the next one: in its place, in order, and what was hashed when it was
// written. On success the state has moved on.
func (s *state) prove(d *decoded) error {
	c := &d.Commit
	switch {
	case c.StreamSeq != s.StreamSeq+1:
		return fmt.Errorf("commit %d is missing", s.StreamSeq+1)
	case c.First != s.Seq+1:
		return fmt.Errorf("it begins with entry %d instead of %d", c.First, s.Seq+1)
	case c.Entries[0].Time < s.Time:
		return errors.New("it was recorded before the commit in front of it")
	}
	for _, hash := range d.Hashes {
		s.tree.AppendHash(hash)
	}
	if root := s.tree.Root(); root != c.Root {
		return fmt.Errorf("its entries hash to %x, and were recorded as %x", root, c.Root)
	}
	s.extend(c)
	return nil
}

// The headers of a commit.
const (
	headerContentType = "Content-Type"
	headerFormat      = "Orgledger-Format"
	headerCommit      = "Orgledger-Commit"
	headerFirst       = "Orgledger-First"
	headerCount       = "Orgledger-Count"
	headerRoot        = "Orgledger-Root"

	contentType = "application/cloudevents-batch+json"
	format      = 1 // of the stream, of the files beside it, and of a commit that needs no later one
	newest      = 2 // of a commit that holds keys, signatures, sealed names or that one is forgotten; a program reads every earlier one
)

// formatOf is the earliest format whose readers understand all of the entries, so that a log in which nothing
// new is used stays readable by earlier versions.
func formatOf(entries []domain.Recorded) int {
	for i := range entries {
		if entries[i].Signature != nil || isNew(entries[i].Fact) {
			return newest
		}
	}
	return format
}

// isNew reports whether a fact has what readers of format 1 do not understand.
func isNew(f domain.Fact) bool {
	switch f := f.(type) {
	case nil: // of a correction that is stored before it is resolved
		return false
	case *domain.KeyRegistered, *domain.KeyRevoked, *domain.PersonForgotten:
		return true
	case *domain.EntryCorrected:
		return isNew(f.Replacement.Fact)
	}
	if !domain.NamesPerson(f) {
		return false
	}
	sealed := false
	domain.EachPerson(f, func(p *domain.Person) { sealed = sealed || p.ID != "" })
	return sealed
}

// header is what a commit's headers say.
type header struct {
	format int
	id     uuid.UUID
	first  uint64
	count  int
	root   [audit.HashSize]byte
}

func (h *header) nats(expected uint64) nats.Header {
	id := h.id.String()
	return nats.Header{
		headerContentType:       {contentType},
		nats.MsgIdHdr:           {id},
		nats.ExpectedLastSeqHdr: {strconv.FormatUint(expected, 10)},
		headerFormat:            {strconv.Itoa(h.format)},
		headerCommit:            {id},
		headerFirst:             {strconv.FormatUint(h.first, 10)},
		headerCount:             {strconv.Itoa(h.count)},
		headerRoot:              {hex.EncodeToString(h.root[:])},
	}
}

func parseHeader(from nats.Header) (h header, err error) {
	if h.format, err = readFormat(from.Get(headerFormat), newest); err != nil {
		return h, err
	}
	if h.id, err = uuid.Parse(from.Get(headerCommit)); err != nil {
		return h, fmt.Errorf("%s: %w", headerCommit, err)
	}
	if h.first, err = strconv.ParseUint(from.Get(headerFirst), 10, 63); err != nil || h.first == 0 {
		return h, fmt.Errorf("%s is no sequence: %q", headerFirst, from.Get(headerFirst))
	}
	if h.count, err = strconv.Atoi(from.Get(headerCount)); err != nil || h.count < 1 || h.count > MaxCommitEntries {
		return h, fmt.Errorf("%s is no number of entries: %q", headerCount, from.Get(headerCount))
	}
	h.root, err = parseRoot([]byte(from.Get(headerRoot)))
	return h, err
}

// parseRoot reads the hexadecimal digits of a root, upper or lower case, and nothing else.
func parseRoot(text []byte) (root [audit.HashSize]byte, err error) {
	if len(text) != hex.EncodedLen(len(root)) {
		return root, fmt.Errorf("%s is no hash: %q", headerRoot, text)
	}
	if _, err := hex.Decode(root[:], text); err != nil {
		return root, fmt.Errorf("%s is no hash: %q", headerRoot, text)
	}
	return root, nil
}

// checkFormat judges the format that the stream, or a file beside it, says it has.
func checkFormat(text string) error {
	_, err := readFormat(text, format)
	return err
}

// readFormat reads the format that a stored thing says it has, of which this version knows some.
func readFormat(text string, known int) (int, error) {
	n, err := strconv.Atoi(text)
	switch {
	case err != nil || n < 1:
		return 0, fmt.Errorf("%q is no format of this ledger", text)
	case n > known:
		return 0, fmt.Errorf("%w: format %d, and this version reads up to %d", ErrNewerFormat, n, known)
	}
	return n, nil
}
