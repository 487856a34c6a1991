package audit

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

// ErrUnproven says that a proof does not prove what it is given for.
var ErrUnproven = errors.New("not proven")

// VerifyInclusion checks that the leaf with a hash is at an index of the tree with a size and a root. The error
// is ErrUnproven.
func VerifyInclusion(index, size uint64, leaf Hash, inclusion []Hash, root Hash) error {
	err := proof.VerifyInclusion(rfc6962.DefaultHasher, index, size, leaf[:], byteSlices(inclusion), root[:])
	if err != nil {
		return fmt.Errorf("leaf %d in a tree of %d: %s: %w", index, size, reason(err), ErrUnproven)
	}
	return nil
}

// VerifyConsistency checks that the tree with a size and a root is the beginning of a larger one. Both roots
// are checked, that of no leaves too. The error is ErrUnproven.
func VerifyConsistency(from, to uint64, fromRoot, toRoot Hash, consistency []Hash) error {
	err := proof.VerifyConsistency(rfc6962.DefaultHasher, from, to, byteSlices(consistency), fromRoot[:], toRoot[:])
	if err == nil && from == 0 && fromRoot != sha256.Sum256(nil) {
		err = errors.New("a tree without leaves has another root")
	}
	if err != nil {
		return fmt.Errorf("a tree of %d as the beginning of one of %d: %s: %w", from, to, reason(err), ErrUnproven)
	}
	return nil
}

// ConsistentRoot is the root of the from leaves that a proof of consistency shows to be the beginning of a tree with
// a root: whoever knows another root of from leaves has the proof that there are two histories. Where from is 0 or a
// power of two no proof says its root. The error is ErrUnproven.
func ConsistentRoot(from, to uint64, toRoot Hash, consistency []Hash) (root Hash, err error) {
	err = proof.VerifyConsistency(rfc6962.DefaultHasher, from, to, byteSlices(consistency), root[:], toRoot[:])
	wrong, ok := errors.AsType[proof.RootMismatchError](err)
	if !ok || from&(from-1) == 0 {
		return Hash{}, fmt.Errorf("no root of %d leaves: %w", from, ErrUnproven)
	}
	root = Hash(wrong.CalculatedRoot)
	return root, VerifyConsistency(from, to, root, toRoot, consistency)
}

func byteSlices(hashes []Hash) [][]byte {
	list := make([][]byte, len(hashes))
	for i := range hashes {
		list[i] = hashes[i][:]
	}
	return list
}

func reason(err error) string {
	if wrong, ok := errors.AsType[proof.RootMismatchError](err); ok {
		return fmt.Sprintf("the hashes lead to the root %x, not to %x", wrong.CalculatedRoot, wrong.ExpectedRoot)
	}
	return err.Error()
}
