package formats

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// limitRow is the longest row of a table, in bytes.
const limitRow = 1 << 20

// EachRow calls fn with every row of a table of separated values (RFC 4180), and the line on which it begins, from 1;
// fields is only lent. columns is how many fields a row has; 0: as many as the first. A row that has another number, a
// quotation mark in the wrong place, or a row over 1 MiB is a *PlaceError.
func (f *File) EachRow(separator rune, columns int, fn func(row int, fields []string) error) error {
	return f.Through(func(in io.Reader) error { return f.eachRow(in, separator, columns, fn) })
}

func (f *File) eachRow(in io.Reader, separator rune, columns int, fn func(row int, fields []string) error) error {
	limited := &rowLimit{in: in, file: f}
	rows := csv.NewReader(limited)
	rows.Comma, rows.FieldsPerRecord, rows.ReuseRecord = separator, columns, true
	for {
		fields, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return f.tableError(err, rows.FieldsPerRecord, len(fields))
		}
		limited.since = 0
		line, _ := rows.FieldPos(0)
		if err := fn(line, fields); err != nil {
			return err
		}
	}
}

func (f *File) tableError(err error, wanted, found int) error {
	parse, ok := errors.AsType[*csv.ParseError](err)
	switch {
	case !ok:
		return err
	case errors.Is(err, csv.ErrFieldCount):
		return f.Wrong(parse.StartLine, "", fmt.Sprintf("a row of this table has %d columns", wanted), fmt.Sprint(found))
	}
	return f.Wrong(parse.StartLine, fmt.Sprintf("column %d", parse.Column),
		`fields with quotation marks stand between quotation marks, as "a ""b"" c", and end on a later line at most`, parse.Err.Error())
}

// rowLimit ends the reading of a table whose row does not end. Up to a buffer's length may be read ahead.
type rowLimit struct {
	in    io.Reader
	file  *File
	since int // bytes read since a row was whole
}

// Read reads, and counts.
func (l *rowLimit) Read(p []byte) (int, error) {
	if l.since > limitRow {
		return 0, l.file.Wrong(0, "", fmt.Sprintf("a row has at most %d bytes", limitRow), "a longer one")
	}
	n, err := l.in.Read(p)
	l.since += n
	return n, err
}

// Decode reads a file as JSON, value by value: names are checked to be given once, and an error of the syntax is a
// *PlaceError with its line.
func (f *File) Decode(fn func(*jsontext.Decoder) error) error {
	return f.Through(func(in io.Reader) error {
		counted := &lines{in: in}
		decoder := jsontext.NewDecoder(counted)
		err := fn(decoder)
		if err == nil {
			err = f.ended(decoder)
		}
		return f.jsonError(err, counted)
	})
}

// ended refuses what comes after the value.
func (f *File) ended(decoder *jsontext.Decoder) error {
	_, err := decoder.ReadToken()
	if err == nil {
		return f.Wrong(0, "", "the file is one JSON value", "more after it")
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func (f *File) jsonError(err error, counted *lines) error {
	if place, ok := errors.AsType[*PlaceError](err); ok {
		return place
	}
	syntax, ok := errors.AsType[*jsontext.SyntacticError](err)
	meaning, wrong := errors.AsType[*json.SemanticError](err)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return f.Wrong(counted.at(counted.read), "", "the file is JSON, complete to its end", "cut off")
	case wrong && !ok:
		rule := "this is what the format has here"
		if meaning.GoType != nil {
			rule = "this is " + kindOf(meaning.GoType)
		}
		return f.Wrong(counted.at(meaning.ByteOffset), string(meaning.JSONPointer), rule, meaning.JSONKind.String())
	case ok:
		return f.Wrong(counted.at(syntax.ByteOffset), string(syntax.JSONPointer), "the file is JSON", syntax.Err.Error())
	}
	return err
}

// kindOf names a type as JSON does.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice:
		return "a list"
	default:
		return "a number"
	}
}

// lines knows on which line of what has been read a byte stands.
type lines struct {
	in    io.Reader
	read  int64
	marks []int64 // where lines end, within the last 64 KiB
	past  int     // ends of lines before those
}

// Read reads, and notes where lines end.
func (l *lines) Read(p []byte) (int, error) {
	n, err := l.in.Read(p)
	for i, c := range p[:n] {
		if c == '\n' {
			l.marks = append(l.marks, l.read+int64(i))
		}
	}
	l.read += int64(n)
	const kept = 64 << 10
	if gone := len(l.marks) - kept; gone > kept {
		l.marks, l.past = append(l.marks[:0:0], l.marks[gone:]...), l.past+gone
	}
	return n, err
}

// at is the line of an offset, from 1.
func (l *lines) at(offset int64) int {
	line := l.past + 1
	for _, end := range l.marks {
		if end < offset {
			line++
		}
	}
	return line
}
