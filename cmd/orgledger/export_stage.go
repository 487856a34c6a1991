package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/orgledger/orgledger/audit/durable"
	"github.com/orgledger/orgledger/formats/tables"
	"github.com/orgledger/orgledger/ledger"
)

// stdout is how --out names standard output.
const stdout = "-"

// toStream has an export written to standard output, or to a file that appears when it is whole.
func (a *app) toStream(out string, do func(io.Writer) error) error {
	if out == stdout {
		return do(a.out)
	}
	return a.toFile(out, func(path string) (err error) {
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		return do(file)
	})
}

// toFile has an export written under another name, and puts it into place when it is whole and synced. A file that is
// there is replaced; anything else is not.
func (a *app) toFile(out string, do func(path string) error) error {
	if info, err := os.Stat(out); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s: %w", out, ledger.ErrPathTaken)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return staged(out, func(stage string) error {
		draft := filepath.Join(stage, "draft")
		if err := do(draft); err != nil {
			return err
		}
		if err := syncFile(draft); err != nil {
			return err
		}
		return os.Rename(draft, out)
	})
}

// toFolder has an export written into a folder of another name, and puts it into place when it is whole and synced. A
// folder that is empty or holds such an export is replaced; anything else is not. A crash while it is replaced leaves the
// old one below the name of the draft.
func (a *app) toFolder(out string, do func(dir string) error) error {
	there, err := replaceable(out)
	if err != nil {
		return err
	}
	return staged(out, func(stage string) error {
		draft := filepath.Join(stage, "draft")
		if err := os.Mkdir(draft, 0o755); err != nil {
			return err
		}
		if err := do(draft); err != nil {
			return err
		}
		if err := syncFolder(draft); err != nil {
			return err
		}
		if there {
			if err := os.Rename(out, filepath.Join(stage, "old")); err != nil {
				return err
			}
		}
		return os.Rename(draft, out)
	})
}

// replaceable reports whether a folder is there, and refuses one with something else in it than an export of tables.
func replaceable(dir string) (there bool, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if info, failed := os.Stat(dir); failed == nil && !info.IsDir() {
		return false, fmt.Errorf("%s: %w", dir, ledger.ErrPathTaken)
	}
	if err != nil {
		return false, err
	}
	if len(entries) > 0 && !tables.IsPackage(dir) {
		return false, fmt.Errorf("%s: %w", dir, ledger.ErrPathTaken)
	}
	return true, nil
}

// staged has something made in a folder beside where it will be, which is removed whatever happens, and then makes the
// name durable.
func staged(out string, do func(stage string) error) (err error) {
	parent := filepath.Dir(filepath.Clean(out))
	stage, err := os.MkdirTemp(parent, ".draft-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(stage)) }()
	if err := do(stage); err != nil {
		return err
	}
	return durable.SyncFolder(parent)
}

func syncFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

func syncFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := syncFile(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return durable.SyncFolder(dir)
}
