package formats_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/orgledger/orgledger/formats"
)

// A table that is wrong is an error with the line, after the rows before it.
func TestEachRow(t *testing.T) {
	for name, c := range map[string]struct {
		text    string
		columns int
		rows    int
		row     int
		rule    string
	}{
		"as it should be":      {"a,b\n\"c \"\"d\"\"\",\"e\nf\"\ng,h\n", 2, 3, 0, ""},
		"too few":              {"a,b\nc\n", 2, 1, 2, "has 2 columns"},
		"too many":             {"a,b\n\"c\nd\",e\nf,g,h\n", 0, 2, 4, "has 2 columns"},
		"cut off in quotation": {"a,b\nc,\"d", 2, 1, 2, "quotation marks"},
		"bare quotation mark":  {"a,b\nc,d\"e\n", 2, 1, 2, "quotation marks"},
		"endless":              {"a,b\nc,\"" + strings.Repeat("d\n", 1<<20), 2, 1, 0, "at most"},
	} {
		f, err := open(t, "table.csv", []byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		rows := 0
		err = f.EachRow(',', c.columns, func(int, []string) error { rows++; return nil })
		place, wrong := errors.AsType[*formats.PlaceError](err)
		if rows != c.rows || wrong != (c.rule != "") || wrong && (place.Row != c.row || !strings.Contains(place.Rule, c.rule)) {
			t.Errorf("%s: %d rows, then %v", name, rows, err)
		}
	}
}

// Rows are numbered by the lines on which they begin.
func TestEachRowNumbers(t *testing.T) {
	f, err := open(t, "table.csv", []byte("a\n\"b\n\nc\"\n\nd\n"))
	if err != nil {
		t.Fatal(err)
	}
	var at []int
	if err := f.EachRow(';', 0, func(row int, _ []string) error { at = append(at, row); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(at) != 3 || at[0] != 1 || at[1] != 2 || at[2] != 6 {
		t.Errorf("rows begin on the lines %v", at)
	}
}

// JSON that is wrong is an error with the line and the path.
func TestDecode(t *testing.T) {
	for name, c := range map[string]struct {
		text, want string
		row        int
	}{
		"as it should be": {"{\"a\":\n1}\n", "", 0},
		"cut off":         {"{\"a\":\n{\"b\"", "complete to its end", 2},
		"syntax":          {"{\n\"a\": 1,\n,}", "the file is JSON", 3},
		"twice":           {"{\"a\":1,\n\"a\":2}", "the file is JSON", 2},
		"more":            {"{\"a\":1}\n{}", "one JSON value", 0},
		"another type":    {"{\n\"a\":\"x\"}", "a number", 2},
		"no JSON":         {"a,b\n", "the file is JSON", 1},
	} {
		f, err := open(t, "file.json", []byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		var into struct {
			A int `json:"a"`
		}
		err = f.Decode(func(d *jsontext.Decoder) error { return json.UnmarshalDecode(d, &into) })
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		place, ok := errors.AsType[*formats.PlaceError](err)
		if !ok || !strings.Contains(place.Rule, c.want) || place.Row != c.row {
			t.Errorf("%s: %v, not %q in row %d", name, err, c.want, c.row)
		}
	}
}
