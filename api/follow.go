package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/feed"
)

// silence is how long a server that sends the feed may say nothing, not even that it is there, before it is taken to be gone.
const silence = time.Minute

// Following says what of the feed is followed, and from where on.
type Following struct {
	From    uint64       // the first entry to be told of; 0: what comes from now on
	Behind  string       // id of the last message that was had; it counts more than From
	Refs    []domain.Ref // about these; none: about everything
	Changes bool         // no entries, but what changes
}

// Await waits, for some seconds at most, until the server has an entry, and gives the last one that it has. Where it
// has not got it by then, the error is ledger.ErrBehind.
func (c *Client) Await(ctx context.Context, seq uint64) (last uint64, err error) {
	query := url.Values{"at-least": {strconv.FormatUint(seq, 10)}}
	body, err := c.do(ctx, http.MethodPost, "/v1/query", query, strings.NewReader(`{"q":"titles","refs":[],"on":"0001-01-01"}`))
	if err != nil {
		return 0, err
	}
	defer body.Close()
	var answer struct {
		Known uint64 `json:"known"`
	}
	if err := json.NewDecoder(body).Decode(&answer); err != nil {
		return 0, fmt.Errorf("read how far the ledger is: %w", err)
	}
	return answer.Known, nil
}

// Follow calls fn with the messages of the feed as they come, each with an id by which to go on behind it, until ctx or fn
// ends it, or the server: then the error is nil. A server that falls silent is one that has ended.
func (c *Client) Follow(ctx context.Context, f Following, fn func(id string, kind feed.Kind, event []byte) error) error {
	listening, cancel := context.WithCancel(ctx)
	defer cancel()
	alive := time.AfterFunc(silence, cancel)
	defer alive.Stop()
	answer, err := c.send(listening, f)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var own error
	err = eachLongLine(answer.Body, func(text []byte) error {
		alive.Reset(silence)
		if len(text) == 0 {
			return nil
		}
		var line struct {
			ID    string          `json:"id"`
			Kind  feed.Kind       `json:"kind"`
			Event json.RawMessage `json:"event"`
		}
		if err := json.Unmarshal(text, &line); err != nil {
			return fmt.Errorf("read a message of the feed: %w", err)
		}
		own = fn(line.ID, line.Kind, line.Event)
		return own
	})
	if own != nil || ctx.Err() != nil {
		return errors.Join(own, ctx.Err())
	}
	if listening.Err() != nil {
		return nil
	}
	return err
}

// send asks for the feed as lines.
func (c *Client) send(ctx context.Context, f Following) (*http.Response, error) {
	query := url.Values{"kind": {"entries"}}
	if f.Changes {
		query.Set("kind", "changes")
	}
	for _, ref := range f.Refs {
		query.Add("ref", ref.String())
	}
	if f.From > 0 {
		query.Set("from", strconv.FormatUint(f.From, 10))
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/v1/feed?"+query.Encode(), nil)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", c.base, err)
	}
	request.Header.Set("Accept", lines)
	if f.Behind != "" {
		request.Header.Set("Last-Event-ID", f.Behind)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("reach the ledger: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		defer answer.Body.Close()
		return nil, remoteError(answer)
	}
	return answer, nil
}

// limitFeedLine is the longest line of the feed, in bytes: a message of it, and what is around that.
const limitFeedLine = 9 << 20

func eachLongLine(r io.Reader, fn func([]byte) error) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 0, 64<<10), limitFeedLine)
	for scanner.Scan() {
		if err := fn(scanner.Bytes()); err != nil {
			return err
		}
	}
	return scanner.Err()
}
