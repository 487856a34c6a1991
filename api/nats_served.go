package api

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/nats-io/nats.go"

	"github.com/orgledger/orgledger/ledger"
)

// The headers of a request to record.
const (
	headerActor  = "Ledger-Actor"
	headerStrict = "Ledger-Strict"
	headerDryRun = "Ledger-Dry-Run"
)

// maxRecorded is how many entries a request over NATS may hold, so that the receipts fit one answer: it must not be
// recorded and then not answered.
const maxRecorded = 10_000

// objectJSON is the media type of one answer.
const objectJSON = "application/json"

// served are the endpoints.
func (n *NATS) served() []*endpoint {
	all := []*endpoint{
		n.endpoint("query", "a question, or several as JSON lines; answered as POST /v1/query", n.query),
		n.endpoint("find", "words in a name, title or identifier: {\"words\":…, \"known\":…}", n.find),
		n.endpoint("snapshot", "the state on a day, in parts; see docs/subscribe.md", n.snapshot),
		n.endpoint("status", "how much there is", n.status),
	}
	if n.record {
		all = append(all, n.endpoint("record", "entries as JSON lines, all or none; answered as POST /v1/entries", n.recorded))
	}
	return all
}

// query answers one question, or as many as there are lines. The error of a question that is alone is that of the
// request; among others it is a line.
func (n *NATS) query(ctx context.Context, m *nats.Msg) (natsAnswer, error) {
	questions := bytes.TrimSpace(m.Data)
	switch {
	case len(questions) == 0:
		return natsAnswer{}, &natsRequestError{message: "a request to query holds a question"}
	case !bytes.ContainsRune(questions, '\n'):
		return n.ask(ctx, questions)
	}
	out := &natsBuffer{limit: n.limit()}
	err := n.ledger.Query(ctx, bytes.NewReader(questions), out)
	return natsAnswer{data: out.Bytes(), media: lines}, err
}

func (n *NATS) ask(ctx context.Context, question []byte) (natsAnswer, error) {
	answer, err := n.ledger.Ask(ctx, ledger.Today(time.Now()), question)
	if err != nil {
		return natsAnswer{}, err
	}
	return natsJSON(answer)
}

func natsJSON(answer any) (natsAnswer, error) {
	text, err := json.Marshal(answer, json.Deterministic(true))
	if err != nil {
		return natsAnswer{}, fmt.Errorf("write the answer: %w", err)
	}
	return natsAnswer{data: text, media: objectJSON}, nil
}

// find is the question of that name, whose name may be left out.
func (n *NATS) find(ctx context.Context, m *nats.Msg) (natsAnswer, error) {
	question := make(map[string]jsontext.Value)
	if err := json.Unmarshal(m.Data, &question); err != nil {
		return natsAnswer{}, &natsRequestError{message: `a request to find is one JSON object, {"words":"…"}`}
	}
	const q = `"find"`
	if named, ok := question["q"]; ok && string(named) != q {
		return natsAnswer{}, &natsRequestError{"q", "this endpoint only finds; query answers every question", string(named)}
	}
	question["q"] = jsontext.Value(q)
	text, err := json.Marshal(question, json.Deterministic(true))
	if err != nil {
		return natsAnswer{}, fmt.Errorf("write the question: %w", err)
	}
	return n.ask(ctx, text)
}

func (n *NATS) status(context.Context, *nats.Msg) (natsAnswer, error) {
	return natsJSON(n.ledger.Status(n.name, n.identity.Version))
}

// recorded records the lines of a request. Whoever asked may have gone when it is answered; to ask the same again is
// safe.
func (n *NATS) recorded(ctx context.Context, m *nats.Msg) (natsAnswer, error) {
	options, err := natsOptions(m.Header)
	if err != nil {
		return natsAnswer{}, err
	}
	if count := bytes.Count(m.Data, []byte("\n")); count > maxRecorded {
		return natsAnswer{}, &natsRequestError{message: fmt.Sprintf("a request over NATS holds at most %d entries; HTTP takes more", maxRecorded), value: strconv.Itoa(count)}
	}
	receipts, err := n.ledger.RecordLines(ctx, bytes.NewReader(m.Data), options)
	if err != nil {
		return natsAnswer{}, err
	}
	var out bytes.Buffer
	for _, receipt := range receipts {
		if err := json.MarshalWrite(&out, receipt); err != nil {
			return natsAnswer{}, fmt.Errorf("write a receipt: %w", err)
		}
		out.WriteByte('\n')
	}
	return natsAnswer{data: out.Bytes(), media: lines, seq: n.ledger.View().Seq()}, nil
}

func natsOptions(header nats.Header) (o ledger.RecordOptions, err error) {
	o.Actor = header.Get(headerActor)
	for name, to := range map[string]*bool{headerStrict: &o.Strict, headerDryRun: &o.DryRun} {
		if text := header.Get(name); text != "" {
			if *to, err = strconv.ParseBool(text); err != nil {
				return o, &natsRequestError{name, name + " is true or false", text}
			}
		}
	}
	return o, nil
}

// natsBuffer is what an answer is written to; it fails where the answer becomes too long for a message.
type natsBuffer struct {
	bytes.Buffer
	limit int64
}

func (l *natsBuffer) Write(text []byte) (int, error) {
	if int64(l.Len()+len(text)) > l.limit {
		return 0, &answerTooLong{l.limit}
	}
	return l.Buffer.Write(text)
}
