package eventstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/highwayhash"

	"github.com/orgledger/orgledger/domain"
)

// golden compares with a golden file, after it was rewritten.
func golden(t *testing.T, name string, got []byte, rewritten bool) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if rewritten {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is now\n%s", path, got)
	}
}

// The marker, a checkpoint and a person's key are stored in a frozen form.
func TestFrozenFiles(t *testing.T) {
	m := marker{Format: format, Created: time.Unix(1700000000, 0).UTC(), Streams: []string{"ORGLEDGER_main"}}
	c := checkpoint{Format: format, Stream: "ORGLEDGER_main", Write: 17}
	c.covers(&Head{Seq: 57, StreamSeq: 5, Root: sha256.Sum256(nil)})
	c.Next = 261
	k := keptKey{Format: format, Person: "0f8fad5b-d9cb-469f-a165-70867728950e", Key: strings.Repeat("0a", 32)}
	for name, object := range map[string]any{"marker.golden": m, "checkpoint.golden": c, "personkey.golden": k} {
		text, err := seal(object)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > 512 {
			t.Errorf("%s: a sector of a disk does not hold %d bytes", name, len(text))
		}
		golden(t, name, text, *rewrite)
	}
	longest := checkpoint{Format: format, Stream: "ORGLEDGER_" + strings.Repeat("x", 128), Write: 1 << 63, Next: 1 << 63}
	longest.covers(&Head{Seq: 1 << 63, StreamSeq: 1 << 62})
	if text, err := seal(longest); err != nil || len(text) > 512 {
		t.Errorf("the longest checkpoint has %d bytes, %v", len(text), err)
	}
}

// keep records a log of entries with a clock that ticks once a commit, the way that those of testdata were made.
func keep(t *testing.T, dir string, all []domain.Recorded) {
	t.Helper()
	now := time.Unix(1700000000, 0)
	s := must(t, Options{Dir: dir, Clock: func() time.Time { now = now.Add(time.Second); return now }})
	for from, size := 0, 1; from < len(all); from, size = from+size, size+1 {
		mustAppend(t, s, all[from:min(from+size, len(all))])
	}
	closeStore(t, s)
	if err := os.Remove(filepath.Join(dir, lockName)); err != nil {
		t.Fatal(err)
	}
}

// told is all that a log says, as text.
func told(t *testing.T, s *Store) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, c := range replayed(t, s, 0) {
		fmt.Fprintf(&b, "commit %d %s %x\n", c.StreamSeq, c.ID, c.Root)
		for _, e := range c.Entries {
			fmt.Fprintf(&b, "%d %s %q %s\n", e.Seq, time.Unix(0, e.Time).UTC().Format(time.RFC3339Nano), e.Actor, e.AppendJSON(nil))
		}
	}
	return b.Bytes()
}

// A log that an earlier version has written opens, says what it said, and goes on. The logs of released versions
// are never rewritten: a new format gets a new folder.
func TestKeptLogs(t *testing.T) {
	current := filepath.Join("testdata", fmt.Sprintf("v%d", newest))
	_, err := os.Stat(current)
	missing := *rewrite && errors.Is(err, fs.ErrNotExist)
	if missing {
		keep(t, current, append(allTypes(t), sealedTypes(t)...))
	}
	logs, err := filepath.Glob(filepath.Join("testdata", "v[0-9]*"))
	if err != nil || len(logs) == 0 {
		t.Fatal(logs, err)
	}
	for _, log := range logs {
		if strings.HasSuffix(log, ".golden") {
			continue
		}
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(log)); err != nil {
			t.Fatal(err)
		}
		s := must(t, Options{Dir: dir})
		golden(t, filepath.Base(log)+".golden", told(t, s), missing && log == current)
		mustAppend(t, s, numbered(t, 0, 3))
		closeStore(t, s)
		must(t, Options{Dir: dir})
	}
}

// A log of a later format is refused as such, whichever of its forms says so, and nothing is changed.
func TestLaterFormat(t *testing.T) {
	s := newSpecimen(t, internals{}, 3_000)
	whole := s.state(t)
	point, meta := checkpointPath(s.dir, s.at.stream), filepath.Join(s.at.dir, "meta.inf")
	for name, change := range map[string]func(files map[string]string){
		"marker": func(files map[string]string) {
			files[filepath.Join(s.dir, markerName)] = later(t, &marker{Format: format + 1, Streams: []string{s.at.stream}})
		},
		"checkpoint": func(files map[string]string) {
			files[point] = later(t, &checkpoint{Format: format + 1, Stream: s.at.stream})
		},
		"stream": func(files map[string]string) {
			files[meta] = strings.Replace(files[meta], `"orgledger.format":"1"`, `"orgledger.format":"2"`, 1)
			files[filepath.Join(s.at.dir, "meta.sum")] = hex.EncodeToString(highway(s.at.stream, []byte(files[meta])))
		},
		"commit": func(files map[string]string) {
			r := s.records(t)[len(s.commits)-1]
			block := []byte(files[r.path])
			at := block[r.begin:r.end]
			copy(at[bytes.Index(at, []byte(headerFormat+": 1")):], headerFormat+": 3")
			prefix := recordHead + len(s.at.subject)
			sum := highway(s.at.stream+"-1", at[4:20], []byte(s.at.subject), at[prefix+recordHeader:len(at)-recordSum])
			copy(at[len(at)-recordSum:], sum)
			files[r.path] = string(block)
		},
	} {
		files := maps.Clone(whole)
		change(files)
		if maps.Equal(files, whole) {
			t.Fatalf("%s: nothing is changed", name)
		}
		s.restore(t, files)
		if _, err := s.open(t, nil); !errors.Is(err, ErrNewerFormat) {
			t.Errorf("a later format of the %s: %v", name, err)
		}
		if !maps.Equal(s.state(t), files) {
			t.Errorf("a later format of the %s: the folder was changed", name)
		}
	}
	s.restore(t, whole)
	s.served(t, "put back")
}

func later(t *testing.T, object any) string {
	t.Helper()
	text, err := seal(object)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// highway is the hash that the server uses, as its files hold it.
func highway(name string, parts ...[]byte) []byte {
	key := sha256.Sum256([]byte(name))
	return binary.LittleEndian.AppendUint64(nil, highwayhash.Sum64(bytes.Join(parts, nil), key[:]))
}
