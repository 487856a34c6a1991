package verify

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/orgledger/orgledger/audit"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
)

// Log is the recorded sequence to be verified. Replay proves every commit on the way: its place, its order
// in time, and the root of all entries up to it. *eventstore.Store is one.
type Log interface {
	Name() string // of the ledger: entries are signed for it
	Replay(ctx context.Context, after uint64, progress func(done, total uint64), fn func(eventstore.Commit) error) error
}

// Published is a checkpoint whose signatures have been verified: what somebody was once told of the log.
type Published struct {
	Name string // where it is from
	Size uint64 // entries
	Root [audit.HashSize]byte
}

// Digest is a statement, whose signature has been verified, of what the log amounted to.
type Digest struct {
	Name   string // where it is from
	Known  uint64 // entries
	On     domain.Date
	SHA256 string
}

// Options say what is verified beside the log itself.
type Options struct {
	Published []Published
	Digests   []Digest
	// Served answers a question, one JSON object, as the ledger that is verified does; nil: nobody serves it.
	Served func(ctx context.Context, question []byte) ([]byte, error)
	// Snapshot is the file of the index beside the log, which is compared too; empty: there is none.
	Snapshot string
	Sample   int    // how many questions are answered by index and plain fold; 0: none
	Seed     uint64 // of the sample: equal seeds ask equal questions of equal logs

	// Progress is told how many of the commits are read; nil: nobody is.
	Progress func(done, total uint64)
	// Step is told what is being done after reading; nil: nobody is.
	Step func(what string)
}

// Report says what was verified and what came of it.
type Report struct {
	Entries uint64  `json:"entries"`
	Commits uint64  `json:"commits"`
	Root    string  `json:"root"` // of the Merkle tree over all entries, in hexadecimal
	Digest  string  `json:"digest"`
	Checks  []Check `json:"checks"`
	Seed    uint64  `json:"seed"`
}

// Check is one thing that was verified.
type Check struct {
	Check   string  `json:"check"`
	OK      bool    `json:"ok"`
	Detail  string  `json:"detail"` // what was compared, or what is wrong and where
	Seconds float64 `json:"seconds"`
}

// OK reports whether everything that was checked holds.
func (r *Report) OK() bool {
	return !slices.ContainsFunc(r.Checks, func(c Check) bool { return !c.OK })
}

// add notes a check that began at a time: err is what is wrong, nil where detail says what holds.
func (r *Report) add(name string, began time.Time, detail string, err error) {
	c := Check{Check: name, OK: err == nil, Detail: detail, Seconds: time.Since(began).Seconds()}
	if err != nil {
		c.Detail = err.Error()
	}
	r.Checks = append(r.Checks, c)
}

// The checks, in their order.
const (
	CheckLog        = "log"        // every entry hashes to what was recorded with it
	CheckPublished  = "published"  // every checkpoint that was given out is one of this log
	CheckSignatures = "signatures" // every entry is signed as it had to be, by what was known before it
	CheckIndex      = "index"      // built twice, in two ways, one by way of snapshots, the index is the same
	CheckEarlier    = "earlier"    // what was known earlier is what a ledger that ended there knows
	CheckAnswers    = "answers"    // index and plain fold answer alike
	CheckDigests    = "digests"    // every digest that was given out comes out again
	CheckServed     = "served"     // what is served is what follows from the log
)

// patientGC is how much garbage there may be for each byte in use while indexes are built, in hundredths: little of what they
// ask for is ever let go.
const patientGC = 400

