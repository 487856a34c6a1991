package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/feed"
)

// events is the media type of server-sent events (HTML Living Standard §9.2).
const events = "text/event-stream"

// FeedConnections is how many readers of the feed a server takes at once, unless it is told otherwise.
const FeedConnections = 2000

// limitFeedRefs is how many references one reader of the feed may choose.
const limitFeedRefs = 200

// refill is how long, in seconds, who is told that there are too many readers is asked to wait.
const refill = 30

// feedRoutes serves the feed.
func (s *server) feedRoutes() {
	if s.tails == nil {
		return
	}
	refs := parameter("ref", fmt.Sprintf("Only what is about this reference, kind/id; may be given up to %d times", limitFeedRefs),
		&huma.Schema{Type: huma.TypeArray, Items: text()})
	refs.Explode = new(true)
	o := huma.Operation{OperationID: "feed", Method: http.MethodGet, Path: "/v1/feed", Tags: []string{tagLog},
		Summary: "Follow what is recorded and what changes because of it",
		Description: "The messages of the feed as they come, as server-sent events: the type of an event is entry, change or arrival, its data one CloudEvent, " +
			"and its id the place to go on from, which clients send in Last-Event-ID when they connect again. " +
			"As JSON lines, where Accept asks for application/x-ndjson, a line holds the same in its members id, kind and event. " +
			"Every 15 seconds without a message comes a comment, or an empty line. An entry comes once, whatever number of references it touches.",
		Parameters: []*huma.Param{refs,
			parameter("from", "The first entry to be told of; left out, what comes from now on is sent", sequenceSchema()),
			parameter("kind", "Only these messages; changes are those because of an entry and those because a day has arrived",
				&huma.Schema{Type: huma.TypeString, Enum: []any{"entries", "changes"}}),
			{Name: "Last-Event-ID", In: "header", Description: "The id of the last event that was received; it counts more than from", Schema: text()}},
		Responses: gives("The feed, without end", events, text())}
	o.Responses["200"].Content[lines] = &huma.MediaType{Schema: schemaOf[FeedLine](s.api)}
	o.Responses["410"] = &huma.Response{Description: "The feed no longer goes back so far: take a snapshot, and follow from there",
		Content: map[string]*huma.MediaType{problemType: {Schema: schemaOf[Problem](s.api)}}}
	s.raw(o, s.follow)
}

// follow sends the feed until the client goes, is too slow, or the server stops.
func (s *server) follow(w http.ResponseWriter, r *http.Request) {
	c, name, err := s.connection(w, r)
	if err != nil {
		s.refuse(w, r, name, err.Error())
		return
	}
	t, leave, err := s.tails.join()
	if err != nil {
		w.Header().Set("Retry-After", strconv.Itoa(refill))
		s.problem(w, r, http.StatusServiceUnavailable, ledger.Description{Code: codeBusy, Message: err.Error()})
		return
	}
	defer leave()
	if err := c.locate(r.Context(), s.tails.feed); err != nil {
		s.expired(w, r, err)
		return
	}
	c.tail = t
	if err := c.run(r.Context(), s.stopping); err != nil && r.Context().Err() == nil {
		s.log.Debug("a reader of the feed is cut off", "error", err)
	}
}

// expired answers that the feed does not go back so far, or what else went wrong.
func (s *server) expired(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, feed.ErrExpired) {
		w.Header().Set("Link", `</v1/snapshot>; rel="alternate"; title="snapshot"`)
	}
	s.fail(w, r, err)
}

// connection reads what a client asks for, or says which parameter is wrong.
func (s *server) connection(w http.ResponseWriter, r *http.Request) (c *connection, name string, err error) {
	query := r.URL.Query()
	for name := range query {
		if name != "from" && name != "ref" && name != "kind" {
			return nil, name, errors.New("there is no such parameter here")
		}
		if name != "ref" && len(query[name]) > 1 {
			return nil, name, errors.New("this parameter is given once")
		}
	}
	c = &connection{tails: s.tails, w: w, control: http.NewResponseController(w), lines: prefersLines(r.Header)}
	if c.choose, name, err = feedSelection(query); err != nil {
		return nil, name, err
	}
	c.index()
	if query.Has("from") {
		if c.since, err = sequence(query, "from"); err != nil {
			return nil, "from", errors.New("this is the sequence of an entry")
		}
		if last := s.ledger.View().Seq(); c.since > last+1 {
			return nil, "from", fmt.Errorf("this is at most the next entry to be recorded, %d", last+1)
		}
		c.since = max(c.since, 1) - 1
		c.asked = true
	}
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		if c.next, c.since, err = parseEventID(id); err != nil {
			return nil, "Last-Event-ID", err
		}
		if last := s.ledger.View().Seq(); c.since > last {
			return nil, "Last-Event-ID", fmt.Errorf("this is the id of an event of this ledger, which has %d entries, not %q", last, id)
		}
	}
	return c, "", nil
}

// prefersLines reports whether a client asks for lines rather than for events.
func prefersLines(header http.Header) bool {
	accept := strings.Join(header.Values("Accept"), ",")
	return strings.Contains(accept, lines) && !strings.Contains(accept, events)
}

// feedSelection reads which messages are chosen.
func feedSelection(query url.Values) (s feed.Selection, name string, err error) {
	if len(query["ref"]) > limitFeedRefs {
		return s, "ref", fmt.Errorf("this parameter is given at most %d times", limitFeedRefs)
	}
	for _, text := range query["ref"] {
		ref, err := domain.ParseRef(text)
		if err != nil {
			return s, "ref", err
		}
		s.Refs = append(s.Refs, ref)
	}
	switch kind := query.Get("kind"); {
	case kind == "entries":
		s.Kinds = []feed.Kind{feed.Entry}
	case kind == "changes":
		s.Kinds = []feed.Kind{feed.Change, feed.Arrival}
	case query.Has("kind"):
		return s, "kind", fmt.Errorf("this is entries or changes, not %q", kind)
	}
	return s, "", nil
}

// eventID is where to go on behind a message: its position and the entry that caused it, of which nothing is sent twice then.
func eventID(m *feed.Message) string {
	return strconv.FormatUint(m.Position, 10) + "-" + strconv.FormatUint(m.Seq, 10)
}

// parseEventID reads what eventID has written: the position to go on from, and the last entry that has been sent.
func parseEventID(id string) (next, seq uint64, err error) {
	before, after, ok := strings.Cut(id, "-")
	position, err1 := strconv.ParseUint(before, 10, 63)
	seq, err2 := strconv.ParseUint(after, 10, 63)
	if !ok || err1 != nil || err2 != nil {
		return 0, 0, fmt.Errorf("this is the id of an event of the feed, as 128-57, not %q", id)
	}
	return position + 1, seq, nil
}
