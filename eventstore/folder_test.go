package eventstore

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// listing is every file under dir with its content.
func listing(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Of two that open a data folder, the second learns who the first is, and how to reach it.
func TestHeld(t *testing.T) {
	dir := t.TempDir()
	s := must(t, Options{Dir: dir, Version: "v1.2.3"})
	if err := s.Announce("http://127.0.0.1:8080/a-long-path"); err != nil {
		t.Fatal(err)
	}
	if err := s.Announce("127.0.0.1:8080"); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), Options{Dir: dir})
	held, ok := errors.AsType[*HeldError](err)
	if !ok || held.PID != os.Getpid() || held.HTTP != "127.0.0.1:8080" || held.Version != "v1.2.3" || held.Dir != dir || held.Started.IsZero() {
		t.Fatalf("the second process is told %+v, %v", held, err)
	}
	if text := err.Error(); !strings.Contains(text, "127.0.0.1:8080") || !strings.Contains(text, dir) {
		t.Errorf("the message is %q", text)
	}
	mustAppend(t, s, numbered(t, 0, 1))
	closeStore(t, s)
	closeStore(t, s)
	must(t, Options{Dir: dir})
}

// A lock file that nobody holds, whatever it says, is no obstacle.
func TestStaleLock(t *testing.T) {
	for _, text := range []string{"", `{"pid":1,"http":"127.0.0.1:1"}`, "nonsense that is longer than what is written over it, whatever that may be, surely longer"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, lockName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s := must(t, Options{Dir: dir})
		_, err := Open(t.Context(), Options{Dir: dir})
		if held, ok := errors.AsType[*HeldError](err); !ok || held.PID != os.Getpid() || held.HTTP != "" {
			t.Errorf("over %q the holder is given as %+v, %v", text, held, err)
		}
		closeStore(t, s)
	}
}

// What is not a ledger is refused, and nothing in it is changed.
func TestNotLedger(t *testing.T) {
	parent := t.TempDir()
	write := func(path, text string) string {
		path = filepath.Join(parent, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	later, err := seal(marker{Format: format + 1})
	if err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(parent, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	file := write("file", "text")
	for _, c := range []struct {
		name string
		o    Options
		want error
	}{
		{"a file", Options{Dir: file}, ErrNotLedger},
		{"below a file", Options{Dir: filepath.Join(file, "below")}, nil},
		{"a folder with other things", Options{Dir: filepath.Dir(write("other/notes.txt", "text"))}, ErrNotLedger},
		{"a damaged marker", Options{Dir: filepath.Dir(write("damaged/"+markerName, `{"format":`))}, nil},
		{"a marker of nothing", Options{Dir: filepath.Dir(write("nothing/"+markerName, `{}`))}, nil},
		{"a later format", Options{Dir: filepath.Dir(write("later/"+markerName, string(later)))}, ErrNewerFormat},
		{"an empty folder, for reading", Options{Dir: empty, ReadOnly: true}, ErrNotLedger},
		{"nothing, for reading", Options{Dir: filepath.Join(parent, "none"), ReadOnly: true}, ErrNotLedger},
		{"a name that is none", Options{Dir: filepath.Join(parent, "none"), Ledger: "a.b"}, ErrConfiguration},
		{"a name kept for feeds", Options{Dir: filepath.Join(parent, "none"), Ledger: "a_FEED"}, ErrConfiguration},
		{"a folder and a server", Options{Dir: filepath.Join(parent, "none"), Server: "nats://127.0.0.1:1"}, ErrConfiguration},
		{"neither", Options{}, ErrConfiguration},
		{"a listener without an embedded server", Options{Server: "nats://127.0.0.1:1", Listen: ":4222"}, ErrConfiguration},
	} {
		before := listing(t, parent)
		s, err := Open(t.Context(), c.o)
		if err == nil {
			closeStore(t, s)
		}
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if after := listing(t, parent); !maps.Equal(before, after) {
			t.Errorf("%s: before %v, after %v", c.name, slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after)))
		}
	}
	if Exists(empty) || Exists(file) || Exists(filepath.Join(parent, "none")) {
		t.Error("what is no ledger exists")
	}
	if _, err := os.Stat(filepath.Join(parent, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a refused folder was created")
	}
}

// A folder in which the first start was interrupted, at whatever step, becomes a ledger all the same.
func TestInterruptedCreation(t *testing.T) {
	for _, left := range [][]string{{}, {lockName}, {lockName, markerName + ".123"}} {
		dir := filepath.Join(t.TempDir(), "new", "ledger")
		if len(left) > 0 {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range left {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("{"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		s := must(t, Options{Dir: dir})
		mustAppend(t, s, numbered(t, 0, 1))
		if !Exists(dir) {
			t.Errorf("%v: the ledger does not exist", left)
		}
		closeStore(t, s)
	}
}

// A ledger whose stream is gone is damaged, not new; the other ledgers of the folder are not touched.
func TestMissingStream(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"main", "other"} {
		s := must(t, Options{Dir: dir, Ledger: name})
		mustAppend(t, s, numbered(t, 0, 1))
		closeStore(t, s)
	}
	if err := os.RemoveAll(filepath.Join(dir, "jetstream", "LEDGER_main", "streams", "ORGLEDGER_main")); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), Options{Dir: dir})
	if damage, ok := errors.AsType[*DamageError](err); !ok || damage.Stream != "ORGLEDGER_main" || damage.LastGood != 0 {
		t.Errorf("a missing stream: %v", err)
	}
	if got := replayed(t, must(t, Options{Dir: dir, Ledger: "other"}), 0); len(got) != 1 {
		t.Errorf("the other ledger has %d commits", len(got))
	}
}
