package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"

	"github.com/minio/highwayhash"

	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger/indexfile"
	"github.com/orgledger/orgledger/projections"
)

// delivery is a commit on its way to all that are fed, and what is due after it.
type delivery struct {
	eventstore.Commit
	snapshot bool // the index that grows is written down, and read again
	beside   bool // the file beside the log ends here
}

// snapshotAt are the parts of the log, in sixteenths of its commits, after which the index is written down: late, so that two
// more indexes are built of what is left in little time.
var snapshotAt = []uint64{14, 15}

// resumed are the indexes that go on from snapshots of the index that grows: each up to the next one, and the last to the end of the log.
// It belongs to one goroutine while it is fed.
type resumed struct {
	images chan *projections.Image // of the index that grows, one for each snapshot and one for the file beside the log
	index  *projections.Index
	taken  int // snapshots
	wrong  error

	file     *indexfile.Contents // what is in the file beside the log; nil: there is none, or none that would be used
	unusable error               // why not
	fits     bool                // the file's root is the log's
	differs  error               // what is wrong with its index
}

// newResumed reads the file beside the log, if one is named.
func newResumed(ctx context.Context, path, ledger string) (*resumed, error) {
	r := &resumed{images: make(chan *projections.Image, len(snapshotAt)+1)}
	if path == "" {
		return r, nil
	}
	var err error
	if r.file, err = indexfile.Read(ctx, path, ledger); ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.unusable = err
	}
	return r, nil
}

// due says what is to be done after a commit, of so many; 0: their number is not known yet.
func (r *resumed) due(c eventstore.Commit, total uint64, taken *int) delivery {
	f := delivery{Commit: c, beside: r.file != nil && r.file.Kept.Leaves.Size() == c.Last()}
	if total > 0 && *taken < len(snapshotAt) && 16*c.StreamSeq >= snapshotAt[*taken]*total {
		f.snapshot = true
		*taken++
	}
	return f
}

// take puts the next commit into the index that was resumed, and reads a snapshot that is due.
func (r *resumed) take(ctx context.Context, f delivery) error {
	if r.index != nil && r.wrong == nil {
		if err := r.index.Load(own(f.Entries)); err != nil {
			r.wrong = fmt.Errorf("an index that goes on from a snapshot: %w", err)
		}
	}
	for _, due := range []struct {
		is bool
		do func(*projections.Image)
	}{{f.snapshot, r.snapshot}, {f.beside, r.besides}} {
		if !due.is {
			continue
		}
		select {
		case image := <-r.images:
			due.do(image)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// snapshot compares the index that was resumed before with the one that grew, and goes on from a snapshot of that.
func (r *resumed) snapshot(image *projections.Image) {
	index, sum, err := reread(image)
	if err == nil {
		err = r.compare(image.Seq(), sum)
	}
	if err != nil && r.wrong == nil {
		r.wrong = err
	}
	r.index = index
	r.taken++
}

// compare compares the index that was resumed, if any, with the one that grew.
func (r *resumed) compare(seq uint64, sum [highwayhash.Size]byte) error {
	if r.index == nil || r.wrong != nil {
		return r.wrong
	}
	r.index.Publish()
	if got := r.index.Image().Sum(); got != sum {
		return fmt.Errorf("at entry %d, the index that goes on from a snapshot is %x, and the one that grew commit by commit %x", seq, got, sum)
	}
	return nil
}

// besides compares the file beside the log with the index that grew.
func (r *resumed) besides(image *projections.Image) {
	if got, want := r.file.Index.Image().Sum(), image.Sum(); got != want {
		r.differs = fmt.Errorf("the snapshot beside the log has another index (%x) than follows from the log up to entry %d (%x): remove it", got, image.Seq(), want)
	}
}

// reread is the index of an image that is written down and read again, with the hash of what was written.
func reread(image *projections.Image) (index *projections.Index, sum [highwayhash.Size]byte, err error) {
	hash := projections.NewSum()
	var assembly *projections.Assembly
	for chunk := range image.Chunks() {
		hash.Write(chunk)
		if assembly == nil {
			assembly, err = projections.NewAssembly(chunk, math.MaxInt64)
		} else {
			err = assembly.Add(chunk)
		}
		if err != nil {
			return nil, sum, fmt.Errorf("read a snapshot at entry %d: %w", image.Seq(), err)
		}
	}
	index, err = assembly.Index()
	hash.Sum(sum[:0])
	return index, sum, err
}

// says tells what became of the file beside the log.
func (r *resumed) says() string {
	switch {
	case r.fits:
		return ", and the file beside the log too"
	case r.file != nil:
		return "; the file beside the log is of another log, and would not be used"
	case r.unusable != nil:
		return "; the file beside the log would not be used: " + r.unusable.Error()
	default:
		return ""
	}
}
