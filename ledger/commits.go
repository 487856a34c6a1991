package ledger

import (
	"context"
	"io"

	"github.com/orgledger/orgledger/eventstore"
)

// RawCommit is a commit as the log holds it, for who copies logs.
type RawCommit = eventstore.RawCommit

// WriteCommits writes the log's commits from a position, as backups hold them, up to the end of what is recorded
// now. begin, which may be nil, is told the position of the last before anything is written.
func (l *Ledger) WriteCommits(ctx context.Context, w io.Writer, name string, from uint64, begin func(last uint64)) error {
	return eventstore.WriteCommits(ctx, w, name, l.log, from, begin)
}

// ReadCommits calls fn with what WriteCommits wrote of the ledger of a name, and gives back the position of the
// last. What is cut off is an error.
func ReadCommits(r io.Reader, name string, fn func(RawCommit) error) (last uint64, err error) {
	return eventstore.ReadCommits(r, name, fn)
}
