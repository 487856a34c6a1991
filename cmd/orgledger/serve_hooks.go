package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/feed"
	"github.com/orgledger/orgledger/ledger/webhooks"
)

// subscriberFlags are those of serve about who follows the feed by HTTP.
func (a *app) subscriberFlags(command *cobra.Command, o *serving) {
	a.allowFlag(command.Flags())
	command.Flags().IntVar(&o.connections, "feed-connections", api.FeedConnections, "let at most `N` readers follow the feed by HTTP at once")
}

// allowFlag says which addresses webhooks may have.
func (a *app) allowFlag(flags *pflag.FlagSet) {
	flags.StringArrayVar(&a.allow, "webhook-allow", nil,
		"send webhooks to addresses in `CIDR` although they are not public, and by plain http too; may be repeated")
}

// check refuses what serve cannot be told, and says which addresses webhooks may have.
func (a *app) check(o *serving) (webhooks.Policy, error) {
	switch {
	case o.keep < 0:
		return webhooks.Policy{}, usageError{fmt.Errorf("--feed-keep %v: it is 0, or how long a message is kept", o.keep)}
	case o.connections < 1:
		return webhooks.Policy{}, usageError{fmt.Errorf("--feed-connections %d: it is a number from 1", o.connections)}
	}
	return a.policy()
}

// policy is which addresses webhooks may have, here.
func (a *app) policy() (webhooks.Policy, error) {
	policy, err := webhooks.ParsePolicy(a.allow)
	if err != nil {
		return policy, usageError{fmt.Errorf("--webhook-allow: %w", err)}
	}
	return policy, nil
}

// webhooks are those of a ledger that this process has open.
func (a *app) webhooks(l *ledger.Ledger, store *eventstore.Store, policy webhooks.Policy) *webhooks.Webhooks {
	return webhooks.New(webhooks.Options{Shelf: store.Shelf(), Ledger: a.ledger, Last: func() uint64 { return l.View().Seq() },
		Policy: policy, Version: version, Logger: a.logger()})
}

// tell runs, in a group, what subscribers hear of changes by: the publisher of the feed, unless it is left out, and the deliverer of
// webhooks.
func (o *serving) tell(ctx context.Context, group *errgroup.Group, l *ledger.Ledger, store *eventstore.Store, hooks *webhooks.Webhooks, log *slog.Logger) {
	group.Go(func() error { return webhooks.NewDeliverer(hooks, store.Feed()).Run(ctx) })
	if !o.feed {
		return
	}
	publisher := feed.NewPublisher(feed.Options{Log: store, Ledger: l, Keep: o.keep, Logger: log})
	l.ShowFeed(publisher.Status)
	group.Go(func() error { return publisher.Run(ctx) })
}
