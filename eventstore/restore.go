package eventstore

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// RestoreOptions say where a log is brought back, and how far that may go.
type RestoreOptions struct {
	Dir    string // the data folder
	Ledger string // empty: main

	// Repair brings back a ledger that is there and damaged, from what its own files still hold and from
	// the source; without it, Restore goes only where there is none.
	Repair bool
	// AcceptLoss lets a repair end before what was acknowledged, or where that is not known.
	AcceptLoss bool

	Version  string                   // of the program, to tell who holds Dir
	Clock    func() time.Time         // nil: time.Now
	Logger   *slog.Logger             // nil: nothing is logged
	Progress func(done, total uint64) // commits; nil: nobody is told
}

// What a restore has done.
const (
	Restored = "restored" // a ledger where there was none
	Repaired = "repaired" // a ledger that was damaged
	Finished = "finished" // one that was interrupted before, whatever was asked for now
	Whole    = "whole"    // nothing: what was to be brought back is there
)

// RestoreReport says what has been brought back.
type RestoreReport struct {
	Outcome      string     `json:"outcome"` // Restored, Repaired, Finished or Whole
	Ledger       string     `json:"ledger"`
	Commits      uint64     `json:"commits"`
	Entries      uint64     `json:"entries"`
	LastRecorded *time.Time `json:"last_recorded"`     // null for an empty ledger
	Root         string     `json:"root"`              // of the Merkle tree over all entries, in hexadecimal
	Brought      uint64     `json:"brought_commits"`   // from the source; the others were there
	Damaged      string     `json:"damaged,omitempty"` // where the files are now that were damaged
}

// Restore brings the log of a ledger into a data folder, from a source that may be nil for a repair. Every commit is
// proved on the way. The log is put together in a folder of its own below the data folder, made durable, read back
// and proved again, and only then put into place; until then nothing else is changed, and an error leaves
// the folder as it was. After a crash, the data folder is refused with ErrUnfinishedRestore until Restore
// is called again: it finishes what was complete, and else begins anew.
//
// The error is ErrLedgerThere where there is a ledger, or part of one, and no repair was asked for; a *LossError where a
// repair does not reach what was acknowledged; ErrNothingDamaged where there is nothing to repair and the
// source has more; ErrOtherHistory where source and folder do not fit together; ErrNotLedger where there is
// something else; a *HeldError where another process has the folder open.
func Restore(ctx context.Context, o RestoreOptions, from Source) (RestoreReport, error) {
	return restore(ctx, o, from, nil)
}

// restore tells step, which may be nil, of each step before and after it is done; its error is a crash.
func restore(ctx context.Context, o RestoreOptions, from Source, step func(string) error) (report RestoreReport, err error) {
	o.complete()
	if step == nil {
		step = func(string) error { return nil }
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("restore the ledger %s: %w", o.Ledger, err)
		}
	}()
	r := &restoration{RestoreOptions: o, from: from, step: step, at: newStreamFolder(o.Dir, o.Ledger)}
	if err := r.inspect(); err != nil {
		return report, err
	}
	f, err := holdFolder(o.Dir, holder{PID: os.Getpid(), Started: o.Clock().UTC(), Ledger: o.Ledger, Version: o.Version})
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	if err := f.writeHolder(); err != nil {
		return report, err
	}
	return r.run(ctx)
}

