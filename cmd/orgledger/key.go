package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

func (a *app) keyCommand() *cobra.Command {
	command := &cobra.Command{
		Use:     "key",
		GroupID: "main",
		Short:   "Make keys to sign entries with, and show those of the log",
		Args:    cobra.NoArgs,
		RunE:    func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	command.AddCommand(a.keyNewCommand(), a.keyShowCommand())
	for _, sub := range command.Commands() {
		strict(sub)
	}
	return command
}

func (a *app) keyNewCommand() *cobra.Command {
	var file string
	command := &cobra.Command{
		Use:   "new",
		Short: "Make a key that an actor signs entries with",
		Long: `Make a key that an actor signs entries with: an Ed25519 key, its secret half written to a file that only
you can read, as an nkey seed, and its public half printed. The file is never overwritten, and nothing of
it is kept elsewhere: who loses it cannot sign any more, who has it can sign in your name.

The key counts once an entry registers it. From then on the ledger refuses unsigned entries in the name of
the actor, and changes of its keys that it has not signed: register a second key, kept elsewhere, before
you need it.`,
		Example: examples(`orgledger key new --out registrar.nkey`,
			`echo '{"type":"key.registered","effective":"2026-12-01","data":{"key":"UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4","actor":"registrar"}}' | orgledger record`,
			`orgledger record --actor registrar --key registrar.nkey history.jsonl`),
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.newKey(file) },
	}
	command.Flags().StringVar(&file, "out", "actor.nkey", "write the secret half to `FILE`")
	return command
}

func (a *app) keyShowCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "show",
		Short: "Print the public key of the log, and its witnesses",
		Long: `Print whom to believe (C2SP tlog-policy): the public key that the log's checkpoints are signed with, the
witnesses' keys, and how many of them have to have cosigned. An auditor gets it once, by a way that the
log's keeper does not control, and gives it to orgledger-verify.`,
		Example: examples(`orgledger key show > policy`),
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return a.with(command.Context(), true, func(s session) error {
				policy, err := s.Policy(command.Context())
				if err != nil {
					return err
				}
				return a.printText("policy", policy)
			})
		},
	}
	a.witnessFlags(command)
	return command
}

func (a *app) newKey(file string) error {
	var seed [32]byte
	if _, err := rand.Read(seed[:]); err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	signer, err := domain.NewSigner(seed)
	if err != nil {
		return err
	}
	text, err := signer.Seed()
	if err != nil {
		return fmt.Errorf("write the secret half of the key: %w", err)
	}
	if err := writeNew(file, text+"\n"); err != nil {
		return fmt.Errorf("write the secret half of the key: %w", err)
	}
	if !a.json {
		_, err = fmt.Fprintf(a.out, "%s\nThe secret half is in %s. Register the key with an entry of type key.registered.\n", signer.Key, file)
		return err
	}
	line, err := json.Marshal(map[string]string{"key": string(signer.Key), "file": file}, json.Deterministic(true))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.out, string(line))
	return err
}

// writeNew writes a file that only its owner can read, and that was not there.
func writeNew(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, and a key is never overwritten: name another file with --out", path)
	}
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Sync(), file.Close())
}

func (a *app) keysCommand() *cobra.Command {
	var m moment
	command := &cobra.Command{
		Use:     "keys [ACTOR]",
		GroupID: "ask",
		Short:   "List the keys of actors, and when they are valid",
		Long: `List the keys that are registered, of one actor or of all, and from when until when each is valid: the last
day of its validity is the one before the day on which it is revoked.`,
		Example: examples(`orgledger keys`, `orgledger keys registrar --on 2026-12-31`),
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			actor := ""
			if len(args) > 0 {
				actor = args[0]
			}
			return a.inquire(cmd, &m, func(ctx context.Context, q *inquiry) error { return q.keys(ctx, actor) })
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	m.onFlag(command)
	m.knownFlag(command)
	return command
}

func (q *inquiry) keys(ctx context.Context, actor string) error {
	question := q.OnDay(q.Question("keys"))
	of := "all actors"
	if actor != "" {
		question["actor"], of = actor, telling.Quoted(actor)
	}
	answer, err := answer[projections.Keys](ctx, q, question)
	if answer == nil {
		return err
	}
	if err := q.heading(ctx, "Keys of "+of, q.day()); err != nil {
		return err
	}
	q.blank()
	if len(answer.Keys) == 0 {
		q.say(plain, 0, "None is registered: what is recorded in that name is unsigned.")
		return nil
	}
	rows := make([][]cell, len(answer.Keys))
	for i, k := range answer.Keys {
		last, s := "open", good
		if k.To != nil {
			last = (telling.ParseDay(*k.To) - 1).String()
		}
		if !k.Valid {
			s = alarm
		}
		rows[i] = []cell{{plain, telling.Clean(k.Actor)}, {plain, k.Key}, {plain, k.From}, {plain, last}, {s, validWords(k.Valid)}, {dim, "entry " + telling.Decimal(k.Registered)}}
	}
	q.table(0, []column{{"Actor", 12}, {"Key", 56}, {"First day", 0}, {"Last day", 0}, {"", 0}, {"Fact", 0}}, rows)
	return nil
}
