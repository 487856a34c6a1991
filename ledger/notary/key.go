package notary

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/orgledger/orgledger/audit"
	"github.com/orgledger/orgledger/audit/durable"
)

// LoadKey reads the key of a log from a file, and makes it where there is none: then the file is its owner's
// alone, and durable when LoadKey returns. A file that is there is never written. The name of a new key, the
// origin of its checkpoints, is orgledger/LEDGER/ and eight random digits, so that no two ledgers share one.
//
// Who has the file can sign other histories as this log. Its loss costs nothing recorded, but checkpoints are from
// then on another log's.
func LoadKey(path, ledger string) (private string, err error) {
	text, err := durable.Once(path, func() ([]byte, error) {
		var number [4]byte
		if _, err := rand.Read(number[:]); err != nil {
			return nil, err
		}
		key, err := audit.NewLogKey("orgledger/" + ledger + "/" + hex.EncodeToString(number[:]))
		return []byte(key + "\n"), err
	})
	if err != nil {
		return "", fmt.Errorf("the log's key: %w", err)
	}
	return parseKey(path, text)
}

// PublicKey is the public half of the key in a file; empty where there is no file.
func PublicKey(path string) (string, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("the log's key: %w", err)
	}
	private, err := parseKey(path, text)
	if err != nil {
		return "", err
	}
	return audit.VerifierKey(private)
}

func parseKey(path string, text []byte) (string, error) {
	private := strings.TrimSuffix(string(text), "\n")
	if _, err := audit.VerifierKey(private); err != nil {
		return "", fmt.Errorf("the log's key in %s: %w", path, err)
	}
	return private, nil
}
