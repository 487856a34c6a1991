package projections_test

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
	"github.com/orgledger/orgledger/projections/histories"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// someOfEach is an index with something of everything that an image holds.
func someOfEach(t testing.TB) *projections.Index {
	t.Helper()
	day := domain.DayEDTF(domain.LastDate / 2)
	person := domain.Person{ID: "p1", Commitment: [32]byte{1}, Box: "sealed"}
	facts := []domain.Fact{
		&domain.OrganisationEstablished{Organisation: "a", Name: "A", Identifiers: []domain.Identifier{{Scheme: "s", Value: "1"}}},
		&domain.OrganisationEstablished{Organisation: "b", Name: "B"},
		&domain.AppointmentMade{Office: "chair", Title: "Chair", Organisation: "a", Person: person, Acting: true},
		&domain.PlanAnnounced{Plan: "p", Title: "P", Items: []domain.PlanItem{{Item: "i", Fact: &domain.OrganisationRestored{Organisation: "b"}}}},
		&domain.KeyRegistered{Key: "UABC", Actor: "registrar"},
		&domain.PersonForgotten{Person: "p1", Reason: "asked"},
		&domain.OrganisationSplit{Organisation: "a", Into: []domain.OrganisationID{"b"},
			Allocate: []domain.Allocation{{Holding: domain.ResponsibilityID("r").Ref(), To: "b"}}},
		&domain.OrganisationMerged{Organisations: []domain.OrganisationID{"b"}, Into: "a", Except: []domain.Ref{domain.ResponsibilityID("r").Ref()}},
	}
	var entries []*domain.Entry
	for i, f := range facts {
		e := &domain.Entry{Fact: f, Effective: day, Fulfils: domain.Fulfilment{Plan: "p", Item: "i"}}
		binary.BigEndian.PutUint64(e.ID[8:], uint64(i+1))
		entries = append(entries, e)
	}
	for e := range histories.Large(60, 3) {
		entries = append(entries, e)
	}
	index := projections.NewIndex()
	if err := index.Apply(histories.Record(entries)); err != nil {
		t.Fatal(err)
	}
	return index
}

// Whatever of the chunks is changed, cut off, left out, given twice or exchanged, reading them ends, with an error or with an
// index that can be asked for its image; it never panics.
func TestDamagedImages(t *testing.T) {
	all := chunks(someOfEach(t).Image())
	refused, tried := 0, 0
	try := func(damaged [][]byte) {
		tried++
		index, err := assembled(damaged)
		if err != nil {
			refused++
			return
		}
		index.Image().Sum()
	}
	with := func(i int, chunk []byte) [][]byte {
		damaged := append([][]byte(nil), all...)
		damaged[i] = chunk
		return damaged
	}
	for i, chunk := range all {
		for at := range chunk {
			flipped := bytes.Clone(chunk)
			flipped[at] ^= 1 << (at % 8)
			try(with(i, flipped))
			before := refused
			try(with(i, chunk[:at]))
			if refused == before {
				t.Errorf("chunk %d is taken with %d of its %d bytes", i, at, len(chunk))
			}
		}
	}
	for i := range all[1:] {
		before := refused
		try(with(i+1, all[1+(i+1)%(len(all)-1)]))
		try(append(append([][]byte(nil), all[:i+1]...), all[i+2:]...))
		try(append(append([][]byte(nil), all...), all[i+1]))
		try(with(i+1, append(bytes.Clone(all[i+1]), 0)))
		if refused != before+4 {
			t.Errorf("%d of 4 are refused where chunk %d is another, gone, there twice, or longer", refused-before, i+1)
		}
	}
	if refused < tried/2 {
		t.Errorf("%d of %d are refused", refused, tried)
	}
}

// FuzzAssembly reads what is no image.
func FuzzAssembly(f *testing.F) {
	for _, chunk := range chunks(someOfEach(f).Image()) {
		f.Add(chunk)
	}
	all := chunks(someOfEach(f).Image())
	f.Fuzz(func(_ *testing.T, chunk []byte) {
		if len(chunk) == 0 {
			return
		}
		for i := range all {
			if all[i][0] != chunk[0] {
				continue
			}
			damaged := append([][]byte(nil), all...)
			damaged[i] = chunk
			if index, err := assembled(damaged); err == nil {
				index.Image().Sum()
			}
		}
	})
}

// Entries make the same index as when its layout was fixed: after any change of what they are expanded to, the revision in
// layout.go has to rise, so that images that were kept are not read. -update then notes it.
func TestImageIsFrozen(t *testing.T) {
	index := projections.NewIndex()
	if err := index.Apply(recorded(3000)); err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("layout %x\nlarge %x\nsome %x\n", projections.Layout(), index.Image().Sum(), someOfEach(t).Image().Sum())
	path := filepath.Join("testdata", "image.golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the index is another; raise the revision, and -update:\n%swas\n%s", got, want)
	}
}
