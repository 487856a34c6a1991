package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/feed"
)

func (a *app) feedCommand() *cobra.Command {
	command := &cobra.Command{
		Use:     "feed",
		GroupID: "log",
		Short:   "Look after the feed, which tells subscribers what changes",
		Long: `Look after the feed: a stream of messages that is made of the log, one for each reference that an entry
touches, one for each that it changes, and one for each that changes when an announced day comes. serve
publishes it.`,
		RunE: func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	command.AddCommand(a.feedStatusCommand(), a.feedRebuildCommand())
	for _, sub := range command.Commands() {
		strict(sub)
	}
	return command
}

// feedReport says how far the feed is.
type feedReport struct {
	Ledger string `json:"ledger"`
	feed.Status
	Entries uint64 `json:"entries"`
}

func (a *app) feedStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Say how far the feed is",
		Long: `Say up to which entry the feed is complete, how many messages it has had, and how many recorded entries it has
not got yet. The state is publishing, standby (another process publishes), starting, failing, or stopped where
no publisher runs.`,
		Example: examples(`orgledger feed status`, `orgledger feed status --json`),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), true, func(s session) error {
				report, err := a.feedStatus(cmd.Context(), s)
				if err != nil {
					return err
				}
				return a.showFeed(report)
			})
		},
	}
}

// feedStatus asks the publisher that runs, or the stream itself.
func (a *app) feedStatus(ctx context.Context, s session) (*feedReport, error) {
	status, err := s.Status(ctx)
	if err != nil {
		return nil, err
	}
	report := &feedReport{Ledger: status.Ledger, Entries: status.Entries, Status: feed.Status{State: feed.StateStopped, Lag: status.Entries}}
	here, isHere := s.(*local)
	switch {
	case status.Feed != nil:
		report.Status = *status.Feed
	case isHere:
		last, _, err := here.store.Feed().Last(ctx)
		if err != nil {
			return nil, err
		}
		report.Seq, report.Position, report.Day = last.Complete, last.Position, last.Day.String()
		report.Lag = status.Entries - min(last.Complete, status.Entries)
	}
	return report, nil
}

func (a *app) showFeed(r *feedReport) error {
	if a.json {
		return a.jsonLine(r)
	}
	_, err := fmt.Fprintf(a.out, "ledger         %s\nfeed           %s\ncomplete to    entry %d of %d\nmessages       %d\n", r.Ledger, r.State, r.Seq, r.Entries, r.Position)
	if err == nil && r.Day != "" {
		_, err = fmt.Fprintf(a.out, "has reached    %s\n", r.Day)
	}
	if err == nil && r.Error != "" {
		_, err = fmt.Fprintf(a.out, "failing        %s\n", r.Error)
	}
	return err
}

func (a *app) feedRebuildCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rebuild",
		Short: "Make the feed again from the log",
		Long: `Drop the feed, and make it again from the log: message for message what it was, at the same positions. What
the server knows of readers goes with it: durable consumers have to be made anew, from the position behind the last
message that each has had. Interrupted, it is finished by running it again, or by serve.

The ledger in a data folder is stopped meanwhile.`,
		Example: examples(`orgledger feed rebuild`, `orgledger feed rebuild --server nats://127.0.0.1:4222`),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.rebuildFeed(cmd.Context()) },
	}
}

// servedError says that another process has the ledger open, and publishes its feed.
type servedError struct{}

// Error says what to do.
func (servedError) Error() string {
	return "a server has the ledger open, and publishes its feed: stop it, and run this again"
}

// Describe gives it the code of a ledger that is held.
func (e servedError) Describe() ledger.Description {
	return ledger.Description{Code: ledger.CodeHeld, Message: e.Error()}
}

func (a *app) rebuildFeed(ctx context.Context) error {
	if a.server == "" && !eventstore.Exists(a.data) {
		return fmt.Errorf("%s: %w", a.data, eventstore.ErrNotLedger)
	}
	return a.with(ctx, false, func(s session) error {
		here, isHere := s.(*local)
		if !isHere {
			return servedError{}
		}
		meter := a.progress("making the feed", "entries")
		publisher := feed.NewPublisher(feed.Options{Log: here.store, Ledger: here.Ledger, Logger: a.logger(), Progress: meter.uint64s})
		err := publisher.Rebuild(ctx)
		meter.done()
		if err != nil {
			return err
		}
		report, err := a.feedStatus(ctx, s)
		if err != nil {
			return err
		}
		return a.showFeed(report)
	})
}
