// Package jsonl writes the log as entries to be handed in again: one JSON object a line, as record takes it.
package jsonl

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
)

// Log is where entries are read; *ledger.Ledger is one.
type Log interface {
	Select(ctx context.Context, s ledger.Selection, fn func(domain.Recorded) error) error
}

// Write writes the entries up to a known point in their order, corrections and retractions included, each with its id: a ledger
// that records them in one call, or in several in order, gives every answer that this one gives, at every sequence. What
// the ledger adds itself, recorded times and actors, is not in it. It streams. progress, which may be nil, is told how
// many entries are written.
func Write(ctx context.Context, log Log, known uint64, w io.Writer, progress func(done, total uint64)) error {
	out := bufio.NewWriterSize(w, 64<<10)
	var line []byte
	err := log.Select(ctx, ledger.Selection{To: known + 1}, func(e domain.Recorded) error {
		line = append(appendEntry(line[:0], &e.Entry), '\n')
		if _, err := out.Write(line); err != nil {
			return fmt.Errorf("write entry %d: %w", e.Seq, err)
		}
		if progress != nil {
			progress(e.Seq, known)
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

// appendEntry leaves out a derived id where the entry would be too long with it, having been handed in without: the same
// id will be derived again.
func appendEntry(dst []byte, e *domain.Entry) []byte {
	n := len(dst)
	if dst = e.AppendJSON(dst); len(dst)-n <= domain.LimitEntry || e.ID != e.DeriveID() {
		return dst
	}
	anonymous := *e
	anonymous.ID = uuid.Nil
	return anonymous.AppendJSON(dst[:n])
}
