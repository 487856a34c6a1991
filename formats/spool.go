package formats

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/orgledger/orgledger/domain"
)

// The most that is recorded in one call: what fits one commit.
const (
	limitBatch = 1000
	limitBytes = 4 << 20
)

// Spool keeps entries in a temporary file until all are made. The file has no name while it is open, where the system
// allows that, so that a crash leaves nothing behind.
type Spool struct {
	file  *os.File
	named bool
	out   *bufio.Writer
	line  []byte
	count int
}

// NewSpool makes an empty one; Close removes it.
func NewSpool() (*Spool, error) {
	file, err := os.CreateTemp("", "orgledger-import-*.jsonl")
	if err != nil {
		return nil, fmt.Errorf("keep what is made: %w", err)
	}
	return &Spool{file: file, named: os.Remove(file.Name()) != nil, out: bufio.NewWriterSize(file, 256<<10)}, nil
}

// Add keeps an entry.
func (s *Spool) Add(e *domain.Entry) error {
	s.line = append(e.AppendJSON(s.line[:0]), '\n')
	if _, err := s.out.Write(s.line); err != nil {
		return fmt.Errorf("keep what is made: %w", err)
	}
	s.count++
	return nil
}

// Len is the number of entries.
func (s *Spool) Len() int { return s.count }

// Batches calls fn with the entries in order, one a line: calls of at most 1,000 entries and 4 MiB. first is the
// number of a batch's first entry, from 1.
func (s *Spool) Batches(fn func(batch []byte, first, count int) error) error {
	if err := s.rewind(); err != nil {
		return err
	}
	in := bufio.NewReaderSize(s.file, 256<<10)
	var batch []byte
	first, count := 1, 0
	for {
		line, err := in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read what was made: %w", err)
		}
		if count > 0 && (len(line) == 0 || count == limitBatch || len(batch)+len(line) > limitBytes) {
			if err := fn(batch, first, count); err != nil {
				return err
			}
			batch, first, count = batch[:0], first+count, 0
		}
		if len(line) == 0 {
			return nil
		}
		batch, count = append(batch, line...), count+1
	}
}

// WriteTo copies the entries.
func (s *Spool) WriteTo(w io.Writer) (int64, error) {
	if err := s.rewind(); err != nil {
		return 0, err
	}
	return io.Copy(w, s.file)
}

func (s *Spool) rewind() error {
	err := s.out.Flush()
	if err == nil {
		_, err = s.file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("read what was made: %w", err)
	}
	return nil
}

// Close removes the file.
func (s *Spool) Close() error {
	if err := s.file.Close(); err != nil || !s.named {
		return err
	}
	return os.Remove(s.file.Name())
}
