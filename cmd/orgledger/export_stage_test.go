package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/orgledger/orgledger/formats/tables"
)

// An export that fails on its way, or is interrupted, leaves what was there and nothing beside it.
func TestFailedExportLeavesNothing(t *testing.T) {
	stop := errors.New("stopped")
	dir, a := t.TempDir(), new(app)
	file, folder := filepath.Join(dir, "file"), filepath.Join(dir, "folder")
	if err := a.toStream(file, func(w io.Writer) error { _, err := w.Write([]byte("whole")); return err }); err != nil {
		t.Fatal(err)
	}
	pack := func(dir string) error { return tables.WritePackage(dir, "csv", nil) }
	if err := a.toFolder(folder, pack); err != nil {
		t.Fatal(err)
	}
	partly := func(w io.Writer) error { _, err := w.Write([]byte("half")); return errors.Join(err, stop) }
	if err := a.toStream(file, partly); !errors.Is(err, stop) {
		t.Error(err)
	}
	err := a.toFolder(folder, func(dir string) error {
		return errors.Join(os.WriteFile(filepath.Join(dir, "half"), nil, 0o644), stop)
	})
	if !errors.Is(err, stop) {
		t.Error(err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "whole" {
		t.Errorf("the file has %q, %v", text, err)
	}
	for where, want := range map[string]int{dir: 2, folder: 1} {
		entries, err := os.ReadDir(where)
		if err != nil || len(entries) != want {
			t.Errorf("%s has %v, %v", where, entries, err)
		}
	}
	if err := a.toFolder(folder, pack); err != nil {
		t.Errorf("an earlier export is not replaced: %v", err)
	}
}
