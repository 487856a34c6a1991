package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// keyed records lines under an idempotency key.
func keyed(t *testing.T, server *httptest.Server, query, key, text string) (status int, answer string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/v1/entries"+query, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Idempotency-Key", key)
	got, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got.StatusCode, string(body)
}

const renamed = `{"type":"organisation.renamed","effective":"2020-01-01","data":{"organisation":"a","name":"New"}}` + "\n"

// A call with a key is recorded once: again it has the same answer. With other entries the key is refused, and another key
// says the same a second time.
func TestIdempotencyKey(t *testing.T) {
	server, client := served(t)
	record(t, client, bodies)
	status, first := keyed(t, server, "", `"one"`, renamed)
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, first)
	}
	for _, key := range []string{`"one"`, "one", ` "one" `} {
		if status, again := keyed(t, server, "", key, renamed); status != http.StatusOK || again != first {
			t.Errorf("again with %s: %d %s, not %s", key, status, again, first)
		}
	}
	for name, other := range map[string]string{"another": strings.ReplaceAll(renamed, "New", "Newer"), "longer": renamed + strings.ReplaceAll(renamed, "2020", "2021")} {
		if status, text := keyed(t, server, "", `"one"`, other); status != http.StatusUnprocessableEntity || !strings.Contains(text, `"code":"idempotency-key-reused"`) {
			t.Errorf("with %s: %d %s", name, status, text)
		}
	}
	if status, text := keyed(t, server, "", `"two"`, renamed); status != http.StatusOK || text == first {
		t.Errorf("with another key: %d %s", status, text)
	}
	if status, text := keyed(t, server, "?actor=somebody", `"one"`, renamed); status != http.StatusOK || text == first {
		t.Errorf("the key of another actor: %d %s", status, text)
	}
	if status, err := client.Status(t.Context()); err != nil || status.Entries != 5 {
		t.Errorf("%d entries, %v", status.Entries, err)
	}
	for key, want := range map[string]int{`""`: 400, `"`: 400, `"open`: 400, strings.Repeat("k", 256): 422, "é": 422} {
		if status, text := keyed(t, server, "", key, renamed); status != want {
			t.Errorf("the key %.20s: %d %s", key, status, text)
		}
	}
}

// A parameter that recording does not take is refused: a dry run that is misspelt is none.
func TestRecordTakesNothingElse(t *testing.T) {
	server, client := served(t)
	if status, text := keyed(t, server, "?dryrun=true", "k", bodies); status != http.StatusBadRequest || !strings.Contains(text, `"field":"dryrun"`) {
		t.Errorf("%d %s", status, text)
	}
	if status, err := client.Status(t.Context()); err != nil || status.Entries != 0 {
		t.Errorf("%d entries, %v", status.Entries, err)
	}
}
