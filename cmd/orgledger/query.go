package main

import "github.com/spf13/cobra"

func (a *app) queryCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "query [FILE|-]",
		GroupID: "ask",
		Short:   "Answer questions, one JSON object a line",
		Long: `Answer questions from a file or from standard input, one JSON object a line, with one line each, in
order, as they come. A question that cannot be answered gets a line with an error.

The questions are holders, holdings, organisation, history, lineage, diff, offices, plans, impact,
findings, digest, find and titles. "on" is a day (default: today), "known" a sequence or a time
(default: everything recorded).`,
		Example: examples(`echo '{"q":"holders","ref":"contract/cppe-postgraduate-education","on":"2023-03-15"}' | orgledger query`,
			`orgledger query questions.jsonl > answers.jsonl`),
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			in, closeInput, err := a.input(args)
			if err != nil {
				return err
			}
			defer closeInput()
			return a.with(cmd.Context(), true, func(s session) error { return s.Query(cmd.Context(), in, a.out) })
		},
	}
}
