package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/ledger"
)

// version of the program; a release build sets it.
var version = "0.1.0-dev"

// Exit statuses.
const (
	exitDone    = 0
	exitRefused = 1 // refused, not found, or verification failed
	exitUsage   = 2
)

// app is one run of the program: its streams and the flags that every command has.
type app struct {
	in       io.Reader
	out, err io.Writer

	data, server, creds, ledger string
	replicas                    int
	atLeast                     uint64 // entry to wait for before anything is asked
	witnesses                   witnessing
	json                        bool
	colour                      bool // the output is a terminal that takes colours
	terminal                    bool // the output is a terminal
	width                       int  // columns of the terminal; 0 where it is none
	watched                     bool // errors go to a terminal, and progress may
}

// usageError is a wrong use of the command line.
type usageError struct{ error }

// run is the program: it parses the arguments, runs the command, says what went wrong, and gives the
// exit status.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	a := &app{in: in, out: out, err: errs}
	a.look()
	root := a.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	return a.report(err)
}

// look finds out what the output is.
func (a *app) look() {
	errs, ok := a.err.(*os.File)
	a.watched = ok && term.IsTerminal(int(errs.Fd()))
	file, ok := a.out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return
	}
	a.terminal = true
	_, none := os.LookupEnv("NO_COLOR")
	a.colour = !none && os.Getenv("TERM") != "dumb"
	if width, _, err := term.GetSize(int(file.Fd())); err == nil {
		a.width = width
	}
}

// report says what went wrong, in words or as one line of JSON.
func (a *app) report(err error) int {
	usage, isUsage := errors.AsType[usageError](err)
	if isUsage {
		err = usage.error
	}
	d := ledger.Describe(err)
	if remote, ok := errors.AsType[*api.RemoteError](err); ok {
		d = remote.Description
	}
	if isUsage {
		d.Code = "usage"
	}
	if a.json {
		text, err := json.Marshal(ledger.Problem{Error: d})
		if err != nil {
			panic(err) // our own type
		}
		fmt.Fprintln(a.err, string(text))
	} else {
		fmt.Fprintln(a.err, "orgledger: "+d.Message)
	}
	if isUsage {
		return exitUsage
	}
	return exitRefused
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "orgledger",
		Short: "Record organisational history, and ask who held what, when, as known when",
		Long: `orgledger keeps the history of organisations as facts with their evidence: how bodies are established,
renamed, merged, split and abolished, and how their responsibilities and contracts move with them. It
answers who held what on any day, as known at any point, by which chain of facts.

Start with a ledger that has a history in it:

  orgledger serve --sample

and in another terminal:

  orgledger who responsibility/education-commissioning --on 2022-12-31`,
		Args:          knownCommand,
		RunE:          func(root *cobra.Command, _ []string) error { return root.Help() },
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version,
	}
	flags := root.PersistentFlags()
	flags.StringVar(&a.data, "data", envOr("ORGLEDGER_DATA", "./orgledger-data"), "folder of the ledger `DIR` (or ORGLEDGER_DATA)")
	flags.StringVar(&a.server, "server", os.Getenv("ORGLEDGER_SERVER"),
		"use the NATS server, or the orgledger server, at `URL`: nats://host:port or http://host:port (or ORGLEDGER_SERVER)")
	flags.StringVar(&a.creds, "creds", "", "credentials for the NATS server, a `FILE`")
	flags.StringVar(&a.ledger, "ledger", "main", "`NAME` of the ledger, where there are several")
	flags.IntVar(&a.replicas, "replicas", 0, "on how many nodes of a NATS cluster a ledger that is created now is kept, `N`: 1 to 5")
	flags.Uint64Var(&a.atLeast, "at-least", 0, "ask only once entry `SEQ` is known where it is asked; waits for it for some seconds")
	flags.BoolVar(&a.json, "json", false, "answer as JSON, errors too")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddGroup(&cobra.Group{ID: "main", Title: "Keep a ledger:"}, &cobra.Group{ID: "ask", Title: "Ask it:"},
		&cobra.Group{ID: "log", Title: "Read the log:"}, &cobra.Group{ID: "audit", Title: "Verify it, and prove it to others:"})
	root.AddCommand(a.commands()...)
	for _, command := range root.Commands() {
		strict(command)
	}
	return root
}

// knownCommand refuses what is no command, and names those that it may have meant.
func knownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	meant := ""
	if near := root.SuggestionsFor(args[0]); len(near) > 0 {
		meant = "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return usageError{fmt.Errorf("there is no command %q%s; see %s --help", args[0], meant, root.Name())}
}

// strict makes wrong arguments a wrong use.
func strict(command *cobra.Command) {
	judge := command.Args
	command.Args = func(c *cobra.Command, args []string) error {
		if judge == nil {
			judge = cobra.NoArgs
		}
		if err := judge(c, args); err != nil {
			return usageError{fmt.Errorf("%w; see %s --help", err, c.CommandPath())}
		}
		return nil
	}
}

func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		a.serveCommand(), a.recordCommand(), a.importCommand(), a.queryCommand(), a.statusCommand(), a.backupCommand(), a.restoreCommand(),
		a.schemaCommand(), a.versionCommand(),
		a.whoCommand(), a.holdsCommand(), a.officesCommand(), a.findCommand(),
		a.diffCommand(), a.plansCommand(), a.impactCommand(), a.historyCommand(),
		a.lineageCommand(), a.findingsCommand(), a.explainCommand(), a.showCommand(),
		a.logCommand(), a.feedCommand(), a.replayCommand(), a.keysCommand(), a.forgetCommand(),
		a.exportCommand(), a.verifyCommand(), a.checkpointCommand(), a.digestCommand(), a.proveCommand(), a.bundleCommand(), a.keyCommand(), a.witnessCommand(),
	}
}

func envOr(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

// examples indents the lines of a command's examples as cobra shows them.
func examples(lines ...string) string { return "  " + strings.Join(lines, "\n  ") }
