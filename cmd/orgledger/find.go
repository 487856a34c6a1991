package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

func (a *app) findCommand() *cobra.Command {
	var m moment
	command := &cobra.Command{
		Use:     "find WORDS...",
		GroupID: "ask",
		Short:   "Find organisations, responsibilities, contracts, plans, sources and offices by their names",
		Long: `Find everything that has all of the words in its identifier, or in any name, title or code that it ever
had. Parts of words are enough, and case does not count.`,
		Example: examples(`orgledger find commissioning`, `orgledger find department of health`, `orgledger find pharmacy --json`),
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.inquire(cmd, &m, func(ctx context.Context, q *inquiry) error { return q.findWords(ctx, strings.Join(args, " ")) })
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	m.knownFlag(command)
	return command
}

// findAnswer is what the question find answers.
type findAnswer struct {
	Matches []projections.Match `json:"matches"`
}

func (q *inquiry) findWords(ctx context.Context, words string) error {
	answer, err := answer[findAnswer](ctx, q, q.Question("find", "words", words))
	if answer == nil {
		return err
	}
	if len(answer.Matches) == 0 {
		q.say(plain, 0, "Nothing is or was called "+telling.Quoted(words)+". Part of a word is enough; fewer words find more.")
		return nil
	}
	rows := make([][]cell, len(answer.Matches))
	for i, m := range answer.Matches {
		rows[i] = []cell{{bold, m.Ref}, {plain, telling.Clean(m.Title)}, {caution, telling.FoundAs(m)}}
	}
	q.table(0, []column{{"Reference", 16}, {"Name", 12}, {"Found as", 12}}, rows)
	q.blank()
	q.say(dim, 0, fmt.Sprintf("%s. orgledger show REF tells more.", telling.Capital(telling.Counted(len(rows), "match"))))
	return nil
}
