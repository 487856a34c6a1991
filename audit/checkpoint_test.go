package audit

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// The log of tests, and its key, whose seed is the bytes from 0 to 31.
const (
	testOrigin = "ledger.example/main"
	testLog    = "PRIVATE+KEY+ledger.example/main+22044f0f+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
)

var testTime = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func testClock() time.Time { return testTime }

// must is a value that a test relies on.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// makeLog gives the signer and the public key of a new log.
func makeLog(origin string) (note.Signer, string) {
	private := must(NewLogKey(origin))
	return must(LogSigner(private)), must(VerifierKey(private))
}

func makeWitness(name string) (note.Signer, string) {
	private := must(NewWitnessKey(name))
	return must(WitnessSigner(private, testClock)), must(VerifierKey(private))
}

func testCheckpoint(size int) Checkpoint {
	return Checkpoint{Origin: testOrigin, Size: uint64(size), Root: must(grown(size).View().Root(uint64(size)))}
}

// The signature is the one that golang.org/x/mod/sumdb/note publishes for this key and text.
func TestPublishedNote(t *testing.T) {
	const (
		private = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
		public  = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
		text    = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
		want    = text + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
	)
	if got := must(VerifierKey(private)); got != public {
		t.Errorf("the public key is %s, want %s", got, public)
	}
	signed := must(note.Sign(&note.Note{Text: text}, must(LogSigner(private))))
	if string(signed) != want {
		t.Errorf("signed:\n%s\nwant:\n%s", signed, want)
	}
	body, lines, err := splitNote([]byte(want))
	if err != nil {
		t.Fatal(err)
	}
	if found, err := verifyLines(body, lines, []verifier{must(parseVerifier(public, logKind))}); err != nil || len(found) != 1 {
		t.Errorf("found %v (%v)", found, err)
	}
}

// The example of C2SP tlog-cosignature is read as what its text says: its keys are not published.
func TestPublishedCosignature(t *testing.T) {
	const example = `example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
`
	text, lines, err := splitNote([]byte(example))
	if err != nil || len(lines) != 2 || lines[1].name != "witness.example.com/w1" || len(lines[1].bytes) != 8+64 {
		t.Fatalf("%v, %v", lines, err)
	}
	checkpoint, err := parseCheckpoint(text)
	if err != nil || checkpoint.Size != 20852163 || checkpoint.Text() != text {
		t.Errorf("%v, %v", checkpoint, err)
	}
	want := "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
	if got := string(cosigned(1679315147, []byte(text))); got != want {
		t.Errorf("the witness signs %q, want %q", got, want)
	}
	if lines[1].bytes[7] != 0xcb || string(lines[1].bytes[:5]) != "\x00\x00\x00\x00\x64" {
		t.Errorf("the time is %x", lines[1].bytes[:8])
	}
}

