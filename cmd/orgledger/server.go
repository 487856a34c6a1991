package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/feed"
	"github.com/orgledger/orgledger/ledger/notary"
	"github.com/orgledger/orgledger/ledger/webhooks"
	"github.com/orgledger/orgledger/web"
)

// server is what serve consists of. It is opened part by part, run, and closed from the last part to the first.
type server struct {
	*app
	serving
	listener net.Listener
	store    *eventstore.Store
	log      *ledger.Ledger
	notary   *notary.Notary // nil: there is no key, and no checkpoints are given out here
	hooks    *webhooks.Webhooks
	opened   []func() error // let go of what was opened, in its order
}

// open opens every part. What was opened before an error is for close.
func (s *server) open(ctx context.Context) error {
	policy, err := s.check(&s.serving)
	if err != nil {
		return err
	}
	if s.listener, err = net.Listen("tcp", s.http); err != nil {
		return fmt.Errorf("listen for HTTP: %w (--http names another address)", err)
	}
	s.opened = append(s.opened, func() error {
		if err := s.listener.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	if err := s.openStore(ctx); err != nil {
		return err
	}
	progress := s.progress("reading the log", "commits")
	s.log, err = ledger.OpenWith(ctx, s.store, ledger.Opening{Progress: progress.uint64s, Snapshots: s.app.snapshots(s.serving.snapshots, false)})
	progress.done()
	if err != nil {
		return err
	}
	s.hooks = s.webhooks(s.log, s.store, policy)
	return s.openSigning()
}

// openStore opens the log, and waits a little for another process to let go of it.
func (s *server) openStore(ctx context.Context) error {
	options := s.storeOptions()
	if options.Server == "" {
		options.Listen = s.nats
	}
	err := s.patiently(ctx, func() (held *eventstore.HeldError, err error) {
		s.store, err = eventstore.Open(ctx, options)
		if held, isHeld := errors.AsType[*eventstore.HeldError](err); isHeld && held.HTTP == "" {
			return held, err
		}
		return nil, err
	})
	if err != nil {
		return err
	}
	s.opened = append(s.opened, s.store.Close)
	return nil
}

// openSigning opens what signs checkpoints, where there is a place for its key.
func (s *server) openSigning() (err error) {
	s.notary, err = s.openNotary(s.log)
	switch {
	case errors.Is(err, errNoKey):
		return nil
	case err == nil:
		s.opened = append(s.opened, s.notary.Close)
	}
	return err
}

func (s *server) close() (err error) {
	for _, let := range slices.Backward(s.opened) {
		err = errors.Join(err, let())
	}
	return err
}

// run serves until ctx ends or a part fails.
func (s *server) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.log.Run(ctx) })
	group.Go(func() error { return s.log.Prove(ctx) })
	if s.feed {
		publisher := feed.NewPublisher(feed.Options{Log: s.store, Ledger: s.log, Keep: s.keep, Logger: s.logger()})
		s.log.ShowFeed(publisher.Status)
		group.Go(func() error { return publisher.Run(ctx) })
	}
	group.Go(func() error { return webhooks.NewDeliverer(s.hooks, s.store.Feed()).Run(ctx) })
	group.Go(func() error { return s.answer(ctx, group) })
	return group.Wait()
}

// answer lets others in, once the sample is recorded where it is wanted.
func (s *server) answer(ctx context.Context, group *errgroup.Group) (err error) {
	if s.sample {
		if err := s.recordSample(ctx, s.log); err != nil {
			return err
		}
	}
	address := "http://" + s.listener.Addr().String()
	if err := s.store.Announce(address); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.store.Announce("")) }() // while the folder is held a little longer
	if s.notary != nil {
		group.Go(func() error { return s.notary.Run(ctx) })
	}
	s.greet(s.log, address, s.store.Addr())
	served := s.served(ctx)
	group.Go(func() error {
		return s.answerNATS(ctx, s.store, s.takesEntries(s.app.server == "", s.store), served)
	})
	return serveHTTP(ctx, s.listener, mounted(s.pages(), api.NewHandler(served)), s.logger())
}

// programs are the addresses that are for programs; all others are pages.
var programs = []string{"/v1/", "/tlog/", "/healthz", "/docs", "/docs/", "/openapi.json", "/openapi.yaml"}

// mounted serves pages for people, and the interface for programs where it has always been.
func mounted(pages, programming http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	for _, pattern := range programs {
		mux.Handle(pattern, programming)
	}
	return mux
}

// pages are what people look at.
func (s *server) pages() http.Handler {
	options := web.Options{Ledger: s.log, Name: s.ledger, Version: version, Log: s.logger(), Status: api.StatusOf, Now: time.Now,
		Receipts: s.notary != nil, Recording: !s.readOnlyPages}
	if s.feed {
		options.Feed = "/v1/feed"
	}
	return api.Guard(web.NewHandler(options), func(w http.ResponseWriter, _ *http.Request, status int, why string) { http.Error(w, why, status) })
}

// served is what programs are answered from.
func (s *server) served(ctx context.Context) api.Options {
	here := &local{Ledger: s.log, store: s.store, name: s.ledger, notary: &lazyNotary{notary: s.notary}}
	return api.Options{Ledger: s.log, Name: s.ledger, Version: version, Log: s.logger(), Notary: s.notary, Bundle: here.Bundle,
		Feed: s.store.Feed(), FeedConnections: s.connections, Webhooks: s.hooks, Stopping: ctx.Done()}
}
