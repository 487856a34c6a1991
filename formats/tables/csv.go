package tables

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"path/filepath"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// PackageFile is the description of the files in a folder of tables; see WritePackage.
const PackageFile = "datapackage.json"

// CSV writes each table as one file of a folder: RFC 4180 in UTF-8, with a header. An empty field is nil; an empty text
// is written as "". It belongs to one goroutine.
type CSV struct {
	dir   string
	files map[*Table]*csvFile
	field []byte
}

type csvFile struct {
	file *os.File
	out  *bufio.Writer
	sum  *summed
}

// summed counts and hashes what is written.
type summed struct {
	w     io.Writer
	hash  hash.Hash
	bytes int64
}

func (s *summed) Write(text []byte) (int, error) {
	n, err := s.w.Write(text)
	s.hash.Write(text[:n])
	s.bytes += int64(n)
	return n, err
}

// NewCSV makes the files of all tables in a folder that is there. Close, or Discard, lets go of them.
func NewCSV(dir string) (*CSV, error) {
	c := &CSV{dir: dir, files: make(map[*Table]*csvFile)}
	for _, t := range All() {
		file, err := os.OpenFile(filepath.Join(dir, t.Name+".csv"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return nil, errors.Join(err, c.Discard())
		}
		sum := &summed{w: file, hash: sha256.New()}
		c.files[t] = &csvFile{file, bufio.NewWriterSize(sum, 64<<10), sum}
		names := make([]any, len(t.Columns))
		for i, column := range t.Columns {
			names[i] = column.Name
		}
		if err := c.Row(t, names); err != nil {
			return nil, errors.Join(err, c.Discard())
		}
	}
	return c, nil
}

// Row writes one line.
func (c *CSV) Row(t *Table, values []any) error {
	out := c.files[t].out
	for i, value := range values {
		if i > 0 {
			out.WriteByte(',')
		}
		if value != nil {
			c.field = AppendText(c.field[:0], value)
			writeField(out, c.field)
		}
	}
	_, err := out.WriteString("\r\n")
	return err
}

// writeField quotes what could be taken for something else.
func writeField(out *bufio.Writer, field []byte) {
	if len(field) > 0 && !bytes.ContainsAny(field, "\",\r\n") && field[0] != ' ' && field[len(field)-1] != ' ' {
		out.Write(field)
		return
	}
	out.WriteByte('"')
	for i, part := range bytes.Split(field, []byte{'"'}) {
		if i > 0 {
			out.WriteString(`""`)
		}
		out.Write(part)
	}
	out.WriteByte('"')
}

// Close finishes the files, and writes their description beside them.
func (c *CSV) Close() error {
	var err error
	files := make(map[*Table]File, len(c.files))
	for t, f := range c.files {
		err = errors.Join(err, f.out.Flush(), f.file.Close())
		files[t] = File{t.Name + ".csv", f.sum.bytes, hex.EncodeToString(f.sum.hash.Sum(nil))}
	}
	if err != nil {
		return err
	}
	return WritePackage(c.dir, "csv", files)
}

// Discard closes the files as they are.
func (c *CSV) Discard() error {
	var err error
	for _, f := range c.files {
		err = errors.Join(err, f.file.Close())
	}
	return err
}

// IsPackage reports whether a folder has the description of an export of tables.
func IsPackage(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, PackageFile))
	var p dataPackage
	return err == nil && json.Unmarshal(text, &p) == nil && p.Name == packageName
}

// packageName is how an export of tables is known.
const packageName = "orgledger-export"

// File is one file of a folder of tables.
type File struct {
	Name   string
	Bytes  int64
	SHA256 string // in hexadecimal
}

// The parts of a Frictionless data package that are used.
type (
	dataPackage struct {
		Profile   string     `json:"profile"`
		Name      string     `json:"name"`
		Title     string     `json:"title"`
		Resources []resource `json:"resources"`
	}
	resource struct {
		Name        string   `json:"name"`
		Path        string   `json:"path"`
		Profile     string   `json:"profile,omitempty"`
		Description string   `json:"description"`
		Format      string   `json:"format"`
		MediaType   string   `json:"mediatype,omitempty"`
		Encoding    string   `json:"encoding,omitempty"`
		Bytes       int64    `json:"bytes"`
		Hash        string   `json:"hash"`
		Dialect     *dialect `json:"dialect,omitempty"`
		Schema      schema   `json:"schema"`
	}
	dialect struct {
		LineTerminator string `json:"lineTerminator"`
		Header         bool   `json:"header"`
	}
	schema struct {
		Fields        []field      `json:"fields"`
		PrimaryKey    []string     `json:"primaryKey,omitempty"`
		ForeignKeys   []foreignKey `json:"foreignKeys,omitempty"`
		MissingValues []string     `json:"missingValues"`
	}
	field struct {
		Name        string       `json:"name"`
		Type        Type         `json:"type"`
		Format      string       `json:"format,omitempty"`
		Description string       `json:"description"`
		Constraints *constraints `json:"constraints,omitempty"`
	}
	constraints struct {
		Required bool `json:"required"`
	}
	foreignKey struct {
		Fields    string    `json:"fields"`
		Reference reference `json:"reference"`
	}
	reference struct {
		Resource string `json:"resource"`
		Fields   string `json:"fields"`
	}
)

// WritePackage describes the tables of a folder in a file: names, types and meanings of the columns, and size and
// digest of the files, as a Frictionless data package.
func WritePackage(dir, format string, files map[*Table]File) error {
	p := dataPackage{Profile: "data-package", Name: packageName, Title: "Organisational history, exported from a ledger"}
	if format == "csv" {
		p.Profile = "tabular-data-package"
	}
	for _, t := range All() {
		f := files[t]
		r := resource{Name: t.Name, Path: f.Name, Description: t.Text, Format: format, Bytes: f.Bytes, Hash: "sha256:" + f.SHA256, Schema: schemaOf(t)}
		if format == "csv" {
			r.Profile, r.MediaType, r.Encoding = "tabular-data-resource", "text/csv", "utf-8"
			r.Dialect = &dialect{"\r\n", true}
		}
		p.Resources = append(p.Resources, r)
	}
	text, err := json.Marshal(p, jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, PackageFile), append(text, '\n'), 0o644)
}

func schemaOf(t *Table) schema {
	s := schema{PrimaryKey: t.Key, MissingValues: []string{""}}
	for _, c := range t.Columns {
		f := field{Name: c.Name, Type: c.Type, Description: c.Text}
		if c.Type == JSON {
			f.Type = Text // an array as well as an object; its text says which
			f.Description += " (JSON)"
		}
		if !c.Optional {
			f.Constraints = &constraints{true}
		}
		if c.Type == Time {
			f.Format = "any"
		}
		s.Fields = append(s.Fields, f)
		if to, ok := target(c); ok && !(t == Entries && c.Name == "seq" || t == Things && c.Name == "ref") {
			s.ForeignKeys = append(s.ForeignKeys, foreignKey{c.Name, to})
		}
	}
	return s
}

// target is the column that a column refers to, where it names one thing.
func target(c Column) (reference, bool) {
	switch {
	case c.Names == NamesEntry && c.Type == Integer && c.Name != "known_to":
		return reference{Entries.Name, "seq"}, true
	case c.Names == NamesRef:
		return reference{Things.Name, "ref"}, true
	case c.Names == NamesSource:
		return reference{Sources.Name, "source"}, true
	}
	return reference{}, false
}
