package jsonrow_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/orgledger/orgledger/formats"
	"github.com/orgledger/orgledger/formats/jsonrow"
)

func read(ctx context.Context, text string) (rows []string, err error) {
	file := formats.File{Name: "f", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }}
	err = jsonrow.Reader{Lists: []string{"rows"}, Row: "id"}.Read(ctx, file, func(n int, value jsontext.Value) error {
		if n != len(rows)+1 {
			return errors.New("rows are counted from 1")
		}
		rows = append(rows, string(value))
		return nil
	})
	return rows, err
}

// The same rows are read however a file puts them.
func TestShapes(t *testing.T) {
	for _, text := range []string{
		`{"a":1}` + "\n" + `{"a":2}` + "\n",
		`[{"a":1},{"a":2}]`,
		`{"about":{"x":[1]},"rows":[{"a":1},{"a":2}],"more":null}`,
		`{"rows":[{"a":1}]} {"rows":[{"a":2}]}`,
		`{"rows":[]}{"a":1}` + "\n\n" + `[{"a":2}]`,
	} {
		rows, err := read(t.Context(), text)
		if got := strings.Join(rows, " "); err != nil || got != `{"a":1} {"a":2}` {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	if rows, err := read(t.Context(), `{"id":"1","rows":[{"a":1}]}`); err != nil || len(rows) != 1 || rows[0] != `{"id":"1","rows":[{"a":1}]}` {
		t.Errorf("%v, %v", rows, err)
	}
}

// Whatever cuts a file short is an error, at the row where it is.
func TestCut(t *testing.T) {
	const text = `{"rows":[{"a":1},{"a":"é"}],"more":{"b":[2]}}`
	for n := range len(text) {
		if _, err := read(t.Context(), text[:n]); err == nil {
			t.Errorf("%s: no error", text[:n])
		} else if _, ok := errors.AsType[*formats.PlaceError](err); !ok {
			t.Errorf("%s: %v", text[:n], err)
		}
	}
}

// A row whose member has another type names the member.
func TestDecode(t *testing.T) {
	var row struct {
		A struct {
			B string `json:"b"`
		} `json:"a"`
	}
	err := jsonrow.Decode(formats.Place{File: "f", Row: 3}, jsontext.Value(`{"a":{"b":7}}`), &row)
	if err == nil || err.Error() != `f, row 3, a.b: this member has a value of another type, not "number"` {
		t.Error(err)
	}
}

// Reading ends when the command does.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := read(ctx, `[{"a":1}]`); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Whatever the bytes, reading ends, and an error is one about the file.
func FuzzRead(f *testing.F) {
	f.Add(`{"rows":[{"a":1},{"a":"é"}],"more":{"b":[2]}}`)
	f.Add(`[{},{}]{"id":1}`)
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := read(t.Context(), text)
		if _, ok := errors.AsType[*formats.PlaceError](err); err != nil && !ok {
			t.Errorf("%q: %v", text, err)
		}
		for _, row := range rows {
			if !jsontext.Value(row).IsValid() {
				t.Errorf("%q gives %q", text, row)
			}
		}
	})
}
