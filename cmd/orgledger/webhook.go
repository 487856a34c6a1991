package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/ledger/webhooks"
)

// hooks are the webhooks of a ledger, whether this process has it open or another serves it.
type hooks interface {
	Add(ctx context.Context, r webhooks.Registration) (*webhooks.WithSecret, error)
	List(ctx context.Context) ([]webhooks.Webhook, error)
	Show(ctx context.Context, id string) (webhooks.Webhook, error)
	Remove(ctx context.Context, id string) error
	Test(ctx context.Context, id string) (*webhooks.Tried, error)
	Rotate(ctx context.Context, id string) (*webhooks.WithSecret, error)
	Resume(ctx context.Context, id string, from uint64) (webhooks.Webhook, error)
	Dead(ctx context.Context, id string, after uint64, limit int) ([]webhooks.Dead, bool, error)
	Resend(ctx context.Context, id string, position uint64) (resent, left int, err error)
}

func (a *app) webhookCommand() *cobra.Command {
	command := &cobra.Command{
		Use:     "webhook",
		GroupID: "log",
		Short:   "Have the feed sent to addresses, as signed webhooks",
		Long: `Have the feed sent to addresses as it comes: one CloudEvent a delivery, signed as Standard Webhooks 1.0.0
says. serve delivers. What a receiver does not take is sent again for three days, then listed as dead. Deliveries
go to public addresses by https; serve --webhook-allow permits others.`,
		RunE: func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	a.allowFlag(command.PersistentFlags())
	command.AddCommand(a.webhookAddCommand(), a.webhookListCommand(), a.webhookShowCommand(), a.webhookRemoveCommand(), a.webhookTestCommand(),
		a.webhookRotateCommand(), a.webhookResumeCommand(), a.webhookDeadCommand(), a.webhookResendCommand())
	for _, sub := range command.Commands() {
		strict(sub)
	}
	return command
}

// withHooks runs a command on the webhooks of the ledger.
func (a *app) withHooks(ctx context.Context, readOnly bool, do func(hooks) error) error {
	policy, err := a.policy()
	if err != nil {
		return err
	}
	return a.with(ctx, readOnly, func(s session) error {
		here, isHere := s.(*local)
		if !isHere {
			return do(s.(*api.Client).Webhooks())
		}
		w := a.webhooks(here.Ledger, here.store, policy)
		defer w.Close()
		return do(w)
	})
}

func (a *app) webhookAddCommand() *cobra.Command {
	var r webhooks.Registration
	command := &cobra.Command{
		Use:   "add URL",
		Short: "Register an address, and print the secret of its deliveries",
		Long: `Register an address that the feed is sent to, from the next entry on unless --from names an earlier one, and print
the secret that its deliveries are signed with. The secret is not shown again: rotate makes another.`,
		Example: examples(`orgledger webhook add https://registry.example/hook`,
			`orgledger webhook add https://registry.example/hook --ref organisation/nhs-england --kind change --kind arrival --from 1`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.URL = args[0]
			return a.withHooks(cmd.Context(), false, func(h hooks) error {
				created, err := h.Add(cmd.Context(), r)
				if err != nil {
					return err
				}
				return a.showSecret(created)
			})
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	command.Flags().StringArrayVar(&r.Refs, "ref", nil, "send only what is about `REF`; may be repeated")
	command.Flags().StringArrayVar(&r.Kinds, "kind", nil, "send only messages of a `KIND`: entry, change or arrival; may be repeated")
	command.Flags().Uint64Var(&r.From, "from", 0, "begin with entry `SEQ`")
	return command
}

func (a *app) webhookListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the webhooks, and how far each has got",
		Example: examples(`orgledger webhook list`, `orgledger webhook list --json`),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withHooks(cmd.Context(), true, func(h hooks) error {
				all, err := h.List(cmd.Context())
				if err != nil {
					return err
				}
				return a.listHooks(all)
			})
		},
	}
}

