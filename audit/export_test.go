package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// history is a log for tests: entries by index, a few of them too long for a bundle.
type history struct {
	hashes *Hashes
	entry  func(i int) []byte
	size   int
}

func newHistory(size int, entry func(i int) []byte) *history {
	h := &history{hashes: &Hashes{}, entry: entry, size: size}
	for i := range size {
		h.hashes.Append(leafHash(entry(i)))
	}
	return h
}

func (h *history) entries(from uint64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for i := int(from); i < h.size; i++ {
			if !yield(h.entry(i), nil) {
				return
			}
		}
	}
}

func (h *history) checkpoint(size int) []byte {
	c := Checkpoint{Origin: testOrigin, Size: uint64(size), Root: must(h.hashes.View().Root(uint64(size)))}
	return must(c.Sign(must(LogSigner(testLog))))
}

func (h *history) export(size int) Export {
	return Export{View: h.hashes.View(), Entries: h.entries, Checkpoint: h.checkpoint(size)}
}

// mixed has a long entry at 600: the bundle of 512 to 767 cannot be.
func mixed(i int) []byte {
	if i == 600 {
		return bytes.Repeat([]byte("long"), 20_000)
	}
	return leafBytes(i)
}

func testPolicy() *Policy { return must(NewPolicy(must(VerifierKey(testLog)), 0)) }

func verifyFolder(dir string) (*Verified, error) {
	return VerifyExport(context.Background(), os.DirFS(dir), Verification{Policy: testPolicy()})
}

