package api_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// description is the API's document as another's library reads it.
func description(t *testing.T, address string) (*openapi3.T, []byte) {
	t.Helper()
	status, header, text := fetched(t, address+"/openapi.json")
	if kind := header.Get("Content-Type"); status != http.StatusOK || kind != "application/openapi+json" {
		t.Fatalf("%d, %s: %.200s", status, kind, text)
	}
	document, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	return document, text
}

// The document is one of OpenAPI 3.1 by another's judgement, and the same as YAML.
func TestDescriptionIsValid(t *testing.T) {
	server := sampled(t)
	document, text := description(t, server.URL)
	if !document.IsOpenAPI31OrLater() {
		t.Errorf("it is of OpenAPI %s", document.OpenAPI)
	}
	if err := document.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	_, header, yaml := fetched(t, server.URL+"/openapi.yaml")
	again, err := openapi3.NewLoader().LoadFromData(yaml)
	if err != nil || header.Get("Content-Type") != "application/openapi+yaml" {
		t.Fatalf("%v, %v", header, err)
	}
	if asJSON, err := again.MarshalJSON(); err != nil || !sameJSON(t, asJSON, text) {
		t.Errorf("the YAML says something else: %v", err)
	}
}

func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	document, err := openapi3.NewLoader().LoadFromData(b)
	if err != nil {
		t.Fatal(err)
	}
	text, err := document.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var x, y any
	for value, text := range map[*any][]byte{&x: a, &y: text} {
		if err := json.Unmarshal(text, value); err != nil {
			t.Fatal(err)
		}
	}
	return string(canonical(t, x)) == string(canonical(t, y))
}

func canonical(t *testing.T, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Every field of every answer says what it means, or has a type that does.
func TestDescriptionSaysWhatFieldsMean(t *testing.T) {
	server := sampled(t)
	document, _ := description(t, server.URL)
	plain := []string{"data", "error", "form", "from", "id", "item", "items", "key", "ledger", "message", "note", "operating_name", "office", "plan", "plans", "publisher",
		"published", "reason", "relation", "retrieved", "role", "scheme", "source", "sources", "sha256", "supplier", "titles", "url", "valid", "version", "words",
		"holdings", "keys", "conditions", "forgotten", "locator", "limit", "keys_remaining", "keys_reason", "names", "salts", "types"}
	for name, schema := range document.Components.Schemas {
		for field, property := range schema.Value.Properties {
			if property.Ref == "" && property.Value.Description == "" && !slices.Contains(plain, field) {
				t.Errorf("%s: nothing says what %s means", name, field)
			}
		}
	}
}

// A linter for OpenAPI has nothing to say about the document, and a generator makes a client of it that compiles.
func TestDescriptionInNode(t *testing.T) {
	needNode(t)
	server := sampled(t)
	_, text := description(t, server.URL)
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json"} {
		content, err := os.ReadFile(filepath.Join("testdata", "openapi", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "openapi.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{
		{"npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"},
		{"npx", "--no-install", "redocly", "lint", "--max-problems=50", "openapi.json"},
		{"npx", "--no-install", "openapi-typescript", "openapi.json", "--output", "client.d.ts"},
		{"npx", "--no-install", "tsc", "--noEmit", "--strict", "client.d.ts"},
	} {
		run := exec.CommandContext(t.Context(), command[0], command[1:]...)
		run.Dir = dir
		run.Env = append(os.Environ(), "REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true")
		output, err := run.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, output)
		}
		if strings.Contains(string(output), "You have ") { // so many warnings
			t.Errorf("%s:\n%s", strings.Join(command, " "), output)
		}
	}
}

// needNode skips a test that runs programs of npm, unless ORGLEDGER_REQUIRE names node.
func needNode(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("npx"); err == nil && !testing.Short() {
		return
	}
	if slices.Contains(strings.Split(os.Getenv("ORGLEDGER_REQUIRE"), ","), "node") {
		t.Fatal("npx is required, and not there, or left out by -short")
	}
	t.Skip("it needs Node and npm, and takes a while")
}
