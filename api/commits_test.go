package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
)

// copied is what a source gives from a commit on, and the last commit that it announced.
func copied(t *testing.T, from eventstore.Source, at uint64) (all []eventstore.RawCommit, last uint64, err error) {
	t.Helper()
	err = from.Commits(t.Context(), at, func(end uint64) error { last = end; return nil }, func(c eventstore.RawCommit) error {
		all = append(all, c)
		return nil
	})
	return all, last, err
}

// What a client copies from a server is what the log holds, from any commit on; from beyond its end it is nothing.
func TestCommits(t *testing.T) {
	var store *eventstore.Store
	_, client := servedFrom(t, func(s *eventstore.Store) ledger.Log { store = s; return s })
	for i := range 5 {
		record(t, client, fmt.Sprintf(`{"type":"organisation.established","data":{"organisation":"o%d","name":"O"}}`, i))
		for from := uint64(1); from <= uint64(i)+3; from++ {
			got, last, err := copied(t, client.Log("main"), from)
			want, _, readErr := copied(t, store, from)
			if err := errors.Join(err, readErr); err != nil || last != uint64(i+1) || len(got) != len(want) {
				t.Fatalf("from %d of %d: %d commits, the last %d, %v", from, i+1, len(got), last, err)
			}
			for n := range got {
				if got[n].Place != want[n].Place || !bytes.Equal(got[n].Header, want[n].Header) || !bytes.Equal(got[n].Data, want[n].Data) {
					t.Errorf("commit %d comes otherwise", want[n].Place)
				}
			}
		}
	}
	if _, _, err := copied(t, client.Log("other"), 1); !errors.Is(err, eventstore.ErrOtherHistory) {
		t.Errorf("as another ledger: %v", err)
	}
}

// A backup is made from a server, and a ledger restored from one, as from a folder.
func TestBackupOfServer(t *testing.T) {
	_, client := served(t)
	record(t, client, bodies)
	kept, dir := t.TempDir(), filepath.Join(t.TempDir(), "ledger")
	first, err := eventstore.Backup(t.Context(), eventstore.BackupOptions{Dir: kept}, client.Log("main"))
	if err != nil || first.Entries != 2 {
		t.Fatalf("%+v, %v", first, err)
	}
	record(t, client, `{"type":"organisation.established","data":{"organisation":"c","name":"C"}}`)
	second, err := eventstore.Backup(t.Context(), eventstore.BackupOptions{Dir: kept}, client.Log("main"))
	if err != nil || second.AddedEntries != 1 {
		t.Fatalf("%+v, %v", second, err)
	}
	report, err := eventstore.Restore(t.Context(), eventstore.RestoreOptions{Dir: dir}, client.Log("main"))
	status, statusErr := client.Status(t.Context())
	if err := errors.Join(err, statusErr); err != nil || report.Root != status.Root || second.Root != status.Root {
		t.Errorf("backup %s, restored %s, served %s, %v", second.Root, report.Root, status.Root, err)
	}
}

// breaking is a log of which a copy breaks off after some commits.
type breaking struct {
	*eventstore.Store
	after int
}

var errBroken = errors.New("the disk is gone")

func (b breaking) Commits(ctx context.Context, from uint64, begin func(uint64) error, fn func(eventstore.RawCommit) error) error {
	given := 0
	return b.Store.Commits(ctx, from, begin, func(c eventstore.RawCommit) error {
		if given == b.after {
			return errBroken
		}
		given++
		c.Data = append(c.Data, make([]byte, 100<<10)...) // it does not stay in a buffer
		return fn(c)
	})
}

// A copy that breaks off in the middle is never taken for the whole: nothing of it is backed up, or what was proved
// before. One that fails before it begins is an error that says why.
func TestCommitsBreakOff(t *testing.T) {
	for _, after := range []int{0, 1, 2} {
		server, client := servedFrom(t, func(s *eventstore.Store) ledger.Log { return breaking{s, after} })
		for i := range 4 {
			record(t, client, fmt.Sprintf(`{"type":"organisation.established","data":{"organisation":"o%d","name":"O"}}`, i))
		}
		all, _, err := copied(t, client.Log("main"), 1)
		_, told := errors.AsType[*api.RemoteError](err)
		if err == nil || len(all) > after || told != (after == 0) {
			t.Errorf("after %d commits: %d came, %v", after, len(all), err)
		}
		answer, err := server.Client().Get(server.URL + "/v1/commits")
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if after == 0 && (answer.StatusCode != http.StatusInternalServerError || err != nil) || after > 0 && err == nil {
			t.Errorf("after %d commits: %s, %d bytes, %v", after, answer.Status, len(text), err)
		}
	}
}

// What else may answer on an address is not taken for a log, and a backup stays as it was.
func TestCommitsOfSomethingElse(t *testing.T) {
	_, client := served(t)
	record(t, client, bodies)
	kept := t.TempDir()
	if _, err := eventstore.Backup(t.Context(), eventstore.BackupOptions{Dir: kept}, client.Log("main")); err != nil {
		t.Fatal(err)
	}
	before := files(t, kept)
	for name, answer := range map[string]func(http.ResponseWriter){
		"a page":          func(w http.ResponseWriter) { io.WriteString(w, "<!DOCTYPE html>") },
		"another path":    func(w http.ResponseWriter) { http.Error(w, "nothing here", http.StatusNotFound) },
		"an empty answer": func(w http.ResponseWriter) { w.Header().Set("Ledger-Commits", "9") },
		"one that is cut off": func(w http.ResponseWriter) {
			w.Header().Set("Ledger-Commits", "9")
			io.WriteString(w, "orgledger commits 1 main\n")
		},
		"one without commits": func(w http.ResponseWriter) {
			w.Header().Set("Ledger-Commits", "9")
			io.WriteString(w, "orgledger commits 1 main\nend 9\n")
		},
		"one of other commits": func(w http.ResponseWriter) {
			w.Header().Set("Ledger-Commits", "2")
			io.WriteString(w, "orgledger commits 1 main\ncommit 7 0 0\n\nend 7\n")
		},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w) }))
		client := api.NewClient(server.URL)
		_, err := eventstore.Backup(t.Context(), eventstore.BackupOptions{Dir: kept}, client.Log("main"))
		if err == nil {
			t.Errorf("%s is backed up", name)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		server.Close()
		if !maps.Equal(files(t, kept), before) {
			t.Errorf("%s changes the backup", name)
		}
	}
}

// files is the content of the files of a folder.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = strings.TrimSpace(string(text))
	}
	return all
}
