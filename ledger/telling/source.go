package telling

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/projections"
)

// Reader is a ledger to read from: one that is open in this process, or another's over HTTP.
type Reader interface {
	Query(ctx context.Context, questions io.Reader, answers io.Writer) error
	Select(ctx context.Context, s ledger.Selection, fn func(domain.Recorded) error) error
	Status(ctx context.Context) (ledger.Status, error)
}

// Reply is the answer to one of several questions, or why it has none.
type Reply struct {
	raw []byte
	err error // a *projections.QuestionError
}

// AskAll puts questions in one go.
func (b *Book) AskAll(ctx context.Context, questions []map[string]any) ([]Reply, error) {
	var lines, answers bytes.Buffer
	for _, q := range questions {
		if err := json.MarshalWrite(&lines, q, json.Deterministic(true)); err != nil {
			return nil, fmt.Errorf("write a question: %w", err)
		}
		lines.WriteByte('\n')
	}
	if err := b.Query(ctx, &lines, &answers); err != nil {
		return nil, err
	}
	replies := make([]Reply, 0, len(questions))
	for raw := range bytes.Lines(answers.Bytes()) {
		raw = bytes.TrimSpace(raw)
		var problem ledger.Problem
		if err := json.Unmarshal(raw, &problem); err == nil && problem.Error.Code != "" {
			replies = append(replies, Reply{err: &projections.QuestionError{Code: problem.Error.Code, Field: problem.Error.Field, Message: problem.Error.Message}})
			continue
		}
		replies = append(replies, Reply{raw: raw})
	}
	if len(replies) != len(questions) {
		return nil, fmt.Errorf("the ledger answered %d of %d questions", len(replies), len(questions))
	}
	return replies, nil
}

// Read makes a reply an answer.
func Read[T any](r Reply) (*T, error) {
	if r.err != nil {
		return nil, r.err
	}
	answer := new(T)
	if err := json.Unmarshal(r.raw, answer); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return answer, nil
}

// Ask puts one question and reads its answer.
func Ask[T any](ctx context.Context, s Reader, question map[string]any) (*T, error) {
	raw, err := AskRaw(ctx, s, question)
	if err != nil {
		return nil, err
	}
	answer := new(T)
	if err := json.Unmarshal(raw, answer); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return answer, nil
}

// AskRaw puts one question and gives its answer as the line of JSON that it is. The error of a question
// that cannot be answered is a *projections.QuestionError.
func AskRaw(ctx context.Context, s Reader, question map[string]any) ([]byte, error) {
	line, err := json.Marshal(question, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("write the question: %w", err)
	}
	var answer bytes.Buffer
	if err := s.Query(ctx, bytes.NewReader(line), &answer); err != nil {
		return nil, err
	}
	raw := bytes.TrimSpace(answer.Bytes())
	var problem ledger.Problem
	if err := json.Unmarshal(raw, &problem); err == nil && problem.Error.Code != "" {
		return nil, &projections.QuestionError{Code: problem.Error.Code, Field: problem.Error.Field,
			Message: strings.TrimPrefix(problem.Error.Message, problem.Error.Field+": ")}
	}
	return raw, nil
}
