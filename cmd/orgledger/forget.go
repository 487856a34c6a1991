package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/telling"
)

// forgetting is what the command forget is told.
type forgetting struct {
	reason, actor, key string
	yes                bool
}

func (a *app) forgetCommand() *cobra.Command {
	var f forgetting
	command := &cobra.Command{
		Use:     "forget PERSON",
		GroupID: "main",
		Short:   "Destroy the name of a person, for good",
		Long: `Destroy the key with which the name of a person is sealed: nobody can read the name afterwards, in this
ledger or in any copy of its log. The appointments stay, without the name; every proof still verifies; and
the ledger says that a name was forgotten, when, and why.

PERSON is the name, exactly as it was recorded, or person/ID. The appointments that name the person are
listed, and on a terminal you are asked; elsewhere --yes confirms it. This cannot be undone. Copies of the
file of keys, or of the stream that holds them, keep the name until they are destroyed as well.`,
		Example: examples(`orgledger forget "Ann Other" --reason "erasure requested on 2026-11-02" --actor "data protection"`,
			`orgledger forget person/0f8fad5b-d9cb-469f-a165-70867728950e --reason "erasure requested" --yes`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if strings.TrimSpace(f.reason) == "" {
				return usageError{errors.New("--reason says why: it is kept in the ledger, and names nobody")}
			}
			return a.with(cmd.Context(), false, func(s session) error {
				b, err := telling.Open(cmd.Context(), s, domain.FirstDate, nil)
				if err != nil {
					return err
				}
				q := &inquiry{app: a, Book: b, page: a.page(), session: s}
				return errors.Join(q.forget(cmd.Context(), args[0], &f), q.flush())
			})
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	command.Flags().StringVar(&f.reason, "reason", "", "why, a `TEXT` that is kept for good and does not name the person")
	command.Flags().StringVar(&f.actor, "actor", "", "`NAME` of who has it forgotten")
	command.Flags().StringVar(&f.key, "key", "", "sign with the key in `FILE`, in the name of --actor")
	command.Flags().BoolVar(&f.yes, "yes", false, "do not ask")
	return command
}

// forget shows whom it is about, asks, and has the person forgotten.
func (q *inquiry) forget(ctx context.Context, who string, f *forgetting) error {
	sign, err := q.signing(f.key, f.actor)
	if err != nil {
		return err
	}
	person, err := q.person(ctx, who)
	if err != nil {
		return err
	}
	if person.Forgotten != nil {
		return q.alreadyForgotten(person)
	}
	if err := q.confirm(ctx, person, f); err != nil {
		return err
	}
	entry := domain.Entry{Fact: &domain.PersonForgotten{Person: person.Person, Reason: f.reason}}
	if err := entry.Check(); err != nil {
		return err
	}
	in, err := sign(ctx, q.session, bytes.NewReader(entry.AppendJSON(nil)))
	if err != nil {
		return err
	}
	receipts, err := q.session.Record(ctx, in, ledger.RecordOptions{Actor: f.actor})
	if err != nil || q.json {
		return errors.Join(q.receipts(receipts), err)
	}
	q.say(good, 0, fmt.Sprintf("Forgotten: entry %d says so. The key is destroyed.", receipts[0].Seq))
	return nil
}

// alreadyForgotten says of whom no name is left since when that is so.
func (q *inquiry) alreadyForgotten(person *ledger.Person) error {
	if !q.json {
		q.say(plain, 0, q.forgottenWords(person.Forgotten))
		return nil
	}
	line, err := json.Marshal(person)
	q.line(string(line))
	return err
}

// person finds whom an argument means.
func (q *inquiry) person(ctx context.Context, who string) (*ledger.Person, error) {
	question := map[string]any{"q": "person", "name": who}
	if id, isRef := strings.CutPrefix(who, "person/"); isRef {
		question = map[string]any{"q": "person", "person": id}
	} else if uuid.Validate(who) == nil {
		question = map[string]any{"q": "person", "person": who}
	}
	return telling.Ask[ledger.Person](ctx, q, question)
}

// confirm lists what names the person, and asks on a terminal. Who cannot be asked has to have said yes.
func (q *inquiry) confirm(ctx context.Context, person *ledger.Person, f *forgetting) error {
	in, isFile := q.in.(*os.File)
	asked := isFile && term.IsTerminal(int(in.Fd()))
	if !f.yes && !asked {
		return usageError{errors.New("forgetting cannot be undone: --yes confirms it where nobody can be asked")}
	}
	if q.json {
		if f.yes {
			return nil
		}
		return usageError{errors.New("--json answers programs: --yes confirms that the name is to be forgotten")}
	}
	entries, err := q.Concerning(ctx, person.Person.Ref())
	if err != nil {
		return err
	}
	q.say(bold, 0, "The name of "+person.Person.Ref().String()+" is to be forgotten. It is in "+telling.Counted(len(entries), "entry")+":")
	if err := q.entriesList(ctx, entries); err != nil {
		return err
	}
	if f.yes {
		return nil
	}
	q.line("Destroy the name for good? Type yes: ")
	if err := q.flush(); err != nil {
		return err
	}
	answer, err := bufio.NewReader(q.in).ReadString('\n')
	if err == nil && strings.TrimSpace(answer) == "yes" {
		return nil
	}
	return errors.New("nothing was forgotten")
}

// forgottenWords says since when and why a name is gone.
func (q *inquiry) forgottenWords(f *ledger.Forgotten) string {
	return fmt.Sprintf("The name was forgotten on %s (entry %d). Reason: %s", telling.TimeWords(f.Recorded), f.Seq, telling.Stopped(f.Reason))
}

// showPerson shows who a person is, and what names the person.
func (q *inquiry) showPerson(ctx context.Context, ref domain.Ref) error {
	entries, err := q.Introduced(ctx, ref)
	if err != nil {
		return err
	}
	if q.json {
		return q.logJSON(entries)
	}
	person, err := q.person(ctx, ref.String())
	if err != nil {
		return err
	}
	if err := q.heading(ctx, ref.String(), ""); err != nil {
		return err
	}
	q.blank()
	switch {
	case person.Name != nil:
		q.fields([]field{{"Name", telling.Clean(*person.Name)}})
	case person.Forgotten != nil:
		q.say(caution, 0, q.forgottenWords(person.Forgotten))
	default:
		q.say(alarm, 0, "The name is lost: its key is not beside the log.")
	}
	q.section("Entries about it")
	return q.entriesList(ctx, entries)
}
