package ledger_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/minio/highwayhash"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/indexfile"
	"github.com/orgledger/orgledger/ledger/sample"
	"github.com/orgledger/orgledger/projections"
)

// kept is a ledger in a folder that keeps snapshots, and what it logged.
type kept struct {
	*opened
	logged *bytes.Buffer
}

func openKept(t testing.TB, dir string, every uint64) *kept {
	t.Helper()
	k, err := tryKept(t, dir, every)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func tryKept(t testing.TB, dir string, every uint64) (*kept, error) {
	t.Helper()
	k := &kept{logged: new(bytes.Buffer)}
	store, err := eventstore.Open(t.Context(), eventstore.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.OpenWith(t.Context(), store, ledger.Opening{Snapshots: &ledger.Snapshots{Path: indexfile.Path(dir, "main"), Every: every,
		Logger: slog.New(slog.NewTextHandler(k.logged, nil))}})
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	k.opened = recording(t, store, l)
	return k, nil
}

// seen is everything that tells whether two ledgers hold the same.
func (k *kept) seen(t testing.TB) string {
	t.Helper()
	view := k.View()
	root, err := k.Tree().Root(view.Seq())
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d entries, root %x, %s, %+v", view.Seq(), root,
		view.Digest(projections.Point{On: domain.LastDate, Known: view.Seq()}).SHA256, k.Status("main", "").LastRecorded)
}

const anotherBody = `{"type":"organisation.established","data":{"organisation":"another","name":"Another"}}`

// A ledger that is opened from a snapshot holds what one holds that reads the whole log, takes more, and proves the log that it did
// not read.
func TestOpenedFromASnapshot(t *testing.T) {
	dir := t.TempDir()
	k := openKept(t, dir, 1)
	receipts, err := k.RecordLines(t.Context(), sample.Entries(), ledger.RecordOptions{Actor: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	n := uint64(len(receipts))
	for round := range uint64(3) {
		before := k.seen(t)
		k.close()
		k = openKept(t, dir, 1)
		if after := k.seen(t); after != before || k.logged.Len() > 0 {
			t.Fatalf("in round %d before\n%s\nafter\n%s\nlogged %s", round, before, after, k.logged)
		}
		if s := k.Status("main", ""); s.Snapshot != n || s.Unproved != n {
			t.Errorf("the snapshot has %d entries of %d, and %d are not proved", s.Snapshot, n, s.Unproved)
		}
		if err := k.Prove(t.Context()); err != nil || k.Status("main", "").Unproved != 0 {
			t.Errorf("%v, and %d are not proved", err, k.Status("main", "").Unproved)
		}
		if e, err := k.Entry(t.Context(), 1); err != nil || e.ID != receipts[0].ID {
			t.Errorf("entry 1 is %+v, %v", e, err)
		}
		if _, err := k.RecordLines(t.Context(), sample.Entries(), ledger.RecordOptions{Actor: "tester"}); err != nil || k.View().Seq() != n {
			t.Errorf("recorded again: %v, %d entries", err, k.View().Seq())
		}
		k.mustRecord(t, strings.ReplaceAll(anotherBody, "another", fmt.Sprint("another-", round)))
		n++
	}
}

// Whatever is done to the file, or to the log beside it, the ledger opens as if there were none, says so, and removes it.
func TestSnapshotThatDoesNotFit(t *testing.T) {
	dir := t.TempDir()
	k := openKept(t, dir, 1)
	k.mustRecord(t, twoBodies)
	before := k.seen(t)
	k.close()
	path := indexfile.Path(dir, "main")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	o := openKept(t, other, 1)
	o.mustRecord(t, anotherBody+"\n"+anotherBody+"\n")
	o.close()
	foreign, err := os.ReadFile(indexfile.Path(other, "main"))
	if err != nil {
		t.Fatal(err)
	}
	damaged := map[string][]byte{"empty": {}, "of another log": foreign, "longer": append(bytes.Clone(whole), 0), "no snapshot": []byte("something else, and rather long " + strings.Repeat("x", 100))}
	rng := rand.New(rand.NewPCG(rand.Uint64(), 0))
	for range 6 {
		at := rng.IntN(len(whole))
		flipped := bytes.Clone(whole)
		flipped[at] ^= 1 << rng.IntN(8)
		damaged[fmt.Sprint("flipped at ", at)], damaged[fmt.Sprint("cut off at ", at)] = flipped, whole[:at]
	}
	for name, text := range damaged {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		k := openKept(t, dir, 0)
		if after := k.seen(t); after != before || !strings.Contains(k.logged.String(), "not used") || k.Status("main", "").Unproved != 0 {
			t.Errorf("%s: before\n%s\nafter\n%s\nlogged %q", name, before, after, k.logged)
		}
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: the file is still there: %v", name, err)
		}
		k.close()
	}
}

// While entries are recorded, snapshots are written: each is the index of the log up to its entry.
func TestSnapshotsWhileRecording(t *testing.T) {
	dir := t.TempDir()
	k := openKept(t, dir, 100)
	for from := 0; from < 1500; from += 50 {
		var lines strings.Builder
		for i := range 50 {
			fmt.Fprintln(&lines, strings.ReplaceAll(anotherBody, "another", fmt.Sprint("another-", from+i)))
		}
		k.mustRecord(t, lines.String())
		if k.Status("main", "").Snapshot == 0 {
			continue
		}
		contents, err := indexfile.Read(t.Context(), indexfile.Path(dir, "main"), "main")
		if err != nil {
			t.Fatal(err)
		}
		index := projections.NewIndex()
		err = k.store.Replay(t.Context(), 0, nil, func(c eventstore.Commit) error {
			if c.Last() > contents.Index.Seq() {
				return nil
			}
			return index.Apply(c.Entries)
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := contents.Index.Image().Sum(), index.Image().Sum(); got != want {
			t.Fatalf("the snapshot at %d is not the index of the log", contents.Index.Seq())
		}
	}
	if s := k.Status("main", ""); s.Snapshot == 0 {
		t.Error("no snapshot was written")
	}
}

// A snapshot that is being written when the process stops leaves the one before; what it left beside it does no harm.
func TestInterruptedSnapshot(t *testing.T) {
	dir := t.TempDir()
	k := openKept(t, dir, 0)
	k.mustRecord(t, twoBodies)
	path := indexfile.Path(dir, "main")
	index := projections.NewIndex()
	if err := k.store.Replay(t.Context(), 0, nil, func(c eventstore.Commit) error { return index.Apply(c.Entries) }); err != nil {
		t.Fatal(err)
	}
	snapshot := &indexfile.Snapshot{Ledger: "main", Kept: k.store.Kept(k.Tree()), Image: index.Image()}
	if err := indexfile.Write(t.Context(), path, snapshot, indexfile.AtOnce); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := indexfile.Write(stopped, path, snapshot, indexfile.AtLeisure); !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupted write: %v", err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, whole) {
		t.Errorf("an interrupted write has left another file (%v)", err)
	}
	if err := os.WriteFile(path+".new", whole[:len(whole)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	k.close()
	k = openKept(t, dir, 1)
	if s := k.Status("main", ""); s.Unproved != 2 || k.logged.Len() > 0 {
		t.Errorf("%+v, logged %s", s, k.logged)
	}
	k.mustRecord(t, anotherBody)
	k.close()
	if left, err := filepath.Glob(path + "*"); err != nil || len(left) != 1 {
		t.Errorf("left: %v (%v)", left, err)
	}
}

// Bytes of the log that were changed behind a snapshot, with the storage's checksum made good, are found by the proof; the
// snapshot is gone then, and the next start ends with the damage.
func TestProveAfterASnapshot(t *testing.T) {
	dir := t.TempDir()
	k := openKept(t, dir, 1)
	k.mustRecord(t, twoBodies)
	k.mustRecord(t, anotherBody)
	k.close()
	forge(t, dir, `"name":"A"`, `"name":"X"`)
	k = openKept(t, dir, 1)
	err := k.Prove(t.Context())
	damage, ok := errors.AsType[*eventstore.DamageError](err)
	if !ok || damage.First != 1 || damage.LastGood != 0 {
		t.Errorf("it is proved: %v", err)
	}
	if code := ledger.Describe(err).Code; code != ledger.CodeDamaged {
		t.Errorf("its code is %s", code)
	}
	k.close()
	if _, err := os.Stat(indexfile.Path(dir, "main")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the snapshot is still there: %v", err)
	}
	if _, err := tryKept(t, dir, 1); !ok || ledger.Describe(err).Code != ledger.CodeDamaged {
		t.Errorf("it opens: %v", err)
	}
}

// forge replaces a text in the first block of the log by one as long, and gives its record the checksum that the storage
// wants; see eventstore/block.go.
func forge(t *testing.T, dir, old, other string) {
	t.Helper()
	blocks, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", "ORGLEDGER_main", "msgs", "1.blk"))
	if err != nil || len(blocks) != 1 {
		t.Fatalf("%v, %v", blocks, err)
	}
	text, err := os.ReadFile(blocks[0])
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(text, []byte(old))
	begin, size := 0, 0
	for ; begin+size <= at; begin += size {
		size = int(binary.LittleEndian.Uint32(text[begin:]) &^ (1 << 31))
		if begin+size > at {
			break
		}
	}
	copy(text[at:], other)
	record := text[begin : begin+size]
	subject := 22 + int(binary.LittleEndian.Uint16(record[20:]))
	key := sha256.Sum256([]byte("ORGLEDGER_main-1"))
	sum, err := highwayhash.New64(key[:])
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range [][]byte{record[4:20], record[22:subject], record[subject+4 : size-8]} {
		sum.Write(part)
	}
	copy(record[size-8:], sum.Sum(nil))
	if err := os.WriteFile(blocks[0], text, 0o600); err != nil {
		t.Fatal(err)
	}
}
