package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/domain"
)

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "status",
		GroupID: "main",
		Short:   "Say how much the ledger holds",
		Example: examples(`orgledger status`, `orgledger status --json`),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), true, func(s session) error {
				status, err := s.Status(cmd.Context())
				if err != nil {
					return err
				}
				if a.json {
					return a.jsonLine(status)
				}
				if status.KeysRemaining > 0 {
					fmt.Fprintf(a.err, "orgledger: %d forgotten: %s\n", status.KeysRemaining, status.KeysReason)
				}
				_, err = fmt.Fprintf(a.out, "ledger         %s\nentries        %d\nlast recorded  %s\nroot           %s\nversion        %s\n",
					status.Ledger, status.Entries, lastRecorded(status.LastRecorded), status.Root, status.Version)
				if err == nil && status.Snapshot > 0 {
					_, err = fmt.Fprintf(a.out, "snapshot       up to entry %d\nunproved       %d entries of it, since the start\n", status.Snapshot, status.Unproved)
				}
				return err
			})
		},
	}
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: examples(`orgledger version`),
		RunE: func(*cobra.Command, []string) error {
			text := "orgledger " + version
			if a.json {
				text = fmt.Sprintf(`{"version":%q}`, version)
			}
			_, err := fmt.Fprintln(a.out, text)
			return err
		},
	}
}

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		GroupID: "main",
		Short:   "Print the JSON Schema of an entry",
		Example: examples(`orgledger schema > entry.schema.json`),
		RunE: func(*cobra.Command, []string) error {
			schema, err := domain.Schema()
			if err != nil {
				return err
			}
			_, err = a.out.Write(schema)
			return err
		},
	}
}
