package audit

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

// testBundle is a bundle about the entries of some sequences in a log of 20, and who signs it.
func testBundle(answer string, sequences ...int) *Bundle {
	b := &Bundle{
		Question:    []byte(`{"q":"holders","ref":"contract/c1","on":"2026-01-01"}`),
		Answer:      []byte(answer),
		Explanation: "B has it since 2012.\n",
	}
	for _, s := range sequences {
		receipt, policy := testReceipt(s-1, 20)
		b.Receipts, b.Policy, b.Checkpoint = append(b.Receipts, receipt), policy, receipt.Checkpoint
	}
	return b
}

const testAnswer = `{"ref":"contract/c1","known":20,"holders":[{"organisation":"b","path":[3,17]}],"uncertain_because":[5]}`

func writeBundle(b *Bundle) ([]byte, error) {
	var w bytes.Buffer
	err := WriteBundle(&w, b, must(LogSigner(testLog)))
	return w.Bytes(), err
}

// A bundle comes back as it was written, by the same bytes each time, and any zip reader opens it.
func TestBundle(t *testing.T) {
	b := testBundle(testAnswer, 3, 5, 17)
	archive := must(writeBundle(b))
	if again := must(writeBundle(b)); !bytes.Equal(again, archive) {
		t.Error("the same bundle has other bytes")
	}
	got, err := ReadBundle(archive, b.Policy)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Citations(), []uint64{3, 5, 17}) || string(got.Answer) != testAnswer || got.Signed.Size != 20 || got.Explanation != b.Explanation {
		t.Errorf("read %+v", got)
	}
	reader, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range reader.File {
		names = append(names, f.Name)
		data, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, data); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	want := "README.txt question.json answer.json explanation.txt citations.json receipts/3.tlog-proof receipts/5.tlog-proof receipts/17.tlog-proof checkpoint policy manifest"
	if strings.Join(names, " ") != want {
		t.Errorf("it holds %v", names)
	}
	if own := must(BundlePolicy(archive)); string(own.Text()) != string(b.Policy.Text()) {
		t.Errorf("its policy is %s", own.Text())
	}
}

// A bundle of which any one byte is another, missing or too many, wherever it stands, is refused.
func TestEveryByteOfABundle(t *testing.T) {
	b := testBundle(testAnswer, 3, 5, 17)
	archive := must(writeBundle(b))
	refused := func(what string, at int, changed []byte) {
		if _, err := ReadBundle(changed, b.Policy); err == nil {
			t.Fatalf("byte %d %s, and it verifies", at, what)
		}
		if own, err := BundlePolicy(changed); err == nil {
			if _, err := ReadBundle(changed, own); err == nil {
				t.Fatalf("byte %d %s, and it verifies by its own policy", at, what)
			}
		}
	}
	for i := range archive {
		for _, mask := range []byte{1 << (i % 8), 0x20, 0xff} {
			changed := bytes.Clone(archive)
			changed[i] ^= mask
			refused("is another", i, changed)
		}
		refused("is missing", i, slices.Delete(bytes.Clone(archive), i, i+1))
		refused("is too many", i, slices.Insert(bytes.Clone(archive), i, archive[i]))
		refused("is the last", i, archive[:i])
	}
	refused("is too many", len(archive), append(bytes.Clone(archive), 0))
}

