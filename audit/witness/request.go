package witness

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/orgledger/orgledger/audit"
)

// maxProof is how many hashes a request may have.
const maxProof = 63

// request is the body of add-checkpoint.
type request struct {
	old        uint64
	proof      []audit.Hash
	checkpoint []byte
}

func (r request) format() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "old %d\n", r.old)
	for _, hash := range r.proof {
		b.WriteString(base64.StdEncoding.EncodeToString(hash[:]) + "\n")
	}
	b.WriteByte('\n')
	b.Write(r.checkpoint)
	return b.Bytes()
}

// parseRequest takes exactly what format gives.
func parseRequest(body []byte) (r request, err error) {
	head, checkpoint, found := strings.Cut(string(body), "\n\n")
	lines := strings.Split(head, "\n")
	old, isOld := strings.CutPrefix(lines[0], "old ")
	if !found || !isOld || len(lines)-1 > maxProof {
		return r, fmt.Errorf("a request is a line old, at most %d hashes, an empty line and a checkpoint: %w", maxProof, audit.ErrMalformed)
	}
	if r.old, err = strconv.ParseUint(old, 10, 64); err != nil {
		return r, fmt.Errorf("%q is no size: %w", old, audit.ErrMalformed)
	}
	for _, line := range lines[1:] {
		hash, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(hash) != audit.HashSize {
			return r, fmt.Errorf("%q is no hash: %w", line, audit.ErrMalformed)
		}
		r.proof = append(r.proof, audit.Hash(hash))
	}
	r.checkpoint = []byte(checkpoint)
	if !bytes.Equal(r.format(), body) {
		return r, fmt.Errorf("the request is not written as it must be: %w", audit.ErrMalformed)
	}
	return r, nil
}
