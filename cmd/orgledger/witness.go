package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/audit"
	"github.com/orgledger/orgledger/audit/durable"
	"github.com/orgledger/orgledger/audit/witness"
)

// watching is how witness is set up.
type watching struct {
	dir, http, name string
	logs            []string
}

func (a *app) witnessCommand() *cobra.Command {
	var o watching
	command := &cobra.Command{
		Use:     "witness --log KEY",
		GroupID: "audit",
		Short:   "Watch that logs only grow, and cosign their checkpoints",
		Long: `Run a witness (C2SP tlog-witness), on a machine that the ledger's keeper does not control. It keeps the last
checkpoint of every log that it watches, cosigns one that continues it, and refuses one that does not: a
history that was changed. What shows such a fork is kept in its folder, and said on standard error.

--log names the public key of a log, as orgledger key show prints it on the line "log". The witness's own
key is made at the first start; the line printed tells the ledger's keeper how to name this witness.`,
		Example: examples(`orgledger witness --log orgledger/main/fa4b5afb+719ae1fc+Aadb31XvihYiDqxJbnfY54YqajwDYsvnROgmtkozOIiZ --dir ./witness`,
			`orgledger serve --witness http://127.0.0.1:8090 --witness-key auditor+6b0f3a2d+BA…`),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.witness(cmd.Context(), o) },
	}
	command.Flags().StringArrayVar(&o.logs, "log", nil, "the public `KEY` of a log to watch; may be repeated")
	command.Flags().StringVar(&o.dir, "dir", "./orgledger-witness", "`DIR` of the witness's key and of what it has seen")
	command.Flags().StringVar(&o.http, "http", "127.0.0.1:8090", "listen for HTTP at `ADDR`")
	command.Flags().StringVar(&o.name, "name", "", "`NAME` of the witness's key, where it is made now; that of this machine, unless told otherwise")
	return command
}

func (a *app) witness(ctx context.Context, o watching) (err error) {
	if len(o.logs) == 0 {
		return usageError{errors.New("a witness watches at least one log: name its public key with --log")}
	}
	folder, err := witness.OpenFolder(o.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	private, err := witnessKey(o)
	if err != nil {
		return err
	}
	public, err := audit.VerifierKey(private)
	if err != nil {
		return err
	}
	signer, err := audit.WitnessSigner(private, time.Now)
	if err != nil {
		return err
	}
	w, err := witness.New(signer, folder, a.reportFork, o.logs...)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.http)
	if err != nil {
		return fmt.Errorf("listen for HTTP: %w (--http names another address)", err)
	}
	mux := http.NewServeMux()
	mux.Handle("POST /add-checkpoint", w)
	mux.HandleFunc("GET /key", func(rw http.ResponseWriter, _ *http.Request) { fmt.Fprintln(rw, public) })
	fmt.Fprintf(a.out, "witness of %d logs in %s\n\nTell the ledger's keeper:\n\n  orgledger serve --witness http://%s --witness-key %s\n\nCtrl-C stops it.\n",
		len(o.logs), o.dir, listener.Addr(), public)
	return serveHTTP(ctx, listener, mux, a.logger())
}

// witnessKey loads the witness's key, or makes it.
func witnessKey(o watching) (string, error) {
	name := o.name
	if name == "" {
		host, err := os.Hostname()
		if err != nil {
			return "", err
		}
		name = "witness/" + host
	}
	text, err := durable.Once(filepath.Join(o.dir, "witness.key"), func() ([]byte, error) {
		key, err := audit.NewWitnessKey(name)
		return []byte(key + "\n"), err
	})
	return strings.TrimSuffix(string(text), "\n"), err
}

// reportFork says that a log may have signed two histories.
func (a *app) reportFork(f witness.Fork) {
	what := "a proof that proves nothing was brought for a checkpoint of " + f.Origin
	if f.Proven {
		what = "FORK: " + f.Origin + " has signed two histories, which shows to anybody"
	}
	fmt.Fprintf(a.err, "%s: kept in %s\n", strings.TrimSpace(what), f.Kept)
}
