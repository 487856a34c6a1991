package api

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/orgledger/orgledger/ledger/webhooks"
)

// WebhooksClient reaches the webhooks of a ledger that another process serves; see webhooks.Webhooks.
type WebhooksClient struct{ c *Client }

// Webhooks are those of the ledger.
func (c *Client) Webhooks() WebhooksClient { return WebhooksClient{c} }

// told calls an operation on webhooks, and reads its answer.
func told[T any](ctx context.Context, c *Client, method, path string, query url.Values, body any) (answer T, err error) {
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return answer, fmt.Errorf("write the request: %w", err)
		}
		sent = bytes.NewReader(text)
	}
	given, err := c.do(ctx, method, "/v1/webhooks"+path, query, sent)
	if err != nil {
		return answer, err
	}
	defer given.Close()
	if method == http.MethodDelete {
		return answer, nil
	}
	if err := json.UnmarshalRead(given, &answer); err != nil {
		return answer, fmt.Errorf("read the answer: %w", err)
	}
	return answer, nil
}

func one(id, operation string) string { return "/" + url.PathEscape(id) + operation }

// with are query parameters, those that are not 0.
func with(values map[string]uint64) url.Values {
	query := url.Values{}
	for name, value := range values {
		if value != 0 {
			query.Set(name, strconv.FormatUint(value, 10))
		}
	}
	return query
}

// Add registers one.
func (w WebhooksClient) Add(ctx context.Context, r webhooks.Registration) (*webhooks.WithSecret, error) {
	return told[*webhooks.WithSecret](ctx, w.c, http.MethodPost, "", nil, r)
}

// List gives all.
func (w WebhooksClient) List(ctx context.Context) ([]webhooks.Webhook, error) {
	all, err := told[WebhookList](ctx, w.c, http.MethodGet, "", nil, nil)
	return all.Webhooks, err
}

// Show gives one.
func (w WebhooksClient) Show(ctx context.Context, id string) (webhooks.Webhook, error) {
	return told[webhooks.Webhook](ctx, w.c, http.MethodGet, one(id, ""), nil, nil)
}

// Remove ends one.
func (w WebhooksClient) Remove(ctx context.Context, id string) error {
	_, err := told[struct{}](ctx, w.c, http.MethodDelete, one(id, ""), nil, nil)
	return err
}

// Test sends an event at once.
func (w WebhooksClient) Test(ctx context.Context, id string) (*webhooks.Tried, error) {
	return told[*webhooks.Tried](ctx, w.c, http.MethodPost, one(id, "/test"), nil, nil)
}

// Rotate gives it another secret.
func (w WebhooksClient) Rotate(ctx context.Context, id string) (*webhooks.WithSecret, error) {
	return told[*webhooks.WithSecret](ctx, w.c, http.MethodPost, one(id, "/rotate"), nil, nil)
}

// Resume delivers to it again.
func (w WebhooksClient) Resume(ctx context.Context, id string, from uint64) (webhooks.Webhook, error) {
	return told[webhooks.Webhook](ctx, w.c, http.MethodPost, one(id, "/resume"), with(map[string]uint64{"from": from}), nil)
}

// Dead lists what was given up.
func (w WebhooksClient) Dead(ctx context.Context, id string, after uint64, limit int) ([]webhooks.Dead, bool, error) {
	list, err := told[DeadList](ctx, w.c, http.MethodGet, one(id, "/dead"), with(map[string]uint64{"after": after, "limit": uint64(limit)}), nil)
	return list.Dead, list.More, err
}

// Resend sends it again.
func (w WebhooksClient) Resend(ctx context.Context, id string, position uint64) (resent, left int, err error) {
	r, err := told[Resent](ctx, w.c, http.MethodPost, one(id, "/dead/resend"), with(map[string]uint64{"position": position}), nil)
	return r.Resent, r.Left, err
}