// ofHook is a command about one webhook, named by its id.
func (a *app) ofHook(use, short string, readOnly bool, do func(ctx context.Context, h hooks, id string) error) *cobra.Command {
	name := use
	return &cobra.Command{
		Use:     name + " ID",
		Short:   short,
		Example: examples("orgledger webhook " + name + " wh_k3v6xq2mz4tq7dqh5c2n4yv7ea"),
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withHooks(cmd.Context(), readOnly, func(h hooks) error { return do(cmd.Context(), h, args[0]) })
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
}

func (a *app) webhookShowCommand() *cobra.Command {
	return a.ofHook("show", "Show a webhook, and how far it has got", true, func(ctx context.Context, h hooks, id string) error {
		webhook, err := h.Show(ctx, id)
		if err != nil {
			return err
		}
		return a.showHook(&webhook)
	})
}

func (a *app) webhookRemoveCommand() *cobra.Command {
	return a.ofHook("remove", "Remove a webhook, with its secret and what it still had to deliver", false, func(ctx context.Context, h hooks, id string) error {
		if err := h.Remove(ctx, id); err != nil {
			return err
		}
		return a.done(map[string]any{"removed": id}, "removed "+id)
	})
}

// errNotDelivered says that a test was not taken.
var errNotDelivered = errors.New("the test was not delivered")

func (a *app) webhookTestCommand() *cobra.Command {
	return a.ofHook("test", "Send an event for a test, and say what came of it", true, func(ctx context.Context, h hooks, id string) error {
		tried, err := h.Test(ctx, id)
		if err != nil {
			return err
		}
		if a.json {
			err = a.jsonLine(tried)
		} else if tried.Delivered {
			_, err = fmt.Fprintf(a.out, "delivered: the receiver answered %d after %d ms\n", tried.Status, tried.Took)
		}
		if err == nil && !tried.Delivered {
			err = fmt.Errorf("%w: %s", errNotDelivered, tried.Failure)
		}
		return err
	})
}

func (a *app) webhookRotateCommand() *cobra.Command {
	return a.ofHook("rotate", "Give a webhook another secret; for a day, deliveries are signed with both", false, func(ctx context.Context, h hooks, id string) error {
		rotated, err := h.Rotate(ctx, id)
		if err != nil {
			return err
		}
		return a.showSecret(rotated)
	})
}

func (a *app) webhookResumeCommand() *cobra.Command {
	var from uint64
	command := a.ofHook("resume", "Deliver again to a webhook whose receiver was gone, or too far behind", false, func(ctx context.Context, h hooks, id string) error {
		webhook, err := h.Resume(ctx, id, from)
		if err != nil {
			return err
		}
		return a.showHook(&webhook)
	})
	command.Flags().Uint64Var(&from, "from", 0, "begin with entry `SEQ`, instead of where it was; the receiver takes a snapshot of the entries before")
	return command
}

func (a *app) webhookDeadCommand() *cobra.Command {
	var after uint64
	limit := 100
	command := a.ofHook("dead", "List the messages that were given up", true, func(ctx context.Context, h hooks, id string) error {
		if limit < 1 || limit > webhooks.LimitDead {
			return usageError{fmt.Errorf("--limit %d: it is a number from 1 to %d", limit, webhooks.LimitDead)}
		}
		dead, more, err := h.Dead(ctx, id, after, limit)
		if err != nil {
			return err
		}
		return a.listDead(dead, more)
	})
	command.Flags().Uint64Var(&after, "after", 0, "only those behind `POSITION` in the feed")
	command.Flags().IntVar(&limit, "limit", limit, "at most `N`")
	return command
}

func (a *app) webhookResendCommand() *cobra.Command {
	var position uint64
	command := a.ofHook("resend", "Send messages that were given up again", false, func(ctx context.Context, h hooks, id string) error {
		resent, left, err := h.Resend(ctx, id, position)
		if err != nil {
			return err
		}
		return a.done(map[string]any{"resent": resent, "left": left}, telling.Counted(resent, "message")+" to be sent again, "+strconv.Itoa(left)+" left")
	})
	command.Flags().Uint64Var(&position, "position", 0, "only the one at `POSITION` in the feed")
	return command
}

// done says what was done, as words or as JSON.
func (a *app) done(answer any, words string) error {
	if a.json {
		return a.jsonLine(answer)
	}
	_, err := fmt.Fprintln(a.out, words)
	return err
}
