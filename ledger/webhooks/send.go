package webhooks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// timeout is how long one attempt may take, from the resolving of the name to the end of the answer.
const timeout = 20 * time.Second

// limitAnswer is how much of a receiver's answer is read, in bytes, so that the connection can be used again. Nothing is kept of
// it.
const limitAnswer = 64 << 10

// contentType is that of every delivery (CloudEvents 1.0, HTTP binding, structured mode).
const contentType = "application/cloudevents+json"

// sender makes single attempts. It may be used by any number of goroutines.
type sender struct {
	secure, plain *http.Client
	agent         string
}

func newSender(p Policy, version string) *sender {
	return &sender{client(p, false), client(p, true), "orgledger/" + version}
}

// client is one that asks no proxy, follows no redirect, keeps no cookie, and connects where the policy permits it.
func client(p Policy, plain bool) *http.Client {
	dialer := &net.Dialer{Timeout: timeout / 2, KeepAlive: 30 * time.Second, Control: p.control(plain)}
	transport := &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: timeout / 2, MaxIdleConnsPerHost: atOnce,
		IdleConnTimeout: 90 * time.Second, MaxResponseHeaderBytes: limitAnswer, DisableCompression: true, ForceAttemptHTTP2: true}
	return &http.Client{Transport: transport, Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (s *sender) close() {
	s.secure.CloseIdleConnections()
	s.plain.CloseIdleConnections()
}

// outcome is what became of one attempt.
type outcome struct {
	status int           // of the answer; 0: there was none
	err    error         // why it failed; nil: it was taken
	after  time.Duration // how long the receiver asks to be left alone
	took   time.Duration
}

// gone reports that the receiver wants nothing more of this webhook.
func (o *outcome) gone() bool { return o.status == http.StatusGone }

// send makes one attempt.
func (s *sender) send(ctx context.Context, h *Hook, id string, body []byte) (o outcome) {
	begun := time.Now()
	defer func() { o.took = time.Since(begun) }()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return outcome{err: fmt.Errorf("call %s: %w", h.URL, err)}
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("User-Agent", s.agent)
	if err := sign(request.Header, h.valid(begun), id, begun, body); err != nil {
		return outcome{err: err}
	}
	client := s.secure
	if request.URL.Scheme == "http" {
		client = s.plain
	}
	answer, err := client.Do(request)
	if err != nil {
		return outcome{err: withoutAddress(err)}
	}
	_, err = io.Copy(io.Discard, io.LimitReader(answer.Body, limitAnswer))
	answer.Body.Close()
	if answer.StatusCode/100 == 2 {
		return outcome{status: answer.StatusCode} // an answer that breaks off has been given all the same
	}
	o = outcome{status: answer.StatusCode, err: fmt.Errorf("the receiver answered %s", answer.Status), after: retryAfter(answer.Header, time.Now())}
	if err != nil {
		o.err = fmt.Errorf("%w, and broke off: %w", o.err, err)
	}
	return o
}

// withoutAddress takes from an error what the webhook says of itself.
func withoutAddress(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		if wrapped.Timeout() {
			return fmt.Errorf("no answer within %v: %w", timeout, wrapped.Err)
		}
		return wrapped.Err
	}
	return err
}