// Run verifies a log. The error is that of reading, or that ctx was cancelled; what is wrong with the log is in
// the report. Memory grows with the index, of which up to three are there at the same time, and the garbage collector of the whole
// process is set to be patient meanwhile.
func Run(ctx context.Context, log Log, o Options) (*Report, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(patientGC))
	report := &Report{Seed: o.Seed}
	began := time.Now()
	v, err := newReading(ctx, o, log.Name())
	if err != nil {
		return nil, err
	}
	err = v.read(ctx, log, o.Progress)
	if damage, ok := errors.AsType[*eventstore.DamageError](err); ok {
		report.add(CheckLog, began, "", damage)
		return report, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	report.Entries, report.Commits, report.Root = v.entries, v.commits, fmt.Sprintf("%x", v.tree.Root())
	report.add(CheckLog, began, fmt.Sprintf("%d entries in %d commits hash to the roots that were recorded with them", v.entries, v.commits), nil)
	if len(o.Published) > 0 {
		detail, err := v.published.judge(v.entries)
		report.add(CheckPublished, began, detail, err)
	}
	for _, step := range []struct {
		name, what string
		skip       bool
		check      func(context.Context) (string, error)
	}{
		{CheckSignatures, "judging signatures", false, v.compareSignatures},
		{CheckIndex, "comparing the indexes", false, v.compareIndexes},
		{CheckEarlier, "comparing earlier states", false, v.compareEarlier},
		{CheckAnswers, "asking the plain fold", o.Sample == 0, v.compareAnswers},
		{CheckDigests, "making digests again", len(o.Digests) == 0, v.compareDigests},
		{CheckServed, "comparing what is served", o.Served == nil, v.compareServed},
	} {
		if step.skip {
			continue
		}
		if o.Step != nil {
			o.Step(step.what)
		}
		began := time.Now()
		detail, err := step.check(ctx)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		report.add(step.name, began, detail, err)
	}
	report.Digest = v.digest
	return report, nil
}

// reading is one pass over the log, which feeds everything that is compared afterwards.
type reading struct {
	options    Options
	entries    uint64
	commits    uint64
	tree       audit.Tree // grown anew, leaf by leaf
	published  *publishedRoots
	bulk       *rebuilt // built as a start builds it
	live       *rebuilt // built as recording builds it, commit by commit
	beside     *beside  // kept beside the log
	due16      int      // how many of snapshotAt have come; owned by the goroutine that reads
	signatures *signatures
	judge      *judge
	digest     string
}

func newReading(ctx context.Context, o Options, of string) (*reading, error) {
	kept, err := readBeside(ctx, o.Snapshot, of)
	if err != nil {
		return nil, err
	}
	return &reading{options: o, published: newPublishedRoots(o.Published), bulk: newRebuilt(), live: newRebuilt(), beside: kept,
		signatures: newSignatures(of), judge: newJudge(o.Sample)}, nil
}

// ahead is how many commits wait for the slowest of those that are fed.
const ahead = 64

// read passes every commit to all that are fed, each in a goroutine of its own.
func (v *reading) read(ctx context.Context, log Log, progress func(done, total uint64)) error {
	group, ctx := errgroup.WithContext(ctx)
	feeds := []func(delivery) error{v.grow, v.load, v.apply, v.keep}
	channels := make([]chan delivery, len(feeds))
	for i, feed := range feeds {
		channels[i] = make(chan delivery, ahead)
		group.Go(func() error {
			for c := range channels[i] {
				if err := feed(c); err != nil {
					return err
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		defer func() {
			for _, to := range channels {
				close(to)
			}
		}()
		return v.distribute(ctx, log, progress, channels)
	})
	if err := group.Wait(); err != nil {
		return err
	}
	v.bulk.index.Publish()
	return nil
}

// distribute reads the log.
func (v *reading) distribute(ctx context.Context, log Log, progress func(done, total uint64), channels []chan delivery) error {
	total := uint64(0)
	return log.Replay(ctx, 0, func(done, of uint64) {
		if total = of; progress != nil {
			progress(done, of)
		}
	}, func(c eventstore.Commit) error {
		next := v.due(c, total)
		for _, to := range channels {
			select {
			case to <- next:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
}

// load builds the index in one go, by way of snapshots, and checks signatures behind it.
func (v *reading) load(c delivery) error {
	entries := own(c.Entries)
	if err := v.bulk.index.Load(entries); err != nil {
		return err
	}
	v.signatures.take(entries)
	if c.snapshot {
		return v.bulk.resume()
	}
	return nil
}

// apply builds the index as recording does.
func (v *reading) apply(c delivery) error {
	if err := v.live.apply(c.Commit); err != nil {
		return err
	}
	if c.beside {
		v.beside.compare(v.live.index.Image())
	}
	return nil
}

// grow hashes the log into a tree of its own, and compares it with what was published.
func (v *reading) grow(c delivery) error {
	for _, hash := range c.Hashes {
		v.tree.AppendHash(hash)
		v.entries++
		v.published.reached(v.entries, &v.tree)
	}
	v.commits++
	if c.beside {
		root, err := v.beside.contents.Kept.Leaves.Root(v.entries)
		v.beside.fits = err == nil && root == v.tree.Root()
	}
	return nil
}
