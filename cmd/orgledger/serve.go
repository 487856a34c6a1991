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
)

// serving is how serve is set up.
type serving struct {
	sample     bool
	http, nats string
	feed       bool
	keep       time.Duration

	connections int // readers of the feed by HTTP

	natsRecord       bool
	natsRecordChosen bool // natsRecord was given
}

func (a *app) serveCommand() *cobra.Command {
	var o serving
	command := &cobra.Command{
		Use:     "serve",
		GroupID: "main",
		Short:   "Serve the ledger: the log, its index and the HTTP interface",
		Long: `Serve the ledger in the data folder, which is made where it is missing: the embedded log, its index, an
HTTP interface and a NATS listener, both on the loopback interface unless told otherwise. The other
commands use the server by themselves while it runs.

--sample first records the built-in history of workforce education in the English NHS, if the ledger is
empty.`,
		Example: examples(`orgledger serve --sample`, `orgledger serve --data /var/lib/orgledger --http 127.0.0.1:9000`,
			`orgledger serve --server nats://127.0.0.1:4222`),
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.natsRecordChosen = cmd.Flags().Changed("nats-record")
			return a.serve(cmd.Context(), o)
		},
	}
	command.Flags().BoolVar(&o.sample, "sample", false, "record the built-in history into an empty ledger first")
	command.Flags().StringVar(&o.http, "http", "127.0.0.1:8080", "listen for HTTP at `ADDR`")
	command.Flags().DurationVar(&a.witnesses.every, "checkpoint-every", time.Minute, "sign a checkpoint of a log that has grown every `TIME`")
	a.witnessFlags(command)
	command.Flags().BoolVar(&o.feed, "feed", true, "publish the feed, which tells subscribers what changes")
	command.Flags().DurationVar(&o.keep, "feed-keep", 0, "keep the messages of the feed for so long a `TIME`; 0: forever")
	o.natsFlags(command)
	a.subscriberFlags(command, &o)
	return command
}

func (a *app) serve(ctx context.Context, o serving) (err error) {
	policy, err := a.check(&o)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.http)
	if err != nil {
		return fmt.Errorf("listen for HTTP: %w (--http names another address)", err)
	}
	defer listener.Close()
	options := a.servedOptions(o.nats)
	store, err := a.openServed(ctx, options)
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
	hooks := a.webhooks(l, store, policy)
	o.tell(running, group, l, store, hooks, options.Logger)
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
		served := api.Options{Ledger: l, Name: a.ledger, Version: version, Log: options.Logger, Notary: n, Bundle: here.Bundle, Feed: store.Feed(),
			FeedConnections: o.connections, Webhooks: hooks, Stopping: running.Done()}
		group.Go(func() error { return a.answerNATS(running, store, o.takesEntries(a.server == "", store), served) })
		return serveHTTP(running, listener, api.NewHandler(served), options.Logger)
	})
	if err := group.Wait(); err != nil && ctx.Err() == nil {
		return err
	}
	fmt.Fprintln(a.err, "stopped")
	return nil
}

// servedOptions say where the log is, and at which address NATS clients reach it where it is in a folder.
func (a *app) servedOptions(listen string) eventstore.Options {
	options := a.storeOptions()
	if options.Server == "" {
		options.Listen = listen
	}
	return options
}

// openServed opens the log to be served, once no other command has the folder open.
func (a *app) openServed(ctx context.Context, options eventstore.Options) (store *eventstore.Store, err error) {
	err = a.patiently(ctx, func() (held *eventstore.HeldError, err error) {
		store, err = eventstore.Open(ctx, options)
		if held, isHeld := errors.AsType[*eventstore.HeldError](err); isHeld && held.HTTP == "" {
			return held, err
		}
		return nil, err
	})
	return store, err
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
Try, in another terminal:

  orgledger who responsibility/education-commissioning --on 2022-12-31
  orgledger explain contract/cppe-postgraduate-education
  curl -s '%s/v1/holders/responsibility/education-commissioning?on=2013-03-31'

%[1]s/docs says what else there is. Ctrl-C stops the server.
`, address)
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
