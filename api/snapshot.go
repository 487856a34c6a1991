package api

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"math"
	"net/http"
	"net/url"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/nats-io/nats.go"

	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/feed"
)

const (
	headerPage = "Ledger-Page" // of a NATS request: which part of a snapshot it asks for
	headerNext = "Ledger-Next" // of the answer: what the next part is asked for with; none: this is the last
)

// snapshotPart is about how long one part of a snapshot over NATS is, in bytes.
const snapshotPart = 256 << 10

func (s *server) snapshotRoutes() {
	s.read(huma.Operation{OperationID: "snapshot", Method: http.MethodGet, Path: "/v1/snapshot", Tags: []string{tagQuestions},
		Summary: "The state of everything on a day",
		Description: "One JSON object a line: first what it is a snapshot of, with the entry that it stands for (`known`) and the position of the feed from which on to follow; " +
			"then every organisation, responsibility and contract with its state, in the order in which the log first names them; at last how many there were, and the SHA-256 of the lines before. " +
			"A snapshot without its last line was cut off.",
		Parameters: []*huma.Param{
			parameter("on", "The day; today, in UTC, where it is left out", dayText()),
			parameter("known", "As known at this entry, or at this time; all that is recorded where it is left out", text()),
		},
		RejectUnknownQueryParameters: true,
		Responses:                    gives("The snapshot, one JSON object a line", lines, nil)}, s.snapshot)
}

// snapshot streams a snapshot. Recording goes on meanwhile.
func (s *server) snapshot(w http.ResponseWriter, r *http.Request) {
	snapshot, err := s.ledger.Snapshot(r.Context(), snapshotFields(r.URL.Query()), positionIn(s.feed))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", lines)
	out := bufio.NewWriterSize(w, 64<<10)
	_, err = snapshot.Write(r.Context(), out, math.MaxInt)
	if err := errors.Join(err, out.Flush()); err != nil {
		s.cutOff(r, "a snapshot was cut off", err)
	}
}

// snapshotFields writes the parameters of a request as the fields of a question.
func snapshotFields(query url.Values) []byte {
	fields := []byte{'{'}
	for _, name := range []string{"on", "known"} {
		if !query.Has(name) {
			continue
		}
		if len(fields) > 1 {
			fields = append(fields, ',')
		}
		value := query.Get(name)
		fields = append(append(append(fields, '"'), name...), '"', ':')
		if _, err := strconv.ParseUint(value, 10, 64); err == nil && name == "known" {
			fields = append(fields, value...)
			continue
		}
		fields, _ = jsontext.AppendQuote(fields, value) // what is no UTF-8 is replaced, and refused as what it then is
	}
	return append(fields, '}')
}

// positionIn finds the position of a feed behind an entry; 0 where the feed is nil or does not go back so far any more.
func positionIn(f feed.Feed) func(ctx context.Context, known uint64) (uint64, error) {
	if f == nil {
		return nil
	}
	return func(ctx context.Context, known uint64) (uint64, error) {
		position, err := f.After(ctx, known)
		if errors.Is(err, feed.ErrExpired) {
			return 0, nil
		}
		return position, err
	}
}

// snapshot answers with one part of a snapshot: the parts one after the other are what HTTP gives at once. A part
// can be asked for again, and of another node.
func (n *NATS) snapshot(ctx context.Context, m *nats.Msg) (natsAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, waiting)
	defer cancel()
	part, err := n.snapshotAt(ctx, m)
	if err != nil {
		return natsAnswer{}, err
	}
	var out bytes.Buffer
	end, err := part.Write(ctx, &out, snapshotPart)
	if err != nil {
		return natsAnswer{}, err
	}
	answer := natsAnswer{data: out.Bytes(), media: lines}
	if !end {
		answer.header = map[string]string{headerNext: part.Cursor()}
	}
	return answer, nil
}

func (n *NATS) snapshotAt(ctx context.Context, m *nats.Msg) (*ledger.Snapshot, error) {
	page := m.Header.Get(headerPage)
	if page == "" {
		return n.ledger.Snapshot(ctx, m.Data, positionIn(n.feed))
	}
	part, err := n.ledger.ContinueSnapshot(ctx, page)
	if errors.Is(err, ledger.ErrCursor) {
		return nil, &natsRequestError{headerPage, err.Error(), page}
	}
	return part, err
}
