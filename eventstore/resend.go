package eventstore

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
)

// RestoreServer brings the log of a ledger to an external server, which o names, from a source. The stream there is
// created, or holds the beginning of the same history and is gone on with, so that a restore which was
// interrupted is finished by calling it again. Every commit is proved on the way and written only where it
// belongs; at the end the whole log is read back and proved.
//
// The error is ErrOtherHistory where the stream holds something else, ErrLedgerThere where it holds more than the source,
// and ErrFenced where somebody records there meanwhile. What was written before an error stays.
func RestoreServer(ctx context.Context, o Options, from Source, progress func(done, total uint64)) (report RestoreReport, err error) {
	o.ReadOnly = false
	s, err := Open(ctx, o)
	if err != nil {
		return report, err
	}
	defer func() {
		if err = errors.Join(err, s.Close()); err != nil {
			err = fmt.Errorf("restore the ledger %s: %w", s.options.Ledger, err)
		}
	}()
	if s.barred != nil {
		return report, s.barred
	}
	there, err := extentOf(ctx, s.conn, s.stream)
	if err != nil {
		return report, err
	}
	r := &resending{store: s, there: there.last, progress: progress, prover: newProver(s.options.Ledger, state{})}
	if err := r.run(ctx, from); err != nil {
		return report, err
	}
	return r.report(ctx)
}

// resending is one restore to an external server.
type resending struct {
	store    *Store
	there    uint64 // commits that the server had
	last     uint64 // commits of the source
	progress func(done, total uint64)
	prover   *prover
	out      *publisher
}

func (r *resending) run(ctx context.Context, from Source) error {
	js, err := newPublishing(r.store.conn)
	if err != nil {
		return err
	}
	r.out = newPublisher(js, r.store.options.Ledger, r.store.failing, 1)
	err = from.Commits(ctx, 1, func(last uint64) error {
		if r.last = last; last < r.there {
			return fmt.Errorf("%w: it holds %d commits, and the source %d", ErrLedgerThere, r.there, last)
		}
		return nil
	}, func(c RawCommit) error { return r.take(ctx, c) })
	if err == nil && r.prover.StreamSeq != r.last {
		err = fmt.Errorf("the source was to go to commit %d, and ended with commit %d", r.last, r.prover.StreamSeq)
	}
	// Also after an error, what is on its way is waited for: whoever goes on then knows where.
	if flushed := r.out.flush(ctx); err == nil {
		err = flushed
	}
	return err
}

// take proves a commit, and sends it unless the server has it.
func (r *resending) take(ctx context.Context, c RawCommit) error {
	if err := r.prover.take(c); err != nil {
		return r.prover.damaged(err)
	}
	if r.progress != nil {
		r.progress(c.Place, r.last)
	}
	switch {
	case c.Place < r.there:
		return nil
	case c.Place == r.there:
		return r.recognise(ctx)
	}
	return r.out.put(ctx, c)
}

// recognise checks that the last commit of the server is that of the source: then so are all before it.
func (r *resending) recognise(ctx context.Context) error {
	m, err := r.store.fetch(ctx, r.there)
	if err != nil {
		return err
	}
	h, err := parseHeader(m.header)
	if m.missing || err != nil || h.id != r.prover.id || h.root != r.prover.Root {
		return fmt.Errorf("%w: commit %d of the log at %s is not that of the source", ErrOtherHistory, r.there, r.store.Addr())
	}
	return nil
}

// report reads everything back.
func (r *resending) report(ctx context.Context) (report RestoreReport, err error) {
	if err := r.store.Replay(ctx, 0, r.progress, func(Commit) error { return nil }); err != nil {
		return report, fmt.Errorf("read back what was written: %w", err)
	}
	head := r.store.Head()
	if head != r.prover.Head {
		return report, fmt.Errorf("%w: the log ends with entry %d and the root %x, and was to end with entry %d and the root %x",
			ErrOtherHistory, head.Seq, head.Root, r.prover.Seq, r.prover.Root)
	}
	report = RestoreReport{Outcome: Restored, Ledger: r.store.options.Ledger, Commits: head.StreamSeq, Entries: head.Seq,
		LastRecorded: timeOf(&head), Root: hex.EncodeToString(head.Root[:]), Brought: head.StreamSeq - r.there}
	if report.Brought == 0 {
		report.Outcome = Whole
	}
	return report, nil
}
