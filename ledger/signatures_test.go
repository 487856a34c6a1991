package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
)

// sign signs lines for a ledger, in the name of an actor, with the key of a seed.
func (o *opened) sign(t *testing.T, seed byte, actor, lines string) string {
	t.Helper()
	signed, err := ledger.SignLines(t.Context(), strings.NewReader(lines), signerOf(t, seed), actor, o.Signing)
	if err != nil {
		t.Fatal(err)
	}
	return string(signed)
}

func signerOf(t *testing.T, seed byte) *domain.Signer {
	t.Helper()
	s, err := domain.NewSigner([32]byte{seed})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func registering(t *testing.T, seed byte, actor, from string) string {
	return fmt.Sprintf(`{"type":"key.registered","effective":%q,"data":{"key":%q,"actor":%q}}`+"\n", from, signerOf(t, seed).Key, actor)
}

// What is signed is recorded with its signature, also behind the registration of the key in one call and with
// corrections of what stands before them in it, and the log passes the check; what is not, is refused.
func TestRecordSigned(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	as := ledger.RecordOptions{Actor: "ann"}
	const corrected = "00000000-0000-4000-8000-000000000001"
	lines := registering(t, 1, "ann", "2020-01-01") + l.sign(t, 1, "ann", "\n"+twoBodies+
		`{"id":"`+corrected+`","type":"organisation.renamed","effective":"2019-01-01","data":{"organisation":"a","name":"Aa"}}`+"\n"+
		`{"type":"entry.corrected","data":{"corrects":"`+corrected+`","reason":"r","replacement":{"effective":"2019-01-02","data":{"organisation":"a","name":"Ab"}}}}`)
	receipts, err := l.record(t, lines, as)
	if err != nil || len(receipts) != 5 {
		t.Fatal(receipts, err)
	}
	renamed := `{"type":"organisation.renamed","effective":"2020-01-01","data":{"organisation":"a","name":"A2"}}`
	if r := refused(t, second(l.record(t, renamed, as))); r.Code != domain.CodeSignatureRequired || r.Line != 1 {
		t.Error(r)
	}
	forged := strings.Replace(l.sign(t, 1, "ann", renamed), "A2", "A3", 1)
	if r := refused(t, second(l.record(t, forged, as))); r.Code != domain.CodeBadSignature {
		t.Error(r)
	}
	if r := refused(t, second(l.record(t, "\n"+registering(t, 2, "ann", "2020-01-01"), ledger.RecordOptions{}))); r.Code != domain.CodeSignatureRequired || r.Line != 2 {
		t.Error(r)
	}
	if _, err := l.record(t, renamed, ledger.RecordOptions{Actor: "bob"}); err != nil {
		t.Error(err)
	}
	l.close()
	l = open(t, dir)
	if signed, unsigned, err := l.CheckSignatures(t.Context(), nil); signed != 4 || unsigned != 2 || err != nil {
		t.Errorf("%d signed, %d unsigned, %v", signed, unsigned, err)
	}
	if r := refused(t, second(l.record(t, `{"type":"organisation.restored","effective":"2020-01-01","data":{"organisation":"a"}}`, as))); r.Code != domain.CodeSignatureRequired {
		t.Error(r)
	}
}

func second[A, B any](_ A, b B) B { return b }

// A refused call that registers a key leaves nothing behind for the call after it in the same round.
func TestRefusedKeyIsTakenBack(t *testing.T) {
	answers := together(t, eventstore.ErrUnavailable, registering(t, 1, "ann", "1960-01-01")+unregistered, registering(t, 2, "ann", "1960-01-01"))
	if r := refused(t, answers[0]); r.Code != domain.CodeUnknownReference || r.Line != 2 {
		t.Error(r)
	}
	if !errors.Is(answers[1], ledger.ErrUnavailable) {
		t.Errorf("judged by what was refused: %v", answers[1])
	}
}

// An entry that was written past the ledger, in the name of who has a key, does not pass the check.
func TestCheckSignaturesFindsForgery(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	if _, err := l.record(t, registering(t, 1, "ann", "2020-01-01"), ledger.RecordOptions{}); err != nil {
		t.Fatal(err)
	}
	e, err := domain.ParseEntry([]byte(strings.Split(twoBodies, "\n")[0]))
	if err != nil {
		t.Fatal(err)
	}
	e.ID = e.DeriveID()
	if _, err := l.store.Append(t.Context(), 1, []domain.Recorded{{Entry: *e, Actor: "ann"}}); err != nil {
		t.Fatal(err)
	}
	l.close()
	_, _, err = open(t, dir).CheckSignatures(t.Context(), nil)
	forged, ok := errors.AsType[*ledger.SignatureError](err)
	if !ok || forged.Seq != 2 || !strings.Contains(err.Error(), "entry 2") {
		t.Error(err)
	}
}

// An entry that was checked on one day and would be recorded on the next is judged again, by that day.
func TestKeyEndsAtMidnight(t *testing.T) {
	midnight := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	var passed atomic.Bool // midnight
	clock := func() time.Time {
		if passed.Load() {
			return midnight
		}
		return midnight.Add(-time.Hour)
	}
	store, err := eventstore.Open(t.Context(), eventstore.Options{Dir: t.TempDir(), Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	slow := &slowly{Store: store, before: func() {}}
	l := run(t, store, slow)
	setup := registering(t, 1, "ann", "2020-01-01") +
		l.sign(t, 1, "ann", fmt.Sprintf(`{"type":"key.revoked","effective":"2026-03-02","data":{"key":%q}}`, signerOf(t, 1).Key))
	as := ledger.RecordOptions{Actor: "ann"}
	if _, err := l.record(t, setup, as); err != nil {
		t.Fatal(err)
	}
	signed := l.sign(t, 1, "ann", twoBodies)
	slow.before = func() { passed.Store(true) }
	if r := refused(t, second(l.record(t, signed, as))); r.Code != domain.CodeKeyNotValid {
		t.Error(r)
	}
	if _, err := l.record(t, twoBodies, as); err != nil {
		t.Error(err)
	}
	if _, _, err := l.CheckSignatures(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// slowly does something between the check of entries and their recording.
type slowly struct {
	*eventstore.Store
	before func()
}

func (s *slowly) Append(ctx context.Context, checked uint64, entries []domain.Recorded, drafts ...eventstore.Draft) (eventstore.Commit, error) {
	s.before()
	return s.Store.Append(ctx, checked, entries, drafts...)
}

// What is signed names the line that cannot be.
func TestSignLinesRefuses(t *testing.T) {
	l := open(t, t.TempDir())
	l.mustRecord(t, twoBodies)
	var id bytes.Buffer
	if err := l.Select(t.Context(), ledger.Selection{To: 2}, func(e domain.Recorded) error {
		id.WriteString(e.ID.String())
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	_, err := ledger.SignLines(t.Context(), strings.NewReader("\n"+
		`{"type":"entry.corrected","data":{"corrects":"`+id.String()+`","reason":"r","replacement":{"data":{"organisation":"a","nam":"Aa"}}}}`), signerOf(t, 1), "ann", l.Signing)
	if r := refused(t, err); r.Line != 2 || r.Code != domain.CodeUnknownField {
		t.Error(r)
	}
}
