package audit

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// testReceipt is the receipt of a leaf of the tree of a size, and the policy that it verifies by.
func testReceipt(index, size int) (*Receipt, *Policy) {
	signer := must(LogSigner(testLog))
	return &Receipt{
		Entry:      leafBytes(index),
		Index:      uint64(index),
		Proof:      must(grown(size).View().Inclusion(uint64(index), uint64(size))),
		Checkpoint: must(testCheckpoint(size).Sign(signer)),
	}, must(NewPolicy(must(VerifierKey(testLog)), 0))
}

// Receipts come back as they were written, and verify.
func TestReceipts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 600).Draw(t, "size")
		receipt, policy := testReceipt(rapid.IntRange(0, size-1).Draw(t, "index"), size)
		text := receipt.Format()
		again, err := ParseReceipt(text)
		if err != nil || !bytes.Equal(again.Format(), text) || !bytes.Equal(again.Entry, receipt.Entry) {
			t.Fatalf("%v:\n%s", err, text)
		}
		signed, err := again.Verify(policy)
		if err != nil || signed.Size != uint64(size) {
			t.Fatalf("%v:\n%s", err, text)
		}
	})
}

// A receipt has the form of the specification's example, line by line.
func TestReceiptForm(t *testing.T) {
	receipt, _ := testReceipt(2, 3)
	want := "c2sp.org/tlog-proof@v1\nextra ZW50cnkgMg==\nindex 2\n"
	text := string(receipt.Format())
	if !strings.HasPrefix(text, want) || !strings.Contains(text, "=\n\nledger.example/main\n3\n") {
		t.Errorf("the receipt is\n%s", text)
	}
}

// A receipt of which any one bit is another, or a byte is missing or too many, is refused.
func TestEveryByteOfAReceipt(t *testing.T) {
	receipt, policy := testReceipt(4, 9)
	everyChange(receipt.Format(), func(changed []byte) {
		if r, err := ParseReceipt(changed); err == nil {
			if _, err = r.Verify(policy); err == nil {
				t.Errorf("verified all the same:\n%s", changed)
			}
		}
	})
}

// A receipt may carry an entry longer than any line that a scanner takes; without its entry it proves nothing here.
func TestReceiptEntry(t *testing.T) {
	receipt, policy := testReceipt(0, 1)
	receipt.Entry = bytes.Repeat([]byte("long"), 65<<10)
	again, err := ParseReceipt(receipt.Format())
	if err != nil || !bytes.Equal(again.Entry, receipt.Entry) {
		t.Errorf("a long entry: %v", err)
	}
	receipt.Entry = nil
	if again, err = ParseReceipt(receipt.Format()); err != nil || again.Entry != nil {
		t.Fatalf("without its entry: %v", err)
	}
	if _, err := again.Verify(policy); !errors.Is(err, ErrUnproven) {
		t.Errorf("without its entry: %v", err)
	}
	empty := leafHash(nil)
	again = &Receipt{Checkpoint: must(Checkpoint{Origin: testOrigin, Size: 1, Root: empty}.Sign(must(LogSigner(testLog))))}
	if _, err := again.Verify(policy); !errors.Is(err, ErrUnproven) {
		t.Errorf("without its entry, which is empty: %v", err)
	}
	again.Entry = []byte{}
	if _, err := again.Verify(policy); err != nil {
		t.Errorf("an empty entry: %v", err)
	}
}

func FuzzParseReceipt(f *testing.F) {
	receipt, _ := testReceipt(4, 9)
	f.Add(receipt.Format())
	receipt.Entry = nil
	f.Add(receipt.Format())
	f.Fuzz(func(t *testing.T, text []byte) {
		if r, err := ParseReceipt(text); err == nil && !bytes.Equal(r.Format(), text) {
			t.Fatalf("%q is taken as %q", text, r.Format())
		}
	})
}
