//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// want skips a test for which a program is missing or a right, unless ORGLEDGER_REQUIRE names it.
func want(t *testing.T, what, reason string) {
	t.Helper()
	if slices.Contains(strings.FieldsFunc(os.Getenv("ORGLEDGER_REQUIRE"), func(r rune) bool { return r == ',' || r == ' ' }), what) {
		t.Fatalf("%s is required: %s", what, reason)
	}
	t.Skipf("%s: %s", what, reason)
}

// program builds the program.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "orgledger")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return path
}

// body is n entries as lines, each with about size bytes of text.
func body(call, n, size int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"type":"organisation.established","effective":"2019-04-01","data":{"organisation":"o-%d-%d","name":"An organisation"},"note":%q}`+"\n",
			call, i, strings.Repeat("x", size))
	}
	return b.String()
}

// Before the answer to a recording leaves the process, what it wrote to the log is synced, and with a
// new file of the log the folder that names it. The system calls of a real process are what is judged.
func TestAnsweredAfterSync(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		want(t, "strace", "the program is not installed")
	}
	dir, trace := t.TempDir(), filepath.Join(t.TempDir(), "trace")
	command := exec.Command("strace", "-f", "-y", "-s", "16", "-o", trace, "-e", "signal=none",
		"-e", "trace=openat,write,pwrite64,pwritev,writev,fsync,fdatasync,ftruncate",
		program(t), "serve", "--data", dir, "--http", "127.0.0.1:0", "--nats", "")
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err = errors.Join(err, command.Start()); err != nil {
		t.Fatal(err)
	}
	url := ""
	for lines := bufio.NewScanner(out); url == "" && lines.Scan(); {
		if _, after, ok := strings.Cut(lines.Text(), "HTTP  "); ok {
			url = strings.TrimSpace(after)
		}
	}
	if url == "" {
		want(t, "strace", fmt.Sprintf("no process can be traced: %v", command.Wait()))
	}
	const small = 25
	for call := range small + 6 {
		text := body(call, 1+call%3, 10)
		if call >= small { // a new file of the log with every third
			text = body(call, 900, 3900)
		}
		answer, err := http.Post(url+"/v1/entries", "application/x-ndjson", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, answer.Body)
		if err := errors.Join(err, answer.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("call %d is answered %s", call, answer.Status)
		}
	}
	interrupt(t, dir)
	if err := command.Wait(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	j := judge(string(text))
	if len(j.faults) > 0 {
		t.Error(strings.Join(j.faults, "\n"))
	}
	if j.answers != small+6 || j.blocks < 3 {
		t.Errorf("%d answers and %d new blocks were seen, want %d and 3 or more", j.answers, j.blocks, small+6)
	}
	t.Logf("%d answers, %d writes to the log and %d new files of it: each synced before its answer", j.answers, j.writes, j.blocks)
}

// interrupt stops the process that has a data folder open, not the one that traces it.
func interrupt(t *testing.T, dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	var holder struct{ PID int }
	if err := json.Unmarshal(text, &holder); err != nil {
		t.Fatal(err)
	}
	process, err := os.FindProcess(holder.PID)
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
}

// judgement of a trace.
type judgement struct {
	answers, writes, blocks int
	faults                  []string
}

var (
	traced  = regexp.MustCompile(`^(\d+) +(\w+)\((.*)$`)
	resumed = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>(.*)$`)
	file    = regexp.MustCompile(`^\d+<([^>]*)>`)
	opened  = regexp.MustCompile(`, "([^"]*)", (\S*)`)
)

// ofLog reports whether a file is a block of the log. What is derived from it, the feed, is not synced before an answer, and
// neither stands for a write to the log nor takes one back.
func ofLog(path string) bool {
	return strings.HasSuffix(path, ".blk") && filepath.Base(filepath.Dir(filepath.Dir(path))) == "ORGLEDGER_main"
}

