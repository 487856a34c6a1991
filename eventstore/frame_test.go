package eventstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// commitsIn is a source of commits in memory. One beyond broken is not to be had.
type commitsIn struct {
	all    []RawCommit
	broken uint64
}

var errBroken = errors.New("the source broke off")

func (s commitsIn) Commits(ctx context.Context, from uint64, begin func(uint64) error, fn func(RawCommit) error) error {
	if err := begin(uint64(len(s.all))); err != nil {
		return err
	}
	for place := from; place <= uint64(len(s.all)); place++ {
		if s.broken > 0 && place > s.broken {
			return errBroken
		}
		if err := fn(s.all[place-1]); err != nil {
			return err
		}
	}
	return nil
}

// rawCommits is all that a source has.
func rawCommits(t testing.TB, s Source) (all []RawCommit) {
	t.Helper()
	err := s.Commits(t.Context(), 1, func(uint64) error { return nil }, func(c RawCommit) error {
		all = append(all, c)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// framed is all that a source has, as files and answers hold it.
func framed(t testing.TB, s Source, from uint64) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := WriteCommits(t.Context(), &out, "main", s, from, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// history is a source of commits of one to three entries, made by a log of its own.
func history(t testing.TB, commits int) commitsIn {
	t.Helper()
	s, err := Open(t.Context(), Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore(t, s)
	for i := range commits {
		mustAppend(t, s, numbered(t, 10*i, 1+i%3))
	}
	return commitsIn{all: rawCommits(t, s)}
}

// The form of commits in backups and over HTTP is frozen: that of the log of testdata, which an earlier
// version has written.
func TestFrozenFrames(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kept")
	if err := os.CopyFS(dir, os.DirFS("testdata/v1")); err != nil {
		t.Fatal(err)
	}
	golden(t, "commits.golden", framed(t, must(t, Options{Dir: dir, ReadOnly: true}), 1), *rewrite)
}

// What is written of a log is the same whether its commits are asked for one by one or in a run, by who
// writes the log or by who only reads it, in a data folder or on a server; and it is what the blocks hold.
func TestFramesOfEverySource(t *testing.T) {
	for _, count := range []int{0, 3, few, few + 1, 60} {
		dir := t.TempDir()
		s, err := Open(t.Context(), Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		for i := range count {
			mustAppend(t, s, numbered(t, 10*i, 1+i%3))
		}
		want := framed(t, s, 1)
		closeStore(t, s)
		reader, err := Open(t.Context(), Options{Dir: dir, ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := framed(t, reader, 1); !bytes.Equal(got, want) {
			t.Errorf("%d commits: a reader writes %d bytes and the writer %d", count, len(got), len(want))
		}
		for from := uint64(2); from <= uint64(count)+1; from += 7 {
			rest := bytes.Index(want, fmt.Appendf(nil, "commit %d ", from))
			if rest < 0 {
				rest = bytes.LastIndex(want, []byte("end "))
			}
			if got := framed(t, reader, from); !bytes.HasSuffix(got, want[rest:]) || len(got) > len(want)-rest+40 {
				t.Errorf("%d commits from %d on: %.200s", count, from, got)
			}
		}
		closeStore(t, reader)
		var stored []RawCommit
		if err := newStreamFolder(dir, "main").commits(t.Context(), func(c RawCommit) error { stored = append(stored, c); return nil }); err != nil {
			t.Fatal(err)
		}
		if got := framed(t, commitsIn{all: stored}, 1); !bytes.Equal(got, want) {
			t.Errorf("%d commits: the blocks hold something else", count)
		}
		url := external(t).ClientURL()
		if _, err := RestoreServer(t.Context(), Options{Server: url}, commitsIn{all: stored}, nil); err != nil {
			t.Fatal(err)
		}
		if got := framed(t, must(t, Options{Server: url, ReadOnly: true}), 1); !bytes.Equal(got, want) {
			t.Errorf("%d commits: a server gives something else", count)
		}
	}
}

// What is read is what was written; cut off anywhere, or with more behind it, it is an error after the commits that
// are whole.
func TestReadFrames(t *testing.T) {
	log := history(t, 5)
	whole := framed(t, log, 1)
	read := func(text []byte) (all []RawCommit, err error) {
		_, err = ReadCommits(bytes.NewReader(text), "main", func(c RawCommit) error { all = append(all, c); return nil })
		return all, err
	}
	all, err := read(whole)
	if err != nil || !bytes.Equal(framed(t, commitsIn{all: all}, 1), whole) {
		t.Fatalf("%d commits, %v", len(all), err)
	}
	var ends []int // of each commit
	for n := 1; n <= len(log.all); n++ {
		ends = append(ends, len(framed(t, commitsIn{all: log.all[:n]}, 1))-len("end 1\n"))
	}
	for at := range len(whole) {
		got, err := read(whole[:at])
		want := 0
		for want < len(ends) && ends[want] <= at {
			want++
		}
		if err == nil || len(got) != want {
			t.Fatalf("cut off at %d of %d: %d commits instead of %d, %v", at, len(whole), len(got), want, err)
		}
	}
	for _, c := range []struct{ name, text, want string }{
		{"more", string(whole) + "x", "goes on"},
		{"another ledger", strings.Replace(string(whole), "1 main", "1 other", 1), "not the same history"},
		{"a later format", strings.Replace(string(whole), "commits 1 main", "commits 2 main", 1), "newer"},
		{"something else", "<!DOCTYPE html>\n", "no commits"},
		{"a long line", strings.Repeat("x", 1000), "begins no commit"},
		{"a commit left out", strings.Replace(string(whole), "commit 2 ", "commit 3 ", 1), "comes after"},
		{"a length too long", strings.Replace(string(whole), "commit 2 ", "commit 2 9", 1), ""},
		{"another end", strings.Replace(string(whole), "end 5", "end 6", 1), "says that it ends"},
		{"a signed number", strings.Replace(string(whole), "commit 1 ", "commit +1 ", 1), "begins no commit"},
	} {
		if _, err := read([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// However bytes are changed, reading them ends, and what passes as whole is written as it was read.
func FuzzReadFrames(f *testing.F) {
	log := history(f, 2)
	f.Add(framed(f, log, 1))
	f.Add([]byte("orgledger commits 1 main\nend 0\n"))
	f.Add([]byte("orgledger commits 1 main\ncommit 7 0 0\n\nend 7\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var again bytes.Buffer
		line, _, _ := bytes.Cut(text, []byte("\n"))
		fmt.Fprintf(&again, "%s\n", line)
		last, err := ReadCommits(bytes.NewReader(text), "main", func(c RawCommit) error {
			again.Write(appendFrame(nil, &c))
			return nil
		})
		if err != nil {
			return
		}
		fmt.Fprintf(&again, "end %d\n", last)
		if !bytes.Equal(again.Bytes(), text) {
			t.Errorf("%q is read as %q", text, again.Bytes())
		}
	})
}

// A writer's own log is copied up to what was acknowledged and no further.
func TestCommitsUpToAcknowledged(t *testing.T) {
	s := must(t, Options{Dir: t.TempDir(), Clock: func() time.Time { return time.Unix(1700000000, 0) }})
	mustAppend(t, s, numbered(t, 0, 1))
	next := s.snapshot()
	entries := numbered(t, 10, 1)
	_, m, err := s.prepare(&next, entries, drafts(entries))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.journal.publish(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if all := rawCommits(t, s); len(all) != 1 {
		t.Errorf("%d commits are copied, and 1 was acknowledged", len(all))
	}
}