// Public keys that others publish are read: of the Go checksum database, and of a public witness.
func TestPublishedKeys(t *testing.T) {
	for key, kind := range map[string]byte{
		"sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8": logKind,
		"remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2": witnessKind,
	} {
		if v, err := parseVerifier(key, kind); err != nil || v.text != key {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// What is signed by the log and cosigned by witnesses opens, and package note agrees about the log.
func TestOpen(t *testing.T) {
	log, logKey := makeLog(testOrigin)
	w1, key1 := makeWitness("w1.example")
	w2, key2 := makeWitness("w2.example")
	checkpoint := testCheckpoint(7)
	signed := must(checkpoint.Sign(log))
	if _, err := note.Open(signed, note.VerifierList(must(note.NewVerifier(logKey)))); err != nil {
		t.Errorf("package note: %v", err)
	}
	both := slices.Concat(signed, must(Cosign(signed, w1)), must(Cosign(signed, w2)))
	opened, err := Open(both, must(NewPolicy(logKey, 2, key1, key2)))
	if err != nil {
		t.Fatal(err)
	}
	want := []Cosignature{{"w1.example", testTime}, {"w2.example", testTime}}
	if opened.Checkpoint != checkpoint || !slices.Equal(opened.Cosignatures, want) || !bytes.Equal(opened.Note, both) {
		t.Errorf("opened %+v", opened)
	}
	one := slices.Concat(signed, must(Cosign(signed, w2)))
	if _, err := Open(one, must(NewPolicy(logKey, 1, key1, key2))); err != nil {
		t.Errorf("one of two, of which one is needed: %v", err)
	}
	for what, test := range map[string]struct {
		signed []byte
		policy *Policy
		want   error
	}{
		"too few witnesses": {one, must(NewPolicy(logKey, 2, key1, key2)), ErrQuorum},
		"no witness":        {signed, must(NewPolicy(logKey, 1, key1)), ErrQuorum},
		"another log":       {signed, must(NewPolicy(keyOf(makeLog("other.example")), 0)), ErrUnknownLog},
		"another key":       {signed, must(NewPolicy(keyOf(makeLog(testOrigin)), 0)), ErrSignature},
		"only a witness":    {must(checkpoint.Sign(w1)), must(NewPolicy(logKey, 1, key1)), ErrSignature},
		"twice":             {slices.Concat(one, must(Cosign(signed, w2))), must(NewPolicy(logKey, 1, key1, key2)), ErrMalformed},
	} {
		if _, err := Open(test.signed, test.policy); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", what, err, test.want)
		}
	}
}

func keyOf(_ note.Signer, key string) string { return key }

// A checkpoint of which any one bit is another, or a byte is missing or too many, is refused.
func TestEveryByteOfACheckpoint(t *testing.T) {
	log, logKey := makeLog(testOrigin)
	w, key := makeWitness("w.example")
	checkpoint := testCheckpoint(12)
	signed := must(checkpoint.Sign(log))
	signed = append(signed, must(Cosign(signed, w))...)
	policy := must(NewPolicy(logKey, 1, key))
	everyChange(signed, func(changed []byte) {
		if _, err := Open(changed, policy); err == nil {
			t.Errorf("opened all the same:\n%s", changed)
		}
	})
}

// everyChange gives a text with one bit of each byte turned, each bit in turn, and with a byte taken out or put in.
func everyChange(text []byte, see func([]byte)) {
	for i := range text {
		for bit := range 8 {
			changed := bytes.Clone(text)
			changed[i] ^= 1 << bit
			see(changed)
		}
		see(slices.Delete(bytes.Clone(text), i, i+1))
		see(slices.Insert(bytes.Clone(text), i, 'A'))
		see(slices.Insert(bytes.Clone(text), i, '\n'))
	}
	see(append(bytes.Clone(text), '\n'))
}

// Checkpoints have one form. The signature would allow all of these.
func TestCheckpointForm(t *testing.T) {
	root := "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
	for _, text := range []string{
		"", "o\n", "o\n1\n", "o\n1\n" + root, "\n1\n" + root + "\n", "o o\n1\n" + root + "\n", "o+\n1\n" + root + "\n",
		"o\n01\n" + root + "\n", "o\n+1\n" + root + "\n", "o\n-1\n" + root + "\n", "o\n1 \n" + root + "\n",
		"o\n18446744073709551616\n" + root + "\n", "o\n1\n" + strings.Replace(root, "2I=", "2J=", 1) + "\n",
		"o\n1\nAAAA\n", "o\n1\n" + root + "\n\n", "o\n1\n" + root + "\n\nx\n", "o\n1\n" + root + "\nx\n\ny\n",
	} {
		if c, err := parseCheckpoint(text); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q is taken: %+v, %v", text, c, err)
		}
	}
	if c, err := parseCheckpoint("o\n1\n" + root + "\nx\ny\n"); err != nil || c.Extension != "x\ny\n" {
		t.Errorf("extension lines: %+v, %v", c, err)
	}
	log, _ := makeLog("o")
	if _, err := (Checkpoint{Origin: "o", Extension: "no line feed"}).Sign(log); !errors.Is(err, ErrMalformed) {
		t.Errorf("a checkpoint that cannot be read is signed: %v", err)
	}
}

// A private key gives its public one, and any other text is refused without being shown.
func TestKeys(t *testing.T) {
	private := must(NewLogKey(testOrigin))
	witness := must(NewWitnessKey("w"))
	for _, text := range []string{"", "PRIVATE+KEY+", private[1:], private + "=", private + "\n",
		strings.Replace(private, testOrigin, "other", 1), witness[:len(witness)-4] + "AAA="} {
		if _, err := VerifierKey(text); !errors.Is(err, ErrMalformed) || len(text) > 20 && strings.Contains(err.Error(), text[20:]) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := LogSigner(witness); !errors.Is(err, ErrMalformed) {
		t.Errorf("a witness's key signs for a log: %v", err)
	}
	if _, err := WitnessSigner(private, testClock); !errors.Is(err, ErrMalformed) {
		t.Errorf("a log's key cosigns: %v", err)
	}
	for _, name := range []string{"", "a b", "a+b", "a\nb", "a\x00b", "a\u00a0b", "\xff"} {
		if _, err := NewLogKey(name); !errors.Is(err, ErrMalformed) {
			t.Errorf("a key of the name %q: %v", name, err)
		}
	}
	if must(VerifierKey(testLog)) == "" {
		t.Error("no public key")
	}
}

func FuzzOpen(f *testing.F) {
	signer := must(LogSigner(testLog))
	policy := must(NewPolicy(must(VerifierKey(testLog)), 0))
	f.Add(must(testCheckpoint(3).Sign(signer)))
	f.Add(must(Checkpoint{Origin: testOrigin, Extension: "x\n"}.Sign(signer)))
	f.Add([]byte("o\n1\nAAAA\n\n— o AAAAAAA=\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if body, lines, err := splitNote(text); err == nil {
			again := body + "\n"
			for _, l := range lines {
				again += fmt.Sprintf("— %s %s\n", l.name, base64Of(l))
			}
			if again != string(text) {
				t.Fatalf("%q is taken as %q", text, again)
			}
			if c, err := parseCheckpoint(body); err == nil && c.Text() != body {
				t.Fatalf("%q is taken as %q", body, c.Text())
			}
		}
		if opened, err := Open(text, policy); err == nil && !bytes.HasPrefix(text, []byte(opened.Text()+"\n— ")) {
			t.Fatalf("%q opens as %q", text, opened.Text())
		}
	})
}
