package api_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// An answer names the entry that it is based on, and waits for the one that it is asked to be based on.
func TestAtLeast(t *testing.T) {
	server, client := served(t)
	record(t, client, bodies)
	ask := func(ctx context.Context, path string) (*http.Response, string, error) {
		method, body := http.MethodGet, ""
		if strings.HasPrefix(path, "/v1/query") {
			method, body = http.MethodPost, `{"q":"digest","on":"2030-01-01"}`
		}
		request, err := http.NewRequestWithContext(ctx, method, server.URL+path, strings.NewReader(body))
		if err != nil {
			return nil, "", err
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return nil, "", err
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		return answer, string(text), err
	}
	for _, path := range []string{"/v1/query", "/v1/query?at-least=2", "/v1/entries?at-least=1"} {
		answer, text, err := ask(t.Context(), path)
		if err != nil || answer.StatusCode != http.StatusOK || answer.Header.Get("Ledger-Sequence") != "2" {
			t.Errorf("%s: %v, %v, %s", path, answer, err, text)
		}
	}
	if answer, text, err := ask(t.Context(), "/v1/entries?at-least=soon"); err != nil || answer.StatusCode != http.StatusBadRequest {
		t.Errorf("%v, %v, %s", answer, err, text)
	}
	impatient, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if answer, text, err := ask(impatient, "/v1/query?at-least=3"); err == nil {
		t.Errorf("an entry that nobody has recorded: %v, %s", answer, text)
	}
	answered := make(chan string, 1)
	go func() {
		_, text, err := ask(t.Context(), "/v1/query?at-least=3")
		if err != nil {
			text = err.Error()
		}
		answered <- text
	}()
	record(t, client, strings.ReplaceAll(strings.SplitAfter(bodies, "\n")[0], `"a"`, `"c"`))
	if text := <-answered; !strings.Contains(text, `"known":3`) {
		t.Errorf("after waiting: %s", text)
	}
	http.DefaultClient.CloseIdleConnections()
}