func (o *RestoreOptions) complete() {
	o.Ledger = cmp.Or(o.Ledger, "main")
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

// restoration is one restore into a data folder that this process holds.
type restoration struct {
	RestoreOptions
	from Source // nil: there is none
	step func(string) error
	at   streamFolder
}

func (r *restoration) staged(name string) string { return filepath.Join(r.Dir, restoringName, name) }

// run finishes what was interrupted, and else does what is asked for.
func (r *restoration) run(ctx context.Context) (report RestoreReport, err error) {
	if err := r.inspect(); err != nil { // again, now that nobody else has it
		return report, err
	}
	interrupted, err := readCompletion(r.Dir)
	switch {
	case err != nil:
		return report, err
	case interrupted != nil && interrupted.Ledger != r.Ledger:
		return report, fmt.Errorf("%s: %w with --ledger %s", r.Dir, ErrUnfinishedRestore, interrupted.Ledger)
	case interrupted != nil:
		if err := (&swap{r.Dir, r.step, *interrupted}).finish(); err != nil {
			return report, err
		}
		report := interrupted.report(r.Dir)
		report.Outcome = Finished
		return report, nil
	}
	if err := clearStage(r.Dir, r.step); err != nil {
		return report, fmt.Errorf("remove what an interrupted restore has left: %w", err)
	}
	if r.Repair {
		report, err = r.repair(ctx)
	} else {
		report, err = r.fresh(ctx)
	}
	if err != nil && !present(r.staged(completeName)) {
		err = errors.Join(err, clearStage(r.Dir, r.step))
	}
	return report, err
}

// inspect refuses a folder into which nothing is to be restored. It changes nothing.
func (r *restoration) inspect() error {
	if unfinished, err := restoring(r.Dir); err != nil || unfinished {
		return err
	}
	m, err := readMarker(r.Dir)
	there := fmt.Errorf("%s: %w: orgledger restore --repair mends it where it is damaged, another --data leaves it alone", r.Dir, ErrLedgerThere)
	switch {
	case errors.Is(err, ErrNewerFormat) || errors.Is(err, ErrNotLedger):
		return err
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		if _, damaged := errors.AsType[*DamageError](err); !damaged {
			return err
		}
		if r.Repair {
			return nil
		}
		return fmt.Errorf("%w (%v)", there, err)
	case err == nil && slices.Contains(m.Streams, r.at.stream):
		if r.Repair {
			return nil
		}
		return there
	}
	parts := present(checkpointPath(r.Dir, r.at.stream)) || present(r.at.dir)
	switch {
	case r.Repair && !parts:
		return fmt.Errorf("%s: %w: there is nothing of %s to be repaired; without --repair it is restored", r.Dir, ErrNotLedger, r.Ledger)
	case r.Repair || err == nil && !r.holdsCommits():
		return nil
	case parts:
		return there
	}
	return r.inspectOthers()
}

// holdsCommits reports whether there is a log that the marker does not name. One without commits is what an
// interrupted first start leaves.
func (r *restoration) holdsCommits() bool {
	written, err := r.at.written()
	return err != nil || written
}

// inspectOthers refuses a folder without a marker that holds anything.
func (r *restoration) inspectOthers() error {
	files, err := os.ReadDir(r.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look into the data folder: %w", err)
	}
	for _, file := range files {
		if name := file.Name(); name != lockName && name != restoringName && !strings.HasPrefix(name, markerName) {
			return fmt.Errorf("%s: %w: the folder is not empty (%s), and has no %s", r.Dir, ErrNotLedger, name, markerName)
		}
	}
	return nil
}

// fresh restores where there is nothing.
func (r *restoration) fresh(ctx context.Context) (report RestoreReport, err error) {
	if r.from == nil {
		return report, fmt.Errorf("%w: there is no source to restore from", ErrConfiguration)
	}
	p := newProver(r.Ledger, state{})
	var last uint64
	err = r.stage(ctx, p, func(put func(RawCommit) error) error {
		err := r.from.Commits(ctx, 1, func(end uint64) error { last = end; return nil }, func(c RawCommit) error {
			if err := p.take(c); err != nil {
				return p.damaged(err)
			}
			r.progress(c.Place, last)
			return put(c)
		})
		if err == nil && p.StreamSeq != last {
			err = fmt.Errorf("the source was to go to commit %d, and ended with commit %d", last, p.StreamSeq)
		}
		return err
	})
	if err != nil {
		return report, err
	}
	c := newCompletion(r.Dir, r.Ledger, &p.Head, r.Clock())
	c.Brought = p.StreamSeq
	return r.replace(c, &p.Head)
}

func (r *restoration) progress(done, total uint64) {
	if r.Progress != nil {
		r.Progress(done, max(done, total))
	}
}

// stage writes what fill gives to put into a log below restoring, makes it durable, and reads it back.
func (r *restoration) stage(ctx context.Context, p *prover, fill func(put func(RawCommit) error) error) (err error) {
	if err := r.beginStage(); err != nil {
		return err
	}
	g, err := newStage(ctx, r.staged(""), &r.RestoreOptions)
	if err != nil {
		return err
	}
	out := newPublisher(g.js, r.Ledger, func() error { return g.server.failing(r.Ledger) }, many)
	if err = r.step("stage"); err == nil {
		err = fill(func(c RawCommit) error { return out.put(ctx, c) })
	}
	if err == nil {
		err = out.flush(ctx)
	}
	g.stop()
	if err != nil {
		return err
	}
	if err := r.step("staged"); err != nil {
		return err
	}
	if err := syncTree(ctx, r.staged("")); err != nil {
		return err
	}
	return g.readBack(ctx, p, out.sum.Sum(nil), r.Ledger)
}

// beginStage makes the folder restoring.
func (r *restoration) beginStage() error {
	if err := os.MkdirAll(r.staged(""), 0o755); err != nil {
		return fmt.Errorf("begin to restore: %w", err)
	}
	return syncDir(r.Dir)
}

// readBack proves what is in the files: the same commits, to the last byte, with the same end.
func (g *stage) readBack(ctx context.Context, p *prover, sum []byte, ledger string) error {
	again := newProver(ledger, state{})
	written := newPublisher(nil, ledger, nil, 0)
	err := g.at.commits(ctx, func(c RawCommit) error {
		written.note(&c)
		return again.take(c)
	})
	if err == nil && (again.Head != p.Head || hex.EncodeToString(written.sum.Sum(nil)) != hex.EncodeToString(sum)) {
		err = fmt.Errorf("there are %d commits with the root %x, and %d with the root %x were written", again.StreamSeq, again.Root, p.StreamSeq, p.Root)
	}
	if err != nil {
		return fmt.Errorf("what was written does not read back: %w", err)
	}
	return nil
}

func (c *completion) report(dir string) RestoreReport {
	r := RestoreReport{Outcome: Restored, Ledger: c.Ledger, Commits: c.Commit, Entries: c.Entry, Root: c.Root, Brought: c.Brought}
	if c.Entry > 0 {
		r.LastRecorded = &c.Recorded
	}
	if c.Repaired {
		r.Outcome = Repaired
	}
	if aside := filepath.Join(dir, c.Aside); present(aside) {
		r.Damaged = aside
	}
	return r
}