// Who makes the archive anew, checksums and manifest and all, but has not the log's key, is found out; so is
// what the log's key would not have signed.
func TestForgedBundles(t *testing.T) {
	b := testBundle(testAnswer, 3, 5, 17)
	files := must(unpack(must(writeBundle(b))))
	index := func(name string) int { return slices.IndexFunc(files, func(f file) bool { return f.name == name }) }
	with := func(name, data string) []file {
		forged := slices.Clone(files)
		forged[index(name)].data = []byte(data)
		return forged
	}
	resigned := func(forged []file, key string) []file {
		last := len(forged) - 1
		body := manifest(forged[:last])
		forged[last].data = must(note.Sign(&note.Note{Text: body}, must(LogSigner(key))))
		return forged
	}
	other := must(NewLogKey(testOrigin))
	twice := strings.Replace(string(files[len(files)-1].data), "— ", "— other AAAAAAA=\n— ", 1)
	for what, test := range map[string]struct {
		files []file
		want  error
		names string
	}{
		"another answer":              {with(answerFile, `{"holders":[]}`), ErrChanged, answerFile},
		"another explanation":         {with(explanationFile, "C has it."), ErrChanged, explanationFile},
		"another readme":              {with(readmeFile, ""), ErrChanged, readmeFile},
		"another policy":              {with(policyFile, "quorum none\n"), ErrChanged, policyFile},
		"another key's manifest":      {resigned(with(answerFile, `{}`), other), ErrSignature, manifestFile},
		"a second signature":          {with(manifestFile, twice), ErrSignature, manifestFile},
		"a file less":                 {slices.Delete(slices.Clone(files), 3, 4), ErrMalformed, explanationFile},
		"a receipt less":              {slices.Delete(slices.Clone(files), 5, 6), ErrMalformed, citationsFile},
		"a file more":                 {slices.Insert(slices.Clone(files), 5, file{"extra", nil}), ErrMalformed, "extra"},
		"nothing":                     {nil, ErrMalformed, readmeFile},
		"a citation without receipt":  {resigned(with(answerFile, `{"path":[4]}`), testLog), ErrUnproven, answerFile},
		"an answer beyond":            {resigned(with(answerFile, `{"known":21}`), testLog), ErrUnproven, answerFile},
		"a receipt of another log":    {resigned(with("receipts/5.tlog-proof", strings.Replace(string(files[6].data), "main\n20\n", "main\n19\n", 1)), testLog), ErrUnproven, "receipts/5"},
		"a receipt of another entry":  {resigned(with("receipts/5.tlog-proof", strings.Replace(string(files[6].data), "extra ZW5", "extra AW5", 1)), testLog), ErrUnproven, "receipts/5"},
		"a receipt at another place":  {resigned(with("receipts/5.tlog-proof", string(files[7].data)), testLog), ErrMalformed, "receipts/5"},
		"an answer that is no answer": {resigned(with(answerFile, `{`), testLog), ErrMalformed, answerFile},
	} {
		_, err := ReadBundle(must(pack(test.files)), b.Policy)
		if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.names) {
			t.Errorf("%s: %v, want %v of %s", what, err, test.want, test.names)
		}
	}
	stranger := must(NewPolicy(must(VerifierKey(other)), 0))
	if _, err := ReadBundle(must(writeBundle(b)), stranger); !errors.Is(err, ErrSignature) {
		t.Errorf("by another key: %v", err)
	}
}

// A bundle that would not verify is not written.
func TestBundleNotWritten(t *testing.T) {
	for what, b := range map[string]*Bundle{
		"a citation without receipt": testBundle(testAnswer, 3, 17),
		"receipts out of order":      testBundle(testAnswer, 5, 3, 17),
		"a receipt twice":            testBundle(testAnswer, 3, 3, 5, 17),
		"no JSON":                    testBundle("-", 3),
	} {
		var w bytes.Buffer
		if err := WriteBundle(&w, b, must(LogSigner(testLog))); err == nil || w.Len() > 0 {
			t.Errorf("%s: written, %d bytes (%v)", what, w.Len(), err)
		}
	}
}

// The entries that an answer cites are found wherever they stand; other numbers are none.
func TestCited(t *testing.T) {
	for answer, want := range map[string][]uint64{
		`{}`:       {},
		testAnswer: {3, 5, 17},
		`{"findings":[{"seq":9},{"seq":2}],"n":7,"on":1}`:                  {2, 9},
		`{"plans":[{"items":[{"fulfilled_by":4},{"fulfilled_by":null}]}]}`: {4},
		`{"path":[{"known":3}]}`:                                           {},
	} {
		if got, err := Cited([]byte(answer)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s cites %v (%v), want %v", answer, got, err, want)
		}
	}
	for _, answer := range []string{"", "{} {}", `{"path":[0]}`, `{"path":[1.5]}`, `{"seq":-1}`, `{"seq":1e2}`} {
		if got, err := Cited([]byte(answer)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s cites %v (%v)", answer, got, err)
		}
	}
}

func FuzzReadBundle(f *testing.F) {
	b := testBundle(testAnswer, 3, 5, 17)
	archive := must(writeBundle(b))
	f.Add(archive)
	f.Add(must(pack(nil)))
	f.Add(must(pack([]file{{"a", []byte("b")}, {"", nil}})))
	f.Fuzz(func(t *testing.T, text []byte) {
		if files, err := unpack(text); err == nil {
			if again, err := pack(files); err != nil || !bytes.Equal(again, text) {
				t.Fatalf("%x is taken, and packed otherwise (%v)", text, err)
			}
		}
		if _, err := ReadBundle(text, b.Policy); err == nil && !bytes.Equal(text, archive) {
			t.Fatalf("%x verifies", text)
		}
	})
}

func BenchmarkReadBundle(b *testing.B) {
	bundle := testBundle(testAnswer, 3, 5, 17)
	archive := must(writeBundle(bundle))
	b.ReportAllocs()
	b.SetBytes(int64(len(archive)))
	for b.Loop() {
		if _, err := ReadBundle(archive, bundle.Policy); err != nil {
			b.Fatal(err)
		}
	}
}
