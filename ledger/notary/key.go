package notary

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/orgledger/orgledger/audit"
)

// LoadKey reads the key of a log from a file, and makes it where there is none: then the file is its owner's
// alone, and durable when LoadKey returns. A file that is there is never written. The name of a new key, the
// origin of its checkpoints, is orgledger/LEDGER/ and eight random digits, so that no two ledgers share one.
//
// Who has the file can sign other histories as this log. Its loss costs nothing recorded, but checkpoints are from
// then on another log's.
func LoadKey(path, ledger string) (private string, err error) {
	private, err = readKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return private, err
	}
	var number [4]byte
	if _, err := rand.Read(number[:]); err != nil {
		return "", err
	}
	private, err = audit.NewLogKey("orgledger/" + ledger + "/" + hex.EncodeToString(number[:]))
	if err != nil {
		return "", err
	}
	if err := writeKey(path, private); errors.Is(err, fs.ErrExist) { // another process was first
		return readKey(path)
	} else if err != nil {
		return "", fmt.Errorf("write the log's key: %w", err)
	}
	return private, nil
}

// PublicKey is the public half of the key in a file; empty where there is no file.
func PublicKey(path string) (string, error) {
	private, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return audit.VerifierKey(private)
}

func readKey(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the log's key: %w", err)
	}
	private := strings.TrimSuffix(string(text), "\n")
	if _, err := audit.VerifierKey(private); err != nil {
		return "", fmt.Errorf("the log's key in %s: %w", path, err)
	}
	return private, nil
}

// writeKey makes the file whole or not at all, and does not replace one.
func writeKey(path, private string) error {
	draft, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // for its owner alone
	if err != nil {
		return err
	}
	_, err = draft.WriteString(private + "\n")
	err = errors.Join(err, draft.Sync(), draft.Close())
	if err == nil {
		err = os.Link(draft.Name(), path)
	}
	return errors.Join(err, os.Remove(draft.Name()), syncDir(filepath.Dir(path)))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
