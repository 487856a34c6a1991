package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// What an auditor does, with the program of their own: everything is given out by orgledger, and judged by
// orgledger-verify, which shares nothing with it but the proofs.
func TestAuditors(t *testing.T) {
	sample, err := filepath.Abs("../../ledger/sample/history.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	build := exec.Command("go", "build", "-o", bin, "../orgledger-verify")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	testscript.Run(t, testscript.Params{
		Dir:  "testdata/audit",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"wrong": ends(exitUsage), "refused": ends(exitRefused), "await": await, "changed": changedAnywhere, "logkey": logKey, "witnessed": witnessed, "port": port},
		Setup: func(env *testscript.Env) error {
			env.Setenv("SAMPLE", sample)
			env.Setenv("PATH", bin+string(os.PathListSeparator)+env.Getenv("PATH"))
			return nil
		},
	})
}

// logKey is a command of the scripts that puts the log's public key of a policy into LOG.
func logKey(ts *testscript.TestScript, _ bool, args []string) {
	line, _, _ := strings.Cut(ts.ReadFile(args[0]), "\n")
	ts.Setenv("LOG", strings.Fields(line)[1])
}

// port is a command of the scripts that puts a free address into a variable.
func port(ts *testscript.TestScript, _ bool, args []string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv(args[0], listener.Addr().String())
	ts.Check(listener.Close())
}

// witnessed is a command of the scripts that waits until the witness at WITNESS answers, and puts its key into
// WITNESSKEY.
func witnessed(ts *testscript.TestScript, _ bool, _ []string) {
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		answer, err := http.Get("http://" + ts.Getenv("WITNESS") + "/key")
		if err == nil {
			key, err := io.ReadAll(answer.Body)
			ts.Check(errors.Join(err, answer.Body.Close()))
			ts.Setenv("WITNESSKEY", strings.TrimSpace(string(key)))
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("the witness does not answer: %v", err)
		}
	}
}

// changedAnywhere is a command of the scripts that changes one bit of every 61st byte of a file in turn, and wants a command to
// refuse each. That no byte can be changed at all is tested where bundles are made.
func changedAnywhere(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	whole, err := os.ReadFile(path)
	ts.Check(err)
	for at := 0; at < len(whole); at += 61 {
		whole[at] ^= 4
		ts.Check(os.WriteFile(path, whole, 0o644))
		if err := ts.Exec(args[1], args[2:]...); err == nil {
			ts.Fatalf("%s is accepted with byte %d changed", args[0], at)
		}
		whole[at] ^= 4
	}
	ts.Check(os.WriteFile(path, whole, 0o644))
}
