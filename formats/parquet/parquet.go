// Package parquet writes the tables of a ledger as Apache Parquet, one file a table.
package parquet

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats/tables"
)

// rowGroup is how many rows of a table are kept in memory and then written as one group.
const rowGroup = 50_000

// Folder writes each table as one file of a folder, compressed with Snappy. Days are DATE, times TIMESTAMP in
// nanoseconds UTC, texts UTF8, nil is null. It belongs to one goroutine.
type Folder struct {
	dir   string
	files map[*tables.Table]*file
}

type file struct {
	*os.File
	buffer *bufio.Writer
	writer *parquet.GenericWriter[any]
	row    parquet.Row
}

// New makes the files of all tables in a folder that is there. Close, or Discard, lets go of them.
func New(dir string) (*Folder, error) {
	f := &Folder{dir: dir, files: make(map[*tables.Table]*file)}
	for _, t := range tables.All() {
		out, err := os.OpenFile(filepath.Join(dir, t.Name+".parquet"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return nil, errors.Join(err, f.Discard())
		}
		buffer := bufio.NewWriterSize(out, 64<<10)
		writer := parquet.NewGenericWriter[any](buffer, schemaOf(t), parquet.Compression(&parquet.Snappy),
			parquet.DataPageVersion(1), parquet.MaxRowsPerRowGroup(rowGroup), parquet.CreatedBy("orgledger", "1", ""))
		f.files[t] = &file{File: out, buffer: buffer, writer: writer}
	}
	return f, nil
}

// schemaOf keeps the order of the columns, which a schema made of names alone would sort. The encodings are those that
// every reader knows: some take the delta encodings of others for damage.
func schemaOf(t *tables.Table) *parquet.Schema {
	fields := make([]reflect.StructField, len(t.Columns))
	for i, c := range t.Columns {
		tag, typ := c.Name+",dict", reflect.TypeFor[string]()
		switch c.Type {
		case tables.Integer:
			tag, typ = c.Name+",plain", reflect.TypeFor[int64]()
		case tables.Boolean:
			tag, typ = c.Name+",plain", reflect.TypeFor[bool]()
		case tables.Day:
			tag, typ = c.Name+",plain,date", reflect.TypeFor[int32]()
		case tables.Time:
			tag, typ = c.Name+",plain,timestamp(nanosecond)", reflect.TypeFor[int64]()
		}
		if c.Optional {
			tag += ",optional"
		}
		fields[i] = reflect.StructField{Name: fmt.Sprintf("C%d", i), Type: typ, Tag: reflect.StructTag(fmt.Sprintf("parquet:%q", tag))}
	}
	return parquet.NewSchema(t.Name, parquet.SchemaOf(reflect.New(reflect.StructOf(fields)).Interface()))
}

// Row takes one row.
func (f *Folder) Row(t *tables.Table, values []any) error {
	to := f.files[t]
	to.row = to.row[:0]
	for i, value := range values {
		present := 0
		if t.Columns[i].Optional && value != nil {
			present = 1
		}
		to.row = append(to.row, valueOf(value).Level(0, present, i))
	}
	_, err := to.writer.WriteRows([]parquet.Row{to.row})
	return err
}

func valueOf(value any) parquet.Value {
	switch value := value.(type) {
	case nil:
		return parquet.NullValue()
	case string:
		return parquet.ByteArrayValue([]byte(value))
	case int64:
		return parquet.Int64Value(value)
	case bool:
		return parquet.BooleanValue(value)
	case domain.Date:
		return parquet.Int32Value(int32(value - epoch))
	case time.Time:
		return parquet.Int64Value(value.UnixNano())
	}
	panic(fmt.Sprintf("parquet: a value of type %T", value))
}

// epoch is 1970-01-01, from which Parquet counts days.
const epoch domain.Date = 719163

// Close finishes the files, and writes their description beside them.
func (f *Folder) Close() error {
	files := make(map[*tables.Table]tables.File, len(f.files))
	for t, to := range f.files {
		if err := errors.Join(to.writer.Close(), to.buffer.Flush()); err != nil {
			return errors.Join(err, f.Discard())
		}
		described, err := describe(t, to.File)
		if err != nil {
			return errors.Join(err, f.Discard())
		}
		files[t] = described
	}
	if err := f.Discard(); err != nil {
		return err
	}
	return tables.WritePackage(f.dir, "parquet", files)
}

func describe(t *tables.Table, file *os.File) (tables.File, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return tables.File{}, err
	}
	hash := sha256.New()
	n, err := io.Copy(hash, file)
	return tables.File{Name: t.Name + ".parquet", Bytes: n, SHA256: hex.EncodeToString(hash.Sum(nil))}, err
}

// Discard closes the files as they are.
func (f *Folder) Discard() error {
	var err error
	for _, to := range f.files {
		err = errors.Join(err, to.File.Close())
	}
	return err
}
