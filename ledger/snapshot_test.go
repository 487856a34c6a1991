package ledger_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/sample"
	"github.com/orgledger/orgledger/projections"
)

// A snapshot has a head, the answer about everything that was introduced, and an end that fits: written at once, or in parts of any
// length, it is the same.
func TestSnapshot(t *testing.T) {
	l := open(t, t.TempDir())
	if _, err := l.RecordLines(t.Context(), sample.Entries(), ledger.RecordOptions{}); err != nil {
		t.Fatal(err)
	}
	const asked = `{"on":"2019-04-01","known":248}`
	follow := func(_ context.Context, known uint64) (uint64, error) { return known * 10, nil }
	first, err := l.Snapshot(t.Context(), []byte(asked), follow)
	if err != nil {
		t.Fatal(err)
	}
	var whole bytes.Buffer
	if end, err := first.Write(t.Context(), &whole, math.MaxInt); err != nil || !end {
		t.Fatal(end, err)
	}
	checkSnapshot(t, l, whole.Bytes())
	for _, enough := range []int{1, 100, 1000, 20_000} {
		var parts bytes.Buffer
		part, err := l.Snapshot(t.Context(), []byte(asked), follow)
		for err == nil {
			var end bool
			if end, err = part.Write(t.Context(), &parts, enough); end {
				break
			}
			part, err = l.ContinueSnapshot(t.Context(), part.Cursor())
		}
		if err != nil || !bytes.Equal(parts.Bytes(), whole.Bytes()) {
			t.Errorf("in parts of %d bytes: %d bytes instead of %d, %v", enough, parts.Len(), whole.Len(), err)
		}
	}
}

// checkSnapshot holds a snapshot of the sample, on 2019-04-01 as known at 248, against the answers.
func checkSnapshot(t *testing.T, l *opened, text []byte) {
	t.Helper()
	lines := strings.SplitAfter(strings.TrimSuffix(string(text), "\n"), "\n")
	if want := `{"snapshot":{"ledger":"main","on":"2019-04-01","known":248,"position":2480}}` + "\n"; lines[0] != want {
		t.Errorf("the head is %s", lines[0])
	}
	end := lines[len(lines)-1]
	sum := sha256.Sum256(text[:len(text)-len(end)-1])
	if !strings.Contains(end, hex.EncodeToString(sum[:])) {
		t.Errorf("the end is %s, and the lines have %x", end, sum)
	}
	on, err := domain.ParseDate("2019-04-01")
	if err != nil {
		t.Fatal(err)
	}
	at, seen := projections.Point{On: on, Known: 248}, 0
	for _, line := range lines[1 : len(lines)-1] {
		var got ledger.SnapshotState
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatal(err)
		}
		ref, err := domain.ParseRef(got.Ref)
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(ledger.SnapshotState{Ref: got.Ref, State: l.View().Standing(ref, at)})
		if err != nil || strings.TrimSpace(line) != string(want) {
			t.Errorf("%s instead of %s, %v", line, want, err)
		}
		seen++
	}
	if !strings.Contains(end, `"references":`+strconv.Itoa(seen)+",") || seen < 50 {
		t.Errorf("%d references, and the end is %s", seen, end)
	}
}

// What is no question about a state, and what is no cursor, is refused.
func TestSnapshotRefusals(t *testing.T) {
	l := open(t, t.TempDir())
	for fields, code := range map[string]string{
		`[]`: projections.CodeBadQuestion, `{"at":1}`: projections.CodeBadQuestion, `{"on":"soon"}`: projections.CodeBadDate, `{"known":1}`: projections.CodeBeyondLog,
	} {
		if _, err := l.Snapshot(t.Context(), []byte(fields), nil); ledger.Describe(err).Code != code {
			t.Errorf("%s: %v", fields, err)
		}
	}
	s, err := l.Snapshot(t.Context(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	good := s.Cursor()
	if _, err := l.ContinueSnapshot(t.Context(), good); err != nil {
		t.Error(err)
	}
	for _, cursor := range []string{"", "x", good + "A", good[:len(good)-4], "e30"} {
		if _, err := l.ContinueSnapshot(t.Context(), cursor); !errors.Is(err, ledger.ErrCursor) {
			t.Errorf("cursor %q: %v", cursor, err)
		}
	}
}
