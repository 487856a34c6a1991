package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/sample"
	"github.com/orgledger/orgledger/web"
)

// serving is how serve is set up.
type serving struct {
	sample        bool
	readOnlyPages bool
	http, nats    string
}

func (a *app) serveCommand() *cobra.Command {
	var o serving
	command := &cobra.Command{
		Use:     "serve",
		GroupID: "main",
		Short:   "Serve the ledger: the log, its index, web pages and the HTTP interface",
		Long: `Serve the ledger in the data folder, which is made where it is missing: the embedded log, its index, web
pages and an HTTP interface at one address, and a NATS listener, both on the loopback interface unless told otherwise. The other
commands use the server by themselves while it runs.

--sample first records the built-in history of workforce education in the English NHS, if the ledger is
empty.`,
		Example: examples(`orgledger serve --sample`, `orgledger serve --data /var/lib/orgledger --http 127.0.0.1:9000`,
			`orgledger serve --server nats://127.0.0.1:4222`),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context(), o) },
	}
	command.Flags().BoolVar(&o.sample, "sample", false, "record the built-in history into an empty ledger first")
	command.Flags().StringVar(&o.http, "http", "127.0.0.1:8080", "listen for HTTP at `ADDR`")
	command.Flags().DurationVar(&a.witnesses.every, "checkpoint-every", time.Minute, "sign a checkpoint of a log that has grown every `TIME`")
	a.witnessFlags(command)
	command.Flags().BoolVar(&o.readOnlyPages, "read-only-pages", false, "show pages that record nothing")
	command.Flags().StringVar(&o.nats, "nats", "127.0.0.1:4222", "let NATS clients read the log at `ADDR`; empty: none")
	return command
}

func (a *app) serve(ctx context.Context, o serving) (err error) {
	listener, err := net.Listen("tcp", o.http)
	if err != nil {
		return fmt.Errorf("listen for HTTP: %w (--http names another address)", err)
	}
	defer listener.Close()
	options := a.storeOptions()
	if options.Server == "" {
		options.Listen = o.nats
	}
	var store *eventstore.Store
	err = a.patiently(ctx, func() (held *eventstore.HeldError, err error) {
		store, err = eventstore.Open(ctx, options)
		if held, isHeld := errors.AsType[*eventstore.HeldError](err); isHeld && held.HTTP == "" {
			return held, err
		}
		return nil, err
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	progress := a.progress("reading the log", "commits")
	l, err := ledger.Open(ctx, store, progress.uint64s)
	progress.done()
	if err != nil {
		return err
	}
	n, err := a.openNotary(l)
	if err != nil && !errors.Is(err, errNoKey) {
		return err
	}
	if n != nil {
		defer func() { err = errors.Join(err, n.Close()) }()
	}
	address := "http://" + listener.Addr().String()
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error { return l.Run(running) })
	group.Go(func() (err error) {
		if o.sample {
			if err := a.recordSample(running, l); err != nil {
				return err
			}
		}
		if err := store.Announce(address); err != nil {
			return err
		}
		if n != nil {
			group.Go(func() error { return n.Run(running) })
		}
		a.greet(l, address, store.Addr())
		defer func() { err = errors.Join(err, store.Announce("")) }() // while the folder is held a little longer
		here := &local{Ledger: l, store: store, name: a.ledger, notary: &lazyNotary{notary: n}}
		handler := api.NewHandler(api.Options{Ledger: l, Name: a.ledger, Version: version, Log: options.Logger, Notary: n, Bundle: here.Bundle})
		pages := web.NewHandler(web.Options{Ledger: l, Name: a.ledger, Version: version, Log: options.Logger, Status: api.StatusOf, Now: time.Now,
			Receipts: n != nil, Recording: !o.readOnlyPages})
		return serveHTTP(running, listener, mounted(api.Guard(pages), handler), options.Logger)
	})
	if err := group.Wait(); err != nil && ctx.Err() == nil {
		return err
	}
	fmt.Fprintln(a.err, "stopped")
	return nil
}

// recordSample records the built-in history, unless there is something already.
func (a *app) recordSample(ctx context.Context, l *ledger.Ledger) error {
	if n := l.View().Seq(); n > 0 {
		fmt.Fprintf(a.err, "the ledger has %d entries already: the sample is left out\n", n)
		return nil
	}
	_, err := l.RecordLines(ctx, sample.Entries(), ledger.RecordOptions{Actor: "orgledger sample"})
	if err != nil {
		return fmt.Errorf("record the sample: %w", err)
	}
	return nil
}

// greet says where the ledger is reached, and what to try.
func (a *app) greet(l *ledger.Ledger, address, nats string) {
	where := a.data
	if a.server != "" {
		where = a.server
	}
	fmt.Fprintf(a.out, "ledger %s in %s: %d entries\n  HTTP  %s\n", a.ledger, where, l.View().Seq(), address)
	if nats != "" {
		fmt.Fprintf(a.out, "  NATS  %s\n", nats)
	}
	fmt.Fprintf(a.out, `
Open %s in a browser, or try, in another terminal:

  orgledger who responsibility/education-commissioning --on 2022-12-31
  orgledger explain contract/cppe-postgraduate-education
  curl -s %s/v1/query -d '{"q":"holders","ref":"responsibility/education-commissioning","on":"2013-03-31"}'

Ctrl-C stops the server.
`, address, address)
}

// programs are the addresses that are for programs; all others are pages.
var programs = []string{"/v1/", "/tlog/", "/healthz", "/docs", "/openapi.json", "/openapi.yaml", "/schemas/"}

// mounted serves pages for people, and the interface for programs where it has always been.
func mounted(pages, programming http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	for _, pattern := range programs {
		mux.Handle(pattern, programming)
	}
	return mux
}

// serveHTTP answers requests until ctx ends, then finishes those under way, for at most some seconds.
func serveHTTP(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}
