// Package durable writes files so that a crash leaves the old one or the new one, never a part.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Replace gives a file another content, synced. The name is durable once the folder is synced too: see
// [SyncFolder]. What a crash leaves beside it is a file whose name begins with a dot.
func Replace(path string, data []byte) (err error) {
	draft, err := os.CreateTemp(filepath.Dir(path), ".draft-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			if gone := os.Remove(draft.Name()); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
				err = errors.Join(err, gone)
			}
		}
	}()
	_, err = draft.Write(data)
	if err = errors.Join(err, draft.Chmod(0o644), draft.Sync(), draft.Close()); err != nil {
		return err
	}
	return os.Rename(draft.Name(), path)
}

// SyncFolder makes the names in a folder durable.
func SyncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Once reads a file, and where it is not there makes it of what fresh gives: whole or not at all, for its owner alone,
// durable when Once returns. A file that is there is never written; of several that make it at the same time one
// does, and all read the same.
func Once(path string, fresh func() ([]byte, error)) ([]byte, error) {
	data, err := os.ReadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return data, err
	}
	if data, err = fresh(); err != nil {
		return nil, err
	}
	err = create(path, data)
	if errors.Is(err, fs.ErrExist) {
		return os.ReadFile(path)
	}
	return data, err
}

func create(path string, data []byte) error {
	draft, err := os.CreateTemp(filepath.Dir(path), ".draft-*") // for its owner alone
	if err != nil {
		return err
	}
	_, err = draft.Write(data)
	err = errors.Join(err, draft.Sync(), draft.Close())
	if err == nil {
		err = os.Link(draft.Name(), path) // fails where there is one
	}
	return errors.Join(err, os.Remove(draft.Name()), SyncFolder(filepath.Dir(path)))
}
