package eventstore

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore/natstest"
)

func somePersons(n int) map[domain.PersonID]domain.PersonKey {
	keys := make(map[domain.PersonID]domain.PersonKey)
	for i := range n {
		keys[domain.PersonID(fmt.Sprint("person-", i))] = domain.PersonKey{byte(i), 1}
	}
	return keys
}

// keeps checks that the store has just these keys, of n persons.
func keeps(t *testing.T, s *Store, n int, want map[domain.PersonID]domain.PersonKey) {
	t.Helper()
	for id := range somePersons(n) {
		key, found, err := s.PersonKey(t.Context(), id)
		wanted, there := want[id]
		if err != nil || found != there || key != wanted {
			t.Errorf("the key of %s is %x, %v, %v; want %x, %v", id, key, found, err, wanted, there)
		}
	}
}

// A key is there for this process and the next until it is destroyed, and then for none; a key that is there
// already stays what it is.
func TestPersonKeys(t *testing.T) {
	dir, url := t.TempDir(), natstest.Serve(t)
	for name, options := range map[string]Options{"folder": {Dir: dir}, "server": {Server: url}} {
		t.Run(name, func(t *testing.T) {
			s := must(t, options)
			keeps(t, s, 40, nil)
			keys := somePersons(40)
			if err := s.SavePersonKeys(t.Context(), keys); err != nil {
				t.Fatal(err)
			}
			if err := s.SavePersonKeys(t.Context(), map[domain.PersonID]domain.PersonKey{"person-3": {9}}); err != nil {
				t.Fatal(err)
			}
			keeps(t, s, 40, keys)
			for _, gone := range []domain.PersonID{"person-0", "person-7", "person-39", "person-7", "nobody"} {
				if err := s.DestroyPersonKey(t.Context(), gone); err != nil {
					t.Fatal(err)
				}
				delete(keys, gone)
			}
			keeps(t, s, 40, keys)
			closeStore(t, s)
			s = must(t, options)
			keeps(t, s, 40, keys)
			again := map[domain.PersonID]domain.PersonKey{"person-0": {7}, "person-40": {8}}
			if err := s.SavePersonKeys(t.Context(), again); err != nil {
				t.Fatal(err)
			}
			for id, key := range again {
				keys[id] = key
			}
			keeps(t, s, 41, keys)
		})
	}
}

// The file is its owner's alone, has a slot for each key, and holds nothing of a key that was destroyed; its slot
// is used again.
func TestPersonKeysAreOverwritten(t *testing.T) {
	dir := t.TempDir()
	s := must(t, Options{Dir: dir})
	path := personsPath(dir, "ORGLEDGER_main")
	if err := s.SavePersonKeys(t.Context(), somePersons(3)); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != 3*keySlot {
		t.Fatalf("%v, %v", info, err)
	}
	if err := s.DestroyPersonKey(t.Context(), "person-1"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || bytes.Contains(text, []byte("person-1")) || bytes.Contains(text, []byte(`"0101`)) || bytes.Count(text, blank) != 1 {
		t.Errorf("%v\n%s", err, text)
	}
	if err := s.SavePersonKeys(t.Context(), map[domain.PersonID]domain.PersonKey{"person-9": {9}}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != 3*keySlot {
		t.Errorf("%v, %v", info, err)
	}
}

// A crash leaves slots that were being written in any state: the other keys are read, and new ones go elsewhere.
func TestPersonKeysAfterCrash(t *testing.T) {
	for name, tail := range map[string]string{"cut off": `{"format":1,"per`, "zeros": strings.Repeat("\x00", keySlot), "half": strings.Repeat("\x00", 100),
		"another": strings.Repeat("x", keySlot-1) + "\n"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := must(t, Options{Dir: dir})
			if err := s.SavePersonKeys(t.Context(), somePersons(2)); err != nil {
				t.Fatal(err)
			}
			closeStore(t, s)
			file, err := os.OpenFile(personsPath(dir, "ORGLEDGER_main"), os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := file.WriteString(tail); err != nil {
				t.Fatal(err)
			}
			if err := file.Close(); err != nil {
				t.Fatal(err)
			}
			var warned bytes.Buffer
			for range 2 {
				s = must(t, Options{Dir: dir, Logger: slog.New(slog.NewTextHandler(&warned, nil))})
				keeps(t, s, 2, somePersons(2))
				if err := s.SavePersonKeys(t.Context(), somePersons(4)); err != nil {
					t.Fatal(err)
				}
				keeps(t, s, 4, somePersons(4))
				closeStore(t, s)
			}
			if !strings.Contains(warned.String(), "cannot be read") {
				t.Errorf("nobody was warned: %s", &warned)
			}
		})
	}
}

// A key file of a later format is not touched.
func TestPersonKeysOfLaterFormat(t *testing.T) {
	dir := t.TempDir()
	s := must(t, Options{Dir: dir})
	text := later(t, &keptKey{Format: format + 1, Person: "p", Key: strings.Repeat("0", 64)})
	if err := os.WriteFile(filepath.Join(dir, "ORGLEDGER_main.persons"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.PersonKey(t.Context(), "p"); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Error(err)
	}
	if err := s.SavePersonKeys(t.Context(), somePersons(1)); err == nil {
		t.Error("it was written to")
	}
}

// Who may read the log through the listener of an embedded server reaches no key, and is not kept waiting.
func TestListenerGivesNoKeys(t *testing.T) {
	s := must(t, Options{Dir: t.TempDir(), Listen: ":0"})
	mustAppend(t, s, numbered(t, 0, 2))
	if err := s.SavePersonKeys(t.Context(), somePersons(1)); err != nil {
		t.Fatal(err)
	}
	reader := must(t, Options{Server: s.Addr(), ReadOnly: true})
	if _, found, err := reader.PersonKey(t.Context(), "person-0"); found || err != nil {
		t.Errorf("%v, %v", found, err)
	}
}

// On a server the message is gone, not only marked so.
func TestPersonKeyIsGoneFromStream(t *testing.T) {
	url := natstest.Serve(t)
	s := must(t, Options{Server: url})
	if err := s.SavePersonKeys(t.Context(), somePersons(2)); err != nil {
		t.Fatal(err)
	}
	other := must(t, Options{Server: url})
	keeps(t, other, 2, somePersons(2))
	if err := s.DestroyPersonKey(t.Context(), "person-1"); err != nil {
		t.Fatal(err)
	}
	if err := other.DestroyPersonKey(t.Context(), "person-1"); err != nil {
		t.Error(err)
	}
	keeps(t, other, 2, somePersons(1))
	_, js := client(t, url)
	stream, err := js.Stream(t.Context(), "ORGLEDGER_main_PERSONS")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.GetLastMsgForSubject(t.Context(), "orgledger.main.person.person-1"); err == nil {
		t.Error("the message is there")
	}
	if info := stream.CachedInfo(); info.State.Msgs != 1 || info.Config.Storage != jetstream.FileStorage {
		t.Errorf("%+v", info)
	}
}
