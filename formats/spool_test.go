package formats_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/orgledger/orgledger/formats"
)

// Batches hold every entry once and in order, and fit a commit.
func TestSpoolBatches(t *testing.T) {
	for _, c := range []struct{ entries, note, batches int }{{0, 0, 0}, {1, 0, 1}, {1000, 0, 1}, {1001, 0, 2}, {2500, 0, 3}, {2000, 4200, 3}} {
		t.Setenv("TMPDIR", t.TempDir())
		spool, err := formats.NewSpool()
		if err != nil {
			t.Fatal(err)
		}
		for i := range c.entries {
			e := established(t, fmt.Sprintf("o-%d", i), "Name")
			e.Note = strings.Repeat("x", c.note)
			if err := spool.Add(e); err != nil {
				t.Fatal(err)
			}
		}
		next, batches := 0, 0
		err = spool.Batches(func(batch []byte, first, count int) error {
			if lines := bytes.Count(batch, []byte("\n")); first != next+1 || lines != count || count > 1000 || len(batch) > 4<<20 {
				t.Errorf("the batch from %d has %d of %d entries, %d bytes", first, lines, count, len(batch))
			}
			for line := range bytes.Lines(batch) {
				if !bytes.Contains(line, fmt.Appendf(nil, `"o-%d"`, next)) {
					t.Fatalf("in place of entry %d: %s", next, line)
				}
				next++
			}
			batches++
			return nil
		})
		if err != nil || next != c.entries || batches != c.batches {
			t.Errorf("%d entries in %d batches, not %d in %d: %v", next, batches, c.entries, c.batches, err)
		}
		if err := spool.Close(); err != nil {
			t.Fatal(err)
		}
		if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) != 0 {
			t.Errorf("%d files are left behind, %v", len(left), err)
		}
	}
}