// An export of every size verifies, made at once or brought up to date from any smaller one.
func TestExport(t *testing.T) {
	h := newHistory(1100, mixed)
	grown := t.TempDir()
	for _, size := range []int{0, 1, 255, 256, 257, 300, 550, 599, 600, 601, 700, 768, 1023, 1024, 1100, 1100} {
		fresh := t.TempDir()
		for _, dir := range []string{fresh, grown} {
			if err := WriteExport(t.Context(), dir, h.export(size)); err != nil {
				t.Fatalf("%d entries: %v", size, err)
			}
			found, err := verifyFolder(dir)
			if err != nil || found.Signed.Size != uint64(size) {
				t.Fatalf("%d entries: %+v, %v", size, found, err)
			}
		}
		if missing := missing(t, fresh, grown); missing != "" {
			t.Errorf("%d entries: brought up to date, the export lacks %s", size, missing)
		}
	}
	for _, name := range []string{"tile/0/000.p", "tile/entries/002", "tile/entries/002.p"} {
		if _, err := os.Stat(filepath.Join(grown, name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there (%v)", name, err)
		}
	}
}

// missing is a file of one folder that another lacks or has otherwise.
func missing(t *testing.T, from, in string) (name string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		a, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if b, err := os.ReadFile(filepath.Join(in, relative)); err != nil || !bytes.Equal(a, b) {
			name = relative
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// Full tiles and bundles are not written again.
func TestExportKeepsFullTiles(t *testing.T) {
	h := newHistory(700, leafBytes)
	dir := t.TempDir()
	if err := WriteExport(t.Context(), dir, h.export(300)); err != nil {
		t.Fatal(err)
	}
	before := map[string]os.FileInfo{}
	for _, name := range []string{"tile/0/000", "tile/entries/000"} {
		before[name] = must(os.Stat(filepath.Join(dir, name)))
	}
	if err := WriteExport(t.Context(), dir, h.export(700)); err != nil {
		t.Fatal(err)
	}
	for name, info := range before {
		if !os.SameFile(info, must(os.Stat(filepath.Join(dir, name)))) {
			t.Errorf("%s was written again", name)
		}
	}
}

// A byte changed, cut off or added in any file of an export, or a file gone, is found, and the file is named.
func TestDamagedExport(t *testing.T) {
	h := newHistory(900, mixed)
	dir := t.TempDir()
	if err := WriteExport(t.Context(), dir, h.export(900)); err != nil {
		t.Fatal(err)
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if files++; strings.Contains(filepath.ToSlash(path), "/tile/entry/") && files%32 != 0 {
			return nil // they are many, and alike
		}
		whole := must(os.ReadFile(path))
		changed := bytes.Clone(whole)
		changed[len(changed)*2/3] ^= 4
		for what, data := range map[string][]byte{"changed": changed, "cut off": whole[:len(whole)-1], "added to": append(bytes.Clone(whole), 'x'), "gone": nil} {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
			if data != nil {
				if err := os.WriteFile(path, data, 0o644); err != nil {
					return err
				}
			}
			name := filepath.ToSlash(must(filepath.Rel(dir, path)))
			if _, err := verifyFolder(dir); err == nil {
				t.Errorf("%s is %s, and the export verifies", name, what)
			} else if !strings.Contains(err.Error(), name) && !strings.Contains(name, "/ent") {
				t.Errorf("%s is %s: %v", name, what, err)
			}
		}
		return os.WriteFile(path, whole, 0o644)
	})
	if err != nil || files < 265 {
		t.Fatalf("%d files (%v)", files, err)
	}
	if _, err := verifyFolder(dir); err != nil {
		t.Fatalf("put back as it was: %v", err)
	}
}

// A log that changed an entry, or lost the last ones, is found to be another, and by its earlier export the
// first entry that differs.
func TestForkedExport(t *testing.T) {
	changed := func(i int) []byte {
		if i == 400 || i == 450 {
			return []byte("changed")
		}
		return mixed(i)
	}
	earlier, same, other := t.TempDir(), t.TempDir(), t.TempDir()
	h := newHistory(700, mixed)
	for dir, e := range map[string]Export{earlier: h.export(500), same: h.export(700), other: newHistory(700, changed).export(700)} {
		if err := WriteExport(t.Context(), dir, e); err != nil {
			t.Fatal(err)
		}
	}
	verify := func(dir string, since []byte, log fs.FS) (*Verified, error) {
		return VerifyExport(t.Context(), os.DirFS(dir), Verification{Policy: testPolicy(), Since: since, SinceLog: log})
	}
	for _, log := range []fs.FS{nil, os.DirFS(earlier)} {
		if found, err := verify(same, h.checkpoint(500), log); err != nil || found.Since.Size != 500 {
			t.Errorf("the log continued: %+v, %v", found, err)
		}
		_, err := verify(other, h.checkpoint(500), log)
		fork, ok := errors.AsType[*ForkError](err)
		if !ok || !errors.Is(err, ErrUnproven) || fork.Found != (log != nil) || fork.Found && (fork.Index != 400 || !strings.Contains(err.Error(), "entry 401")) {
			t.Errorf("the log changed: %v", err)
		}
	}
	for size := range []int{0, 1, 256, 257, 511, 512, 513, 700} {
		if _, err := verify(same, h.checkpoint(size), nil); err != nil {
			t.Errorf("since %d: %v", size, err)
		}
	}
	if _, err := verify(earlier, h.checkpoint(700), os.DirFS(same)); err == nil || !strings.Contains(err.Error(), "shorter") {
		t.Errorf("the log became shorter: %v", err)
	}
	if err := os.WriteFile(filepath.Join(earlier, "tile/0/000"), make([]byte, 8192), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := verify(same, h.checkpoint(500), os.DirFS(earlier)); err == nil || errors.As(err, new(*ForkError)) {
		t.Errorf("the earlier export is damaged: %v", err)
	}
	signer, key := makeLog("other.example")
	foreign := must(Checkpoint{Origin: "other.example", Root: (&Tree{}).Root()}.Sign(signer))
	both := must(ParsePolicy(fmt.Appendf(nil, "log %s\nlog %s\nquorum none\n", must(VerifierKey(testLog)), key)))
	for _, policy := range []*Policy{testPolicy(), both} {
		if _, err := VerifyExport(t.Context(), os.DirFS(same), Verification{Policy: policy, Since: foreign}); !errors.Is(err, ErrUnknownLog) {
			t.Errorf("another log's checkpoint: %v", err)
		}
	}
}

// A checkpoint that the log signed of another root, and entries that stand alone where a bundle could hold them, are
// found although every tile fits.
func TestUnfitExport(t *testing.T) {
	h, dir := newHistory(300, leafBytes), t.TempDir()
	if err := WriteExport(t.Context(), dir, h.export(300)); err != nil {
		t.Fatal(err)
	}
	wrong := must(Checkpoint{Origin: testOrigin, Size: 300}.Sign(must(LogSigner(testLog))))
	if err := os.WriteFile(filepath.Join(dir, "checkpoint"), wrong, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := verifyFolder(dir); !errors.Is(err, ErrUnproven) || !strings.Contains(err.Error(), "checkpoint") {
		t.Errorf("another root: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "checkpoint"), h.checkpoint(300), 0o644); err != nil {
		t.Fatal(err)
	}
	w := &exporter{dir: dir, touched: map[string]bool{}}
	for i := 256; i < 300; i++ {
		if err := w.write(Tile{LevelEntry, uint64(i), 1}.Path(), leafBytes(i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := verifyFolder(dir); err != nil {
		t.Errorf("entries alone beside their bundle: %v", err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "tile/entries/001.p")); err != nil {
		t.Fatal(err)
	}
	if _, err := verifyFolder(dir); !errors.Is(err, ErrMalformed) {
		t.Errorf("entries alone instead of their bundle: %v", err)
	}
}

// Stopped at any of its entries, writing leaves the earlier export, and goes through when it is done again.
func TestInterruptedExport(t *testing.T) {
	h := newHistory(700, mixed)
	for stop := range 5 {
		dir := t.TempDir()
		if err := WriteExport(t.Context(), dir, h.export(200)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		seen := 0
		e := h.export(700)
		e.Entries = func(from uint64) iter.Seq2[[]byte, error] {
			return func(yield func([]byte, error) bool) {
				for entry, err := range h.entries(from) {
					if seen++; seen == 1+stop*150 {
						cancel()
					}
					if !yield(entry, err) {
						return
					}
				}
			}
		}
		if err := WriteExport(ctx, dir, e); !errors.Is(err, context.Canceled) {
			t.Errorf("stopped at entry %d: %v", stop*150, err)
		}
		if found, err := verifyFolder(dir); err != nil || found.Signed.Size != 200 {
			t.Errorf("stopped at entry %d, the earlier export: %v", stop*150, err)
		}
		if err := WriteExport(t.Context(), dir, h.export(700)); err != nil {
			t.Error(err)
		}
		if found, err := verifyFolder(dir); err != nil || found.Signed.Size != 700 {
			t.Errorf("written again: %v", err)
		}
		cancel()
	}
}

// Whichever file cannot be written, the earlier export stays, and writing goes through once it can.
func TestExportFailsAtEachWrite(t *testing.T) {
	h := newHistory(700, mixed)
	for _, name := range []string{"tile/0/000", "tile/0/001", "tile/0/002.p/188", "tile/1/000.p/2", "tile/entries/000", "tile/entries/001", "tile/entry/512", "tile/entry/699"} {
		dir := t.TempDir()
		if err := WriteExport(t.Context(), dir, h.export(200)); err != nil {
			t.Fatal(err)
		}
		inTheWay := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Join(inTheWay, "folder"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := WriteExport(t.Context(), dir, h.export(700)); err == nil {
			t.Errorf("%s cannot be written, and no error", name)
		}
		if found, err := verifyFolder(dir); err != nil || found.Signed.Size != 200 {
			t.Errorf("%s could not be written: %v", name, err)
		}
		if err := os.RemoveAll(inTheWay); err != nil {
			t.Fatal(err)
		}
		if err := WriteExport(t.Context(), dir, h.export(700)); err != nil {
			t.Error(err)
		}
		if found, err := verifyFolder(dir); err != nil || found.Signed.Size != 700 {
			t.Errorf("written after %s was in the way: %v", name, err)
		}
	}
}

// What is not the log that the folder holds, or not what the checkpoint says, is not written.
func TestExportRefused(t *testing.T) {
	h := newHistory(600, leafBytes)
	other := newHistory(600, mixed)
	other.entry = func(i int) []byte { return fmt.Appendf(nil, "other %d", i) }
	dir := t.TempDir()
	if err := WriteExport(t.Context(), dir, h.export(300)); err != nil {
		t.Fatal(err)
	}
	wrong := h.export(600)
	wrong.Entries = other.entries
	short := h.export(600)
	short.Entries = newHistory(400, leafBytes).entries
	broken := h.export(600)
	broken.Entries = func(uint64) iter.Seq2[[]byte, error] {
		return func(yield func([]byte, error) bool) { yield(nil, io.ErrUnexpectedEOF) }
	}
	beyond := h.export(600)
	beyond.View = newHistory(500, leafBytes).hashes.View()
	unlike := h.export(600)
	unlike.View = newHistory(600, func(i int) []byte { return fmt.Appendf(nil, "other %d", i) }).hashes.View()
	for what, test := range map[string]struct {
		e    Export
		want error
	}{
		"other entries": {wrong, ErrUnproven}, "too few entries": {short, ErrBeyond}, "a failing reader": {broken, io.ErrUnexpectedEOF},
		"too small a tree": {beyond, ErrBeyond}, "another tree": {unlike, ErrUnproven}, "a smaller one": {h.export(299), ErrUnproven},
		"another log": {newHistory(600, func(i int) []byte { return []byte{1} }).export(600), ErrUnproven}, "no checkpoint": {Export{}, ErrMalformed},
	} {
		if err := WriteExport(t.Context(), dir, test.e); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", what, err, test.want)
		}
		if found, err := verifyFolder(dir); err != nil || found.Signed.Size != 300 {
			t.Errorf("after %s: %v", what, err)
		}
	}
	fresh := filepath.Join(t.TempDir(), "export")
	if err := WriteExport(t.Context(), fresh, unlike); !errors.Is(err, ErrUnproven) {
		t.Errorf("another tree, in a new folder: %v", err)
	}
	if _, err := os.Stat(fresh); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something of it was written (%v)", err)
	}
}

// webTiles reads tiles over HTTP for package tlog, which knows nothing of this one.
type webTiles struct {
	t    *testing.T
	base string
}

func (w webTiles) Height() int { return 8 }

func (w webTiles) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	for _, tile := range tiles {
		response, err := http.Get(w.base + strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(response.Body)
		if err = errors.Join(err, response.Body.Close()); err != nil || response.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("%s: %s, %w", tile.Path(), response.Status, err)
		}
		data = append(data, body)
	}
	return data, nil
}

func (w webTiles) SaveTiles([]tlog.Tile, [][]byte) {}

// A foreign client, package tlog, proves entries and consistency from the tiles of an export that a plain web
// server gives it.
func TestForeignClient(t *testing.T) {
	const size = 1100
	h := newHistory(size, mixed)
	dir := t.TempDir()
	if err := WriteExport(t.Context(), dir, h.export(size)); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer server.Close()
	root := tlog.Hash(must(h.hashes.View().Root(size)))
	reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, webTiles{t, server.URL + "/"})
	for _, index := range []int64{0, 255, 256, 600, 1098, 1099} {
		proof, err := tlog.ProveRecord(size, index, reader)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(h.entry(int(index)))); err != nil {
			t.Errorf("entry %d: %v", index, err)
		}
		consistency, err := tlog.ProveTree(size, index+1, reader)
		if err != nil {
			t.Fatal(err)
		}
		if err := VerifyConsistency(uint64(index+1), size, must(h.hashes.View().Root(uint64(index+1))), Hash(root), ours(consistency)); err != nil {
			t.Errorf("from %d: %v", index+1, err)
		}
	}
}

// large is a log of 100,000 entries of 490 bytes or so.
func large() *history {
	return newHistory(100_000, func(i int) []byte { return fmt.Append(make([]byte, 480), i) })
}

func BenchmarkWriteExport(b *testing.B) {
	h := large()
	e := h.export(h.size)
	for b.Loop() {
		if err := WriteExport(b.Context(), b.TempDir(), e); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(h.size)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}

func BenchmarkVerifyExport(b *testing.B) {
	h, dir := large(), b.TempDir()
	if err := WriteExport(b.Context(), dir, h.export(h.size)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := verifyFolder(dir); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(h.size)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}
