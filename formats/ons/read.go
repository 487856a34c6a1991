package ons

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
)

// area is an area with its versions, the oldest first.
type area struct {
	file     *formats.File
	code     string
	versions []version
}

// version is what an area was from one day to another. Other names that the file gives repeat those of other versions.
type version struct {
	Name   string `json:"nm"`
	Parent string `json:"parent"`
	Status string `json:"status"`
	Date   struct {
		Start string `json:"s"`
		End   string `json:"e"`
	} `json:"date"`

	from, next domain.Date // the first day, and the one after the last; 0: open
	place      int         // in the file's list
}

func (a *area) at(i int) cite { return cite{file: a.file, path: path(a.code, a.versions[i].place)} }

// readHistory calls fn with every area of a file in its order, and described with what such areas are called.
func readHistory(f *formats.File, fn func(*area) error, described func(prefix, description string)) error {
	return f.Decode(func(d *jsontext.Decoder) error {
		if d.PeekKind() != '{' {
			return f.Wrong(0, "", "a code history is a JSON object with areas", "something else")
		}
		if _, err := d.ReadToken(); err != nil {
			return err
		}
		last, areas := "", false
		for d.PeekKind() == '"' {
			name, err := readText(d)
			if err != nil {
				return err
			}
			switch {
			case name == "areas":
				areas = true
				last, err = readAreas(f, d, fn)
			case name == "description" && last != "":
				var text string
				err = json.UnmarshalDecode(d, &text)
				described(prefix(last), strings.TrimSpace(text))
			default:
				err = d.SkipValue()
			}
			if err != nil {
				return err
			}
		}
		if _, err := d.ReadToken(); err != nil {
			return err
		}
		if !areas {
			return f.Wrong(0, "areas", "a code history is a JSON object with areas", "one without")
		}
		return nil
	})
}

func readText(d *jsontext.Decoder) (string, error) {
	token, err := d.ReadToken()
	if err != nil {
		return "", err
	}
	return token.String(), nil
}

// readAreas reads the object of areas, and gives the code of the last.
func readAreas(f *formats.File, d *jsontext.Decoder, fn func(*area) error) (last string, err error) {
	if d.PeekKind() != '{' {
		return "", f.Wrong(0, "areas", "the areas are an object by their codes", "something else")
	}
	if _, err := d.ReadToken(); err != nil {
		return "", err
	}
	for d.PeekKind() == '"' {
		if last, err = readText(d); err != nil {
			return "", err
		}
		a := &area{file: f, code: last}
		if err := json.UnmarshalDecode(d, &a.versions); err != nil {
			return "", err
		}
		if err := a.check(); err != nil {
			return "", err
		}
		if err := fn(a); err != nil {
			return "", err
		}
	}
	_, err = d.ReadToken()
	return last, err
}

// check reads the days of the versions, and orders them.
func (a *area) check() error {
	if err := checkCode(a.file, "areas."+a.code, a.code); err != nil {
		return err
	}
	if len(a.versions) == 0 {
		return a.file.Wrong(0, "areas."+a.code, "an area has at least one version", "none")
	}
	for i := range a.versions {
		a.versions[i].place = i
		if err := a.checkVersion(i); err != nil {
			return err
		}
	}
	slices.SortStableFunc(a.versions, func(x, y version) int { return cmp.Compare(x.from, y.from) })
	return nil
}

// cutShort ends every version where the next begins, and reports whether one went on longer.
func (a *area) cutShort() (overlaps bool) {
	for i := 1; i < len(a.versions); i++ {
		before, from := &a.versions[i-1], a.versions[i].from
		if before.next == 0 || before.next > from {
			before.next, overlaps = from, true
		}
	}
	return overlaps
}

func (a *area) checkVersion(i int) error {
	v, at := &a.versions[i], path(a.code, i)
	from, err := domain.ParseDate(v.Date.Start)
	if err != nil {
		return a.file.Wrong(0, at+".date.s", "a version begins on a day, written YYYY-MM-DD", v.Date.Start)
	}
	v.from = from
	if v.Date.End != "" {
		last, err := domain.ParseDate(v.Date.End)
		if err != nil || last < from {
			return a.file.Wrong(0, at+".date.e", "a version ends on a day, written YYYY-MM-DD, not before it begins", v.Date.End)
		}
		v.next = last + 1
	}
	if v.Name = strings.TrimSpace(v.Name); v.Name == "" {
		return a.file.Wrong(0, at+".nm", "a version has a name", "")
	}
	if v.Parent != "" {
		return checkCode(a.file, at+".parent", v.Parent)
	}
	return nil
}

// isTable looks whether a file is anything but a JSON object. What cannot be read is said when it is read.
func isTable(f *formats.File) bool {
	begin, err := f.Begin()
	return err == nil && !bytes.HasPrefix(bytes.TrimSpace(begin), []byte("{"))
}

// readTypes reads the list of entity types: columns of codes by country, and what the entity is called.
func (h *histories) readTypes(f *formats.File) error {
	entity := -1
	return f.EachRow(',', 0, func(row int, fields []string) error {
		if entity < 0 {
			if entity = slices.Index(fields, "Entity"); entity < 0 {
				return f.Wrong(row, "", "a file is a code history in JSON, or the list of entity types with a column Entity", strings.Join(fields, ", "))
			}
			return nil
		}
		h.sink.Row()
		t := entityType{at: f.At(row, "")}
		for i, code := range fields {
			if i == entity || len(code) != 3 {
				continue
			}
			t.codes = append(t.codes, code)
			if h.forms[code] == "" {
				h.forms[code] = fields[entity]
			}
		}
		h.types = append(h.types, t)
		return nil
	})
}
