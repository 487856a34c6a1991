package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger/telling"
)

func (a *app) backupCommand() *cobra.Command {
	var check bool
	command := &cobra.Command{
		Use:     "backup DIR",
		GroupID: "main",
		Short:   "Copy what is new in the log to a folder, while recording goes on",
		Long: `Copy the log to a folder: everything the first time, and after that what the folder has not got. Recording
goes on meanwhile; the backup ends with what was recorded when the command began. Every commit is proved on
the way, and the files have checksums. A backup that is interrupted leaves the folder as an earlier backup,
and is finished by running it again.

A folder holds the backup of one ledger. Where the log is not the one that the backup was made of, or has
lost commits that the backup has, the backup is refused and left alone.

--check reads the backup instead: every file is compared with its checksum and every commit is proved, and
nothing is changed. orgledger restore brings it back.`,
		Example: examples(`orgledger backup /backup/orgledger`, `orgledger backup /backup/orgledger --server nats://127.0.0.1:4222`,
			`orgledger backup /backup/orgledger --check`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if check {
				return a.checkBackup(cmd.Context(), args[0])
			}
			return a.backup(cmd.Context(), args[0])
		},
	}
	command.Flags().BoolVar(&check, "check", false, "prove the backup that is there, and change nothing")
	return command
}

func (a *app) backup(ctx context.Context, dir string) (err error) {
	from, done, err := a.rawLog(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	meter := a.progress("backing up", "commits")
	report, err := eventstore.Backup(ctx, eventstore.BackupOptions{Dir: dir, Ledger: a.ledger, Progress: meter.uint64s}, from)
	meter.done()
	if err != nil {
		return err
	}
	added := fmt.Sprintf("added          %s in %s\n", telling.Counted(int(report.AddedEntries), "entry"), telling.Counted(int(report.AddedCommits), "commit"))
	return a.backupReport(&report, added)
}

func (a *app) checkBackup(ctx context.Context, dir string) error {
	meter := a.progress("checking the backup", "commits")
	report, err := eventstore.CheckBackup(ctx, eventstore.BackupOptions{Dir: dir, Ledger: a.ledger, Progress: meter.uint64s})
	meter.done()
	if err != nil {
		return err
	}
	return a.backupReport(&report, "every file has its checksum, and every commit its root\n")
}

func (a *app) backupReport(report *eventstore.BackupReport, first string) error {
	if a.json {
		return a.jsonLine(report)
	}
	_, err := fmt.Fprintf(a.out, "%sbackup         %s\nledger         %s\nentries        %d\ncommits        %d\nbytes          %d\nlast recorded  %s\nroot           %s\n",
		first, report.Backup, report.Ledger, report.Entries, report.Commits, report.Bytes, lastRecorded(report.LastRecorded), report.Root)
	return err
}

// rawLog is the log that the flags name, as it is stored, without an index of it: behind the server that was named or
// that runs on the data folder, in the folder itself, or on a NATS server. done lets go of it.
func (a *app) rawLog(ctx context.Context) (from eventstore.Source, done func() error, err error) {
	var store *eventstore.Store
	client, err := a.find(ctx, func() (err error) {
		o := a.storeOptions()
		o.ReadOnly = true
		store, err = eventstore.Open(ctx, o)
		return err
	})
	switch {
	case client != nil:
		return client.Log(a.ledger), client.Close, nil
	case err != nil:
		return nil, nil, err
	}
	return store, store.Close, nil
}

// jsonLine prints an answer as one line of JSON.
func (a *app) jsonLine(answer any) error {
	text, err := json.Marshal(answer, json.Deterministic(true))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.out, string(text))
	return err
}

func lastRecorded(at *time.Time) string {
	if at == nil {
		return "never"
	}
	return at.Format(time.RFC3339)
}
