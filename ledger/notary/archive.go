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
)

// archive is a file of every checkpoint that was given out, in order, each behind a line that says its length and
// when it was signed. It is written before a checkpoint is given out. Its loss costs nothing recorded, but
// nothing on this machine then tells a log that was rebuilt whole.
type archive struct {
	file *os.File
}

// given is a checkpoint as the archive has it.
type given struct {
	At   time.Time // UTC, to the second
	Note []byte
}

const archiveLine = "checkpoint "

// limitGiven is the longest checkpoint that is kept, in bytes.
const limitGiven = 1 << 20

// openArchive opens the file or makes it, and gives back the last checkpoint in it; nil: none. What a crash left
// unfinished at its end was never given out, and is cut off.
func openArchive(path string) (*archive, *given, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, nil, err
	}
	var last *given
	whole, err := readArchive(file, func(g given) error { last = &g; return nil })
	if err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
		err = file.Truncate(whole)
	}
	if err == nil {
		_, err = file.Seek(whole, io.SeekStart)
	}
	if err = errors.Join(err, syncDir(filepath.Dir(path))); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open the checkpoints given out, %s: %w", path, err), file.Close())
	}
	return &archive{file}, last, nil
}

// Given calls fn with every checkpoint in an archive, in order. A missing file has none.
func Given(path string, fn func(at time.Time, note []byte) error) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = readArchive(file, func(g given) error { return fn(g.At, g.Note) })
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("read the checkpoints given out, %s: %w", path, err)
	}
	return nil
}

// readArchive calls fn with what is whole, and says up to which byte that is. io.ErrUnexpectedEOF: the file ends
// within a checkpoint.
func readArchive(from io.Reader, fn func(given) error) (whole int64, err error) {
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
			return whole, fmt.Errorf("checkpoint %d, at byte %d: %w", n, whole, err)
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

func parseGiven(line string) (g given, size int, err error) {
	words := strings.Fields(strings.TrimPrefix(line, archiveLine))
	if !strings.HasPrefix(line, archiveLine) || len(words) != 2 {
		return g, 0, fmt.Errorf("%q does not begin a checkpoint", line)
	}
	if size, err = strconv.Atoi(words[0]); err != nil || size < 1 || size > limitGiven {
		return g, 0, fmt.Errorf("%q is no length", words[0])
	}
	g.At, err = time.Parse(time.RFC3339, words[1])
	return g, size, err
}

// add makes a checkpoint durable.
func (a *archive) add(g given) error {
	var record bytes.Buffer
	fmt.Fprintf(&record, "%s%d %s\n", archiveLine, len(g.Note), g.At.UTC().Format(time.RFC3339))
	record.Write(g.Note)
	if _, err := a.file.Write(record.Bytes()); err != nil {
		return err
	}
	return a.file.Sync()
}

func (a *archive) close() error { return a.file.Close() }
