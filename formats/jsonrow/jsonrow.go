// Package jsonrow reads JSON files of any length row by row: the elements of a list, of a list within an object, or
// the values of a file that has one a line.
package jsonrow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/orgledger/orgledger/formats"
)

// Reader calls fn with the rows of a file.
type Reader struct {
	// Lists are the members of an outermost object whose elements are rows. What else the object has is left out; an
	// object that has none of them is a row itself.
	Lists []string

	// Row is a member that makes an outermost object a row itself where it stands before the lists; may be empty.
	Row string

	file string
	row  int
	fn   func(row int, value jsontext.Value) error
}

// Read reads a file from its beginning. Rows count from 1. A value is valid until fn returns. What is kept is one row.
// The error is a *formats.PlaceError where the file is not what it has to be, and else that of reading, of fn or of ctx.
func (r Reader) Read(ctx context.Context, file formats.File, fn func(row int, value jsontext.Value) error) error {
	r.file = file.Name
	r.fn = func(row int, value jsontext.Value) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return fn(row, value)
	}
	return file.Through(func(opened io.Reader) error {
		in := jsontext.NewDecoder(opened)
		for {
			err := r.outermost(in)
			switch {
			case errors.Is(err, io.EOF) && r.row == 0:
				return r.refuse("the file has at least one row", "")
			case errors.Is(err, io.EOF):
				return nil
			case err != nil:
				return err
			}
		}
	})
}

// outermost reads one value of the file, which may be all of it. At the end of the file it returns io.EOF.
func (r *Reader) outermost(in *jsontext.Decoder) error {
	switch kind := in.PeekKind(); kind {
	case '[':
		return r.list(in)
	case '{':
		return r.object(in)
	default:
		if _, err := in.ReadToken(); err != nil {
			if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				return io.EOF
			}
			return r.broken(in, err)
		}
		return r.refuse("the file holds JSON objects, or a list of them", kind.String())
	}
}

// list reads the elements of a list.
func (r *Reader) list(in *jsontext.Decoder) error {
	if _, err := in.ReadToken(); err != nil {
		return r.broken(in, err)
	}
	for in.PeekKind() != ']' {
		value, err := in.ReadValue()
		if err != nil {
			return r.broken(in, err)
		}
		if err := r.give(value); err != nil {
			return err
		}
	}
	if _, err := in.ReadToken(); err != nil {
		return r.broken(in, err)
	}
	return nil
}

// object reads an object that has one of the lists, or is a row itself.
func (r *Reader) object(in *jsontext.Decoder) error {
	if _, err := in.ReadToken(); err != nil {
		return r.broken(in, err)
	}
	whole, listed, isRow := []byte("{"), false, false
	for in.PeekKind() != '}' {
		name, err := in.ReadToken()
		if err != nil {
			return r.broken(in, err)
		}
		text := name.String()
		isRow = isRow || r.Row != "" && text == r.Row
		if !isRow && slices.Contains(r.Lists, text) && in.PeekKind() == '[' {
			listed = true
			if err := r.list(in); err != nil {
				return err
			}
			continue
		}
		if whole, err = member(in, whole, text); err != nil {
			return r.broken(in, err)
		}
	}
	if _, err := in.ReadToken(); err != nil {
		return r.broken(in, err)
	}
	if listed {
		return nil
	}
	return r.give(append(whole, '}'))
}

// member appends the member whose name has just been read to the object whole.
func member(in *jsontext.Decoder, whole []byte, name string) ([]byte, error) {
	value, err := in.ReadValue()
	if err != nil {
		return nil, err
	}
	if len(whole) > len("{") {
		whole = append(whole, ',')
	}
	if whole, err = jsontext.AppendQuote(whole, name); err != nil {
		return nil, err
	}
	return append(append(whole, ':'), value...), nil
}

func (r *Reader) give(value jsontext.Value) error {
	r.row++
	if value.Kind() != '{' {
		return r.refuse("a row is a JSON object", shortened(string(value)))
	}
	return r.fn(r.row, value)
}

// broken says where the file stops being JSON. What a file's own reader says of it is kept.
func (r *Reader) broken(in *jsontext.Decoder, err error) error {
	if placed, ok := errors.AsType[*formats.PlaceError](err); ok {
		return placed
	}
	place := formats.Place{File: r.file, Row: r.row + 1}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return &formats.PlaceError{Place: place, Rule: fmt.Sprintf("the file is whole: it ends at byte %d in the midst of this row", in.InputOffset())}
	}
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return &formats.PlaceError{Place: place, Rule: fmt.Sprintf("the file is JSON in UTF-8: %s at byte %d", plain(syntax.Err), syntax.ByteOffset)}
	}
	return fmt.Errorf("read %s: %w", place, err)
}

func plain(err error) string { return strings.TrimPrefix(err.Error(), "jsontext: ") }

func (r *Reader) refuse(rule, value string) error {
	return &formats.PlaceError{Place: formats.Place{File: r.file, Row: r.row}, Rule: rule, Value: value}
}

// Decode reads a row into what v points to. Members that v does not have are passed over. The error is a
// *formats.PlaceError that names the member which has a value of another type.
func Decode(at formats.Place, value jsontext.Value, v any) error {
	err := json.Unmarshal(value, v)
	if err == nil {
		return nil
	}
	if semantic, ok := errors.AsType[*json.SemanticError](err); ok {
		at.Of = strings.ReplaceAll(strings.TrimPrefix(string(semantic.JSONPointer), "/"), "/", ".")
		return &formats.PlaceError{Place: at, Rule: "this member has a value of another type", Value: semantic.JSONKind.String()}
	}
	return &formats.PlaceError{Place: at, Rule: "the row is JSON: " + plain(err)}
}

// shortened cuts a text to what fits a message.
func shortened(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
