package api

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/orgledger/orgledger/ledger"
)

const (
	// headerCommits names, in an answer that gives commits, the last one there is.
	headerCommits = "Ledger-Commits"

	// frames is the media type of commits as backups hold them.
	frames = "application/vnd.orgledger.commits"
)

// commits gives the log as it is stored, from a commit on.
func (s *server) commits(w http.ResponseWriter, r *http.Request) {
	from, err := position(r.URL.Query())
	if err != nil {
		s.problem(w, r, http.StatusBadRequest, ledger.Description{Code: codeBadRequest, Message: err.Error()})
		return
	}
	answer := &begun{ResponseWriter: w}
	out := bufio.NewWriterSize(answer, 64<<10)
	err = s.ledger.WriteCommits(r.Context(), out, s.name, from, func(last uint64) {
		w.Header().Set("Content-Type", frames)
		w.Header().Set(headerCommits, strconv.FormatUint(last, 10))
	})
	if err == nil {
		err = out.Flush()
	}
	switch {
	case err != nil && answer.yes:
		s.cutOff(r, "a copy of the log was cut off", err)
	case err != nil:
		w.Header().Del(headerCommits)
		s.fail(w, r, err)
	}
}

// begun knows whether anything was written.
type begun struct {
	http.ResponseWriter
	yes bool
}

func (b *begun) Write(text []byte) (int, error) {
	b.yes = true
	return b.ResponseWriter.Write(text)
}

// position is the commit to begin with.
func position(query url.Values) (uint64, error) {
	if !query.Has("from") {
		return 1, nil
	}
	from, err := strconv.ParseUint(query.Get("from"), 10, 63)
	if err != nil || from == 0 {
		return 0, fmt.Errorf("from is the position of a commit, from 1, not %q", query.Get("from"))
	}
	return from, nil
}

// Log is the log of a ledger that a server has, to be copied from there.
type Log struct {
	client *Client
	ledger string
}

// Log reads the log behind the server as the log of a ledger; another is refused.
func (c *Client) Log(ledger string) *Log { return &Log{c, ledger} }

// Commits makes the log a source of a backup or a restore. See eventstore.Source. An answer that is cut off is
// an error, after the commits that came whole.
func (l *Log) Commits(ctx context.Context, from uint64, begin func(last uint64) error, fn func(ledger.RawCommit) error) error {
	answer, err := l.client.answer(ctx, http.MethodGet, "/v1/commits", url.Values{"from": {strconv.FormatUint(from, 10)}}, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	last, err := strconv.ParseUint(answer.Header.Get(headerCommits), 10, 63)
	if err != nil {
		return fmt.Errorf("%s does not say in %s which commit is the last: %q", l.client.base, headerCommits, answer.Header.Get(headerCommits))
	}
	if err := begin(last); err != nil {
		return err
	}
	var own error
	next := from
	end, err := ledger.ReadCommits(answer.Body, l.ledger, func(c ledger.RawCommit) error {
		if c.Place != next {
			return fmt.Errorf("commit %d came in place of %d", c.Place, next)
		}
		next++
		own = fn(c)
		return own
	})
	switch {
	case own != nil:
		return own
	case err == nil && (end != last || next <= last):
		err = errors.New("fewer came than were announced")
	}
	if err != nil {
		return fmt.Errorf("read the commits of %s: %w", l.client.base, err)
	}
	return nil
}
