package eventstore

import (
	"errors"
	"os"
	"sync/atomic"
	"testing"
	"time"
)

// Whichever sync of the checkpoint fails, what was written or not: the outcome is unknown, nothing more is
// written, and a restart has everything that was acknowledged, and each entry at most once.
func TestCheckpointSyncFails(t *testing.T) {
	broken := errors.New("input/output error")
	for _, written := range []bool{false, true} {
		for k := int64(2); k < 8; k++ { // the first is that of the start
			var calls atomic.Int64
			dir := t.TempDir()
			s, err := open(t.Context(), Options{Dir: dir}, internals{sync: func(f *os.File) error {
				if calls.Add(1) < k {
					return dataSync(f)
				}
				if written {
					return errors.Join(dataSync(f), broken)
				}
				return broken
			}})
			if err != nil {
				t.Fatal(err)
			}
			var acknowledged []Commit
			for i := 0; err == nil; i++ {
				var c Commit
				if c, err = s.Append(t.Context(), s.Head().Seq, numbered(t, i, 1)); err == nil {
					acknowledged = append(acknowledged, c)
				}
				time.Sleep(lag)
			}
			if !errors.Is(err, ErrLogUnavailable) || !errors.Is(err, broken) {
				t.Errorf("sync %d fails: %v", k, err)
			}
			if _, err := s.Append(t.Context(), s.Head().Seq, numbered(t, 100, 1)); !errors.Is(err, ErrLogUnavailable) || errors.Is(err, ErrUnknownOutcome) {
				t.Errorf("sync %d failed, and the next append says %v", k, err)
			}
			if err := s.Close(); !errors.Is(err, broken) {
				t.Errorf("close: %v", err)
			}
			again := must(t, Options{Dir: dir})
			all := replayed(t, again, 0)
			if n := len(acknowledged); len(all) < n || len(all) > n+1 || n > 0 && !sameCommit(all[n-1], acknowledged[n-1]) {
				t.Errorf("sync %d failed: %d commits were acknowledged, %d are there", k, n, len(all))
			}
			closeStore(t, again)
		}
	}
}

// A checkpoint that is not whole in any one slot is as good as one; it is never newer than what was written.
func TestCheckpointSlots(t *testing.T) {
	dir := t.TempDir()
	s := must(t, Options{Dir: dir})
	for i := range 5 {
		mustAppend(t, s, numbered(t, i, 1))
	}
	path := checkpointPath(dir, streamName("main"))
	whole, err := readCheckpoint(path, streamName("main"))
	if err != nil || whole.Commit != 5 || whole.Entry != 5 || whole.Next < 5 {
		t.Fatalf("%+v, %v", whole, err)
	}
	text, err := os.ReadFile(path)
	if err != nil || len(text) != slots*slotSize {
		t.Fatal(len(text), err)
	}
	copyPath := path + ".copy"
	for i := range slots {
		torn := append([]byte(nil), text...)
		clear(torn[i*slotSize+100 : (i+1)*slotSize])
		if err := os.WriteFile(copyPath, torn, 0o644); err != nil {
			t.Fatal(err)
		}
		c, err := readCheckpoint(copyPath, streamName("main"))
		if err != nil || c.Commit < 4 || c.Write > whole.Write {
			t.Errorf("without slot %d: %+v, %v", i, c, err)
		}
	}
	if err := os.Remove(copyPath); err != nil {
		t.Fatal(err)
	}
}
