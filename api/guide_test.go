package api_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// example is a command of a guide, and what it prints, with … for anything.
type example struct{ command, prints string }

// examplesIn reads the blocks of a guide that are marked sh, each with the block after it.
func examplesIn(t *testing.T, file string) (examples []example) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(text), "```sh\n")
	for _, part := range parts[1:] {
		command, rest, _ := strings.Cut(part, "```\n")
		_, rest, _ = strings.Cut(rest, "```json\n")
		prints, _, closed := strings.Cut(rest, "```\n")
		if !closed {
			t.Fatalf("nothing says what this prints: %s", command)
		}
		examples = append(examples, example{command, prints})
	}
	return examples
}

// The guide's examples, run one after another against the built-in history, print what the guide says.
func TestGuide(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		if slices.Contains(strings.Split(os.Getenv("ORGLEDGER_REQUIRE"), ","), "curl") {
			t.Fatal(err)
		}
		t.Skip("it needs curl")
	}
	server := sampled(t)
	examples := examplesIn(t, "../docs/http.md")
	if len(examples) < 8 {
		t.Fatalf("the guide has %d examples", len(examples))
	}
	for _, e := range examples {
		command := exec.CommandContext(t.Context(), "sh", "-c", strings.ReplaceAll(e.command, "http://127.0.0.1:8080", server.URL))
		output, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", e.command, err, output)
		}
		if !prints(string(output), e.prints) {
			t.Errorf("%s prints\n%s, not\n%s", e.command, output, e.prints)
		}
	}
}

// prints reports whether a text is what a guide says, where … stands for anything.
func prints(text, says string) bool {
	pieces := strings.Split(strings.TrimSpace(says), "…")
	for i, piece := range pieces {
		at := strings.Index(text, piece)
		if at < 0 || i == 0 && at > 0 {
			return false
		}
		text = text[at+len(piece):]
	}
	return pieces[len(pieces)-1] == "" || strings.TrimSpace(text) == ""
}
