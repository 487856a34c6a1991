package ledger

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// limitLine is the longest line that is read, in bytes: an entry and the white space around it. A
// question may be as long.
const limitLine = domain.LimitEntry + 4<<10

// readEntries reads entries, one JSON object a line; empty lines are passed over. All are read and
// judged by the rules that need no ledger before any is given back. The error is a *domain.Refusal
// with its line, or that of the reader. lines has the line number of each entry.
func readEntries(r io.Reader) (entries []*domain.Entry, lines []int, err error) {
	n := 0
	scanner := newScanner(r)
	for scanner.Scan() {
		n++
		line := scanner.Bytes()
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		e, err := domain.ParseEntry(line)
		if err != nil {
			if refusal, ok := errors.AsType[*domain.Refusal](err); ok {
				refusal.Line = n
			}
			return nil, nil, err
		}
		entries, lines = append(entries, e), append(lines, n)
	}
	switch err := scanner.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, nil, &domain.Refusal{Code: domain.CodeTooLarge, Line: n + 1,
			Rule: fmt.Sprintf("an entry has at most %d bytes", domain.LimitEntry)}
	case err != nil:
		return nil, nil, fmt.Errorf("read line %d: %w", n+1, err)
	case len(entries) == 0:
		return nil, nil, &domain.Refusal{Code: domain.CodeEmpty, Rule: "there is at least one entry to record: the input is empty"}
	}
	return entries, lines, nil
}

func newScanner(r io.Reader) *bufio.Scanner {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 0, 64<<10), limitLine)
	return scanner
}

// Query answers questions, one JSON object a line, with one line each, in order, as they come. A
// question that cannot be answered, or is too long to be read, gets an error line, and the next one is
// answered all the same. Every line is answered from what is recorded when it is read.
func (l *Ledger) Query(ctx context.Context, questions io.Reader, answers io.Writer) error {
	in := bufio.NewReaderSize(questions, limitLine)
	out := bufio.NewWriterSize(answers, 64<<10)
	for {
		answer, end, err := l.next(ctx, in)
		if err == nil && answer != nil {
			_, err = out.Write(append(answer, '\n'))
		}
		if in.Buffered() == 0 || end || err != nil {
			err = errors.Join(err, out.Flush())
		}
		if err == nil {
			err = ctx.Err()
		}
		if end || err != nil {
			return err
		}
	}
}

// next reads a question and answers it; nil to an empty line. end says that it was the last.
func (l *Ledger) next(ctx context.Context, in *bufio.Reader) (answer []byte, end bool, err error) {
	line, err := in.ReadSlice('\n')
	long := errors.Is(err, bufio.ErrBufferFull)
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = in.ReadSlice('\n')
	}
	end = errors.Is(err, io.EOF)
	switch {
	case err != nil && !end:
		return nil, end, fmt.Errorf("read a question: %w", err)
	case long:
		return problemLine(&projections.QuestionError{Code: projections.CodeBadQuestion,
			Message: fmt.Sprintf("a question has at most %d bytes", limitLine)}), end, nil
	case len(bytes.TrimSpace(line)) == 0:
		return nil, end, nil
	}
	return l.Answer(ctx, line), end, nil
}

// Answer is the answer to one question, or its error, in one line of JSON.
func (l *Ledger) Answer(ctx context.Context, question []byte) []byte {
	answer, err := l.Ask(ctx, Today(time.Now()), question)
	if err != nil {
		return problemLine(err)
	}
	return mustMarshal(answer)
}

func problemLine(err error) []byte { return mustMarshal(Problem{Describe(err)}) }

func mustMarshal(answer any) []byte {
	text, err := json.Marshal(answer, json.Deterministic(true))
	if err != nil {
		panic(fmt.Sprintf("ledger: an answer that is not JSON: %v", err))
	}
	return text
}

// Selection chooses entries of the log.
type Selection struct {
	Ref      domain.Ref // only those that concern it; zero: all
	From, To uint64     // sequences, From included and To not; 0: open
}

// Select calls fn with the entries chosen, in order.
func (l *Ledger) Select(ctx context.Context, s Selection, fn func(domain.Recorded) error) error {
	view := l.View()
	to := view.Seq() + 1
	if s.To != 0 {
		to = min(to, s.To)
	}
	from := max(s.From, 1)
	if s.Ref.ID == "" {
		return l.Entries(ctx, from, to, fn)
	}
	if !view.Introduced(s.Ref, view.Seq()) {
		return &projections.QuestionError{Code: projections.CodeUnknownReference, Field: "ref", Message: fmt.Sprintf("no entry introduces %s", s.Ref)}
	}
	for _, seq := range view.Mentions(s.Ref, to-1) {
		if seq < from {
			continue
		}
		e, err := l.Entry(ctx, seq)
		if err != nil {
			return err
		}
		if err := fn(e); err != nil {
			return err
		}
	}
	return nil
}

// logged is what the log says of an entry, around the entry as it was handed in.
type logged struct {
	Seq      uint64         `json:"seq"`
	Recorded time.Time      `json:"recorded"`
	Actor    string         `json:"actor,omitempty"`
	Corrects string         `json:"corrects_type,omitempty"` // of a correction: the type of the entry that it corrects
	Entry    jsontext.Value `json:",embed"`
}

// AppendLogged appends a recorded entry as one JSON object: sequence, recorded time and actor before the
// fields of the entry.
func AppendLogged(dst []byte, e *domain.Recorded) []byte {
	line := logged{Seq: e.Seq, Recorded: time.Unix(0, e.Time).UTC(), Actor: e.Actor, Entry: e.AppendJSON(nil)}
	if correction, ok := e.Fact.(*domain.EntryCorrected); ok && correction.Replacement.Fact != nil {
		line.Corrects = correction.Replacement.Fact.Type().String()
	}
	text, err := json.Marshal(line)
	if err != nil {
		panic(fmt.Sprintf("ledger: an entry that is not JSON: %v", err))
	}
	return append(dst, text...)
}

// ParseLogged reads what AppendLogged wrote.
func ParseLogged(line []byte) (domain.Recorded, error) {
	var read logged
	if err := json.Unmarshal(line, &read); err != nil {
		return domain.Recorded{}, fmt.Errorf("read a recorded entry: %w", err)
	}
	e, err := domain.ParseShown(read.Entry)
	if err != nil {
		return domain.Recorded{}, fmt.Errorf("read entry %d: %w", read.Seq, err)
	}
	if correction, ok := e.Fact.(*domain.EntryCorrected); ok {
		typ, known := domain.ParseType(read.Corrects)
		if !known {
			return domain.Recorded{}, fmt.Errorf("read entry %d: it corrects an entry of unknown type %q", read.Seq, read.Corrects)
		}
		if err := correction.Resolve(typ); err != nil {
			return domain.Recorded{}, fmt.Errorf("read entry %d: %w", read.Seq, err)
		}
	}
	return domain.Recorded{Entry: *e, Seq: read.Seq, Time: read.Recorded.UnixNano(), Actor: read.Actor}, nil
}

// RecordLines reads entries, one JSON object a line, and records them as one call. A refusal names
// the line. See Record.
func (l *Ledger) RecordLines(ctx context.Context, r io.Reader, o RecordOptions) ([]Receipt, error) {
	entries, lines, err := readEntries(r)
	if err != nil {
		return nil, err
	}
	receipts, err := l.Record(ctx, entries, o)
	if refusal, ok := errors.AsType[*domain.Refusal](err); ok && refusal.Line > 0 {
		refusal.Line = lines[refusal.Line-1]
	}
	return receipts, err
}
