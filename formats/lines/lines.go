package lines

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
	"github.com/orgledger/orgledger/ledger"
)

// Name of the format.
const Name = "jsonl"

// Importer reads the entries of another ledger.
type Importer struct{}

// RegistersFiles says that Import registers the files itself.
func (Importer) RegistersFiles() bool { return true }

// limitLine is the longest line that is read, in bytes: an entry, and what the other ledger says of it.
const limitLine = domain.LimitEntry + 8<<10

// reading is one import.
type reading struct {
	ctx     context.Context
	sink    *formats.Sink
	file    *formats.File
	seed    maphash.Seed
	content map[uuid.UUID]uint64 // of what was read, by id
}

// Import reads the files line by line. An id that is recorded, or was read before, with other content is an error.
func (Importer) Import(ctx context.Context, files []formats.File, sink *formats.Sink) error {
	r := reading{ctx: ctx, sink: sink, seed: maphash.MakeSeed(), content: make(map[uuid.UUID]uint64)}
	for i := range files {
		r.file = &files[i]
		if err := r.read(); err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) read() error { return r.file.Through(r.scan) }

func (r *reading) scan(in io.Reader) error {
	scanner := bufio.NewScanner(in)
	scanner.Buffer(make([]byte, 0, 64<<10), limitLine)
	row := 0
	for scanner.Scan() {
		row++
		if len(bytes.TrimSpace(scanner.Bytes())) == 0 {
			continue
		}
		if err := r.take(row, scanner.Bytes()); err != nil {
			return err
		}
	}
	if err := scanner.Err(); errors.Is(err, bufio.ErrTooLong) {
		return r.file.Wrong(row+1, "", fmt.Sprintf("an entry has at most %d bytes", domain.LimitEntry), "a longer line")
	}
	return scanner.Err()
}

func (r *reading) take(row int, line []byte) error {
	r.sink.Row()
	e, err := parse(line)
	if err == nil && e.ID == uuid.Nil {
		e.ID = e.DeriveID()
	}
	if refusal, ok := errors.AsType[*domain.Refusal](err); ok {
		return r.file.Wrong(row, refusal.Field, refusal.Rule, strings.Trim(refusal.Value, `"`))
	}
	if err != nil {
		return r.file.Wrong(row, "", "a line is an entry of a ledger: "+err.Error(), "")
	}
	if err := r.compare(row, e); err != nil {
		return err
	}
	if err := r.register(e); err != nil {
		return err
	}
	r.sink.Used(1)
	return r.sink.Entry(e)
}

// parse reads an entry, with or without what a ledger says of it.
func parse(line []byte) (*domain.Entry, error) {
	var around struct {
		Seq uint64 `json:"seq"`
	}
	if err := json.Unmarshal(line, &around); err != nil || around.Seq == 0 {
		return domain.ParseEntry(line)
	}
	recorded, err := ledger.ParseLogged(line)
	return &recorded.Entry, err
}

// comparing is an Earlier that can tell whether an id is recorded with other content.
type comparing interface {
	Differs(context.Context, *domain.Entry) (bool, error)
}

// compare refuses other content under an id that is taken. A correction that does not say what it corrects is left
// to the ledger.
func (r *reading) compare(row int, e *domain.Entry) error {
	if correction, ok := e.Fact.(*domain.EntryCorrected); ok && correction.Replacement.Fact == nil {
		return nil
	}
	sum := maphash.Bytes(r.seed, e.Canonical())
	before, again := r.content[e.ID]
	r.content[e.ID] = sum
	differs := again && before != sum
	if earlier, ok := r.sink.Earlier.(comparing); ok && !again && r.sink.Earlier.Has(e.ID) {
		var err error
		if differs, err = earlier.Differs(r.ctx, e); err != nil {
			return err
		}
	}
	if differs {
		return r.file.Wrong(row, "id", "an entry with this id has other content already", e.ID.String())
	}
	return nil
}

// register makes the file a source before the first entry that it brings.
func (r *reading) register(e *domain.Entry) error {
	source, ok := e.Fact.(*domain.SourceRegistered)
	if r.sink.Earlier.Has(e.ID) || ok && strings.HasPrefix(string(source.Source), Name+"-") {
		return nil
	}
	return r.sink.Entry(formats.Registration(*r.file))
}
