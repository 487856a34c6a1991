package notary

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/orgledger/orgledger/audit/durable"
)

// archive is a file of every checkpoint and digest that was given out, in order, each behind a line that says what it
// is, its length, and when it was signed. It is written before they are given out. Its loss costs nothing recorded, but
// nothing on this machine then tells a log that was rebuilt whole.
type archive struct {
	file *os.File
}

// Given is what was given out, as the archive has it.
type Given struct {
	Kind Kind
	At   time.Time // UTC, to the second
	Note []byte    // signed
}

// Kind says what was given out.
type Kind string

// The kinds.
const (
	KindCheckpoint Kind = "checkpoint" // see audit.Open
	KindDigest     Kind = "digest"     // see audit.OpenDigest
)

// limitGiven is the longest note that is kept, in bytes.
const limitGiven = 1 << 20

// openArchive opens the file or makes it, and gives back the last of each kind in it. What a crash left unfinished at
// its end was never given out, and is cut off.
func openArchive(path string) (*archive, map[Kind]Given, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, nil, err
	}
	last := make(map[Kind]Given)
	whole, err := readArchive(file, func(g Given) error { last[g.Kind] = g; return nil })
	if err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
		err = file.Truncate(whole)
	}
	if err == nil {
		_, err = file.Seek(whole, io.SeekStart)
	}
	if err = errors.Join(err, durable.SyncFolder(filepath.Dir(path))); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open the checkpoints given out, %s: %w", path, err), file.Close())
	}
	return &archive{file}, last, nil
}

// EachGiven calls fn with everything that was given out, in order, by the file that GivenPath names. A missing file has
// nothing.
func EachGiven(path string, fn func(Given) error) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = readArchive(file, fn)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("read the checkpoints given out, %s: %w", path, err)
	}
	return nil
}

// readArchive calls fn with what is whole, and says up to which byte that is. io.ErrUnexpectedEOF: the file ends
// within a note.
func readArchive(from io.Reader, fn func(Given) error) (whole int64, err error) {
	in := bufio.NewReader(from)
	for n := 1; ; n++ {
		line, err := in.ReadString('\n')
		switch {
		case err == io.EOF && line == "":
			return whole, nil
		case err == io.EOF:
			return whole, io.ErrUnexpectedEOF
		case err != nil:
			return whole, err
		}
		g, size, err := parseGiven(line)
		if err != nil {
			return whole, fmt.Errorf("note %d, at byte %d: %w", n, whole, err)
		}
		g.Note = make([]byte, size)
		if _, err := io.ReadFull(in, g.Note); err != nil {
			return whole, io.ErrUnexpectedEOF
		}
		whole += int64(len(line) + size)
		if err := fn(g); err != nil {
			return whole, err
		}
	}
}

func parseGiven(line string) (g Given, size int, err error) {
	words := strings.Fields(line)
	if len(words) != 3 || Kind(words[0]) != KindCheckpoint && Kind(words[0]) != KindDigest {
		return g, 0, fmt.Errorf("%q does not begin a checkpoint or digest", line)
	}
	g.Kind = Kind(words[0])
	if size, err = strconv.Atoi(words[1]); err != nil || size < 1 || size > limitGiven {
		return g, 0, fmt.Errorf("%q is no length", words[1])
	}
	g.At, err = time.Parse(time.RFC3339, words[2])
	return g, size, err
}

// add makes a note durable.
func (a *archive) add(g Given) error {
	var record bytes.Buffer
	fmt.Fprintf(&record, "%s %d %s\n", g.Kind, len(g.Note), g.At.UTC().Format(time.RFC3339))
	record.Write(g.Note)
	if _, err := a.file.Write(record.Bytes()); err != nil {
		return err
	}
	return a.file.Sync()
}

func (a *archive) close() error { return a.file.Close() }
