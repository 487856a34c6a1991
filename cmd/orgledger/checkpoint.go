package main

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/ledger/telling"
)

func (a *app) checkpointCommand() *cobra.Command {
	command := &cobra.Command{
		Use:     "checkpoint",
		GroupID: "audit",
		Short:   "Print a signed checkpoint of the log",
		Long: `Print a signed checkpoint (C2SP tlog-checkpoint): how many entries the log has, and the root of the Merkle
tree over them, signed with the log's key and cosigned by its witnesses. Whoever keeps it can have it
shown later that nothing up to there was changed: orgledger verify --checkpoint FILE.

The key is made when it is first needed, in the data folder, for its owner alone.`,
		Example: examples(`orgledger checkpoint > checkpoint-2026-11-22`, `orgledger verify --checkpoint checkpoint-2026-11-22`),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), true, func(s session) error {
				text, err := s.Checkpoint(cmd.Context())
				if err != nil {
					return err
				}
				return a.printText("checkpoint", text)
			})
		},
	}
	a.witnessFlags(command)
	return command
}

func (a *app) digestCommand() *cobra.Command {
	var m moment
	command := &cobra.Command{
		Use:     "digest",
		GroupID: "audit",
		Short:   "Print a signed digest: one hash over everything that is held",
		Long: `Print a signed statement of one hash over who holds everything on a day, as known at an entry: whoever folds
the log anew comes to the same, whenever that is. Whoever keeps it can have it made again:
orgledger verify --digest FILE. With --json it is the answer to the question digest, unsigned.`,
		Example: examples(`orgledger digest --on 2023-03-15 --known 248 > digest-248`, `orgledger verify --digest digest-248`),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.inquire(cmd, &m, func(ctx context.Context, q *inquiry) error {
				question := q.OnDay(q.Question("digest"))
				if q.json {
					raw, err := telling.AskRaw(ctx, q, question)
					q.line(string(raw))
					return err
				}
				signed, err := q.session.Digest(ctx, q.On, q.Known)
				if err != nil {
					return err
				}
				_, err = q.page.out.Write(signed)
				return err
			})
		},
	}
	m.onFlag(command)
	m.knownFlag(command)
	a.witnessFlags(command)
	return command
}

func (a *app) proveCommand() *cobra.Command {
	var out string
	command := &cobra.Command{
		Use:     "prove SEQ",
		GroupID: "audit",
		Short:   "Print a receipt: the proof that an entry is in the log",
		Long: `Print a receipt (C2SP tlog-proof): the entry as it is stored, the path from it to the root of the Merkle
tree, and the signed checkpoint of that root. orgledger-verify checks it on a machine without the ledger.`,
		Example: examples(`orgledger prove 249 --out entry-249.tlog-proof`, `orgledger-verify receipt --policy policy entry-249.tlog-proof`),
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			seq, err := strconv.ParseUint(args[0], 10, 64)
			if err != nil || seq == 0 {
				return usageError{fmt.Errorf("%q is no sequence: entries are numbered from 1", args[0])}
			}
			return a.with(cmd.Context(), true, func(s session) error {
				receipt, err := s.Receipt(cmd.Context(), seq)
				if err != nil {
					return err
				}
				if out != "" {
					return os.WriteFile(out, receipt, 0o644)
				}
				return a.printText("receipt", receipt)
			})
		},
	}
	command.Flags().StringVar(&out, "out", "", "write the receipt to a `FILE`")
	a.witnessFlags(command)
	return command
}

// printText prints what is text by itself; with --json as the one field of an object.
func (a *app) printText(field string, text []byte) error {
	if a.json {
		line, err := json.Marshal(map[string]string{field: string(text)})
		if err != nil {
			return err
		}
		text = append(line, '\n')
	}
	_, err := a.out.Write(text)
	return err
}
