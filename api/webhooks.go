package api

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"

	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/webhooks"
)

// limitRegistration is the longest body that registers a webhook, in bytes.
const limitRegistration = 1 << 20

// WebhookList is every webhook.
type WebhookList struct {
	Webhooks []webhooks.Webhook `json:"webhooks"` // the first registered first
}

// DeadList is some of what was given up.
type DeadList struct {
	Dead []webhooks.Dead `json:"dead"` // in the order of the feed
	More bool            `json:"more"` // whether there are more behind the last
}

// Resent is what became of messages that are to be sent again.
type Resent struct {
	Resent int `json:"resent"`
	Left   int `json:"left"` // messages that stay given up
}

// webhookRoutes serves what is registered.
func (s *server) webhookRoutes() {
	if s.webhooks == nil {
		return
	}
	s.webhookRegistry()
	id := within("id", "Its id", text())
	s.webhook("webhookTest", http.MethodPost, "/test", "Send an event for a test, at once and once only",
		gives("What came of it", "application/json", schemaOf[webhooks.Tried](s.api)), s.testWebhook, id)
	s.webhook("webhookRotate", http.MethodPost, "/rotate", "Give a webhook another secret; for a day, deliveries are signed with both",
		gives("The webhook and its new secret, which is not shown again", "application/json", schemaOf[webhooks.WithSecret](s.api)), s.rotateWebhook, id)
	s.webhook("webhookResume", http.MethodPost, "/resume", "Deliver again to a webhook whose receiver was gone, or too far behind",
		gives("The webhook", "application/json", schemaOf[webhooks.Webhook](s.api)), s.resumeWebhook, id,
		parameter("from", "The first entry to be told of; left out, it goes on where it was", sequenceSchema()))
	s.webhook("webhookDead", http.MethodGet, "/dead", "List the messages that were given up",
		gives("Some of them", "application/json", schemaOf[DeadList](s.api)), s.deadWebhook, id,
		parameter("after", "Only those behind this position in the feed", sequenceSchema()),
		parameter("limit", fmt.Sprintf("How many at most, up to %d; left out, 100", webhooks.LimitDead), sequenceSchema()))
	s.webhook("webhookResend", http.MethodPost, "/dead/resend", "Send messages that were given up again",
		gives("How many", "application/json", schemaOf[Resent](s.api)), s.resendWebhook, id,
		parameter("position", fmt.Sprintf("Only the one at this position in the feed; left out, the first %d", webhooks.LimitDead), sequenceSchema()))
}

// webhookRegistry serves webhooks as they come and go.
func (s *server) webhookRegistry() {
	id := within("id", "Its id", text())
	add := huma.Operation{OperationID: "webhookAdd", Method: http.MethodPost, Path: "/v1/webhooks", Tags: []string{tagHooks},
		Summary: "Register an address that the feed is sent to", RejectUnknownQueryParameters: true,
		Description: "A delivery is one CloudEvent in structured mode, signed as Standard Webhooks 1.0.0 says.",
		RequestBody: takes("What is to be sent where", "application/json", schemaOf[webhooks.Registration](s.api)),
		Responses:   gives("The webhook and its secret, which is not shown again", "application/json", schemaOf[webhooks.WithSecret](s.api))}
	add.Responses["201"] = add.Responses["200"]
	delete(add.Responses, "200")
	add.Responses["201"].Headers = map[string]*huma.Param{"Location": {Description: "The webhook", Schema: text()}}
	s.raw(add, s.addWebhook)
	s.raw(huma.Operation{OperationID: "webhookList", Method: http.MethodGet, Path: "/v1/webhooks", Tags: []string{tagHooks}, RejectUnknownQueryParameters: true,
		Summary:   "List the webhooks, and how far each has got",
		Responses: gives("All of them", "application/json", schemaOf[WebhookList](s.api))}, s.listWebhooks)
	s.webhook("webhook", http.MethodGet, "", "Show a webhook, and how far it has got",
		gives("The webhook", "application/json", schemaOf[webhooks.Webhook](s.api)), s.showWebhook, id)
	s.webhook("webhookRemove", http.MethodDelete, "", "Remove a webhook, with its secrets and what it still had to deliver",
		map[string]*huma.Response{"204": {Description: "It is removed"}}, s.removeWebhook, id)
}

