package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"

	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger/indexfile"
	"github.com/orgledger/orgledger/projections"
)

// delivery is a commit on its way to all that are fed, and what is due after it.
type delivery struct {
	eventstore.Commit
	snapshot bool // the index that is loaded is written down, and goes on as it is read again
	beside   bool // the file beside the log ends here
}

// snapshotAt are the parts of the log, in sixteenths of its commits, after which the index that is loaded is written down and
// read again: from then on that one is loaded, and in the end it has to be the one that grew commit by commit.
var snapshotAt = []uint64{4, 8}

// due says what is to be done after a commit, of so many; 0: their number is not known yet.
func (v *reading) due(c eventstore.Commit, total uint64) delivery {
	d := delivery{Commit: c, beside: v.beside.contents != nil && v.beside.contents.Kept.Leaves.Size() == c.Last()}
	if total > 0 && v.due16 < len(snapshotAt) && 16*c.StreamSeq >= snapshotAt[v.due16]*total {
		d.snapshot = true
		v.due16++
	}
	return d
}

// resume writes the index down that is loaded, and goes on with what is read again.
func (r *rebuilt) resume() error {
	r.index.Publish()
	index, err := reread(r.index.Image())
	if err != nil {
		return err
	}
	r.index = index
	r.resumed++
	return nil
}

// beside is the file of the index beside the log.
type beside struct {
	contents *indexfile.Contents // nil: there is none, or none that would be used
	unusable error               // why not
	fits     bool                // its root is the log's
	differs  error               // what is wrong with its index, if it fits
}

// readBeside reads the file beside the log, if one is named.
func readBeside(ctx context.Context, path, ledger string) (*beside, error) {
	b := new(beside)
	if path == "" {
		return b, nil
	}
	var err error
	if b.contents, err = indexfile.Read(ctx, path, ledger); ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		b.unusable = err
	}
	return b, nil
}

// compare compares the file with the index that grew.
func (b *beside) compare(image *projections.Image) {
	if got, want := b.contents.Index.Image().Sum(), image.Sum(); got != want {
		b.differs = fmt.Errorf("the snapshot beside the log has another index (%x) than follows from the log up to entry %d (%x): remove it", got, image.Seq(), want)
	}
}

// reread is the index of an image that is written down and read again.
func reread(image *projections.Image) (*projections.Index, error) {
	var assembly *projections.Assembly
	var err error
	for chunk := range image.Chunks() {
		if assembly == nil {
			assembly, err = projections.NewAssembly(chunk, math.MaxInt64)
		} else {
			err = assembly.Add(chunk)
		}
		if err != nil {
			break
		}
	}
	var index *projections.Index
	if err == nil {
		index, err = assembly.Index()
	}
	if err != nil {
		return nil, fmt.Errorf("read a snapshot at entry %d: %w", image.Seq(), err)
	}
	return index, nil
}

// says tells what became of the file.
func (b *beside) says() string {
	switch {
	case b.fits:
		return ", and the file beside the log too"
	case b.contents != nil:
		return "; the file beside the log is of another log, and would not be used"
	case b.unusable != nil:
		return "; the file beside the log would not be used: " + b.unusable.Error()
	default:
		return ""
	}
}
