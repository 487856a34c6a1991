package eventstore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

// diagnosis is what is wrong with a data folder. Nothing was changed to find it out.
type diagnosis struct {
	marker     error      // why the marker cannot be used
	checkpoint error      // why it is not known what was acknowledged
	noted      checkpoint // what was
	meta       error      // why the server would not see the stream
	log        error      // why its commits are not what was acknowledged
}

// sound reports whether nothing is wrong.
func (d *diagnosis) sound() bool {
	return d.pieces() && d.marker == nil && d.checkpoint == nil && d.meta == nil
}

// pieces reports whether every commit is there, whatever else is wrong.
func (d *diagnosis) pieces() bool { return d.log == nil }

// diagnose looks at everything that a start looks at, and proves every commit besides. p is taken as far as the log
// is whole.
func (r *restoration) diagnose(ctx context.Context, own *salvage, p *prover) (*diagnosis, error) {
	d := new(diagnosis)
	_, d.marker = readMarker(r.Dir)
	d.noted, d.checkpoint = readCheckpoint(checkpointPath(r.Dir, r.at.stream), r.at.stream)
	found, err := r.at.survey(ctx, d.noted.Commit)
	if err != nil {
		return nil, fmt.Errorf("look through the log: %w", err)
	}
	d.meta = r.at.checkMeta()
	for _, err := range []error{d.marker, d.checkpoint, d.meta, found.bad} {
		if errors.Is(err, ErrNewerFormat) {
			return nil, err
		}
	}
	wrong, err := own.run(ctx, p, func(RawCommit) error { return nil })
	if err != nil {
		return nil, err
	}
	switch {
	case found.bad != nil && (d.checkpoint != nil || !d.noted.mayCut(found)):
		d.log = found.bad
	case wrong != nil:
		d.log = fmt.Errorf("commit %d is not what was recorded: %w", p.StreamSeq+1, wrong)
	case p.StreamSeq != found.commit:
		d.log = fmt.Errorf("commit %d is missing", p.StreamSeq+1)
	case d.checkpoint == nil:
		d.log = d.noted.judge(found)
	}
	return d, nil
}

// judge reports why a log that is whole is not what was acknowledged.
func (c *checkpoint) judge(found *survey) error {
	switch {
	case found.commit < c.Commit:
		return fmt.Errorf("it ends with commit %d, and commit %d was acknowledged", found.commit, c.Commit)
	case c.Commit > 0 && (found.covered == nil || !c.matches(found.covered.commit, found.covered.last, found.covered.root)):
		return errors.New("it is another log than was acknowledged")
	}
	return nil
}

// repair brings back what is damaged: only the files beside the commits where those are all there, else the whole log.
func (r *restoration) repair(ctx context.Context) (report RestoreReport, err error) {
	own, err := newSalvage(ctx, r.at)
	if err != nil {
		return report, err
	}
	p := newProver(r.Ledger, state{})
	d, err := r.diagnose(ctx, own, p)
	if err != nil {
		return report, err
	}
	more, err := r.sourceGoesOn(ctx, p)
	switch {
	case err != nil:
		return report, err
	case d.sound() && more:
		return report, fmt.Errorf("%s: %w, and the source goes on after its last commit %d: that is no repair", r.Dir, ErrNothingDamaged, p.StreamSeq)
	case d.sound():
		c := newCompletion(r.Dir, r.Ledger, &p.Head, r.Clock())
		report = c.report(r.Dir)
		report.Outcome = Whole
		return report, nil
	case d.checkpoint != nil && !r.AcceptLoss:
		return report, r.refuseUnknown(ctx, own, d)
	case d.pieces() && (d.checkpoint == nil || !more):
		return r.repairPieces(ctx, d, p)
	}
	return r.rebuild(ctx, own, d)
}

// sourceGoesOn reports whether the source has more commits than are proved.
func (r *restoration) sourceGoesOn(ctx context.Context, p *prover) (more bool, err error) {
	if r.from == nil {
		return false, nil
	}
	err = r.from.Commits(ctx, p.StreamSeq+1, func(last uint64) error {
		more = last > p.StreamSeq
		return errEnough
	}, nil)
	if errors.Is(err, errEnough) {
		err = nil
	}
	return more, err
}

// errEnough ends the reading of a source.
var errEnough = errors.New("no more is needed")

