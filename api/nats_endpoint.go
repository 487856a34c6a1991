package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/orgledger/orgledger/ledger"
)

// headerAtLeast names, in a NATS request, the entry that it is to be answered from at least.
const headerAtLeast = "Ledger-At-Least"

// natsRoom is what the headers and the subject of an answer may take of a message, in bytes.
const natsRoom = 4 << 10

// headerText keeps a value on the line of its header.
var headerText = strings.NewReplacer("\r", " ", "\n", " ")

// endpoint answers requests of one kind.
type endpoint struct {
	about    string
	answer   func(ctx context.Context, m *nats.Msg) (natsAnswer, error)
	requests chan *nats.Msg // to those who answer

	mu    sync.Mutex
	stats micro.EndpointStats // guarded by mu
}

// natsAnswer is what a request is answered with.
type natsAnswer struct {
	data   []byte
	media  string
	header map[string]string
	seq    uint64 // the entry that it is certain to be based on
}

func (n *NATS) endpoint(name, about string, answer func(context.Context, *nats.Msg) (natsAnswer, error)) *endpoint {
	return &endpoint{about: about, answer: answer, requests: make(chan *nats.Msg),
		stats: micro.EndpointStats{Name: name, Subject: n.subject + "." + name, QueueGroup: micro.DefaultQueueGroup}}
}

// work answers requests until there will be no more. Whoever works keeps the stack that answering has needed.
func (n *NATS) work(e *endpoint) {
	for m := range e.requests {
		begun := time.Now()
		answer, err := n.reply(e, m)
		if err == nil && int64(len(answer.data)) > n.limit() {
			err = &answerTooLong{n.limit()}
		}
		if err != nil {
			answer = n.refused(m, err)
		}
		n.respond(m, answer)
		e.count(time.Since(begun), err)
	}
}

// limit is the longest answer, in bytes.
func (n *NATS) limit() int64 { return n.conn.MaxPayload() - natsRoom }

// reply answers once the ledger has the entry that the request asks for, if it asks for one.
func (n *NATS) reply(e *endpoint, m *nats.Msg) (natsAnswer, error) {
	if text := m.Header.Get(headerAtLeast); text != "" {
		seq, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return natsAnswer{}, &natsRequestError{headerAtLeast, headerAtLeast + " is a sequence", text}
		}
		ctx, cancel := context.WithTimeout(n.ctx, waiting)
		defer cancel()
		if err := n.ledger.Reach(ctx, seq); err != nil {
			return natsAnswer{}, err
		}
	}
	seq := n.ledger.View().Seq()
	answer, err := e.answer(n.ctx, m)
	answer.seq = max(answer.seq, seq)
	return answer, err
}

// refused is the answer that an error makes: the error object as HTTP gives it, and what NATS clients look for.
func (n *NATS) refused(m *nats.Msg, err error) natsAnswer {
	d, status := ledger.Describe(err), StatusOf(err)
	if status >= http.StatusInternalServerError && d.Code != ledger.CodeBehind { // to be behind is an answer
		n.log.Error("a NATS request failed", "subject", m.Subject, "error", err)
	}
	text, err := json.Marshal(ledger.Problem{Error: d})
	if err != nil {
		panic(err) // our own type
	}
	return natsAnswer{data: text, media: "application/json", seq: n.ledger.View().Seq(),
		header: map[string]string{micro.ErrorHeader: d.Message, micro.ErrorCodeHeader: strconv.Itoa(status)}}
}

func (n *NATS) respond(m *nats.Msg, a natsAnswer) {
	reply := nats.NewMsg(m.Reply)
	reply.Data = a.data
	reply.Header.Set("Content-Type", a.media)
	reply.Header.Set(headerSequence, strconv.FormatUint(a.seq, 10))
	for key, value := range a.header {
		reply.Header.Set(key, headerText.Replace(value))
	}
	if err := n.conn.PublishMsg(reply); err != nil {
		n.log.Warn("a NATS request was not answered", "subject", m.Subject, "error", err)
	}
}

// send answers with JSON.
func (n *NATS) send(m *nats.Msg, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // nats.go's own types
	}
	if err := m.Respond(text); err != nil {
		n.log.Warn("a NATS request was not answered", "subject", m.Subject, "error", err)
	}
}

func (e *endpoint) count(took time.Duration, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stats.NumRequests++
	e.stats.ProcessingTime += took
	e.stats.AverageProcessingTime = e.stats.ProcessingTime / time.Duration(e.stats.NumRequests)
	if err != nil {
		e.stats.NumErrors++
		e.stats.LastError = strconv.Itoa(StatusOf(err)) + ":" + err.Error()
	}
}

// told is the endpoint's statistics so far.
func (e *endpoint) told() *micro.EndpointStats {
	e.mu.Lock()
	defer e.mu.Unlock()
	stats := e.stats
	return &stats
}
