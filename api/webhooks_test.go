package api_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/webhooks"
)

// hooked serves an empty ledger with webhooks, which may be on the loopback interface.
func hooked(t *testing.T) (*api.WebhooksClient, string) {
	t.Helper()
	store, err := eventstore.Open(t.Context(), eventstore.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(t.Context(), store, nil)
	if err != nil {
		t.Fatal(err)
	}
	policy, err := webhooks.ParsePolicy([]string{"127.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	w := webhooks.New(webhooks.Options{Shelf: store.Shelf(), Ledger: "main", Last: func() uint64 { return l.View().Seq() }, Policy: policy, Version: "test"})
	server := httptest.NewServer(api.NewHandler(api.Options{Ledger: l, Name: "main", Version: "test", Log: slog.New(slog.DiscardHandler), Webhooks: w}))
	client := api.NewClient(server.URL)
	t.Cleanup(func() {
		err := client.Close()
		server.Close()
		w.Close()
		if err := errors.Join(err, store.Close()); err != nil {
			t.Error(err)
		}
	})
	hooks := client.Webhooks()
	return &hooks, server.URL
}

// What is registered by HTTP is there until it is removed; its secret is shown when it is made, and never else.
func TestWebhooksByHTTP(t *testing.T) {
	hooks, url := hooked(t)
	taken := ""
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { taken = r.Header.Get("webhook-signature") }))
	defer receiver.Close()
	created, err := hooks.Add(t.Context(), webhooks.Registration{URL: receiver.URL, Refs: []string{"contract/a"}, Kinds: []string{"change"}})
	if err != nil || !strings.HasPrefix(string(created.Secret), "whsec_") {
		t.Fatalf("%+v, %v", created, err)
	}
	rotated, err := hooks.Rotate(t.Context(), created.ID)
	if err != nil || rotated.Secret == created.Secret || rotated.ID != created.ID {
		t.Fatalf("%+v, %v", rotated, err)
	}
	if tried, err := hooks.Test(t.Context(), created.ID); err != nil || !tried.Delivered || strings.Count(taken, "v1,") != 2 {
		t.Errorf("%+v, %v, signed %q", tried, err, taken)
	}
	for _, path := range []string{"", "/" + created.ID, "/" + created.ID + "/dead"} {
		answer, err := http.Get(url + "/v1/webhooks" + path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK || strings.Contains(string(text), "whsec_") || strings.Contains(string(text), "secret") ||
			answer.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %s %v %s", path, answer.Status, answer.Header, text)
		}
	}
	if all, err := hooks.List(t.Context()); err != nil || len(all) != 1 || all[0].URL != receiver.URL || all[0].Refs[0] != "contract/a" || all[0].Kinds[0] != "change" {
		t.Errorf("%+v, %v", all, err)
	}
	if dead, more, err := hooks.Dead(t.Context(), created.ID, 0, 10); err != nil || more || len(dead) != 0 {
		t.Errorf("%v, %v, %v", dead, more, err)
	}
	if resent, left, err := hooks.Resend(t.Context(), created.ID, 0); err != nil || resent+left != 0 {
		t.Errorf("%d, %d, %v", resent, left, err)
	}
	if w, err := hooks.Resume(t.Context(), created.ID, 1); err != nil || w.From != 1 || w.State != webhooks.Active {
		t.Errorf("%+v, %v", w, err)
	}
	if err := hooks.Remove(t.Context(), created.ID); err != nil {
		t.Fatal(err)
	}
	var told *api.RemoteError
	if _, err := hooks.Show(t.Context(), created.ID); !errors.As(err, &told) || told.Status != http.StatusNotFound || told.Code != ledger.CodeNotFound {
		t.Errorf("%v", err)
	}
}

// A request that is wrong is answered with a problem that names the field.
func TestWebhookProblems(t *testing.T) {
	hooks, url := hooked(t)
	created, err := hooks.Add(t.Context(), webhooks.Registration{URL: "https://receiver.example/"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		method, path, body string
		status             int
		field              string
	}{
		{"POST", "", `{"url":"https://10.0.0.1/"}`, 422, "url"},
		{"POST", "", `{"url":"https://receiver.example/","refs":["x"]}`, 422, "refs[0]"},
		{"POST", "", `{"address":"https://receiver.example/"}`, 400, ""},
		{"POST", "", `[]`, 400, ""},
		{"POST", "", ``, 400, ""},
		{"POST", "", `{"url":"` + strings.Repeat("a", 2<<20) + `"}`, 413, ""},
		{"POST", "?from=1", `{"url":"https://receiver.example/"}`, 400, "from"},
		{"GET", "/wh_none", "", 404, "id"},
		{"GET", "/a.b%2fc*", "", 404, "id"},
		{"DELETE", "/wh_none", "", 404, "id"},
		{"POST", "/wh_none/test", "", 404, "id"},
		{"POST", "/wh_none/rotate", "", 404, "id"},
		{"POST", "/wh_none/resume", "", 404, "id"},
		{"POST", "/wh_none/dead/resend", "", 404, "id"},
		{"GET", "/" + created.ID + "/dead?limit=0", "", 400, "limit"},
		{"GET", "/" + created.ID + "/dead?limit=1001", "", 400, "limit"},
		{"GET", "/" + created.ID + "/dead?after=x", "", 400, "after"},
		{"POST", "/" + created.ID + "/dead/resend?position=-1", "", 400, "position"},
		{"POST", "/" + created.ID + "/resume?from=x", "", 400, "from"},
		{"POST", "/" + created.ID + "/resume?from=9", "", 422, "from"},
		{"PUT", "/" + created.ID, "", 405, ""},
	} {
		request, err := http.NewRequestWithContext(t.Context(), c.method, url+"/v1/webhooks"+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != c.status || answer.Header.Get("Content-Type") != "application/problem+json" ||
			c.field != "" && !strings.Contains(string(text), `"field":"`+c.field+`"`) {
			t.Errorf("%s %s %.60s: %s %s, %v", c.method, c.path, c.body, answer.Status, text, err)
		}
	}
}
