package main

import (
	"errors"
	"flag"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/orgledger/orgledger/audit"
)

var update = flag.Bool("update", false, "rewrite the expected output of the scripts")

// TestMain makes the program a command of the scripts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"orgledger-verify": main})
}

// Every command, with what verifies and what does not. The expected output is rewritten by go test -update.
func TestScripts(t *testing.T) {
	prepared := t.TempDir()
	if err := prepare(t, prepared); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup:         func(env *testscript.Env) error { return os.CopyFS(env.WorkDir, os.DirFS(prepared)) },
		Cmds:          map[string]func(*testscript.TestScript, bool, []string){"wrong": ends(exitUsage), "not": ends(exitNot), "change": change},
	})
}

// ends is a command of the scripts that runs the program and expects an exit status.
func ends(status int) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		err := ts.Exec("orgledger-verify", args...)
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok || exit.ExitCode() != status {
			ts.Fatalf("it ended with %v, not with exit status %d", err, status)
		}
	}
}

// change is a command of the scripts that turns one bit near the middle of a file.
func change(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	text, err := os.ReadFile(path)
	ts.Check(err)
	text[len(text)/2+7] ^= 1
	ts.Check(os.WriteFile(path, text, 0o644))
}

// The key of the log whose evidence the scripts judge, and that of another of the same name.
const (
	logKey   = "PRIVATE+KEY+ledger.example/main+22044f0f+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
	otherKey = "PRIVATE+KEY+ledger.example/main+3e1ac890+AR8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgEA"
)

// evidence is a log, and what is made of it.
type evidence struct {
	dir     string
	private string
	tree    audit.View
	changed int // the entry that is another than in the other logs; -1: none
}

func entry(i, changed int) []byte {
	if i == changed {
		return fmt.Appendf(nil, `{"sequence":"%d","data":"changed"}`, i+1)
	}
	return fmt.Appendf(nil, `{"sequence":"%d"}`, i+1)
}

func newEvidence(dir, private string, changed int) *evidence {
	hashes := &audit.Hashes{}
	for i := range 600 {
		leaf, _ := audit.LeafHash(nil, entry(i, changed))
		hashes.Append(leaf)
	}
	return &evidence{dir, private, hashes.View(), changed}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func (e *evidence) checkpoint(size uint64) []byte {
	c := audit.Checkpoint{Origin: "ledger.example/main", Size: size, Root: must(e.tree.Root(size))}
	return must(c.Sign(must(audit.LogSigner(e.private))))
}

func (e *evidence) write(name string, text []byte) error {
	return os.WriteFile(filepath.Join(e.dir, name), text, 0o644)
}

func (e *evidence) export(t *testing.T, name string, size uint64) error {
	entries := func(from uint64) iter.Seq2[[]byte, error] {
		return func(yield func([]byte, error) bool) {
			for i := int(from); i < 600 && yield(entry(i, e.changed), nil); i++ {
			}
		}
	}
	return audit.WriteExport(t.Context(), filepath.Join(e.dir, name), audit.Export{View: e.tree, Entries: entries, Checkpoint: e.checkpoint(size)})
}

func (e *evidence) receipt(sequence uint64, checkpoint []byte) *audit.Receipt {
	c := must(audit.ReadCheckpoint(checkpoint))
	return &audit.Receipt{Entry: entry(int(sequence-1), e.changed), Index: sequence - 1, Proof: must(e.tree.Inclusion(sequence-1, c.Size)), Checkpoint: checkpoint}
}

// bundle writes a bundle signed by the log's key.
func (e *evidence) bundle(name string) error {
	f, err := os.Create(filepath.Join(e.dir, name))
	if err != nil {
		return err
	}
	checkpoint := e.checkpoint(600)
	b := &audit.Bundle{
		Question:    []byte(`{"q":"holders","ref":"contract/c1","on":"2026-01-01"}`),
		Answer:      []byte(`{"ref":"contract/c1","known":600,"holders":[{"organisation":"b","role":"owner","path":[3,17]}]}` + "\n"),
		Explanation: "B has it.\n",
		Receipts:    []*audit.Receipt{e.receipt(3, checkpoint), e.receipt(17, checkpoint)},
		Checkpoint:  checkpoint,
		Policy:      must(audit.NewPolicy(must(audit.VerifierKey(e.private)), 0)),
	}
	return errors.Join(audit.WriteBundle(f, b, must(audit.LogSigner(e.private))), f.Close())
}

// prepare writes what the scripts judge: evidence, and forgeries of it.
func prepare(t *testing.T, dir string) error {
	log, forked, forged := newEvidence(dir, logKey, -1), newEvidence(dir, logKey, 400), newEvidence(dir, otherKey, -1)
	witness := must(audit.NewWitnessKey("witness.example"))
	clock := func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }
	public := must(audit.VerifierKey(logKey))
	cosigned := log.checkpoint(600)
	cosigned = append(cosigned, must(audit.Cosign(cosigned, must(audit.WitnessSigner(witness, clock))))...)
	return errors.Join(
		log.write("log.key", []byte(public+"\n")),
		log.write("private.key", []byte(logKey+"\n")),
		log.write("policy", must(audit.NewPolicy(public, 1, must(audit.VerifierKey(witness)))).Text()),
		log.write("17.tlog-proof", log.receipt(17, cosigned).Format()),
		log.write("alone.tlog-proof", log.receipt(17, log.checkpoint(600)).Format()),
		log.write("forged.tlog-proof", forged.receipt(17, forged.checkpoint(600)).Format()),
		log.write("checkpoint-300", log.checkpoint(300)),
		log.write("checkpoint-500", log.checkpoint(500)),
		log.write("checkpoint-600", cosigned),
		log.write("forked-500", forked.checkpoint(500)),
		log.bundle("answer.zip"),
		forged.bundle("forged.zip"),
		log.export(t, "export", 600),
		log.export(t, "earlier", 500),
		forked.export(t, "forked", 600),
	)
}
