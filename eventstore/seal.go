package eventstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
)

// sealKey is the last field of a sealed object: the SHA-256 of everything in front of it, so that no bit
// of the object can change unnoticed. That is the same in every format, so that a program tells a later
// format from damage.
const sealKey = `,"sum":"`

// seal encodes an object that has at least one field, and closes it with its checksum and a line's end.
func seal(object any) ([]byte, error) {
	text, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	text = text[:len(text)-1]
	sum := sha256.Sum256(text)
	text = append(text, sealKey...)
	text = hex.AppendEncode(text, sum[:])
	return append(text, '"', '}', '\n'), nil
}

// unseal decodes what seal gave.
func unseal(text []byte, object any) error {
	at := bytes.LastIndex(text, []byte(sealKey))
	if at < 0 {
		return errors.New("it does not end with a checksum")
	}
	sum := sha256.Sum256(text[:at])
	want := hex.AppendEncode([]byte(sealKey), sum[:])
	if !bytes.Equal(text[at:], append(want, '"', '}', '\n')) {
		return errors.New("it does not have its checksum")
	}
	return json.Unmarshal(text, object)
}
