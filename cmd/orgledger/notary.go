package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/audit/witness"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/notary"
)

// witnessing says who cosigns checkpoints, and where the log's key is.
type witnessing struct {
	urls, keys []string
	need       int
	every      time.Duration
	dir        string // of the key; empty: the data folder
}

// witnessFlags are those of the commands that give out checkpoints.
func (a *app) witnessFlags(command *cobra.Command) {
	flags := command.Flags()
	flags.StringArrayVar(&a.witnesses.urls, "witness", nil, "have the witness at `URL` cosign checkpoints; may be repeated")
	flags.StringArrayVar(&a.witnesses.keys, "witness-key", nil, "the public `KEY` of the witness named in the same place; may be repeated")
	flags.IntVar(&a.witnesses.need, "witnesses-needed", -1, "give out no checkpoint that fewer than `N` witnesses have cosigned; all, unless told otherwise")
	flags.StringVar(&a.witnesses.dir, "notary", "", "`DIR` of the log's key and of the checkpoints given out; the data folder, unless told otherwise")
}

// errNoKey says that this process has no key to sign checkpoints with.
var errNoKey = errors.New("there is no key for the log here: --notary names the folder that it is, or is to be, in")

// openNotary opens the notary of a ledger that this process has open.
func (a *app) openNotary(l *ledger.Ledger) (*notary.Notary, error) {
	w := a.witnesses
	if w.dir == "" && a.server == "" {
		w.dir = a.data
	}
	if w.dir == "" {
		return nil, errNoKey
	}
	if len(w.urls) != len(w.keys) {
		return nil, usageError{fmt.Errorf("there are %d of --witness and %d of --witness-key: every witness has both", len(w.urls), len(w.keys))}
	}
	if w.need < 0 || w.need > len(w.urls) {
		if w.need > len(w.urls) {
			return nil, usageError{fmt.Errorf("--witnesses-needed is %d, and there are %d witnesses", w.need, len(w.urls))}
		}
		w.need = len(w.urls)
	}
	options := notary.Options{Dir: w.dir, Ledger: a.ledger, Tree: l.Tree, Need: w.need, Every: w.every,
		Digest: func(known uint64) (on, sum string) {
			return domain.LastDate.String(), l.Digest(domain.LastDate, known)
		},
		Logger: a.logger()}
	for i, url := range w.urls {
		options.Witnesses = append(options.Witnesses, &witness.Client{URL: url, Key: w.keys[i]})
	}
	return notary.Open(options)
}

// lazyNotary is opened when it is first needed: few commands give out checkpoints.
type lazyNotary struct {
	open func() (*notary.Notary, error)

	mu     sync.Mutex
	notary *notary.Notary // guarded by mu
}

func (l *lazyNotary) get() (n *notary.Notary, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.notary == nil {
		l.notary, err = l.open()
	}
	return l.notary, err
}

func (l *lazyNotary) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.notary == nil {
		return nil
	}
	return l.notary.Close()
}

// Checkpoint gives a signed checkpoint that covers everything recorded.
func (s *local) Checkpoint(ctx context.Context) ([]byte, error) {
	n, err := s.notary.get()
	if err != nil {
		return nil, err
	}
	signed, err := n.Covering(ctx, s.View().Seq())
	if err != nil {
		return nil, err
	}
	return signed.Note, nil
}

// Policy names the log's key and its witnesses.
func (s *local) Policy(context.Context) ([]byte, error) {
	n, err := s.notary.get()
	if err != nil {
		return nil, err
	}
	return n.Policy().Text(), nil
}

// Digest signs what is held on a day as known at an entry.
func (s *local) Digest(_ context.Context, on domain.Date, known uint64) ([]byte, error) {
	n, err := s.notary.get()
	if err != nil {
		return nil, err
	}
	return n.SignDigest(known, on.String(), s.Ledger.Digest(on, known))
}

// Receipt proves an entry.
func (s *local) Receipt(ctx context.Context, seq uint64) ([]byte, error) {
	n, err := s.notary.get()
	if err != nil {
		return nil, err
	}
	event, err := s.Event(ctx, seq)
	if err != nil {
		return nil, err
	}
	receipt, err := n.Receipt(ctx, seq, event)
	if err != nil {
		return nil, err
	}
	return receipt.Format(), nil
}
