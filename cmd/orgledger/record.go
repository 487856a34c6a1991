package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/ledger"
)

func (a *app) recordCommand() *cobra.Command {
	var o ledger.RecordOptions
	var key string
	command := &cobra.Command{
		Use:     "record [FILE|-]",
		GroupID: "main",
		Short:   "Record entries, one JSON object a line",
		Long: `Record entries from a file or from standard input, one JSON object a line.

All of them are checked before any is written, and either all of a call are recorded or none; only a call
of more than 1,000 entries or 4 MiB is written in several steps, and one that is interrupted is
finished by running it again. Recording the same entries again writes nothing. When the command has
answered, the entries survive a crash of the process and of the machine.

With --key every entry is signed with the actor's key before it is sent: the ledger then knows, and anyone
can check, that whoever has that key said so. orgledger key new makes one; an entry of type key.registered
makes it known.

orgledger schema prints what an entry looks like.`,
		Example: examples(`orgledger record history.jsonl`, `orgledger record --dry-run history.jsonl`,
			`orgledger record --actor registrar --key registrar.nkey history.jsonl`,
			`echo '{"type":"organisation.renamed","effective":"2018-01-08","data":{"organisation":"dhsc","name":"Department of Health and Social Care"}}' | orgledger record`),
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			in, closeInput, err := a.input(args)
			if err != nil {
				return err
			}
			defer closeInput()
			sign, err := a.signing(key, o.Actor)
			if err != nil {
				return err
			}
			return a.with(cmd.Context(), o.DryRun, func(s session) error {
				in, err := sign(cmd.Context(), s, in)
				if err != nil {
					return err
				}
				meter := a.progress("recording", "entries")
				o.Progress = meter.ints
				receipts, err := s.Record(cmd.Context(), in, o)
				meter.done()
				return errors.Join(a.receipts(receipts), err)
			})
		},
	}
	command.Flags().BoolVar(&o.DryRun, "dry-run", false, "check everything, write nothing")
	command.Flags().BoolVar(&o.Strict, "strict", false, "also refuse what would raise a new finding")
	command.Flags().StringVar(&o.Actor, "actor", "", "`NAME` of who records, kept with each entry")
	command.Flags().StringVar(&key, "key", "", "sign with the key in `FILE`, in the name of --actor")
	return command
}

// input opens the file that is named, or standard input.
func (a *app) input(args []string) (io.Reader, func() error, error) {
	if len(args) == 0 || args[0] == "-" {
		return a.in, func() error { return nil }, nil
	}
	file, err := os.Open(args[0])
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a folder: name a file of JSON lines", args[0])
	}
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return file, file.Close, nil
}

func (a *app) receipts(receipts []ledger.Receipt) error {
	out := bufio.NewWriter(a.out)
	for _, r := range receipts {
		if err := json.MarshalWrite(out, r); err != nil {
			return fmt.Errorf("write a receipt: %w", err)
		}
		out.WriteByte('\n')
	}
	return out.Flush()
}
