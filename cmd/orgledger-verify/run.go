package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/orgledger/orgledger/audit"
)

// Exit statuses.
const (
	exitVerified = 0
	exitNot      = 1 // not verified, or not by a key from elsewhere
	exitUsage    = 2
)

const usage = `orgledger-verify judges what a ledger gives out, without the ledger.

  orgledger-verify receipt FILE              one entry, with its proof that it is in the log
  orgledger-verify bundle FILE               the evidence for one answer
  orgledger-verify log DIR                   a whole log, exported as static files
  orgledger-verify checkpoint FILE… [DIR]    signed statements of how the log was, by themselves or against it

  --key KEY|FILE   the log's public key, or a file that holds it
  --policy FILE    whom to believe: the log's key, witnesses, and how many of them (C2SP tlog-policy)
  --since FILE|DIR with log: an earlier checkpoint or export, which the log has to continue
  --extract        with receipt or bundle: print what was verified, the entry or the answer, and nothing else
  --json           say it as JSON

Take the key from the ledger's operator by another way than the file. For example:

  orgledger-verify bundle --key ledger.example/main+22044f0f+AQOh… answer.zip
  orgledger-verify log export --policy auditors.policy --since last-year/checkpoint

The exit status is 0 for verified, 1 for not, 2 for wrong use.
`

// usageError is a wrong use of the command line.
type usageError struct{ error }

// app is one run of the program.
type app struct {
	out, err io.Writer

	policy  *audit.Policy // nil: neither --key nor --policy was given
	since   string
	extract bool
	json    bool
}

// commands by name.
var commands = map[string]func(*app, context.Context, []string) (*result, error){
	"receipt":    (*app).receipt,
	"bundle":     (*app).bundle,
	"log":        (*app).log,
	"checkpoint": (*app).checkpoint,
}

// run is the program: it says what it found, and gives the exit status.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	a := &app{out: out, err: errs}
	if len(args) > 0 && (args[0] == "help" || strings.TrimLeft(args[0], "-") == "help" || args[0] == "-h") {
		fmt.Fprint(out, usage)
		return exitVerified
	}
	found, err := a.command(ctx, args)
	if err == nil {
		err = a.say(found)
	}
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, usage)
		return exitVerified
	}
	if err != nil {
		return a.report(err)
	}
	if !found.Verified {
		return exitNot
	}
	return exitVerified
}

func (a *app) command(ctx context.Context, args []string) (*result, error) {
	if len(args) == 0 {
		return nil, usageError{errors.New("what to verify? See orgledger-verify help")}
	}
	command, ok := commands[args[0]]
	if !ok {
		return nil, usageError{fmt.Errorf("%q is not receipt, bundle, log or checkpoint. See orgledger-verify help", args[0])}
	}
	files, err := a.flags(args[0], args[1:])
	if err != nil {
		return nil, err
	}
	if a.policy == nil && args[0] != "bundle" {
		return nil, usageError{errors.New("whose signature? Give the log's public key with --key, or a policy with --policy")}
	}
	return command(a, ctx, files)
}

// flags reads the flags, which may stand anywhere, and gives the other arguments.
func (a *app) flags(command string, args []string) (files []string, err error) {
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	key, policy := flags.String("key", "", ""), flags.String("policy", "", "")
	flags.BoolVar(&a.json, "json", false, "")
	switch command {
	case "log":
		flags.StringVar(&a.since, "since", "", "")
	case "receipt", "bundle":
		flags.BoolVar(&a.extract, "extract", false, "")
	}
	for rest := args; ; {
		if err := flags.Parse(rest); errors.Is(err, flag.ErrHelp) {
			return nil, err
		} else if err != nil {
			return nil, usageError{err}
		}
		if flags.NArg() == 0 {
			break
		}
		files, rest = append(files, flags.Arg(0)), flags.Args()[1:]
	}
	if *key != "" && *policy != "" {
		return nil, usageError{errors.New("--key and --policy are two ways to say whom to believe: give one")}
	}
	if *key != "" || *policy != "" {
		a.policy, err = readPolicy(*key, *policy)
	}
	return files, err
}

// readPolicy is the policy of a key, of a file that holds one, or of a policy's file.
func readPolicy(key, policy string) (*audit.Policy, error) {
	if policy != "" {
		text, err := os.ReadFile(policy)
		if err != nil {
			return nil, err
		}
		return audit.ParsePolicy(text)
	}
	if text, err := os.ReadFile(key); err == nil {
		key = strings.TrimSpace(string(text))
	}
	believed, err := audit.NewPolicy(key, 0)
	if err != nil {
		return nil, fmt.Errorf("--key is neither a public key nor a file that holds one: %w", err)
	}
	return believed, nil
}

// one is the only file among the arguments.
func one(files []string) (string, error) {
	if len(files) != 1 {
		return "", usageError{fmt.Errorf("one file or folder is due, not %d", len(files))}
	}
	return files[0], nil
}
