package notary

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/sync/errgroup"

	"github.com/orgledger/orgledger/audit"
	"github.com/orgledger/orgledger/audit/witness"
)

// Options say what a notary needs.
type Options struct {
	Dir       string // where its files are: the key and the checkpoints given out
	Ledger    string
	Tree      func() audit.View // of what is recorded durably
	Witnesses []*witness.Client
	Need      int           // how many of the witnesses have to cosign before a checkpoint is given out
	Every     time.Duration // how often a log that has grown gets a checkpoint unasked; 0: a minute
	// Digest is that of everything that is held on a day as known at an entry, in hexadecimal. Once a day one is given out
	// unasked. nil: none is.
	Digest func(known uint64) (on, sha256 string)
	Clock  func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: nothing is logged
}

// Notary gives out checkpoints. Its methods may be called from any goroutine.
type Notary struct {
	options Options
	signer  note.Signer
	key     string // public
	policy  *audit.Policy
	latest  atomic.Pointer[audit.Signed] // given out last; nil: none

	publishing sync.Mutex
	archive    *archive // guarded by publishing
	failed     error    // guarded by publishing; why nothing can be given out any more
	digested   Given    // guarded by publishing; the last digest given out
}

// ErrFork says that the log is not the one that checkpoints were given out for before.
var ErrFork = errors.New("the log is not the one that was vouched for")

// ErrNoCheckpoint says that none can be given out now, because witnesses that are needed do not cosign.
var ErrNoCheckpoint = errors.New("no checkpoint can be given out")

// KeyPath is the file of a ledger's key in a folder, GivenPath that of the checkpoints given out.
func KeyPath(dir, ledger string) string { return filepath.Join(dir, "ORGLEDGER_"+ledger+".key") }
func GivenPath(dir, ledger string) string {
	return filepath.Join(dir, "ORGLEDGER_"+ledger+".published")
}

// Open loads the key, or makes it, and reads the checkpoints given out before. The error is ErrFork where the last of
// them is not of this log.
func Open(o Options) (*Notary, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Every == 0 {
		o.Every = time.Minute
	}
	private, err := LoadKey(KeyPath(o.Dir, o.Ledger), o.Ledger)
	if err != nil {
		return nil, err
	}
	n := &Notary{options: o}
	if n.signer, err = audit.LogSigner(private); err != nil {
		return nil, err
	}
	if n.key, err = audit.VerifierKey(private); err != nil {
		return nil, err
	}
	keys := make([]string, len(o.Witnesses))
	for i, w := range o.Witnesses {
		keys[i] = w.Key
	}
	if n.policy, err = audit.NewPolicy(n.key, o.Need, keys...); err != nil {
		return nil, fmt.Errorf("the witnesses: %w", err)
	}
	archive, last, err := openArchive(GivenPath(o.Dir, o.Ledger))
	if err != nil {
		return nil, err
	}
	n.archive, n.digested = archive, last[KindDigest]
	if checkpoint, ok := last[KindCheckpoint]; ok {
		if err := n.resume(&checkpoint); err != nil {
			return nil, errors.Join(err, archive.close())
		}
	}
	return n, nil
}

// resume goes on from the last checkpoint given out. It may have been cosigned by other witnesses than there are now:
// then it is not given out again.
func (n *Notary) resume(last *Given) error {
	own, err := audit.NewPolicy(n.key, 0)
	if err != nil {
		return err
	}
	signed, err := audit.Open(last.Note, own)
	if err != nil {
		return fmt.Errorf("the last checkpoint given out: %w", err)
	}
	root, err := n.options.Tree().Root(signed.Size)
	if err != nil {
		return fmt.Errorf("%w: a checkpoint of %d entries was given out on %s, and there are %d", ErrFork, signed.Size, last.At.Format(time.DateOnly), n.options.Tree().Size())
	}
	if root != signed.Root {
		return fmt.Errorf("%w: the checkpoint of %d entries that was given out on %s has another root", ErrFork, signed.Size, last.At.Format(time.DateOnly))
	}
	if cosigned, err := audit.Open(last.Note, n.policy); err == nil {
		n.latest.Store(cosigned)
	}
	return nil
}

// Key is the public key that checkpoints are verified with.
func (n *Notary) Key() string { return n.key }

// Policy is whom to believe: the log's key, the witnesses' keys and how many of them have to have cosigned.
func (n *Notary) Policy() *audit.Policy { return n.policy }

// Latest is the checkpoint given out last, nil where there is none.
func (n *Notary) Latest() *audit.Signed { return n.latest.Load() }

// Run gives out a checkpoint from time to time while the log grows, until ctx ends, and then the last one.
func (n *Notary) Run(ctx context.Context) error {
	ticker := time.NewTicker(n.options.Every)
	defer ticker.Stop()
	for {
		n.unasked(ctx)
		if err := n.daily(); err != nil {
			n.options.Logger.Warn("no digest was given out", "error", err)
		}
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), parting)
			defer cancel()
			n.unasked(last)
			return nil
		case <-ticker.C:
		}
	}
}

// parting is how long witnesses may take for the last checkpoint.
const parting = 2 * time.Second

func (n *Notary) unasked(ctx context.Context) {
	if _, err := n.Covering(ctx, n.options.Tree().Size()); err != nil {
		n.options.Logger.Warn("no checkpoint was given out", "error", err)
	}
}

