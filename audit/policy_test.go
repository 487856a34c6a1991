package audit

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func base64Of(s signature) string {
	return base64.StdEncoding.EncodeToString(append(binary.BigEndian.AppendUint32(nil, s.hash), s.bytes...))
}

// The example of C2SP tlog-policy: two of three witnesses of one kind and one of another, in two levels of groups.
func TestPolicyGroups(t *testing.T) {
	log, logKey := makeLog(testOrigin)
	text := "# whom we believe\nlog " + logKey + " https://ledger.example/\n\n"
	var lines [][]byte
	signed := must(testCheckpoint(5).Sign(log))
	for _, name := range []string{"X1", "X2", "X3", "Y1", "Y2", "Y3"} {
		w, key := makeWitness(name + ".example")
		text += "witness\t" + name + "  " + key + " \n"
		lines = append(lines, must(Cosign(signed, w)))
	}
	text += "group X-witnesses 2 X1 X2 X3\ngroup Y-witnesses any Y1 Y2 Y3\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"
	policy := must(ParsePolicy([]byte(text)))
	for set := range 1 << len(lines) {
		note, x, y := slices.Clone(signed), 0, 0
		for i, line := range lines {
			if set>>i&1 == 0 {
				continue
			}
			note = append(note, line...)
			if i < 3 {
				x++
			} else {
				y++
			}
		}
		_, err := Open(note, policy)
		if enough := x >= 2 && y >= 1; enough != (err == nil) || err != nil && !errors.Is(err, ErrQuorum) {
			t.Errorf("%d of X and %d of Y: %v", x, y, err)
		}
	}
	again := must(ParsePolicy(policy.Text()))
	if string(again.Text()) != string(policy.Text()) || len(again.Witnesses()) != 6 || again.Logs()[0].URL != "https://ledger.example/" {
		t.Errorf("written and read again:\n%s\nwas:\n%s", again.Text(), policy.Text())
	}
}

// What the specification forbids is refused, with its line.
func TestPolicyRefused(t *testing.T) {
	_, logKey := makeLog(testOrigin)
	_, w1 := makeWitness("w1.example")
	_, w2 := makeWitness("w2.example")
	_, hash, _ := strings.Cut(w1, "+")
	log, a, b := "log "+logKey+"\n", "witness a "+w1+"\n", "witness b "+w2+"\n"
	for text, line := range map[string]int{
		"":                                       0,
		log:                                      0,
		log + "quorum none":                      2,
		log + "quorum none\nquorum none\n":       3,
		log + log + "quorum none\n":              2,
		log + "quorum a\n" + a:                   2,
		log + a + a + "quorum a\n":               3,
		a + "witness b " + w1 + "\nquorum a\n":   2,
		"witness none " + w1 + "\nquorum none\n": 1,
		"witness a " + logKey + "x\nquorum none\n": 1,
		"witness a other+" + hash + "\nquorum a\n": 1,
		"log " + w1 + "\nquorum none\n":            1,
		"logs " + logKey + "\nquorum none\n":       1,
		"log\nquorum none\n":                       1,
		"log " + logKey + " u v\nquorum none\n":    1,
		a + b + "group g 3 a b\nquorum g\n":        3,
		a + b + "group g 0 a b\nquorum g\n":        3,
		a + b + "group g 01 a b\nquorum g\n":       3,
		a + b + "group g all\nquorum g\n":          3,
		a + b + "group g all a a\nquorum g\n":      3,
		a + b + "group a all b\nquorum a\n":        3,
		a + b + "group g any none\nquorum g\n":     3,
		a + "group g any b\n" + b + "quorum g\n":   2,
		a + b + "group g any a\ngroup h any a\n":   4,
		"log " + logKey + "\r\nquorum none\n":      1,
		"# \x7f\nquorum none\n":                    1,
	} {
		_, err := ParsePolicy([]byte(text))
		want := fmt.Sprintf("line %d of", line)
		if !errors.Is(err, ErrMalformed) || line > 0 && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if _, err := NewPolicy(logKey, 2, w1); !errors.Is(err, ErrMalformed) {
		t.Errorf("two of one witness: %v", err)
	}
	if _, err := Open(nil, must(ParsePolicy([]byte("quorum none\n")))); !errors.Is(err, ErrMalformed) {
		t.Errorf("nothing opens: %v", err)
	}
}

// A witness whose key is written as a log's, as other programs do, cosigns all the same.
func TestWitnessByLogKey(t *testing.T) {
	log, logKey := makeLog(testOrigin)
	w, key := makeWitness("w.example")
	v := must(parseVerifier(key, witnessKind))
	signed := must(testCheckpoint(2).Sign(log))
	signed = append(signed, must(Cosign(signed, w))...)
	if _, err := Open(signed, must(NewPolicy(logKey, 1, keyText(v.name, logKind, v.public, v.public)))); err != nil {
		t.Error(err)
	}
}

func FuzzParsePolicy(f *testing.F) {
	_, log := makeLog(testOrigin)
	_, w1 := makeWitness("w1.example")
	_, w2 := makeWitness("w2.example")
	f.Add(must(NewPolicy(log, 1, w1, w2)).Text())
	f.Add([]byte("log " + log + " http://x\u00a0\nwitness # " + w1 + "\n# x\n \t\nquorum #\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		policy, err := ParsePolicy(text)
		if err != nil {
			return
		}
		again, err := ParsePolicy(policy.Text())
		if err != nil || string(again.Text()) != string(policy.Text()) {
			t.Fatalf("%q is written as %q, and read as %q (%v)", text, policy.Text(), again.Text(), err)
		}
	})
}
