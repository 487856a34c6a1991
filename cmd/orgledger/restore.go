package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/eventstore"
)

// restoring is how restore is set up.
type restoring struct {
	source             string
	repair, acceptLoss bool
}

func (a *app) restoreCommand() *cobra.Command {
	var o restoring
	command := &cobra.Command{
		Use:     "restore [SOURCE]",
		GroupID: "main",
		Short:   "Bring a ledger back from a backup or a replica, or mend one",
		Long: `Bring a ledger back into a data folder where there is none (--data), or to a NATS server (--server), from
a SOURCE: the folder of a backup, an orgledger server (http://…), or a NATS server that has the log
(nats://…). Every commit is proved on the way, and what was written is read back and proved before it takes
its place. A restore that is interrupted leaves no ledger that anything would open; running it again
finishes it, or begins anew.

--repair mends a ledger that is there and damaged: whole commits are taken from its own files, also behind
a damaged one, and those that are missing from the SOURCE, if one is given. The result has to hold everything
that was acknowledged, as the checkpoint of the folder says, or nothing is changed; --accept-loss goes on
with less. Damaged files are never deleted, but moved to a folder damaged-… beside the ledger. Stop what
serves the ledger first.`,
		Example: examples(`orgledger restore /backup/orgledger --data /var/lib/orgledger`, `orgledger restore /backup/orgledger --repair`,
			`orgledger restore http://replica:8080 --repair`, `orgledger restore /backup/orgledger --server nats://127.0.0.1:4222 --replicas 3`),
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.source = args[0]
			}
			if err := a.checkRestore(&o); err != nil {
				return usageError{err}
			}
			return a.restore(cmd.Context(), o)
		},
	}
	command.Flags().BoolVar(&o.repair, "repair", false, "mend the ledger that is there")
	command.Flags().BoolVar(&o.acceptLoss, "accept-loss", false, "with --repair: go on without entries that were acknowledged and are nowhere to be had")
	return command
}

func (a *app) checkRestore(o *restoring) error {
	switch {
	case o.source == "" && !o.repair:
		return errors.New("name what to restore from: the folder of a backup, http://host:port or nats://host:port")
	case o.acceptLoss && !o.repair:
		return errors.New("--accept-loss goes with --repair")
	case isHTTP(a.server):
		return errors.New("a ledger is restored into a folder (--data) or to a NATS server (--server nats://host:port), not through an orgledger server")
	case a.server != "" && o.repair:
		return errors.New("--repair mends a data folder; the files of a NATS server are its own: restore to an empty one instead")
	case a.server != "" && a.server == o.source:
		return errors.New("the source and the server are the same")
	}
	return nil
}

func (a *app) restore(ctx context.Context, o restoring) (err error) {
	from, done, err := a.restoredFrom(ctx, o.source)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	meter := a.progress("restoring", "commits")
	var report eventstore.RestoreReport
	if options := a.storeOptions(); a.server != "" {
		report, err = eventstore.RestoreServer(ctx, options, from, meter.uint64s)
	} else {
		report, err = eventstore.Restore(ctx, eventstore.RestoreOptions{Dir: a.data, Ledger: a.ledger, Repair: o.repair,
			AcceptLoss: o.acceptLoss, Version: version, Logger: options.Logger, Progress: meter.uint64s}, from)
	}
	meter.done()
	if err != nil {
		return err
	}
	return a.restoreReport(&report)
}

// restoredFrom opens what is restored from; "" is nothing.
func (a *app) restoredFrom(ctx context.Context, name string) (from eventstore.Source, done func() error, err error) {
	switch {
	case name == "":
		return nil, func() error { return nil }, nil
	case isHTTP(name):
		client := a.client(strings.TrimSuffix(name, "/"))
		return client.Log(a.ledger), client.Close, nil
	case strings.Contains(name, "://"):
		o := a.storeOptions()
		o.Dir, o.Server, o.Creds, o.Replicas, o.ReadOnly = "", name, a.creds, 0, true
		store, err := eventstore.Open(ctx, o)
		if err != nil {
			return nil, nil, err
		}
		return store, store.Close, nil
	}
	backup, err := eventstore.OpenBackup(name, a.ledger)
	if err != nil {
		return nil, nil, err
	}
	return backup, backup.Close, nil
}

// outcomes in words.
var outcomes = map[string]string{
	eventstore.Restored: "restored the ledger",
	eventstore.Repaired: "repaired the ledger",
	eventstore.Finished: "finished the restore that was interrupted",
	eventstore.Whole:    "nothing is damaged or missing",
}

func (a *app) restoreReport(report *eventstore.RestoreReport) error {
	if a.json {
		return a.jsonLine(report)
	}
	where := a.data
	if a.server != "" {
		where = a.server
	}
	text := fmt.Sprintf("%s\nledger         %s in %s\nentries        %d\ncommits        %d, %d of them from the source\nlast recorded  %s\nroot           %s\n",
		outcomes[report.Outcome], report.Ledger, where, report.Entries, report.Commits, report.Brought, lastRecorded(report.LastRecorded), report.Root)
	if report.Damaged != "" {
		text += "the damaged files are in " + report.Damaged + "\n"
	}
	_, err := fmt.Fprint(a.out, text)
	return err
}
