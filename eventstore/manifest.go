package eventstore

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/audit"
)

// manifestName is the file of a backup that says what else belongs to it. It is written before any other
// and after every other; without it there is no backup.
const manifestName = "backup.json"

// manifest is what a backup holds. It is sealed; its loss costs the backup, and it is trusted once what it
// names has the checksums and roots that it gives.
type manifest struct {
	Format   int       `json:"format"`
	Ledger   string    `json:"ledger"`
	Made     time.Time `json:"made"` // when commits were last added
	Commit   uint64    `json:"commit"`
	ID       string    `json:"id,omitempty"` // of the last commit
	Entry    uint64    `json:"entry"`
	Recorded time.Time `json:"recorded,omitzero"` // when the last entry was
	Root     string    `json:"root"`              // after it, in hexadecimal
	Edge     []string  `json:"edge"`              // of the Merkle tree, to go on from there
	Segments []segment `json:"segments"`
}

// segment is a file of a backup: commits that follow those of the segment before.
type segment struct {
	File        string `json:"file"`
	Bytes       int64  `json:"bytes"`
	SHA256      string `json:"sha256"`
	FirstCommit uint64 `json:"first_commit"`
	LastCommit  uint64 `json:"last_commit"`
	FirstEntry  uint64 `json:"first_entry"`
	LastEntry   uint64 `json:"last_entry"`
	Root        string `json:"root"` // after it
}

// segmentName is the name of a file of commits, with enough digits to be listed in order.
func segmentName(first, last uint64) string {
	return fmt.Sprintf("commits-%010d-%010d.orgledger", first, last)
}

var segmentNames = regexp.MustCompile(`^commits-\d{10,}-\d{10,}\.orgledger$`)

// state is what the backup has got to.
func (m *manifest) state() (s state, err error) {
	if m.Commit == 0 {
		return s, nil
	}
	edge := make([][audit.HashSize]byte, len(m.Edge))
	for i, text := range m.Edge {
		if edge[i], err = parseRoot([]byte(text)); err != nil {
			return s, err
		}
	}
	if s.tree, err = audit.TreeOf(m.Entry, edge); err != nil {
		return s, err
	}
	if s.Root, err = parseRoot([]byte(m.Root)); err != nil {
		return s, err
	}
	if s.tree.Root() != s.Root {
		return s, errors.New("its edge does not have its root")
	}
	s.Seq, s.StreamSeq, s.Time = m.Entry, m.Commit, m.Recorded.UnixNano()
	return s, nil
}

// reaches makes it end where a prover is.
func (m *manifest) reaches(p *prover) {
	m.Commit, m.Entry, m.ID = p.StreamSeq, p.Seq, p.id.String()
	m.Recorded = time.Unix(0, p.Time).UTC()
	m.Root = hex.EncodeToString(p.Root[:])
	m.Edge = nil
	for _, hash := range p.tree.Edge() {
		m.Edge = append(m.Edge, hex.EncodeToString(hash[:]))
	}
}

// check looks whether the segments follow one another and end where the manifest does.
func (m *manifest) check() error {
	if _, err := uuid.Parse(m.ID); err != nil && m.Commit > 0 {
		return fmt.Errorf("the id of its last commit: %w", err)
	}
	commit, entry, root := uint64(0), uint64(0), m.Root
	for _, s := range m.Segments {
		if !segmentNames.MatchString(s.File) || s.FirstCommit != commit+1 || s.LastCommit < s.FirstCommit || s.FirstEntry != entry+1 {
			return fmt.Errorf("%s, commits %d to %d, does not come after commit %d", s.File, s.FirstCommit, s.LastCommit, commit)
		}
		commit, entry, root = s.LastCommit, s.LastEntry, s.Root
	}
	if commit != m.Commit || entry != m.Entry || root != m.Root {
		return fmt.Errorf("its files end with commit %d, and it with commit %d", commit, m.Commit)
	}
	_, err := m.state()
	return err
}

// readManifest reads what a folder says that it holds. Without a manifest, the error is ErrNotBackup.
func readManifest(dir string) (m manifest, err error) {
	path := filepath.Join(dir, manifestName)
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return m, fmt.Errorf("%s: %w: there is no %s", dir, ErrNotBackup, manifestName)
	case err != nil:
		return m, fmt.Errorf("read the backup: %w", err)
	}
	if err := unseal(text, &m); err != nil {
		return m, &BackupDamage{File: path, Err: err}
	}
	if err := checkFormat(strconv.Itoa(m.Format)); err != nil {
		return m, fmt.Errorf("%s: %w", path, err)
	}
	if err := m.check(); err != nil {
		return m, &BackupDamage{File: path, Err: err}
	}
	return m, nil
}

// bytes is what the files of commits take.
func (m *manifest) bytes() (sum int64) {
	for _, s := range m.Segments {
		sum += s.Bytes
	}
	return sum
}

// names reports whether a file belongs to the backup.
func (m *manifest) names(file string) bool {
	for _, s := range m.Segments {
		if s.File == file {
			return true
		}
	}
	return file == manifestName || file == lockName
}

// leftover reports whether a file is one that a backup which did not end has left.
func (m *manifest) leftover(file string) bool {
	return !m.names(file) && (segmentNames.MatchString(file) || strings.HasPrefix(file, draftPrefix) || strings.HasPrefix(file, manifestName+"."))
}

// sum is the checksum of a whole file of the backup, and its size.
func (s *segment) sum(text []byte) bool {
	sum := sha256.Sum256(text)
	return int64(len(text)) == s.Bytes && hex.EncodeToString(sum[:]) == s.SHA256
}
