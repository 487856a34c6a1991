package formats

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"github.com/orgledger/orgledger/domain"
)

// Given is a file as the command names it.
type Given struct{ Name, Role string }

// Evidence says what the files of a command are.
type Evidence struct {
	Format    string // of the ids of sources
	Title     string // before the file's own name
	Publisher string
	Licence   string
	Retrieved domain.EDTF
}

// OpenFiles looks at every file once, for its digest, and prepares it to be read: decompressed where it is gzip, which
// its content says and not its name; without a byte order mark; and as UTF-8, or with an error that names the line. A
// file that is not there, empty, or given twice is an error. Cancelling ctx ends every reading.
func OpenFiles(ctx context.Context, given []Given, about Evidence) ([]File, error) {
	files := make([]File, 0, len(given))
	seen := make(map[string]string)
	for _, g := range given {
		f, err := openFile(ctx, g, about)
		if err != nil {
			return nil, err
		}
		if before, twice := seen[f.Source.SHA256]; twice {
			return nil, &PlaceError{Place: Place{File: g.Name}, Rule: "every file is given once, and this has the content of " + before}
		}
		seen[f.Source.SHA256] = g.Name
		files = append(files, f)
	}
	return files, nil
}

func openFile(ctx context.Context, g Given, about Evidence) (f File, err error) {
	digest, err := digestOf(ctx, g.Name)
	if err != nil {
		return f, err
	}
	base := filepath.Base(g.Name)
	f = File{Name: g.Name, Role: g.Role, Open: func() (io.ReadCloser, error) { return open(ctx, g.Name) },
		Source: domain.SourceRegistered{Source: domain.SourceID(about.Format + "-" + digest[:12]), Title: about.Title + ": " + base,
			Publisher: about.Publisher, Published: dateIn(base), SHA256: digest, Retrieved: about.Retrieved}}
	if about.Title == "" {
		f.Source.Title = base
	}
	if about.Licence != "" {
		f.Note = "Licence: " + about.Licence
	}
	return f, f.notEmpty()
}

func digestOf(ctx context.Context, name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return "", &PlaceError{Place: Place{File: name}, Rule: "this is a folder: name its files"}
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, &stoppable{ctx, file}); err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return fmt.Sprintf("%x", hash.Sum(nil)), nil
}

func (f *File) notEmpty() error {
	return f.Through(func(in io.Reader) error {
		_, err := io.ReadFull(in, make([]byte, 1))
		if errors.Is(err, io.EOF) {
			return &PlaceError{Place: Place{File: f.Name}, Rule: "the file is empty"}
		}
		return err
	})
}

var dateForm = regexp.MustCompile(`(?:^|[^0-9])((?:19|20)\d\d-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)(?:[^0-9]|$)`)

// dateIn is the day or month that a file's name gives, which publishers put there; else no date.
func dateIn(name string) domain.EDTF {
	found := dateForm.FindStringSubmatch(name)
	if found == nil {
		return domain.EDTF{}
	}
	date, err := domain.ParseEDTF(found[1])
	if err != nil { // 30 February
		return domain.EDTF{}
	}
	return date
}

// opened is a file that is read through its decompression and checks.
type opened struct {
	io.Reader
	file *os.File
	text *text
}

func (o *opened) Close() error { return o.file.Close() }

func open(ctx context.Context, name string) (io.ReadCloser, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	raw := bufio.NewReaderSize(&stoppable{ctx, file}, 64<<10)
	in := io.Reader(raw)
	if magic, _ := raw.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) { // an error comes again with the first reading
		if in, err = gzip.NewReader(raw); err != nil {
			return nil, errors.Join(&PlaceError{Place: Place{File: name}, Rule: "a compressed file is whole", Value: err.Error()}, file.Close())
		}
	}
	checked := &text{file: name, in: in, line: 1}
	return &opened{bufio.NewReaderSize(checked, 64<<10), file, checked}, nil
}

// Through opens the file for fn, and closes it. Where reading fails, that is the error, and not what fn makes of a text
// that breaks off.
func (f *File) Through(fn func(io.Reader) error) error {
	in, err := f.Open()
	if err != nil {
		return err
	}
	err = fn(in)
	if o, ok := in.(*opened); ok && o.text.failed != nil {
		err = o.text.failed
	}
	return errors.Join(err, in.Close())
}

// Begin is how the text of a file begins: some hundred bytes, or all of a shorter one.
func Begin(ctx context.Context, name string) ([]byte, error) {
	f := File{Name: name, Open: func() (io.ReadCloser, error) { return open(ctx, name) }}
	return f.Begin()
}

// Begin is how the text begins: some hundred bytes, or all of it.
func (f *File) Begin() ([]byte, error) {
	begin := make([]byte, 512)
	err := f.Through(func(in io.Reader) error {
		n, err := io.ReadFull(in, begin)
		begin = begin[:n]
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		return err
	})
	return begin, err
}

// stoppable is a reader that ends when the command does.
type stoppable struct {
	ctx context.Context
	in  io.Reader
}

// Read reads, or says that the command was cancelled.
func (s *stoppable) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.in.Read(p)
}
