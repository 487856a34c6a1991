package webhooks

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers of a delivery (Standard Webhooks 1.0.0, "Webhook headers").
const (
	HeaderID        = "webhook-id"
	HeaderTimestamp = "webhook-timestamp" // of the attempt, seconds since 1970
	HeaderSignature = "webhook-signature" // one for every secret that is valid, with blanks between them
)

// secretPrefix makes a secret known for what it is, to people and to programs that look for leaked ones.
const secretPrefix = "whsec_"

// secretBytes is how long a secret is; the specification asks for 24 to 64.
const secretBytes = 32

// Secret is what deliveries of one webhook are signed with, and their receiver verifies them with: whsec_ and base64.
type Secret string

func newSecret() (Secret, error) {
	var raw [secretBytes]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return "", fmt.Errorf("make a secret: %w", err)
	}
	return Secret(secretPrefix + base64.StdEncoding.EncodeToString(raw[:])), nil
}

// signature is the one of a delivery: HMAC-SHA256 over id, time and body with full stops between them, as v1.
func (s Secret) signature(id string, at time.Time, body []byte) (string, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(string(s), secretPrefix))
	if err != nil || len(key) == 0 {
		return "", errors.New("the secret of the webhook is none")
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.", id, at.Unix())
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}

// sign puts the headers of a delivery into a request.
func sign(header http.Header, secrets []Secret, id string, at time.Time, body []byte) error {
	signatures := make([]string, len(secrets))
	for i, s := range secrets {
		var err error
		if signatures[i], err = s.signature(id, at, body); err != nil {
			return err
		}
	}
	header.Set(HeaderID, id)
	header.Set(HeaderTimestamp, strconv.FormatInt(at.Unix(), 10))
	header.Set(HeaderSignature, strings.Join(signatures, " "))
	return nil
}
