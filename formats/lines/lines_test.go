package lines_test

import (
	"os"
	"strings"
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
	"github.com/orgledger/orgledger/formats/formatstest"
	"github.com/orgledger/orgledger/formats/lines"
	"github.com/orgledger/orgledger/ledger"
)

// export writes a ledger as log --json does.
func export(t *testing.T, l *formatstest.Ledger) formats.Given {
	var text []byte
	for i := range l.Recorded {
		l.Recorded[i].Actor = "somebody"
		text = append(ledger.AppendLogged(text, &l.Recorded[i]), '\n')
	}
	return formats.Given{Name: formatstest.Write(t, t.TempDir(), "log.jsonl", string(text))}
}

func sample(t *testing.T) formats.Given {
	const name = "../../ledger/sample/history.jsonl"
	if _, err := os.Stat(name); err != nil {
		t.Fatal(err)
	}
	return formats.Given{Name: name}
}

// A whole history goes from one ledger to another with its ids, and two ledgers that import each other come to rest with
// the same entries.
func TestRoundTrip(t *testing.T) {
	var a, b formatstest.Ledger
	first := a.MustImport(t, lines.Importer{}, lines.Name, sample(t))
	if first.Rows == 0 || first.Used != first.Rows || first.Recorded != first.Rows+1 {
		t.Fatalf("%+v", first)
	}
	if report := b.MustImport(t, lines.Importer{}, lines.Name, export(t, &a)); report.Recorded != len(a.Recorded)+1 {
		t.Fatalf("of %d entries %d are recorded", len(a.Recorded), report.Recorded)
	}
	if report := a.MustImport(t, lines.Importer{}, lines.Name, export(t, &b)); report.Recorded != 1 {
		t.Fatalf("back, %d are recorded, not the registration alone", report.Recorded)
	}
	if report := b.MustImport(t, lines.Importer{}, lines.Name, export(t, &a)); report.Recorded != 0 {
		t.Fatalf("and again, %d are recorded", report.Recorded)
	}
	ids := make(map[string]bool)
	for _, e := range a.Recorded {
		ids[e.ID.String()] = true
	}
	for _, e := range b.Recorded {
		if !ids[e.ID.String()] {
			t.Errorf("%s is in one and not in the other", e.AppendJSON(nil))
		}
	}
}

// Lines that are no entries, and ids with other content, are errors with the row, and nothing is recorded.
func TestBadLines(t *testing.T) {
	const one = `{"id":"11111111-1111-4111-8111-111111111111","type":"organisation.established","data":{"organisation":"a","name":"A"}}`
	there, err := domain.ParseEntry([]byte(one))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		one + "\nhello\n": "file, row 2: an entry is one JSON object",
		"\n" + one[:50]:   "file, row 2: an entry is one JSON object on one line, complete",
		strings.Replace(one, `"name":"A"`, `"name":"B"`, 1):                               "file, row 1, id: an entry with this id has other content",
		strings.Replace(one, "1111-1111", "2222-1111", 1):                                 "an identifier is introduced once",
		`{"type":"organisation.restored","effective":"2020"}`:                             "file, row 1, data: this field has to be given",
		`{"seq":5,"recorded":"x","type":"organisation.restored"}`:                         "file, row 1: a line is an entry of a ledger",
		`{"type":"organisation.restored","effective":"2020","data":{"organisation":"b"}}`: "an earlier entry introduces",
		one + strings.Repeat(" ", 300<<10):                                                "file, row 1: an entry has at most",
	} {
		l := formatstest.Ledger{Recorded: []domain.Recorded{{Entry: *there, Seq: 1}}}
		_, err := l.Import(lines.Importer{}, lines.Name, formats.Given{Name: formatstest.Write(t, t.TempDir(), "file", text)})
		if err == nil || !strings.Contains(err.Error(), want) || len(l.Recorded) != 1 {
			t.Errorf("%.80q: %v, not %q", text, err, want)
		}
	}
}

// An id that a file has twice with different content is an error too.
func TestTwiceInOneFile(t *testing.T) {
	const one = `{"id":"11111111-1111-4111-8111-111111111111","type":"organisation.established","data":{"organisation":"a","name":"A"}}`
	var l formatstest.Ledger
	text := one + "\n" + one + "\n" + strings.Replace(one, `"name":"A"`, `"name":"B"`, 1) + "\n"
	_, err := l.Import(lines.Importer{}, lines.Name, formats.Given{Name: formatstest.Write(t, t.TempDir(), "file", text)})
	if err == nil || !strings.Contains(err.Error(), "row 3, id") {
		t.Errorf("%v", err)
	}
}