// refuseUnknown says up to where commits are to be had, of a log of which it is not known how far it went.
func (r *restoration) refuseUnknown(ctx context.Context, own *salvage, d *diagnosis) error {
	m := &merger{restoration: r, own: own, prover: newProver(r.Ledger, state{})}
	if err := m.run(ctx, func(RawCommit) error { return nil }); err != nil {
		return err
	}
	return &LossError{Found: m.prover.Seq, Err: d.checkpoint}
}

// repairPieces makes marker, checkpoint and the stream's configuration again, whichever of them is damaged. The
// commits stay where they are.
func (r *restoration) repairPieces(ctx context.Context, d *diagnosis, p *prover) (report RestoreReport, err error) {
	if err := r.beginStage(); err != nil {
		return report, err
	}
	c := newCompletion(r.Dir, r.Ledger, &p.Head, r.Clock())
	c.Repaired = true
	var items []string
	if d.meta != nil {
		if items, err = r.stageMeta(ctx); err != nil {
			return report, err
		}
	}
	if d.checkpoint != nil {
		point, err := r.stageCheckpoint(&p.Head)
		if err != nil {
			return report, err
		}
		items = append(items, point)
	}
	return r.place(c, items...)
}

// stageMeta has a server make the configuration of the stream, which does not hang on what is in it.
func (r *restoration) stageMeta(ctx context.Context) (items []string, err error) {
	g, err := newStage(ctx, r.staged(""), &r.RestoreOptions)
	if err != nil {
		return nil, err
	}
	g.stop()
	for _, name := range []string{"meta.inf", "meta.sum"} {
		items = append(items, r.item(filepath.Join(r.at.dir, name)))
	}
	return items, syncTree(ctx, r.staged(""))
}

// rebuild puts a log together from what the folder has and what the source has.
func (r *restoration) rebuild(ctx context.Context, own *salvage, d *diagnosis) (report RestoreReport, err error) {
	m := &merger{restoration: r, own: own, prover: newProver(r.Ledger, state{}), mark: d.noted.Commit}
	if err := r.stage(ctx, m.prover, func(put func(RawCommit) error) error { return m.run(ctx, put) }); err != nil {
		return report, err
	}
	if err := m.judge(d); err != nil && !r.AcceptLoss {
		return report, err
	}
	c := newCompletion(r.Dir, r.Ledger, &m.prover.Head, r.Clock())
	c.Repaired, c.Brought = true, m.brought
	return r.replace(c, &m.prover.Head)
}

// merger goes along one history, of which the folder has some commits and the source others. What both have is taken
// from the folder.
type merger struct {
	*restoration
	own     *salvage
	prover  *prover
	brought uint64 // commits that came from the source
	mark    uint64 // the commit that the checkpoint names
	marked  Head   // what was proved there
	wrong   error  // why the folder's next commit does not fit
}

// run gives the commits to put, as far as there are any.
func (m *merger) run(ctx context.Context, put func(RawCommit) error) error {
	give := func(c RawCommit) error {
		if m.prover.StreamSeq == m.mark {
			m.marked = m.prover.Head
		}
		m.progress(c.Place, m.mark)
		return put(c)
	}
	for {
		var err error
		if m.wrong, err = m.own.run(ctx, m.prover, give); err != nil || m.from == nil {
			return err
		}
		before := m.brought
		if err := m.bring(ctx, give); err != nil || m.brought == before {
			return err
		}
	}
}

// bring takes commits from the source until the folder has the next, perhaps.
func (m *merger) bring(ctx context.Context, give func(RawCommit) error) error {
	err := m.from.Commits(ctx, m.prover.StreamSeq+1, func(uint64) error { return nil }, func(c RawCommit) error {
		if err := m.prover.take(c); err != nil {
			return fmt.Errorf("%w: commit %d of the source does not go on after entry %d of the folder: %w", ErrOtherHistory, c.Place, m.prover.Seq, err)
		}
		m.brought++
		if err := give(c); err != nil {
			return err
		}
		if len(m.own.places(c.Place+1)) > 0 {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return err
}

// judge decides whether what was put together is what was acknowledged.
func (m *merger) judge(d *diagnosis) error {
	switch c := d.noted; {
	case d.checkpoint != nil:
		return &LossError{Found: m.prover.Seq, Err: d.checkpoint}
	case m.prover.StreamSeq < c.Commit:
		return &LossError{Found: m.prover.Seq, Acknowledged: c.Entry, Err: m.wrong}
	case !c.matches(m.marked.StreamSeq, m.marked.Seq, m.marked.Root):
		return &LossError{Found: m.prover.Seq, Acknowledged: c.Entry, Err: errOtherThanAcknowledged}
	}
	return nil
}
