package main

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/audit"
	"github.com/orgledger/orgledger/eventstore"
)

func (a *app) exportCommand() *cobra.Command {
	export := &cobra.Command{
		Use:     "export FORMAT",
		GroupID: "log",
		Short:   "Write the ledger out in another form",
		Args:    cobra.NoArgs,
		RunE:    func(export *cobra.Command, _ []string) error { return export.Help() },
	}
	tlog := &cobra.Command{
		Use:   "tlog DIR",
		Short: "Write the whole log as plain files that prove themselves",
		Long: `Write the log into a folder as C2SP tlog-tiles: a signed checkpoint, the tiles of the Merkle tree, and every
entry to the byte. Any web server can serve it, any client of such logs can read it, and
orgledger-verify log checks it on a machine without the ledger. A folder with an earlier export of the
same log is brought up to date.`,
		Example: examples(`orgledger export tlog ./public`, `orgledger-verify log --policy policy ./public`),
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), true, func(s session) error { return a.exportLog(cmd.Context(), s, args[0]) })
		},
	}
	a.witnessFlags(tlog)
	export.AddCommand(tlog, a.exportJSONLCommand(), a.exportCSVCommand(), a.exportParquetCommand(), a.exportSQLiteCommand(),
		a.exportJSONLDCommand(), a.exportNQuadsCommand(), a.exportSuccessorsCommand(), a.exportDOTCommand(), a.exportSVGCommand())
	for _, command := range export.Commands() {
		strict(command)
	}
	return export
}

func (a *app) exportLog(ctx context.Context, s session, dir string) error {
	checkpoint, err := s.Checkpoint(ctx)
	if err != nil {
		return err
	}
	text, err := s.Policy(ctx)
	if err != nil {
		return err
	}
	policy, err := audit.ParsePolicy(text)
	if err != nil {
		return err
	}
	signed, err := audit.Open(checkpoint, policy)
	if err != nil {
		return err
	}
	tree, err := treeOf(ctx, s, signed.Size)
	if err != nil {
		return err
	}
	meter := a.progress("writing", "entries")
	defer meter.done()
	return audit.WriteExport(ctx, dir, audit.Export{View: tree, Checkpoint: checkpoint, Progress: meter.uint64s,
		Entries: func(from uint64) iter.Seq2[[]byte, error] { return events(ctx, s, from, signed.Size) }})
}

// treeOf reads the hashes of the log's first size entries. Whether they are the log's, its checkpoint says.
func treeOf(ctx context.Context, s session, size uint64) (audit.View, error) {
	var tree audit.Hashes
	for from := uint64(0); from < size; from += audit.TileWidth {
		tile, err := s.Tile(ctx, audit.Tile{Level: 0, Index: from / audit.TileWidth, Width: int(min(audit.TileWidth, size-from))})
		if err != nil {
			return audit.View{}, err
		}
		leaves := make([]audit.Hash, 0, audit.TileWidth)
		for len(tile) >= audit.HashSize {
			leaves = append(leaves, audit.Hash(tile[:audit.HashSize]))
			tile = tile[audit.HashSize:]
		}
		tree.Append(leaves...)
	}
	return tree.View(), nil
}

// events gives the entries of the log from an index on, as they are stored.
func events(ctx context.Context, s session, from, size uint64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for from < size {
			begin := from - from%audit.TileWidth
			bundle, err := bundleOf(ctx, s, audit.Tile{Level: audit.LevelEntries, Index: begin / audit.TileWidth, Width: int(min(audit.TileWidth, size-begin))})
			if err != nil {
				yield(nil, err)
				return
			}
			for _, event := range bundle[from-begin:] {
				if !yield(event, nil) {
					return
				}
			}
			from = begin + uint64(len(bundle))
		}
	}
}

// bundleOf reads a bundle of entries, or where one of them is too long for bundles, each by itself.
func bundleOf(ctx context.Context, s session, t audit.Tile) ([][]byte, error) {
	content, err := s.Tile(ctx, t)
	if err == nil {
		return audit.DecodeEntries(content, t.Width)
	}
	if remote, ok := errors.AsType[*api.RemoteError](err); !errors.Is(err, eventstore.ErrBeyondLog) && (!ok || remote.Status != 404) {
		return nil, err
	}
	entries := make([][]byte, t.Width)
	for i := range entries {
		index := t.Index*audit.TileWidth + uint64(i)
		if entries[i], err = s.Tile(ctx, audit.Tile{Level: audit.LevelEntry, Index: index, Width: 1}); err != nil {
			return nil, fmt.Errorf("read entry %d: %w", index+1, err)
		}
	}
	return entries, nil
}
