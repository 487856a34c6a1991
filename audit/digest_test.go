package audit_test

import (
	"strings"
	"testing"

	"github.com/orgledger/orgledger/audit"
)

// A signed digest comes back as it was signed, and with any one byte changed it is refused.
func TestSignedDigest(t *testing.T) {
	private, err := audit.NewLogKey("orgledger/main/1")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := audit.LogSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	key, err := audit.VerifierKey(private)
	if err != nil {
		t.Fatal(err)
	}
	policy, err := audit.NewPolicy(key, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := audit.Digest{Origin: "orgledger/main/1", Known: 360, On: "2023-03-15", SHA256: strings.Repeat("0f", 32)}
	signed, err := want.Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := audit.OpenDigest(signed, policy); err != nil || got != want {
		t.Fatalf("%v %v", got, err)
	}
	for i := range signed {
		changed := []byte(string(signed))
		changed[i] ^= 1
		if got, err := audit.OpenDigest(changed, policy); err == nil {
			t.Errorf("with byte %d changed it is taken: %v", i, got)
		}
	}
	for _, bad := range []audit.Digest{{}, {Origin: "a b", On: "2023-03-15", SHA256: want.SHA256}, {Origin: "a", On: "today", SHA256: want.SHA256},
		{Origin: "a", On: "2023-03-15", SHA256: "0F"}} {
		if _, err := bad.Sign(signer); err == nil {
			t.Errorf("%v is signed", bad)
		}
	}
}
