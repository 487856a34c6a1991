package main

import (
	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/indexfile"
)

// keeping says where and when a server writes the index down.
type keeping struct {
	every uint64
	dir   string // empty: the data folder
}

func (k *keeping) flags(command *cobra.Command) {
	flags := command.Flags()
	flags.Uint64Var(&k.every, "snapshot-every", 100_000, "write the index down after `N` entries, so that the next start need not read the whole log; 0: only when the server stops")
	flags.StringVar(&k.dir, "snapshot-dir", "", "`DIR` that the index is written to, of this node alone; the data folder, unless told otherwise")
}

// snapshots says where the index is kept: nowhere, with a log on a NATS server, unless a folder is named.
func (a *app) snapshots(k keeping, readOnly bool) *ledger.Snapshots {
	if k.dir == "" && a.server == "" {
		k.dir = a.data
	}
	if k.dir == "" {
		return nil
	}
	return &ledger.Snapshots{Path: indexfile.Path(k.dir, a.ledger), Every: k.every, ReadOnly: readOnly, Logger: a.logger()}
}
