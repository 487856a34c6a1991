package main

import (
	"context"
	"net"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/eventstore"
)

func (o *serving) natsFlags(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&o.nats, "nats", "127.0.0.1:4222", "let NATS clients read the log and ask questions at `ADDR`; empty: none")
	flags.BoolVar(&o.natsRecord, "nats-record", false,
		"take entries over NATS from everyone who reaches it; left out, only where the listener is on the loopback interface")
}

// takesEntries reports whether entries are taken over NATS.
func (o *serving) takesEntries(embedded bool, store *eventstore.Store) bool {
	if o.natsRecordChosen {
		return o.natsRecord
	}
	return embedded && onLoopback(store.Addr())
}

// onLoopback reports whether an address, nats://host:port, is reached from this machine alone.
func onLoopback(address string) bool {
	at, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(at.Hostname())
	return at.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// answerNATS answers NATS clients until ctx ends. Where none can reach the ledger it does nothing.
func (a *app) answerNATS(ctx context.Context, store *eventstore.Store, record bool, o api.Options) error {
	if store.Addr() == "" {
		return nil
	}
	conn, err := store.Connect("orgledger services " + a.ledger)
	if err != nil {
		return err
	}
	n, err := api.NewNATS(conn, eventstore.Services(a.ledger), record, o)
	if err != nil {
		return err
	}
	return n.Run(ctx)
}
