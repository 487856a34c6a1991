package witness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/orgledger/orgledger/audit"
)

// tries is how often one Submit asks: the first time it may not know where the witness is, and somebody else may
// be submitting too.
const tries = 4

// StatusError is a witness's refusal: 404 it does not know the log, 403 or 422 it does not believe it, 409 it has cosigned
// another checkpoint of that size or a larger one.
type StatusError struct {
	Status int
	Text   string
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("the witness refuses, %d %s: %s", e.Status, http.StatusText(e.Status), e.Text)
}

// Client is the log's side of a witness. It may be used by any number of goroutines.
type Client struct {
	URL  string       // the submission prefix
	Key  string       // the witness's public key
	HTTP *http.Client // nil: [http.DefaultClient]
	last atomic.Uint64
}

// Submit asks the witness to cosign a signed checkpoint, and gives the verified signature line, to be appended to
// it. prove gives the proof of consistency between two sizes, as [audit.View.Consistency] does; it is asked
// again where the witness is at another size. A refusal is a [StatusError].
func (c *Client) Submit(ctx context.Context, signed []byte, prove func(from, to uint64) ([]audit.Hash, error)) (line []byte, err error) {
	checkpoint, err := audit.ReadCheckpoint(signed)
	if err != nil {
		return nil, err
	}
	r := request{old: min(c.last.Load(), checkpoint.Size), checkpoint: signed}
	for range tries {
		if r.proof, err = prove(r.old, checkpoint.Size); err != nil {
			return nil, err
		}
		lines, size, err := c.post(ctx, r)
		if err != nil {
			return nil, err
		}
		if lines != nil {
			c.last.Store(checkpoint.Size)
			line, _, err := audit.CheckCosignature(signed, lines, c.Key)
			return line, err
		}
		c.last.Store(size)
		if size > checkpoint.Size || size == r.old {
			return nil, &StatusError{http.StatusConflict, fmt.Sprintf("it has cosigned %d entries, and this checkpoint has %d", size, checkpoint.Size)}
		}
		r.old = size
	}
	return nil, &StatusError{http.StatusConflict, "its size changes too often"}
}

// post sends one request. Without an error it gives the lines, or else the size that the witness has.
func (c *Client) post(ctx context.Context, r request) (lines []byte, size uint64, err error) {
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	url := strings.TrimSuffix(c.URL, "/") + "/add-checkpoint"
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(r.format()))
	if err != nil {
		return nil, 0, err
	}
	response, err := client.Do(q)
	if err != nil {
		return nil, 0, err
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxRequest))
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return nil, 0, err
	}
	switch {
	case response.StatusCode == http.StatusOK && len(text) > 0:
		return text, 0, nil
	case response.StatusCode == http.StatusConflict && response.Header.Get("Content-Type") == "text/x.tlog.size":
		size, err = sizeLine(text)
		return nil, size, err
	}
	return nil, 0, &StatusError{response.StatusCode, strings.TrimSpace(string(text))}
}