// judge follows a trace of strace -f -y. A write counts from when it begins, a sync when it has ended well, an
// answer when it begins.
func judge(trace string) (j judgement) {
	unsynced := map[string]bool{} // files and folders with something that is not yet on the disk
	begun := map[string]string{}  // by process: the file that is being synced
	noted, recorded := false, false
	synced := func(path, rest string) {
		if strings.HasSuffix(strings.TrimSpace(rest), "= 0") {
			delete(unsynced, path)
		}
	}
	for line := range strings.SplitSeq(trace, "\n") {
		if m := resumed.FindStringSubmatch(line); m != nil {
			if m[2] == "fsync" || m[2] == "fdatasync" {
				synced(begun[m[1]], m[3])
			}
			continue
		}
		m := traced.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		path := ""
		if f := file.FindStringSubmatch(m[3]); f != nil {
			path = f[1]
		}
		block := ofLog(path)
		switch name := m[2]; {
		case name == "openat":
			if f := opened.FindStringSubmatch(m[3]); f != nil && ofLog(f[1]) && strings.Contains(f[2], "O_CREAT") {
				if !unsynced[f[1]+" exists"] {
					j.blocks++
				}
				unsynced[f[1]+" exists"] = true
				unsynced[filepath.Dir(f[1])] = true
			}
		case name == "fsync" || name == "fdatasync":
			begun[m[1]] = path
			synced(path, m[3])
		case block:
			j.writes++
			unsynced[path] = true
			recorded, noted = true, false
		case strings.HasSuffix(path, ".checkpoint"):
			noted = true
		case strings.Contains(m[3], `"HTTP/1.1 200`):
			j.answers++
			for path := range unsynced {
				if !strings.HasSuffix(path, " exists") {
					j.faults = append(j.faults, fmt.Sprintf("answer %d is given before %s is synced", j.answers, path))
				}
			}
			if !recorded || !noted {
				j.faults = append(j.faults, fmt.Sprintf("answer %d: recorded %t, in the checkpoint %t", j.answers, recorded, noted))
			}
			recorded = false
		}
	}
	return j
}

// The judge sees every fault that it is there for.
func TestJudge(t *testing.T) {
	const (
		create = `7 openat(AT_FDCWD, "/d/ORGLEDGER_main/msgs/2.blk", O_RDWR|O_CREAT|O_CLOEXEC, 0644) = 9</d/ORGLEDGER_main/msgs/2.blk>`
		write  = `7 pwrite64(9</d/ORGLEDGER_main/msgs/2.blk>, "x"..., 500, 0) = 500`
		sync   = `7 fsync(9</d/ORGLEDGER_main/msgs/2.blk>) = 0`
		failed = `7 fsync(9</d/ORGLEDGER_main/msgs/2.blk>) = -1 EIO (Input/output error)`
		folder = `8 fsync(10</d/ORGLEDGER_main/msgs>) = 0`
		note   = `8 pwrite64(5</d/L.checkpoint>, "{"..., 300, 0) = 300`
		answer = `9 write(11<TCP:[1]>, "HTTP/1.1 200 OK"..., 200) = 200`
		begin  = `7 fsync(9</d/ORGLEDGER_main/msgs/2.blk> <unfinished ...>`
		end    = `7 <... fsync resumed>) = 0`
		feed   = `6 pwrite64(8</d/ORGLEDGER_main_FEED/msgs/2.blk>, "x"..., 500, 0) = 500`
		synced = `6 fsync(8</d/ORGLEDGER_main_FEED/msgs/2.blk>) = 0`
	)
	for _, c := range []struct {
		lines  []string
		faults int
	}{
		{[]string{create, write, sync, folder, note, answer}, 0},
		{[]string{create, write, begin, folder, end, note, answer}, 0},
		{[]string{create, write, folder, note, answer}, 1},
		{[]string{create, write, begin, folder, note, answer, end}, 1},
		{[]string{create, write, failed, folder, note, answer}, 1},
		{[]string{create, write, sync, note, answer}, 1},
		{[]string{create, folder, write, sync, answer}, 1},
		{[]string{create, folder, sync, write, note, answer}, 1},
		{[]string{answer}, 1},
		{[]string{create, write, sync, folder, note, feed, answer}, 0},
		{[]string{feed, synced, note, answer}, 1},
		{[]string{create, write, feed, synced, folder, note, answer}, 1},
	} {
		if j := judge(strings.Join(c.lines, "\n")); len(j.faults) != c.faults {
			t.Errorf("%s\n  %d faults, want %d: %q", strings.Join(c.lines, "\n"), len(j.faults), c.faults, j.faults)
		}
	}
}
