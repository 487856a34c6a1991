// Orgledger-verify judges what a ledger gives out, receipts, bundles, exports and checkpoints, and needs nothing
// of the ledger but its public key. It is a program of its own, small enough to be read before it is
// believed: package audit, the standard library, and a library each for signed notes and Merkle proofs.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
