package indexfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/minio/highwayhash"

	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/projections"
)

// ErrUnusable says that a file is no snapshot that this program can use: it is damaged, or no snapshot at all.
var ErrUnusable = errors.New("no usable snapshot of the index")

// ErrOtherLayout says that another version of this program has written the file.
var ErrOtherLayout = errors.New("the snapshot of the index is of another version")

// Path is the file of a ledger in a folder.
func Path(dir, ledger string) string { return filepath.Join(dir, "ORGLEDGER_"+ledger+".index") }

// Snapshot is what a file is made of: of a ledger, at one commit. It is immutable.
type Snapshot struct {
	Ledger string
	Image  *projections.Image
	Kept   eventstore.Kept
}

// The file is
//
//	orgledger index 1, and a line's end
//	the parts, one after the other
//	the list of the parts, JSON
//	SHA-256 of the list (32 bytes), length of the list (8, little-endian)
const (
	front    = "orgledger index 1\n"
	format   = 1
	tailSize = sha256.Size + 8
	maxList  = 1 << 30
	maxPart  = 1 << 30
)

// list says what the parts are.
type list struct {
	Format int    `json:"format"`
	Layout string `json:"layout"` // of the index; hexadecimal, as the following
	Ledger string `json:"ledger"`
	Commit uint64 `json:"commit"`
	Entry  uint64 `json:"entry"`
	Root   string `json:"root"` // of the log up to there
	Parts  []part `json:"parts"`
}

// What a part holds.
const (
	partIndex   = "index"   // a chunk of the image; the first of them comes first
	partLeaves  = "leaves"  // hashes of leaves; leavesPart of them, but in the last one
	partCommits = "commits" // the first entries of commits, in 8 bytes, little-endian; commitsPart of them, but in the last one
)

const (
	leavesPart  = 32 << 10
	commitsPart = 64 << 10
)

// part is a piece of the file.
type part struct {
	Kind   string `json:"kind"`
	Number int    `json:"number"` // among those of its kind, from 0
	Size   int64  `json:"size"`   // in bytes
	Sum    string `json:"sum"`    // HighwayHash-256, hexadecimal
}

// sumKey is that of the checksums: they are there for accidents, and who can alter the file could know any key.
var sumKey = sha256.Sum256([]byte(front))

func sum(data []byte) string {
	s := highwayhash.Sum(data, sumKey[:])
	return hex.EncodeToString(s[:])
}

func newList(s *Snapshot) (*list, error) {
	entry := s.Image.Seq()
	root, err := s.Kept.Leaves.Root(entry)
	if err != nil {
		return nil, err
	}
	layout := projections.Layout()
	return &list{Format: format, Layout: hex.EncodeToString(layout[:]), Ledger: s.Ledger, Commit: uint64(len(s.Kept.Firsts)), Entry: entry,
		Root: hex.EncodeToString(root[:])}, nil
}

// end is the list as the end of a file.
func (l *list) end() ([]byte, error) {
	text, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(text)
	return binary.LittleEndian.AppendUint64(append(text, hash[:]...), uint64(len(text))), nil
}

// parseList reads what stands in front of the length.
func parseList(text []byte) (*list, error) {
	text, hash := text[:len(text)-sha256.Size], text[len(text)-sha256.Size:]
	if want := sha256.Sum256(text); !bytes.Equal(hash, want[:]) {
		return nil, fmt.Errorf("%w: the list of its parts does not have its checksum", ErrUnusable)
	}
	l := new(list)
	if err := json.Unmarshal(text, l); err != nil {
		return nil, fmt.Errorf("%w: the list of its parts: %w", ErrUnusable, err)
	}
	if layout := projections.Layout(); l.Format != format || l.Layout != hex.EncodeToString(layout[:]) {
		return nil, fmt.Errorf("%w: format %d, layout %.16s", ErrOtherLayout, l.Format, l.Layout)
	}
	return l, nil
}
