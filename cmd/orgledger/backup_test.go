package main_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
)

// answer runs a command to its end and reads the line of JSON that it prints.
func answer[T any](t *testing.T, program string, args ...string) (answer T) {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, append(args, "--json")...)
	command.Env = environment()
	out, err := command.Output()
	if err != nil {
		said := ""
		if exit, ok := err.(*exec.ExitError); ok {
			said = string(exit.Stderr)
		}
		t.Fatalf("%v: %v: %s", args, err, said)
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		t.Fatalf("%v prints %s: %v", args, out, err)
	}
	return answer
}

// While four recorders are at it, and the server is killed now and then, backups are made of it, each of what was
// acknowledged when it began at least. What is restored from the last is the ledger as it was then, entry for entry.
func TestBackupWhileOthersRecord(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	s := &soak{program: buildOrgledger(t), dir: t.TempDir(), random: rand.New(rand.NewPCG(seed, 0)), account: newAccount()}
	s.address.Store("")
	where := func() string { return s.address.Load().(string) }
	server := s.open(t)
	stop := make(chan struct{})
	group, ctx := errgroup.WithContext(t.Context())
	for w := range 4 {
		r := &recorder{name: fmt.Sprint("w", w), account: s.account, random: rand.New(rand.NewPCG(seed, uint64(w+1))), put: overHTTP(where)}
		group.Go(func() error { return r.run(ctx, stop) })
	}
	kept := filepath.Join(t.TempDir(), "kept")
	var report eventstore.BackupReport
	for round := range 8 {
		acknowledged := len(s.account.known())
		report = answer[eventstore.BackupReport](t, s.program, "backup", kept, "--data", s.dir)
		if report.Entries < uint64(acknowledged) {
			t.Fatalf("%d entries were acknowledged, and %d are backed up", acknowledged, report.Entries)
		}
		if round%3 == 2 {
			server.kill()
			server = s.open(t)
		}
	}
	dir := filepath.Join(t.TempDir(), "restored")
	answer[eventstore.RestoreReport](t, s.program, "restore", kept, "--data", dir)
	compareRestored(t, s, dir, report)
	close(stop)
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
	s.check(t)
	if err := server.stop(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d entries in %d files were backed up in 8 rounds, of %d acknowledged in the end", report.Entries, report.Files, len(s.account.known()))
	if s.total != (faults{}) || report.Entries < 20 {
		t.Errorf("%+v with %d entries backed up", s.total, report.Entries)
	}
}

// compareRestored holds a restored ledger against the one that the backup was made of.
func compareRestored(t *testing.T, s *soak, dir string, report eventstore.BackupReport) {
	t.Helper()
	restored := serve(t, s.program, "--data", dir, "--nats", "")
	copied, err := readLog(t.Context(), restored.ready(t), 0)
	if err != nil {
		t.Fatal(err)
	}
	status := answer[ledger.Status](t, s.program, "status", "--data", dir)
	original, err := readLog(t.Context(), s.address.Load().(string), 0)
	if err != nil {
		t.Fatal(err)
	}
	if status.Root != report.Root || uint64(len(copied)) != report.Entries || len(original) < len(copied) {
		t.Fatalf("restored are %d entries with the root %s, backed up were %d with %s, and there are %d", len(copied), status.Root, report.Entries, report.Root, len(original))
	}
	for i := range copied {
		a, b := &copied[i], &original[i]
		if a.Seq != b.Seq || a.Time != b.Time || a.ID != b.ID || a.Actor != b.Actor || string(a.AppendJSON(nil)) != string(b.AppendJSON(nil)) {
			t.Fatalf("entry %d was restored as %+v and is %+v", i+1, a, b)
		}
	}
	if err := restored.stop(); err != nil {
		t.Error(err)
	}
}
