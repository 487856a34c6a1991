package api

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/orgledger/orgledger/audit"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
)

// Client reaches a ledger that another process serves.
type Client struct {
	// AtLeast is the entry that the server has to have got to before it answers Query and Select; it
	// waits some seconds for it. 0: none. It is not changed while the client is used.
	AtLeast uint64

	base string
	http *http.Client
}

// NewClient talks to the server at a base address, http://host:port. It opens no connection yet. A server on this
// machine is not asked to compress.
func NewClient(base string) *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableCompression = isLoopback(base)
	return &Client{base: base, http: &http.Client{Transport: transport}}
}

// isLoopback reports whether an address is on this machine for certain.
func isLoopback(base string) bool {
	address, err := url.Parse(base)
	if err != nil {
		return false
	}
	ip := net.ParseIP(address.Hostname())
	return address.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// ErrUnreachable: no connection to the server could be made, and nothing was sent.
var ErrUnreachable = errors.New("no server answers")

// RemoteError is a failure that the server reported.
type RemoteError struct {
	ledger.Description
	Status int // of HTTP
}

// Error is the server's message.
func (e *RemoteError) Error() string { return e.Message }

// Is tells what the server's error is by its code.
func (e *RemoteError) Is(target error) bool {
	return target == ledger.ErrUnknownOutcome && e.Code == ledger.CodeUnknownOutcome ||
		target == ledger.ErrStopped && e.Code == ledger.CodeStopped ||
		target == ledger.ErrBehind && e.Code == ledger.CodeBehind
}

// Query sends questions, one a line, and copies the answers as they come.
func (c *Client) Query(ctx context.Context, questions io.Reader, answers io.Writer) error {
	body, err := c.do(ctx, http.MethodPost, "/v1/query", c.reached(), questions)
	if err != nil {
		return err
	}
	defer body.Close()
	if _, err := io.Copy(answers, body); err != nil {
		return fmt.Errorf("read the answers: %w", err)
	}
	return nil
}

func (c *Client) reached() url.Values {
	query := url.Values{}
	if c.AtLeast > 0 {
		query.Set("at-least", strconv.FormatUint(c.AtLeast, 10))
	}
	return query
}

// Record sends entries, one a line. See ledger.Record.
func (c *Client) Record(ctx context.Context, entries io.Reader, o ledger.RecordOptions) ([]ledger.Receipt, error) {
	query := url.Values{}
	if o.Actor != "" {
		query.Set("actor", o.Actor)
	}
	if o.Strict {
		query.Set("strict", "true")
	}
	if o.DryRun {
		query.Set("dry_run", "true")
	}
	body, err := c.do(ctx, http.MethodPost, "/v1/entries", query, entries)
	if err != nil {
		return nil, unlessKnown(err)
	}
	defer body.Close()
	var receipts []ledger.Receipt
	err = eachLine(body, func(line []byte) error {
		var r ledger.Receipt
		err := json.Unmarshal(line, &r)
		receipts = append(receipts, r)
		return err
	})
	if err != nil {
		return receipts, fmt.Errorf("%w: read the receipts: %w", ledger.ErrUnknownOutcome, err)
	}
	return receipts, nil
}

// Signing asks what has to be known before entries can be signed. See ledger.SignLines.
func (c *Client) Signing(ctx context.Context, r ledger.SigningRequest) (s ledger.Signing, err error) {
	request, err := json.Marshal(r)
	if err != nil {
		return s, fmt.Errorf("write the request: %w", err)
	}
	body, err := c.do(ctx, http.MethodPost, "/v1/signing", nil, bytes.NewReader(request))
	if err != nil {
		return s, err
	}
	defer body.Close()
	if err := json.UnmarshalRead(body, &s); err != nil {
		return s, fmt.Errorf("read what is to be signed: %w", err)
	}
	return s, nil
}

// unlessKnown adds that the outcome of a recording is unknown, where neither the server said that it
// refused nor is out of reach.
func unlessKnown(err error) error {
	if _, told := errors.AsType[*RemoteError](err); told {
		return err
	}
	if errors.Is(err, ErrUnreachable) {
		return err
	}
	return fmt.Errorf("%w: %w", ledger.ErrUnknownOutcome, err)
}

// Select calls fn with the chosen entries of the log, in order.
func (c *Client) Select(ctx context.Context, s ledger.Selection, fn func(domain.Recorded) error) error {
	query := c.reached()
	if s.Ref.ID != "" {
		query.Set("ref", s.Ref.String())
	}
	if s.From != 0 {
		query.Set("from", strconv.FormatUint(s.From, 10))
	}
	if s.To != 0 {
		query.Set("to", strconv.FormatUint(s.To, 10))
	}
	body, err := c.do(ctx, http.MethodGet, "/v1/entries", query, nil)
	if err != nil {
		return err
	}
	defer body.Close()
	return eachLine(body, func(line []byte) error {
		e, err := ledger.ParseLogged(line)
		if err != nil {
			return err
		}
		return fn(e)
	})
}

// Status asks how much there is.
func (c *Client) Status(ctx context.Context) (s ledger.Status, err error) {
	body, err := c.do(ctx, http.MethodGet, "/v1/status", nil, nil)
	if err != nil {
		return s, err
	}
	defer body.Close()
	if err := json.UnmarshalRead(body, &s); err != nil {
		return s, fmt.Errorf("read the status: %w", err)
	}
	return s, nil
}

// Checkpoint asks for a signed checkpoint that covers everything recorded.
func (c *Client) Checkpoint(ctx context.Context) ([]byte, error) {
	status, err := c.Status(ctx)
	if err != nil {
		return nil, err
	}
	return c.text(ctx, "/tlog/checkpoint", url.Values{"at-least": {strconv.FormatUint(max(status.LastSeq, c.AtLeast), 10)}})
}

// Policy asks for the log's key and its witnesses.
func (c *Client) Policy(ctx context.Context) ([]byte, error) { return c.text(ctx, "/tlog/policy", nil) }

// Receipt asks for the proof that an entry is in the log.
func (c *Client) Receipt(ctx context.Context, seq uint64) ([]byte, error) {
	return c.text(ctx, "/v1/receipts/"+strconv.FormatUint(seq, 10), nil)
}

// Digest asks for the signed digest of what is held on a day as known at an entry.
func (c *Client) Digest(ctx context.Context, on domain.Date, known uint64) ([]byte, error) {
	return c.text(ctx, "/tlog/digest", url.Values{"on": {on.String()}, "known": {strconv.FormatUint(known, 10)}})
}

// Tile asks for a resource of the log as C2SP tlog-tiles.
func (c *Client) Tile(ctx context.Context, t audit.Tile) ([]byte, error) {
	return c.text(ctx, "/tlog/"+t.Path(), nil)
}

// Bundle asks for the evidence for an answer.
func (c *Client) Bundle(ctx context.Context, ref domain.Ref, on domain.Date, known uint64) ([]byte, error) {
	return c.text(ctx, "/v1/bundles", url.Values{"ref": {ref.String()}, "on": {on.String()}, "known": {strconv.FormatUint(known, 10)}})
}

func (c *Client) text(ctx context.Context, path string, query url.Values) ([]byte, error) {
	body, err := c.do(ctx, http.MethodGet, path, query, nil)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return text, nil
}

// Close lets go of idle connections.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

func (c *Client) do(ctx context.Context, method, path string, query url.Values, body io.Reader) (io.ReadCloser, error) {
	answer, err := c.answer(ctx, method, path, query, body)
	if err != nil {
		return nil, err
	}
	return answer.Body, nil
}

// answer is one that is not an error.
func (c *Client) answer(ctx context.Context, method, path string, query url.Values, body io.Reader) (*http.Response, error) {
	address := c.base + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	if body != nil {
		body = io.NopCloser(body) // the transport closes what it is given, standard input too
	}
	request, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", c.base, err)
	}
	if body != nil {
		request.Header.Set("Content-Type", lines)
	}
	answer, err := c.http.Do(request)
	if dialled, ok := errors.AsType[*net.OpError](err); ok && dialled.Op == "dial" {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	if err != nil {
		return nil, fmt.Errorf("reach the ledger: %w", err)
	}
	if answer.StatusCode/100 == 2 {
		return answer, nil
	}
	defer answer.Body.Close()
	return nil, remoteError(answer)
}

func remoteError(answer *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("read the server's answer, %s: %w", answer.Status, err)
	}
	var problem ledger.Problem
	if err := json.Unmarshal(text, &problem); err != nil || problem.Error.Code == "" {
		return fmt.Errorf("%s answered %s: %q", answer.Request.URL.Host, answer.Status, bytes.TrimSpace(text))
	}
	return &RemoteError{problem.Error, answer.StatusCode}
}

func eachLine(r io.Reader, fn func([]byte) error) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 0, 64<<10), domain.LimitShown+4<<10)
	for scanner.Scan() {
		if err := fn(scanner.Bytes()); err != nil {
			return err
		}
	}
	return scanner.Err()
}
