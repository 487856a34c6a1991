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

	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/sample"
)

// serving is how serve is set up.
type serving struct {
	sample        bool
	readOnlyPages bool
	http, nats    string
	feed          bool
	keep          time.Duration

	connections int // readers of the feed by HTTP

	natsRecord       bool
	natsRecordChosen bool // natsRecord was given
	snapshots        keeping
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
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.natsRecordChosen = cmd.Flags().Changed("nats-record")
			return a.serve(cmd.Context(), o)
		},
	}
	command.Flags().BoolVar(&o.sample, "sample", false, "record the built-in history into an empty ledger first")
	command.Flags().StringVar(&o.http, "http", "127.0.0.1:8080", "listen for HTTP at `ADDR`")
	command.Flags().DurationVar(&a.witnesses.every, "checkpoint-every", time.Minute, "sign a checkpoint of a log that has grown every `TIME`")
	a.witnessFlags(command)
	command.Flags().BoolVar(&o.readOnlyPages, "read-only-pages", false, "show pages that record nothing")
	command.Flags().BoolVar(&o.feed, "feed", true, "publish the feed, which tells subscribers what changes")
	command.Flags().DurationVar(&o.keep, "feed-keep", 0, "keep the messages of the feed for so long a `TIME`; 0: forever")
	o.natsFlags(command)
	a.subscriberFlags(command, &o)
	o.snapshots.flags(command)
	return command
}

func (a *app) serve(ctx context.Context, o serving) (err error) {
	s := &server{app: a, serving: o}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.open(ctx); err != nil {
		return err
	}
	if err := s.run(ctx); err != nil && ctx.Err() == nil {
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
  curl -s '%s/v1/holders/responsibility/education-commissioning?on=2013-03-31'

%[1]s/docs says what else there is. Ctrl-C stops the server.
`, address, address)
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
