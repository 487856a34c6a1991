package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/orgledger/orgledger/audit"
)

// log verifies a whole export.
func (a *app) log(ctx context.Context, files []string) (*result, error) {
	dir, err := one(files)
	if err != nil {
		return nil, err
	}
	shown := a.meter()
	v := audit.Verification{Policy: a.policy, Progress: shown.show}
	if a.since != "" {
		if v.Since, v.SinceLog, err = earlier(a.since); err != nil {
			return nil, err
		}
	}
	found, err := audit.VerifyExport(ctx, os.DirFS(dir), v)
	shown.done()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	r := newResult("log", found.Signed)
	r.Bytes = found.Bytes
	r.said = fmt.Sprintf("all %d entries, of %d bytes, and every tile", found.Signed.Size, found.Bytes)
	if found.Since != nil {
		r.Since = &found.Since.Size
		r.said += fmt.Sprintf("; the log continues that of %d entries", found.Since.Size)
	}
	return r, nil
}

// earlier reads a checkpoint, or that of a folder, which then is there to compare too.
func earlier(path string) (checkpoint []byte, log fs.FS, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if !info.IsDir() {
		checkpoint, err = os.ReadFile(path)
		return checkpoint, nil, err
	}
	checkpoint, err = os.ReadFile(filepath.Join(path, "checkpoint"))
	return checkpoint, os.DirFS(path), err
}

// checkpoint verifies signed checkpoints, and that they are of one log; where a folder with the log is among the
// arguments, by its tiles.
func (a *app) checkpoint(ctx context.Context, files []string) (*result, error) {
	var all []*audit.Signed
	var log fs.FS
	for _, name := range files {
		text, folder, err := earlier(name)
		if err != nil {
			return nil, err
		}
		if folder != nil && log != nil {
			return nil, usageError{errors.New("one folder is due at most")}
		}
		signed, err := audit.Open(text, a.policy)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if folder != nil {
			log = folder
		}
		all = append(all, signed)
	}
	if len(all) == 0 {
		return nil, usageError{errors.New("which checkpoint?")}
	}
	return compare(ctx, all, log)
}

// compare says whether checkpoints can be of one log.
func compare(ctx context.Context, all []*audit.Signed, log fs.FS) (*result, error) {
	slices.SortStableFunc(all, func(a, b *audit.Signed) int { return cmp.Compare(a.Size, b.Size) })
	newest := all[len(all)-1]
	r := newResult("checkpoint", newest)
	r.said = "the log's key signed it"
	before := all[0]
	for _, signed := range all {
		if signed.Origin != newest.Origin {
			return nil, fmt.Errorf("one checkpoint is of %q, another of %q: %w", signed.Origin, newest.Origin, audit.ErrUnknownLog)
		}
		if before.Size == signed.Size && before.Root != signed.Root {
			return nil, &audit.ForkError{Earlier: before, Later: signed}
		}
		r.Unjudged = r.Unjudged || before.Size < signed.Size && log == nil
		before = signed
	}
	if log != nil {
		if err := inLog(ctx, all, log); err != nil {
			return nil, err
		}
		r.said = fmt.Sprintf("the log's key signed %d checkpoints, and each is the beginning of the next", len(all))
	} else if len(all) > 1 {
		r.said = fmt.Sprintf("the log's key signed %d checkpoints", len(all))
	}
	if r.Unjudged {
		r.said += ". Whether each is the beginning of the next only the log can tell: give its folder too"
	}
	return r, nil
}

// inLog compares checkpoints with the tiles of a log, of which the checkpoint is among them.
func inLog(ctx context.Context, all []*audit.Signed, log fs.FS) error {
	text, err := fs.ReadFile(log, "checkpoint")
	if err != nil {
		return err
	}
	whole, err := audit.ReadCheckpoint(text)
	if err != nil {
		return err
	}
	sizes := make([]uint64, len(all))
	for i, signed := range all {
		sizes[i] = signed.Size
	}
	roots, err := audit.TileRoots(ctx, log, whole.Size, sizes...)
	if err != nil {
		return err
	}
	for i, signed := range all {
		if roots[i] != signed.Root && signed.Size == whole.Size {
			return fmt.Errorf("the tiles do not have the root of the log's checkpoint: %w", audit.ErrUnproven)
		}
	}
	for i, signed := range all {
		if roots[i] != signed.Root {
			return &audit.ForkError{Earlier: signed, Later: all[len(all)-1]}
		}
	}
	return nil
}

// meter shows on a terminal how far a long verification is. It is used by one goroutine.
type meter struct {
	app   *app
	begun time.Time
	last  time.Time // when something was drawn; zero: nothing yet
	shown bool      // it is a terminal
}

// slow is how long a verification may take before its progress is shown, and often how often it changes.
const (
	slow  = 300 * time.Millisecond
	often = 100 * time.Millisecond
)

func (a *app) meter() *meter {
	errs, ok := a.err.(*os.File)
	m := &meter{app: a, begun: time.Now()}
	if ok && !a.json {
		info, err := errs.Stat()
		m.shown = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return m
}

func (m *meter) show(done, total uint64) {
	if !m.shown || time.Since(m.begun) < slow || time.Since(m.last) < often {
		return
	}
	m.last = time.Now()
	fmt.Fprintf(m.app.err, "\r%d of %d entries, %d%%\x1b[K", done, total, done*100/max(total, 1))
}

func (m *meter) done() {
	if !m.last.IsZero() {
		fmt.Fprint(m.app.err, "\r\x1b[K")
	}
}
