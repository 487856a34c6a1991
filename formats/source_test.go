package formats_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/orgledger/orgledger/formats"
)

func open(t *testing.T, name string, content []byte) (*formats.File, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	files, err := formats.OpenFiles(context.Background(), []formats.Given{{Name: path}}, formats.Evidence{Format: "test"})
	if err != nil {
		return nil, err
	}
	return &files[0], nil
}

func read(f *formats.File) (text []byte, err error) {
	err = f.Through(func(in io.Reader) error {
		text, err = io.ReadAll(in)
		return err
	})
	return text, err
}

func compress(t *testing.T, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A file reads as its text, compressed or not and without its byte order mark, and as often as it is opened.
func TestFileReads(t *testing.T) {
	long := strings.Repeat("naïve – 日本語\n", 20_000)
	for _, text := range []string{"a", "ab", "abc", "é", "日", long} {
		for _, content := range [][]byte{[]byte(text), []byte("\ufeff" + text), compress(t, []byte(text)), compress(t, []byte("\ufeff"+text))} {
			f, err := open(t, "file", content)
			if err != nil {
				t.Fatalf("%.10q: %v", text, err)
			}
			for range 2 {
				if got, err := read(f); err != nil || string(got) != text {
					t.Fatalf("%.10q reads as %.10q, %v", text, got, err)
				}
			}
		}
	}
}

// The error about a file that is no text names the line, wherever the byte is.
func TestFileIsText(t *testing.T) {
	for _, bad := range []string{"\xff", "\x00", "\xe2\x28", "\xc3"} {
		for _, before := range []int{0, 1, 7, 65_534, 65_535, 65_536, 200_000} {
			text := strings.Repeat("ab\n", before/3) + strings.Repeat("x", before%3) + bad
			f, err := open(t, "file", []byte(text+"\n"))
			if err == nil {
				_, err = read(f)
			}
			place, ok := errors.AsType[*formats.PlaceError](err)
			if !ok || place.Row != before/3+1 {
				t.Errorf("%q after %d bytes: %v", bad, before, err)
			}
		}
	}
	f, err := open(t, "file", []byte("caf\xc3"))
	if err == nil {
		_, err = read(f)
	}
	if err == nil {
		t.Error("a character that is cut off at the end of the file is not noticed")
	}
}

// What reads without an error is valid, and the same bytes; what is valid reads.
func TestFileIsTextRandom(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		content := []byte(strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "é", "日", "😀", "\n", "\x80", "\xe6\x97", "\xf0\x9f\x98"}), 1, 12).Draw(t, "content"), ""))
		path := filepath.Join(dir, "file")
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		files, err := formats.OpenFiles(context.Background(), []formats.Given{{Name: path}}, formats.Evidence{Format: "test"})
		var got []byte
		if err == nil {
			got, err = read(&files[0])
		}
		if valid := utf8.Valid(content); valid != (err == nil) || valid && !bytes.Equal(got, content) {
			t.Fatalf("%q reads as %q, %v", content, got, err)
		}
	})
}

// A compressed file that is cut off or changed anywhere is an error, and never a shorter text.
func TestCompressedFileIsWhole(t *testing.T) {
	var text strings.Builder
	for i := range 300 {
		fmt.Fprintf(&text, "row %d of a table, %d\n", i, i*i*7919)
	}
	whole := compress(t, []byte(text.String()))
	judge := func(content []byte, what string, at int) {
		f, err := open(t, "file.gz", content)
		if err == nil {
			var got []byte
			if got, err = read(f); err == nil && string(got) == text.String() {
				return // the file's name or time in its header is no matter
			}
		}
		if _, ok := errors.AsType[*formats.PlaceError](err); !ok {
			t.Errorf("%s at %d: %v", what, at, err)
		}
	}
	for cut := 3; cut < len(whole); cut += 7 {
		judge(whole[:cut], "cut", cut)
		changed := bytes.Clone(whole)
		changed[cut] ^= 0x10
		judge(changed, "changed", cut)
	}
}

// Files that cannot be a source are refused before anything else is done with them.
func TestOpenFilesRefuses(t *testing.T) {
	dir := t.TempDir()
	path := func(name, text string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return p
	}
	for want, names := range map[string][]string{
		"the file is empty":         {path("empty", "")},
		"empty":                     {path("mark", "\ufeff")},
		"this is a folder":          {dir},
		"no such file":              {filepath.Join(dir, "nowhere")},
		"every file is given once":  {path("a", "text"), path("b", "text")},
		"a compressed file is whol": {path("short.gz", "\x1f\x8b\x08")},
	} {
		var given []formats.Given
		for _, name := range names {
			given = append(given, formats.Given{Name: name})
		}
		if _, err := formats.OpenFiles(context.Background(), given, formats.Evidence{Format: "test"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, not %q", names, err, want)
		}
	}
}

// A date in a file's name is when it was published.
func TestPublished(t *testing.T) {
	for name, want := range map[string]string{
		"ods_succession_2022-10-13.csv": "2022-10-13", "eccg_2016-02.csv": "2016-02", "2021-08-11.json.gz": "2021-08-11",
		"E54.json": "", "v1.2022-13.csv": "", "12022-10-134.csv": "", "a_2023-02-30.csv": "",
	} {
		f, err := open(t, name, []byte("text"))
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Source.Published.String(); got != want {
			t.Errorf("%s: published %q, not %q", name, got, want)
		}
	}
}

// Reading ends when the command is cancelled.
func TestReadingStops(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(strings.Repeat("a,b\n", 1<<20)), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	files, err := formats.OpenFiles(ctx, []formats.Given{{Name: path}}, formats.Evidence{Format: "test"})
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	err = files[0].EachRow(',', 2, func(int, []string) error {
		if rows++; rows == 10 {
			stop()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || rows == 1<<20 {
		t.Errorf("%d rows, then %v", rows, err)
	}
}
