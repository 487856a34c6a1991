package verify_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger/verify"
)

// What the log of the tests below begins with: the key of seed 1 is ann's, and ann signs a body, its second name and
// the correction of that.
const (
	established = `{"type":"organisation.established","data":{"organisation":"a","name":"A"}}`
	renamed     = `{"id":"00000000-0000-4000-8000-000000000001","type":"organisation.renamed","effective":"2019-01-01","data":{"organisation":"a","name":"Aa"}}`
	corrected   = `{"type":"entry.corrected","data":{"corrects":"00000000-0000-4000-8000-000000000001","reason":"r","replacement":{"effective":"2019-01-02","data":{"organisation":"a","name":"Ab"}}}}`
)

func signer(t *testing.T, seed byte) *domain.Signer {
	t.Helper()
	s, err := domain.NewSigner([32]byte{seed})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// entryOf is an entry as it would be recorded; a seed of 0 does not sign.
func entryOf(t *testing.T, seed byte, actor, line string) domain.Recorded {
	t.Helper()
	e, err := domain.ParseEntry([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	if correction, ok := e.Fact.(*domain.EntryCorrected); ok {
		if err := correction.Resolve(domain.TypeOrganisationRenamed); err != nil {
			t.Fatal(err)
		}
	}
	if e.ID == uuid.Nil {
		e.ID = e.DeriveID()
	}
	if seed != 0 {
		signer(t, seed).Sign(e, "main", actor)
	}
	return domain.Recorded{Entry: *e, Actor: actor}
}

// written is a data folder with a log that was written past the ledger, which would have judged it.
func written(t *testing.T, more ...domain.Recorded) (dir string) {
	t.Helper()
	dir = t.TempDir()
	store, err := eventstore.Open(t.Context(), eventstore.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	entries := append([]domain.Recorded{
		entryOf(t, 0, "", fmt.Sprintf(`{"type":"key.registered","effective":"2020-01-01","data":{"key":%q,"actor":"ann"}}`, signer(t, 1).Key)),
		entryOf(t, 1, "ann", established), entryOf(t, 1, "ann", renamed), entryOf(t, 1, "ann", corrected)}, more...)
	for i := range entries {
		if _, err := store.Append(t.Context(), uint64(i), entries[i:i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func detail(r *verify.Report, check string) string {
	for _, c := range r.Checks {
		if c.Check == check {
			return c.Detail
		}
	}
	return ""
}

// A log in which everyone signs who has to passes, corrections included, and the report says how many do.
func TestSignedLog(t *testing.T) {
	report, err := verified(t, written(t), nil)
	if err != nil || !report.OK() {
		t.Fatalf("%+v %v", report, err)
	}
	if says := detail(report, verify.CheckSignatures); !strings.Contains(says, "3 entries are signed") ||
		!strings.Contains(says, "different keys: 1") || !strings.Contains(says, "1 are unsigned") {
		t.Error(says)
	}
}

// What got into the log past the ledger is found and named: the log itself, whose roots hold, does not tell it.
func TestForgedSignatures(t *testing.T) {
	const line = `{"type":"organisation.renamed","effective":"2020-01-01","data":{"organisation":"a","name":"A2"}}`
	altered := entryOf(t, 1, "ann", line)
	altered.Fact = entryOf(t, 0, "", strings.Replace(line, "A2", "A3", 1)).Fact
	elsewhere := entryOf(t, 0, "ann", line)
	signer(t, 1).Sign(&elsewhere.Entry, "another", "ann")
	for name, forgery := range map[string]struct {
		entry domain.Recorded
		says  string
	}{
		"unsigned in the name of who has a key": {entryOf(t, 0, "ann", line), "signs what it records"},
		"signed with a key of nobody":           {entryOf(t, 2, "ann", line), "an earlier entry registers"},
		"signed with somebody else's key":       {entryOf(t, 1, "bob", line), "an earlier entry registers"},
		"another content":                       {altered, "the signature is that of this entry"},
		"signed for another ledger":             {elsewhere, "the signature is that of this entry"},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := verified(t, written(t, forgery.entry), nil)
			if err != nil {
				t.Fatal(err)
			}
			if found := wrong(report); !strings.Contains(found, "signatures: entry 5: ") || !strings.Contains(found, forgery.says) {
				t.Errorf("it says %q", found)
			}
		})
	}
}
