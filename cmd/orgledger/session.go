package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/audit"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/notary"
)

// session is a ledger to ask and to record in, whether this process has it open or another serves it.
type session interface {
	Query(ctx context.Context, questions io.Reader, answers io.Writer) error
	Record(ctx context.Context, entries io.Reader, o ledger.RecordOptions) ([]ledger.Receipt, error)
	Signing(ctx context.Context, r ledger.SigningRequest) (ledger.Signing, error)
	Select(ctx context.Context, s ledger.Selection, fn func(domain.Recorded) error) error
	Status(ctx context.Context) (ledger.Status, error)
	Checkpoint(ctx context.Context) ([]byte, error)
	Policy(ctx context.Context) ([]byte, error)
	Receipt(ctx context.Context, seq uint64) ([]byte, error)
	Digest(ctx context.Context, on domain.Date, known uint64) ([]byte, error)
	Tile(ctx context.Context, t audit.Tile) ([]byte, error)
	Bundle(ctx context.Context, ref domain.Ref, on domain.Date, known uint64) ([]byte, error)
	Close() error
}

// patience is how long a command waits for another that has the folder open and serves nobody.
const patience = 30 * time.Second

// reaching is how long a command waits for the entry that --at-least names.
const reaching = 10 * time.Second

// open finds the ledger: the server that was named, the server that runs on the data folder, or the
// folder itself. readOnly: a ledger that is not there is an error, and not created.
func (a *app) open(ctx context.Context, readOnly bool) (s session, err error) {
	client, err := a.find(ctx, func() (err error) {
		s, err = a.openLocal(ctx, readOnly)
		return err
	})
	if client != nil {
		return client, nil
	}
	return s, err
}

// find gives a client of the server that was named, or of the one that runs on the data folder. Where there is
// none, it calls open, which opens the folder or the log of a NATS server.
func (a *app) find(ctx context.Context, open func() error) (client *api.Client, err error) {
	if isHTTP(a.server) {
		return a.client(strings.TrimSuffix(a.server, "/")), nil
	}
	err = a.patiently(ctx, func() (*eventstore.HeldError, error) {
		err := open()
		held, isHeld := errors.AsType[*eventstore.HeldError](err)
		if !isHeld || held.HTTP == "" {
			return held, err
		}
		if held.Ledger != a.ledger {
			return nil, fmt.Errorf("%w, which serves the ledger %s: the ledger %s can be opened when it has stopped", err, held.Ledger, a.ledger)
		}
		reached := a.client(held.HTTP)
		if _, unreachable := reached.Status(ctx); errors.Is(unreachable, api.ErrUnreachable) {
			return held, err // it is stopping
		}
		client = reached
		return nil, nil
	})
	return client, err
}

func isHTTP(address string) bool {
	return strings.HasPrefix(address, "http://") || strings.HasPrefix(address, "https://")
}

// patiently tries to open the data folder again while another command has it, which does not take long.
func (a *app) patiently(ctx context.Context, try func() (*eventstore.HeldError, error)) error {
	deadline := time.Now().Add(patience)
	for told := false; ; {
		held, err := try()
		if held == nil || time.Now().After(deadline) {
			return err
		}
		if !told && a.watched {
			fmt.Fprintf(a.err, "waiting for process %d, which has %s open\n", held.PID, a.data)
			told = true
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(30 * time.Millisecond):
		}
	}
}

func (a *app) client(address string) *api.Client {
	c := api.NewClient(address)
	c.AtLeast = a.atLeast
	return c
}

// logger writes what an operator has to know to standard error.
func (a *app) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

func (a *app) storeOptions() eventstore.Options {
	o := eventstore.Options{Ledger: a.ledger, Replicas: a.replicas, Version: version, Logger: a.logger()}
	if a.server != "" {
		o.Server, o.Creds = a.server, a.creds
	} else {
		o.Dir = a.data
	}
	return o
}

// local is a ledger that this process has open.
type local struct {
	*ledger.Ledger
	store *eventstore.Store
	name  string
	stop  context.CancelFunc
	ran   chan error

	notary *lazyNotary
}

func (a *app) openLocal(ctx context.Context, readOnly bool) (session, error) {
	o := a.storeOptions()
	o.ReadOnly = readOnly
	store, err := eventstore.Open(ctx, o)
	if err != nil {
		if readOnly && errors.Is(err, eventstore.ErrNotLedger) {
			return nil, fmt.Errorf("%w; orgledger serve --sample starts one, orgledger record makes one, --data names another folder", err)
		}
		return nil, err
	}
	progress := a.progress("reading the log", "commits")
	l, err := ledger.OpenWith(ctx, store, ledger.Opening{Progress: progress.uint64s, Snapshots: a.snapshots(keeping{}, readOnly)})
	progress.done()
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	s := &local{Ledger: l, store: store, name: a.ledger, ran: make(chan error, 1)}
	s.notary = &lazyNotary{open: func() (*notary.Notary, error) { return a.openNotary(l) }}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	go func() { s.ran <- l.Run(running) }()
	wait := reaching
	if a.server == "" { // nobody else records in the folder
		wait = 0
	}
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	if err := l.Reach(waiting, a.atLeast); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Record reads entries and records them. See ledger.Record.
func (s *local) Record(ctx context.Context, entries io.Reader, o ledger.RecordOptions) ([]ledger.Receipt, error) {
	return s.Ledger.RecordLines(ctx, entries, o)
}

func (s *local) Status(context.Context) (ledger.Status, error) {
	return s.Ledger.Status(s.name, version), nil
}

func (s *local) Close() error {
	s.stop()
	return errors.Join(<-s.ran, s.notary.close(), s.store.Close())
}

// with runs a command on the ledger, and closes it.
func (a *app) with(ctx context.Context, readOnly bool, do func(session) error) (err error) {
	s, err := a.open(ctx, readOnly)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return do(s)
}
