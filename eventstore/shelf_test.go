package eventstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/orgledger/orgledger/eventstore/natstest"
)

// put writes a slip, and gives its version.
func put(t *testing.T, h *Shelf, key, value string, was uint64) uint64 {
	t.Helper()
	version, err := h.Put(t.Context(), key, []byte(value), was)
	if err != nil {
		t.Fatal(err)
	}
	return version
}

// below is everything below a key, as key=value.
func below(t *testing.T, h *Shelf, under string) (all []string) {
	t.Helper()
	if err := h.All(t.Context(), under, func(s Slip) error {
		all = append(all, s.Key+"="+string(s.Value))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// A slip is there for this process and the next until it is replaced or removed; who replaces a version that is not
// there any more is refused, and has changed nothing.
func TestShelf(t *testing.T) {
	dir, url := t.TempDir(), natstest.Serve(t)
	for name, options := range map[string]Options{"folder": {Dir: dir}, "server": {Server: url}} {
		t.Run(name, func(t *testing.T) {
			s := must(t, options)
			h := s.Shelf()
			if all := below(t, h, "hook"); len(all) > 0 {
				t.Fatalf("a new shelf has %v", all)
			}
			one := put(t, h, "hook.a", `{"text":"<1>"}`, 0)
			put(t, h, "hook.b", `2`, 0)
			put(t, h, "wait.a.1", `3`, 0)
			two := put(t, h, "hook.a", `"again"`, one)
			for _, was := range []uint64{0, one} {
				if _, err := h.Put(t.Context(), "hook.a", []byte(`5`), was); !errors.Is(err, ErrOutdated) {
					t.Errorf("version %d is replaced by %d: %v", two, was, err)
				}
			}
			if err := h.Remove(t.Context(), Slip{Key: "hook.a", Version: one}); err != nil {
				t.Errorf("a version that is replaced is removed: %v", err)
			}
			closeStore(t, s)
			s = must(t, options)
			h = s.Shelf()
			if all := below(t, h, "hook"); !slices.Equal(all, []string{"hook.b=2", `hook.a="again"`}) {
				t.Errorf("there are %v", all)
			}
			put(t, h, "wait.a.2", `1`, 0)
			put(t, h, "wait.ab.1", `1`, 0)
			if keys, err := h.Keys(t.Context(), "wait.a"); err != nil || !slices.Equal(keys, []string{"wait.a.1", "wait.a.2"}) {
				t.Errorf("there are the keys %v, %v", keys, err)
			}
			if err := h.Clear(t.Context(), "wait.a"); err != nil {
				t.Error(err)
			}
			if keys, err := h.Keys(t.Context(), "wait"); err != nil || !slices.Equal(keys, []string{"wait.ab.1"}) {
				t.Errorf("there are the keys %v, %v", keys, err)
			}
			found, there, err := h.Find(t.Context(), "hook.a")
			if err != nil || !there || found.Version != two {
				t.Fatalf("%+v, %v, %v", found, there, err)
			}
			for range 2 {
				if err := h.Remove(t.Context(), found); err != nil {
					t.Fatal(err)
				}
			}
			if _, there, err := h.Find(t.Context(), "hook.a"); there || err != nil {
				t.Errorf("what was removed is there: %v, %v", there, err)
			}
			put(t, h, "hook.a", `6`, 0)
			closeStore(t, s)
		})
	}
}

// Each change below a key is told of, and none elsewhere.
func TestShelfIsWatched(t *testing.T) {
	s := must(t, Options{Dir: t.TempDir()})
	defer closeStore(t, s)
	h := s.Shelf()
	ctx, stop := context.WithCancel(t.Context())
	told, ended := make(chan struct{}, 10), make(chan error)
	go func() { ended <- h.Watch(ctx, "hook", func() { told <- struct{}{} }) }()
	<-told // it watches
	put(t, h, "wait.a.1", `1`, 0)
	put(t, h, "hook.a", `1`, 0)
	<-told
	if n := len(told); n > 0 {
		t.Errorf("it was told of %d changes too many", n)
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Readers of the log see nothing of the shelf, neither the stream nor what is put there, and its files are its owner's
// alone.
func TestShelfIsPrivate(t *testing.T) {
	dir := t.TempDir()
	s := must(t, Options{Dir: dir, Listen: "127.0.0.1:0"})
	defer closeStore(t, s)
	reader, err := nats.Connect(s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	seen, err := reader.SubscribeSync("orgledger_hooks.>")
	if err == nil {
		err = reader.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	put(t, s.Shelf(), "hook.a", `"secret"`, 0)
	for _, subject := range []string{"STREAM.INFO.", "STREAM.MSG.GET.", "CONSUMER.CREATE.", "DIRECT.GET."} {
		if _, err := reader.Request("$JS.API."+subject+"ORGLEDGER_main_HOOKS", []byte(`{"seq":1}`), reply); !errors.Is(err, nats.ErrNoResponders) {
			t.Errorf("%s is answered: %v", subject, err)
		}
	}
	if err := reader.Flush(); err != nil {
		t.Fatal(err)
	}
	if n, _, err := seen.Pending(); err != nil || n > 0 {
		t.Errorf("a reader sees %d slips, %v", n, err)
	}
	files := 0
	if err := filepath.WalkDir(filepath.Join(dir, "jetstream"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		files++
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
			return fmt.Errorf("%s: %v, %w", path, info.Mode(), err)
		}
		return nil
	}); err != nil || files == 0 {
		t.Error(err)
	}
}

// What is on the shelf is proved to be what was put there, and a later format is not read.
func TestShelfForms(t *testing.T) {
	if _, err := slip([]byte(`{"format":1,"key":"hook.a","value":1,"sum":"00"}`), 1); err == nil {
		t.Error("a slip without its checksum is read")
	}
	if _, err := slip([]byte(later(t, &kept{Format: format + 1, Key: "hook.a", Value: []byte("1")})), 1); !errors.Is(err, ErrNewerFormat) {
		t.Errorf("a later format: %v", err)
	}
}