// webhook serves an operation on one webhook.
func (s *server) webhook(operation, method, path, summary string, gives map[string]*huma.Response, answer func(http.ResponseWriter, *http.Request) error,
	parameters ...*huma.Param) {
	s.raw(huma.Operation{OperationID: operation, Method: method, Path: "/v1/webhooks/{id}" + path, Tags: []string{tagHooks}, Summary: summary,
		Parameters: parameters, Responses: gives, RejectUnknownQueryParameters: true}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if err := answer(w, r); err != nil {
			s.fail(w, r, err)
		}
	})
}

func (s *server) addWebhook(w http.ResponseWriter, r *http.Request) {
	var registration webhooks.Registration
	if err := json.UnmarshalRead(http.MaxBytesReader(w, r.Body, limitRegistration), &registration, json.RejectUnknownMembers(true)); err != nil {
		if _, long := errors.AsType[*http.MaxBytesError](err); long {
			s.fail(w, r, err)
			return
		}
		s.problem(w, r, http.StatusBadRequest, ledger.Description{Code: codeBadRequest, Message: "a webhook is registered with one JSON object: " + err.Error()})
		return
	}
	created, err := s.webhooks.Add(r.Context(), registration)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", "/v1/webhooks/"+created.ID)
	s.json(w, http.StatusCreated, created)
}

func (s *server) listWebhooks(w http.ResponseWriter, r *http.Request) {
	all, err := s.webhooks.List(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	s.json(w, http.StatusOK, WebhookList{all})
}

func (s *server) showWebhook(w http.ResponseWriter, r *http.Request) error {
	webhook, err := s.webhooks.Show(r.Context(), r.PathValue("id"))
	return s.given(w, webhook, err)
}

// given answers with a value, unless there is an error.
func (s *server) given(w http.ResponseWriter, value any, err error) error {
	if err == nil {
		s.json(w, http.StatusOK, value)
	}
	return err
}

func (s *server) removeWebhook(w http.ResponseWriter, r *http.Request) error {
	if err := s.webhooks.Remove(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *server) testWebhook(w http.ResponseWriter, r *http.Request) error {
	tried, err := s.webhooks.Test(r.Context(), r.PathValue("id"))
	return s.given(w, tried, err)
}

func (s *server) rotateWebhook(w http.ResponseWriter, r *http.Request) error {
	webhook, err := s.webhooks.Rotate(r.Context(), r.PathValue("id"))
	return s.given(w, webhook, err)
}

func (s *server) resumeWebhook(w http.ResponseWriter, r *http.Request) error {
	from, err := number(r, "from", 0)
	if err != nil {
		return err
	}
	webhook, err := s.webhooks.Resume(r.Context(), r.PathValue("id"), from)
	return s.given(w, webhook, err)
}

func (s *server) deadWebhook(w http.ResponseWriter, r *http.Request) error {
	after, err := number(r, "after", 0)
	if err != nil {
		return err
	}
	limit, err := number(r, "limit", usualPage)
	if err == nil && (limit == 0 || limit > webhooks.LimitDead) {
		err = &badParameter{"limit", fmt.Sprintf("this is a number from 1 to %d", webhooks.LimitDead)}
	}
	if err != nil {
		return err
	}
	dead, more, err := s.webhooks.Dead(r.Context(), r.PathValue("id"), after, int(limit))
	return s.given(w, DeadList{dead, more}, err)
}

func (s *server) resendWebhook(w http.ResponseWriter, r *http.Request) error {
	position, err := number(r, "position", 0)
	if err != nil {
		return err
	}
	resent, left, err := s.webhooks.Resend(r.Context(), r.PathValue("id"), position)
	return s.given(w, Resent{resent, left}, err)
}

// badParameter is a query parameter that is none.
type badParameter struct{ name, rule string }

// Error names the parameter.
func (e *badParameter) Error() string { return e.name + ": " + e.rule }

// Describe says it to programs.
func (e *badParameter) Describe() ledger.Description {
	return ledger.Description{Code: codeBadRequest, Message: e.Error(), Field: e.name}
}

// number reads a query parameter that is one, or gives another where it is left out.
func number(r *http.Request, name string, otherwise uint64) (uint64, error) {
	query := r.URL.Query()
	if !query.Has(name) {
		return otherwise, nil
	}
	n, err := sequence(query, name)
	if err != nil {
		return 0, &badParameter{name, "this is a number"}
	}
	return n, nil
}
