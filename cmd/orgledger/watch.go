package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/feed"
	"github.com/orgledger/orgledger/ledger/telling"
)

// watchOptions are what a command watches.
type watchOptions struct {
	ref     string
	from    uint64
	changes bool
}

func (a *app) watchCommand() *cobra.Command {
	var o watchOptions
	command := &cobra.Command{
		Use:     "watch",
		GroupID: "log",
		Short:   "Follow what is recorded, or what changes because of it",
		Long: `Tell new entries as they are recorded, until stopped; with --changes, which answers change because of
them, on which days, and what is in effect now because an announced day has come.

It follows the server that runs on the data folder, or the one that --server names. When the server
stops, it waits until one is there again and goes on where it was: nothing is left out, and nothing is
told twice.

With --json every entry is printed as log --json prints it, and every change as the CloudEvent that it
is in the feed: one JSON object a line.`,
		Example: examples(`orgledger watch`, `orgledger watch --ref contract/cppe-postgraduate-education --changes`,
			`orgledger watch --from 249 --changes --json`),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.watch(cmd.Context(), o) },
	}
	command.Flags().StringVar(&o.ref, "ref", "", "only what concerns `REF`")
	command.Flags().Uint64Var(&o.from, "from", 0, "begin with the entry `SEQ`; left out, with the next one that is recorded")
	command.Flags().BoolVar(&o.changes, "changes", false, "tell what changes, not what is recorded")
	complete(command, "ref")
	return command
}

// followable is a ledger that can be followed.
type followable interface {
	session
	// Await waits, for some seconds at most, for an entry, and gives the last one. See api.Client.Await.
	Await(ctx context.Context, seq uint64) (last uint64, err error)
	// Follow calls fn with messages of the feed. See api.Client.Follow.
	Follow(ctx context.Context, f api.Following, fn func(id string, kind feed.Kind, event []byte) error) error
}

// watcher follows one ledger, through whatever server has it at the time.
type watcher struct {
	*app
	watchOptions
	ref    domain.Ref
	next   uint64 // the first entry that has not been told
	behind string // id of the last message of the feed that has been told
	told   uint64 // the entry that was told last, of which the changes follow
	ids    *amendments
}

// errSettled wraps an error that trying again would not mend.
type errSettled struct{ error }

// Unwrap is the error itself.
func (e errSettled) Unwrap() error { return e.error }

const (
	absent = 500 * time.Millisecond // between two looks for a server
	quiet  = 2 * time.Second        // without a server, after which it is said
)

func (a *app) watch(ctx context.Context, o watchOptions) error {
	w := &watcher{app: a, watchOptions: o}
	for {
		s, err := w.reach(ctx)
		if err == nil {
			err = errors.Join(w.follow(ctx, s), s.Close())
		}
		switch {
		case ctx.Err() != nil:
			return nil // it is stopped as it is meant to be
		case settled(err):
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(absent):
		}
	}
}

// settled reports whether an error stays: a wrong use, something that is not there, output that nobody takes.
func settled(err error) bool {
	if _, own := errors.AsType[errSettled](err); own {
		return true
	}
	if _, usage := errors.AsType[usageError](err); usage {
		return true
	}
	if remote, ok := errors.AsType[*api.RemoteError](err); ok {
		return remote.Status/100 == 4
	}
	_, question := errors.AsType[*ledger.QuestionError](err)
	_, file := errors.AsType[*fs.PathError](err) // the output
	return question || file
}

// reach finds the server, and waits for it where there is none.
func (w *watcher) reach(ctx context.Context) (followable, error) {
	begun, said := time.Now(), false
	for {
		s, err := w.serving(ctx)
		if s != nil || err != nil {
			return s, err
		}
		if !said && time.Since(begun) > quiet {
			fmt.Fprintln(w.err, "no server has the ledger at the moment: waiting for one (orgledger serve starts one)")
			said = true
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(absent):
		}
	}
}

// serving gives the server as it is now; nil where there is none.
func (w *watcher) serving(ctx context.Context) (followable, error) {
	address, name := w.server, w.ledger
	switch {
	case isHTTP(w.server):
	case w.server != "":
		s, err := w.openLocal(ctx, true)
		if err != nil {
			return nil, w.unless(errors.Is(err, eventstore.ErrUnavailable), err)
		}
		return s.(*local), nil
	case !eventstore.Exists(w.data):
		return nil, errSettled{fmt.Errorf("%s: %w; orgledger serve --sample starts one, --data names another folder", w.data, eventstore.ErrNotLedger)}
	default:
		address, name = eventstore.Serving(w.data)
	}
	if address == "" {
		return nil, nil
	}
	if name != w.ledger {
		return nil, errSettled{fmt.Errorf("the server on %s has the ledger %s, not %s", w.data, name, w.ledger)}
	}
	c := w.client(address)
	if _, err := c.Status(ctx); err != nil {
		return nil, w.unless(!settled(err), err)
	}
	return c, nil
}

// unless is nil for what passes, and else an error that stays.
func (w *watcher) unless(passes bool, err error) error {
	if passes {
		return nil
	}
	return errSettled{err}
}

// follow tells what there is to tell until ctx ends or the server does.
func (w *watcher) follow(ctx context.Context, s followable) error {
	last, err := s.Await(ctx, 0)
	if err != nil {
		return err
	}
	switch {
	case w.next == 0 && w.from > last+1:
		return usageError{fmt.Errorf("--from %d: the next entry to be recorded is %d", w.from, last+1)}
	case w.next == 0 && w.from > 0:
		w.next = w.from
	case w.next == 0:
		w.next = last + 1
	case w.next > last+1:
		return errSettled{fmt.Errorf("entry %d has been told, and the ledger ends with %d: it is another one, or has lost entries", w.next-1, last)}
	}
	if w.ref.ID == "" && w.watchOptions.ref != "" {
		if err := w.chooses(ctx, s); err != nil {
			return err
		}
	}
	if w.changes {
		return w.followChanges(ctx, s)
	}
	return w.followEntries(ctx, s)
}

// chooses finds the reference that is watched.
func (w *watcher) chooses(ctx context.Context, s session) error {
	q, err := w.inquiry(ctx, s)
	if err != nil {
		return err
	}
	w.ref, err = q.reference(ctx, w.watchOptions.ref, allKinds)
	return err
}

// inquiry is a new page about everything that is known now.
func (w *watcher) inquiry(ctx context.Context, s session) (*inquiry, error) {
	b, err := telling.Open(ctx, s, ledger.Today(time.Now()), nil)
	if err != nil {
		return nil, err
	}
	return &inquiry{app: w.app, Book: b, page: w.page(), session: s, today: true}, nil
}

// Await is api.Client.Await.
func (s *local) Await(ctx context.Context, seq uint64) (last uint64, err error) {
	ctx, cancel := context.WithTimeout(ctx, reaching)
	defer cancel()
	if err := s.Reach(ctx, seq); err != nil {
		return 0, err
	}
	return s.View().Seq(), nil
}
