package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the expected output of the scripts")

// TestMain makes the program a command of the scripts; told is the same with the times of recording,
// which differ from run to run, written as one.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"orgledger": main, "told": told})
}

var recordedTimes = regexp.MustCompile(`\d{1,2} [A-Z][a-z]+ \d{4} at \d\d:\d\d:\d\d UTC|\d{4}-\d\d-\d\d \d\d:\d\d\b|"recorded":"[^"]*"`)

func told() {
	var out bytes.Buffer
	code := run(context.Background(), os.Args[1:], os.Stdin, &out, os.Stderr)
	os.Stdout.Write(recordedTimes.ReplaceAllFunc(out.Bytes(), func(text []byte) []byte {
		switch text[0] {
		case '"':
			return []byte(`"recorded":"TIME"`)
		default:
			return []byte("TIME")
		}
	}))
	os.Exit(code)
}

// Every command against the built-in history, and against an odd one. The expected output is rewritten
// by go test -update.
func TestScripts(t *testing.T) {
	sample, err := filepath.Abs("../../ledger/sample/history.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	odd, err := filepath.Abs("testdata/odd.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	formats, err := filepath.Abs("../../formats")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Cmds:          map[string]func(*testscript.TestScript, bool, []string){"wrong": ends(exitUsage), "refused": ends(exitRefused), "appended": appended, "await": await, "flip": flip},
		Setup: func(env *testscript.Env) error {
			env.Setenv("SAMPLE", sample)
			env.Setenv("ODD", odd)
			env.Setenv("FORMATS", formats)
			return unwritable(env.WorkDir)
		},
	})
}

// ends is a command of the scripts that runs the program and expects an exit status.
func ends(status int) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		err := ts.Exec("orgledger", args...)
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok || exit.ExitCode() != status {
			ts.Fatalf("it ended with %v, not with exit status %d", err, status)
		}
	}
}

// unwritable writes the files that a script cannot hold.
func unwritable(dir string) error {
	files := map[string]string{
		"not-utf8.jsonl": "{\"type\":\"organisation.established\",\"data\":{\"organisation\":\"c\",\"name\":\"\xff\"}}\n",
		"large.jsonl":    `{"type":"organisation.established","data":{"organisation":"c","name":"` + strings.Repeat("a", 300<<10) + `"}}`,
		"deep.jsonl":     strings.Repeat(`{"a":`, 10_000),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// await is a command of the scripts that waits until a server answers.
func await(ts *testscript.TestScript, _ bool, _ []string) {
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		err := ts.Exec("orgledger", "status")
		held, readErr := os.ReadFile(ts.MkAbs("orgledger-data/lock"))
		if err == nil && readErr == nil && bytes.Contains(held, []byte(`"http"`)) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("no server answers: %v", err)
		}
	}
}

// flip is a command of the scripts that changes a bit in the middle of a file.
func flip(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		text, err := os.ReadFile(ts.MkAbs(name))
		ts.Check(err)
		text[len(text)/2] ^= 1
		ts.Check(os.WriteFile(ts.MkAbs(name), text, 0o644))
	}
}

// appended runs the program and adds what it prints to all.jsonl.
func appended(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(ts.Exec("orgledger", args...))
	file, err := os.OpenFile(ts.MkAbs("all.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
	ts.Check(err)
	_, err = file.WriteString(ts.ReadFile("stdout"))
	ts.Check(errors.Join(err, file.Close()))
}