// Covering is a checkpoint of at least size entries, which have to be recorded: the one given out last, or a new one. A
// new one costs a signature, an fsync, and a request to each witness. The error is ErrNoCheckpoint where too few
// witnesses cosign.
func (n *Notary) Covering(ctx context.Context, size uint64) (*audit.Signed, error) {
	if latest := n.latest.Load(); latest != nil && latest.Size >= size {
		return latest, nil
	}
	n.publishing.Lock()
	defer n.publishing.Unlock()
	if latest := n.latest.Load(); latest != nil && latest.Size >= size {
		return latest, nil
	}
	return n.publish(ctx)
}

// publish signs, has cosigned, keeps and gives out a checkpoint. A crash before it is kept leaves witnesses ahead of what
// was given out, and the next checkpoint is proved to them from there.
func (n *Notary) publish(ctx context.Context) (*audit.Signed, error) {
	if n.failed != nil {
		return nil, n.failed
	}
	tree := n.options.Tree()
	root, err := tree.Root(tree.Size())
	if err != nil {
		return nil, err
	}
	checkpoint, err := audit.Checkpoint{Origin: n.signer.Name(), Size: tree.Size(), Root: root}.Sign(n.signer)
	if err != nil {
		return nil, fmt.Errorf("sign a checkpoint: %w", err)
	}
	cosigned, refused := n.cosign(ctx, checkpoint, tree)
	signed, err := audit.Open(cosigned, n.policy)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoCheckpoint, errors.Join(err, refused))
	}
	if refused != nil {
		n.options.Logger.Warn("a witness did not cosign", "error", refused)
	}
	if err := n.keep(Given{KindCheckpoint, n.options.Clock().UTC(), cosigned}); err != nil {
		return nil, err
	}
	n.latest.Store(signed)
	return signed, nil
}

// keep puts into the archive what is going to be given out.
func (n *Notary) keep(g Given) error {
	if n.failed != nil {
		return n.failed
	}
	if err := n.archive.add(g); err != nil {
		n.failed = fmt.Errorf("keep a %s: %w", g.Kind, err) // what of it is in the file is not known
	}
	return n.failed
}

// SignDigest signs what the log's entries amounted to on a day, as known at an entry: a note that audit.OpenDigest
// reads. It is not kept here.
func (n *Notary) SignDigest(known uint64, on, sha256 string) ([]byte, error) {
	signed, err := audit.Digest{Origin: n.signer.Name(), Known: known, On: on, SHA256: sha256}.Sign(n.signer)
	if err != nil {
		return nil, fmt.Errorf("sign a digest: %w", err)
	}
	return signed, nil
}

// daily keeps a digest where the last one is a day old.
func (n *Notary) daily() error {
	n.publishing.Lock()
	defer n.publishing.Unlock()
	known := n.options.Tree().Size()
	if n.options.Digest == nil || known == 0 || n.options.Clock().Sub(n.digested.At) < 24*time.Hour {
		return nil
	}
	on, sum := n.options.Digest(known)
	signed, err := n.SignDigest(known, on, sum)
	if err != nil {
		return err
	}
	g := Given{KindDigest, n.options.Clock().UTC(), signed}
	if err := n.keep(g); err != nil {
		return err
	}
	n.digested = g
	return nil
}

// cosign asks all witnesses at the same time, and adds the lines that they give in the order of the witnesses.
func (n *Notary) cosign(ctx context.Context, checkpoint []byte, tree audit.View) (cosigned []byte, refused error) {
	lines, errs := make([][]byte, len(n.options.Witnesses)), make([]error, len(n.options.Witnesses))
	var group errgroup.Group
	for i, w := range n.options.Witnesses {
		group.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			line, err := w.Submit(ctx, checkpoint, tree.Consistency)
			if err != nil {
				errs[i] = fmt.Errorf("the witness at %s: %w", w.URL, err)
				return nil
			}
			lines[i] = line
			return nil
		})
	}
	_ = group.Wait() // none fails
	return append(bytes.Clone(checkpoint), bytes.Join(lines, nil)...), errors.Join(errs...)
}

// patience is how long a witness may take.
const patience = 10 * time.Second

// Receipt proves that an entry is in the log, given its event as it is stored: by the checkpoint given out last, or a
// new one where that does not cover the entry yet.
func (n *Notary) Receipt(ctx context.Context, seq uint64, event []byte) (*audit.Receipt, error) {
	checkpoint, err := n.Covering(ctx, seq)
	if err != nil {
		return nil, err
	}
	return n.ReceiptBy(checkpoint, seq, event)
}

// ReceiptBy is Receipt by a checkpoint that was given out and covers the entry.
func (n *Notary) ReceiptBy(checkpoint *audit.Signed, seq uint64, event []byte) (*audit.Receipt, error) {
	proof, err := n.options.Tree().Inclusion(seq-1, checkpoint.Size)
	if err != nil {
		return nil, fmt.Errorf("prove entry %d: %w", seq, err)
	}
	return &audit.Receipt{Entry: event, Index: seq - 1, Proof: proof, Checkpoint: checkpoint.Note}, nil
}

// SignBundle writes a bundle that leads to a checkpoint given out, signed with the log's key.
func (n *Notary) SignBundle(w io.Writer, b *audit.Bundle) error {
	return audit.WriteBundle(w, b, n.signer)
}

// Close lets go of the files.
func (n *Notary) Close() error {
	n.publishing.Lock()
	defer n.publishing.Unlock()
	n.failed = errors.Join(n.failed, ErrNoCheckpoint)
	return n.archive.close()
}
