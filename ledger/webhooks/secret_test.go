package webhooks

import (
	"net/http"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// The signature is that of the published example (standard-webhooks, libraries/go/webhook_test.go).
func TestSignatureOfTheExample(t *testing.T) {
	const want = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	for _, s := range []Secret{"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"} {
		got, err := s.signature("msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
		if err != nil || got != want {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	}
}

// Whoever has one of the secrets verifies a delivery with the published library, also while one takes the place of another;
// who has neither, or has been given something else, does not.
func TestLibraryVerifies(t *testing.T) {
	earlier, later, other := someSecret(t), someSecret(t), someSecret(t)
	body := []byte(`{"specversion":"1.0","id":"1","data":{"é":"\u0000"}}`)
	header := make(http.Header)
	if err := sign(header, []Secret{later, earlier}, "7/change/contract/a", time.Now(), body); err != nil {
		t.Fatal(err)
	}
	verify := func(s Secret, body string) error {
		library, err := standardwebhooks.NewWebhook(string(s))
		if err != nil {
			t.Fatal(err)
		}
		return library.Verify([]byte(body), header)
	}
	for _, s := range []Secret{earlier, later} {
		if err := verify(s, string(body)); err != nil {
			t.Error(err)
		}
	}
	if verify(other, string(body)) == nil || verify(later, strings.Replace(string(body), "1", "2", 1)) == nil {
		t.Error("a delivery is verified that is none")
	}
	header.Set(HeaderID, "8/change/contract/a")
	if verify(later, string(body)) == nil {
		t.Error("the id is not signed")
	}
}

func someSecret(t *testing.T) Secret {
	t.Helper()
	s, err := newSecret()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// After a rotation both secrets are good for a day, then the new one alone; several rotations on one day keep all.
func TestRotate(t *testing.T) {
	w, id := registered(t, newShelves(), newTape(0, 1), new(receiver))
	first, err := w.find(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	one, err := w.Rotate(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	two, err := w.Rotate(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	h, err := w.find(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if got := h.valid(time.Now()); len(got) != 3 || got[0] != two.Secret || got[1] != one.Secret || got[2] != first.Secrets[0].Secret {
		t.Errorf("signed with %d secrets", len(got))
	}
	if got := h.valid(time.Now().Add(Overlap)); len(got) != 1 || got[0] != two.Secret {
		t.Errorf("a day later signed with %d secrets", len(got))
	}
}
