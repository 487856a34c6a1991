package formats

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// text reads a file as text: UTF-8 without NUL, its byte order mark left out. What is neither, and a compressed file that
// breaks off, is a *PlaceError with the line.
type text struct {
	file  string
	in    io.Reader
	line  int
	begun bool
	part  []byte // the beginning of a character whose end has not been read

	failed error // why it cannot be read on; nil at its end
}

const mark = "\ufeff"

// Read gives what it has judged.
func (t *text) Read(p []byte) (int, error) {
	n, err := t.read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		t.failed = err
	}
	return n, err
}

func (t *text) read(p []byte) (int, error) {
	if len(p) < len(mark) {
		return 0, io.ErrShortBuffer
	}
	n, err := t.fill(p)
	if bad := t.judge(p[:n], errors.Is(err, io.EOF)); bad != nil {
		return 0, bad
	}
	if !t.begun && n > 0 {
		t.begun = true
		if rest, marked := bytes.CutPrefix(p[:n], []byte(mark)); marked {
			n = copy(p, rest)
		}
	}
	return n, t.told(err)
}

// fill reads once, and at the beginning of the file until a byte order mark would be seen.
func (t *text) fill(p []byte) (n int, err error) {
	if t.begun {
		return t.in.Read(p)
	}
	for n < len(mark) && err == nil {
		var more int
		more, err = t.in.Read(p[n:])
		n += more
	}
	return n, err
}

// judge refuses what is not text, and counts lines. last: nothing comes after it.
func (t *text) judge(p []byte, last bool) error {
	part := t.part
	for len(part) > 0 && !utf8.FullRune(part) && len(p) > 0 {
		part, p = append(part, p[0]), p[1:]
	}
	if len(part) > 0 && (utf8.FullRune(part) && !utf8.Valid(part) || last && !utf8.Valid(part)) {
		return t.wrong(part)
	}
	if len(part) > 0 && !utf8.FullRune(part) {
		t.part = part
		return nil
	}
	whole := len(p)
	for i := max(0, len(p)-utf8.UTFMax); i < len(p) && !last; i++ {
		if utf8.RuneStart(p[i]) && !utf8.FullRune(p[i:]) {
			whole = i
			break
		}
	}
	t.part = append(t.part[:0:0], p[whole:]...)
	p = p[:whole]
	if !utf8.Valid(p) || bytes.IndexByte(p, 0) >= 0 {
		return t.wrong(p)
	}
	t.line += bytes.Count(p, []byte("\n"))
	return nil
}

// wrong finds the first byte that is not text.
func (t *text) wrong(p []byte) error {
	i := 0
	for i < len(p) {
		r, size := utf8.DecodeRune(p[i:])
		if r == utf8.RuneError && size == 1 || r == 0 {
			break
		}
		i += size
	}
	if i == len(p) {
		i = 0
	}
	return &PlaceError{Place: Place{File: t.file, Row: t.line + bytes.Count(p[:i], []byte("\n"))},
		Rule: "the file is text in UTF-8", Value: fmt.Sprintf("the byte 0x%02x", p[i])}
}

// told names the place at which a compressed file breaks off.
func (t *text) told(err error) error {
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	if corrupt || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) {
		return &PlaceError{Place: Place{File: t.file, Row: t.line}, Rule: "a compressed file is whole", Value: err.Error()}
	}
	return err
}
