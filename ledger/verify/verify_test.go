package verify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/eventstore/natstest"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/sample"
	"github.com/orgledger/orgledger/ledger/verify"
)

// kept is a data folder with the sample in commits of some entries each, and what was published of it.
func kept(t *testing.T, alter func(line []byte) []byte) (dir string, published []verify.Published) {
	t.Helper()
	dir = t.TempDir()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	store, err := eventstore.Open(t.Context(), eventstore.Options{Dir: dir, Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}()
	l, err := ledger.Open(t.Context(), store, nil)
	if err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ran := make(chan error, 1)
	go func() { ran <- l.Run(running) }()
	defer func() {
		stop()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	}()
	lines := bytes.SplitAfter(bytes.TrimRight(sampleLines(t), "\n"), []byte("\n"))
	for len(lines) > 0 {
		n := min(20, len(lines))
		var batch []byte
		for _, line := range lines[:n] {
			batch = append(batch, alter(line)...)
		}
		if _, err := l.RecordLines(t.Context(), bytes.NewReader(batch), ledger.RecordOptions{}); err != nil {
			t.Fatal(err)
		}
		head := store.Head()
		published = append(published, verify.Published{Name: fmt.Sprintf("checkpoint %d", len(published)+1), Size: head.Seq, Root: head.Root})
		lines = lines[n:]
	}
	return dir, published
}

func sampleLines(t *testing.T) []byte {
	t.Helper()
	var text bytes.Buffer
	if _, err := text.ReadFrom(sample.Entries()); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

func unaltered(line []byte) []byte { return line }

// verified opens a data folder and verifies it. What keeps it from being opened is what is wrong.
func verified(t *testing.T, dir string, published []verify.Published) (*verify.Report, error) {
	t.Helper()
	store, err := eventstore.Open(t.Context(), eventstore.Options{Dir: dir, ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}()
	return verify.Run(t.Context(), store, verify.Options{Published: published, Sample: 20})
}

// wrong is the check that failed, and why.
func wrong(r *verify.Report) string {
	for _, c := range r.Checks {
		if !c.OK {
			return c.Check + ": " + c.Detail
		}
	}
	return ""
}

// A ledger that is what was recorded passes, and the report says what was compared.
func TestVerifiedLedger(t *testing.T) {
	dir, published := kept(t, unaltered)
	report, err := verified(t, dir, published)
	if err != nil {
		t.Fatal(err)
	}
	if !report.OK() || len(report.Checks) != 6 || report.Entries != published[len(published)-1].Size {
		text, err := json.MarshalIndent(report, "", "  ")
		t.Fatalf("%s %v", text, err)
	}
}

// What is changed on the disk with every checksum of the storage made good is found, and where.
func TestForgedStorage(t *testing.T) {
	swap := func(a, b int) func([]natstest.Record) []natstest.Record {
		return func(records []natstest.Record) []natstest.Record {
			events := bytes.SplitAfter(records[3].Data[1:len(records[3].Data)-1], []byte("},"))
			if len(events) < 4 {
				t.Fatal("the commit has too few entries")
			}
			records[3].Data = swapped(records[3].Data, a, b)
			return records
		}
	}
	for name, forgery := range map[string]struct {
		change func([]natstest.Record) []natstest.Record
		says   string
	}{
		"a byte": {func(records []natstest.Record) []natstest.Record {
			at := bytes.Index(records[2].Data, []byte(`"note":"`)) + len(`"note":"`)
			records[2].Data[at] ^= 2
			return records
		}, "damaged at commit 3, which holds entry 41 (entries up to 40 are good)"},
		"a date": {func(records []natstest.Record) []natstest.Record {
			records[5].Data = bytes.Replace(records[5].Data, []byte(`"effective":"20`), []byte(`"effective":"19`), 1)
			return records
		}, "damaged at commit 6, which holds entry 101 (entries up to 100 are good)"},
		"two entries swapped":    {swap(1, 2), "damaged at commit 4, which holds entry 61 (entries up to 60 are good)"},
		"two commits swapped":    {func(r []natstest.Record) []natstest.Record { r[6], r[7] = r[7], r[6]; return r }, "commit 7"},
		"the last commit is cut": {func(r []natstest.Record) []natstest.Record { return r[:len(r)-1] }, "it ends there, and commit 18 was acknowledged"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, published := kept(t, unaltered)
			natstest.Forge(t, dir, "main", forgery.change)
			report, err := verified(t, dir, published)
			found := ""
			if damage, ok := errors.AsType[*eventstore.DamageError](err); ok {
				found = damage.Error()
			} else if err != nil {
				t.Fatal(err)
			} else {
				found = wrong(report)
			}
			if !strings.Contains(found, forgery.says) {
				t.Fatalf("it says %q, and not %q", found, forgery.says)
			}
		})
	}
}

// swapped exchanges two events of a commit, each with the sequence of its new place.
func swapped(data []byte, a, b int) []byte {
	const between = `},{"specversion"`
	parts := strings.Split(string(data[1:len(data)-1]), between)
	for i := range parts {
		if i > 0 {
			parts[i] = `{"specversion"` + parts[i]
		}
		if i < len(parts)-1 {
			parts[i] += "}"
		}
	}
	number := func(event string) string {
		_, rest, _ := strings.Cut(event, `"sequence":"`)
		n, _, _ := strings.Cut(rest, `"`)
		return `"sequence":"` + n + `"`
	}
	first, second := number(parts[a]), number(parts[b])
	parts[a], parts[b] = strings.Replace(parts[b], second, first, 1), strings.Replace(parts[a], first, second, 1)
	return []byte("[" + strings.Join(parts, ",") + "]")
}

// nameless leaves out who is appointed: a name is sealed otherwise each time, so that another log comes of it.
func nameless(line []byte) []byte {
	if bytes.Contains(line, []byte(`"person":`)) {
		return nil
	}
	return line
}

// A whole log that was rebuilt is sound in itself: what was published of the log before tells it.
func TestRebuiltLog(t *testing.T) {
	_, published := kept(t, nameless)
	for name, rebuilt := range map[string]struct {
		alter func([]byte) []byte
		says  string
	}{
		"one fact altered": {func(line []byte) []byte {
			return bytes.Replace(nameless(line), []byte("Health Education England"), []byte("Health Education Britain"), 1)
		}, "among the entries"},
		"nothing altered":   {nameless, ""},
		"names sealed anew": {unaltered, "is of another history"},
	} {
		dir, _ := kept(t, rebuilt.alter)
		alone, err := verified(t, dir, nil)
		if err != nil || !alone.OK() {
			t.Fatalf("%s: without checkpoints it is not sound: %v %v", name, alone, err)
		}
		report, err := verified(t, dir, published)
		if err != nil {
			t.Fatal(err)
		}
		if found := wrong(report); rebuilt.says == "" && found != "" || !strings.Contains(found, rebuilt.says) {
			t.Errorf("%s: it says %q", name, found)
		}
	}
}

// A log that ends before what was published is told by it.
func TestShortenedLog(t *testing.T) {
	dir, published := kept(t, unaltered)
	last := &published[len(published)-1]
	last.Size += 3
	report, err := verified(t, dir, published)
	if err != nil {
		t.Fatal(err)
	}
	if found := wrong(report); !strings.Contains(found, "are gone") {
		t.Errorf("it says %q", found)
	}
}

// A server whose answers do not follow from the log is told by its digest.
func TestServedOtherwise(t *testing.T) {
	dir, _ := kept(t, unaltered)
	store, err := eventstore.Open(t.Context(), eventstore.Options{Dir: dir, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	lies := func(context.Context, []byte) ([]byte, error) { return []byte(`{"sha256":"00"}`), nil }
	report, err := verify.Run(t.Context(), store, verify.Options{Served: lies})
	if err != nil {
		t.Fatal(err)
	}
	if found := wrong(report); !strings.Contains(found, "served: ") {
		t.Errorf("it says %q", found)
	}
}
