package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/eventstore/natstest"
	"github.com/orgledger/orgledger/ledger"
)

// The name that is to be nowhere, in every place where an entry can have one.
const (
	secret  = "Zebedee Quillfeather"
	chairID = "00000000-0000-4000-8000-000000000001"
)

const appointments = `{"type":"organisation.established","data":{"organisation":"a","name":"A"}}
{"id":"` + chairID + `","type":"appointment.made","effective":"2020-01-01","data":{"office":"chair","title":"Chair","organisation":"a","person":"` + secret + `"}}
{"type":"appointment.made","effective":"2020-01-01","data":{"office":"clerk","title":"Clerk","organisation":"a","person":"Bob"}}
{"type":"plan.announced","effective":"2020-01-01","data":{"plan":"p","title":"Leave","items":[{"item":"i","type":"appointment.ended","effective":"2030-01-01","data":{"office":"chair","person":"` + secret + `"}}]}}
{"type":"entry.corrected","data":{"corrects":"` + chairID + `","reason":"another day","replacement":{"effective":"2020-02-01","data":{"office":"chair","title":"Chair","organisation":"a","person":"` + secret + `"}}}}
{"type":"appointment.ended","effective":"2022-01-01","data":{"office":"chair","person":"` + secret + `"}}
`

// filesWith lists the files below a folder that hold a text.
func filesWith(t *testing.T, dir, text string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(text)) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// logged is the whole log as it is shown.
func (o *opened) logged(t *testing.T) string {
	t.Helper()
	var out []byte
	if err := o.Entries(t.Context(), 1, 1<<60, func(e domain.Recorded) error {
		out = append(ledger.AppendLogged(out, &e), '\n')
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func (o *opened) answer(t *testing.T, question string) string {
	t.Helper()
	return string(o.Answer(t.Context(), []byte(question)))
}

// personOf is who has a name.
func (o *opened) personOf(t *testing.T, name string) ledger.Person {
	t.Helper()
	var p ledger.Person
	text := o.answer(t, fmt.Sprintf(`{"q":"person","name":%q}`, name))
	if err := json.Unmarshal([]byte(text), &p); err != nil || p.Person == "" {
		t.Fatalf("%s, %v", text, err)
	}
	return p
}

func forgetting(p domain.PersonID) string {
	return fmt.Sprintf(`{"type":"person.forgotten","data":{"person":%q,"reason":"asked to be"}}`, p)
}

// A name is nowhere in the data folder but sealed, is shown wherever it was given, and once it is forgotten is
// shown nowhere, in this process and the next; the log, its root, the digest and the check of signatures are as
// before, and the ledger says when and why.
func TestForget(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	l.mustRecord(t, appointments)
	again := l.mustRecord(t, appointments)
	if last := again[len(again)-1].Seq; last != 6 {
		t.Errorf("recorded again, the last has sequence %d", last)
	}
	const offices = `{"q":"offices","organisation":"a","on":"2021-01-01","known":6}`
	if n := strings.Count(l.logged(t), `"person":"`+secret+`"`); n != 4 {
		t.Errorf("it is shown in %d places:\n%s", n, l.logged(t))
	}
	if text := l.answer(t, offices); !strings.Contains(text, secret) || !strings.Contains(text, `"person":"Bob"`) {
		t.Error(text)
	}
	person := l.personOf(t, secret)
	if len(person.Entries) != 4 || person.Name == nil || *person.Name != secret || person.Forgotten != nil {
		t.Errorf("%+v", person)
	}
	digest := l.answer(t, `{"q":"digest","on":"2021-01-01","known":6}`)
	root := l.store.Head().Root
	if found := filesWith(t, dir, secret); len(found) != 0 {
		t.Errorf("the name is in %s", found)
	}
	first := l.mustRecord(t, forgetting(person.Person))
	if twice := l.mustRecord(t, forgetting(person.Person)); twice[0].Seq != first[0].Seq {
		t.Errorf("forgotten by %d and by %d", first[0].Seq, twice[0].Seq)
	}
	for range 2 {
		for _, question := range []string{offices, `{"q":"find","words":"Zebedee"}`, `{"q":"person","person":"` + string(person.Person) + `"}`,
			`{"q":"plans","on":"2021-01-01"}`, `{"q":"person","name":"` + secret + `"}`} {
			if text := l.answer(t, question); strings.Contains(strings.ReplaceAll(text, `"words":"Zebedee"`, ""), "Zebedee") {
				t.Errorf("%s is answered by %s", question, text)
			}
		}
		if text := l.answer(t, offices); !strings.Contains(text, `"person":null,"acting":false,"since":"2020-02-01","person_id":"`+string(person.Person)+`","person_forgotten":true`) ||
			!strings.Contains(text, `"person":"Bob"`) {
			t.Error(text)
		}
		if text := l.logged(t); strings.Contains(text, secret) || strings.Count(text, `"person_forgotten":true`) != 4 {
			t.Error(text)
		}
		if after := l.answer(t, `{"q":"digest","on":"2021-01-01","known":6}`); after != digest {
			t.Errorf("%s, and before %s", after, digest)
		}
		if text := l.answer(t, `{"q":"person","person":"`+string(person.Person)+`"}`); !strings.Contains(text, `"reason":"asked to be"`) {
			t.Error(text)
		}
		if key, found, err := l.store.PersonKey(t.Context(), person.Person); found || err != nil {
			t.Errorf("%x %v", key, err)
		}
		if _, _, err := l.CheckSignatures(t.Context(), nil); err != nil {
			t.Error(err)
		}
		l.close()
		if found := filesWith(t, dir, "Zebedee"); len(found) != 0 {
			t.Errorf("the name is in %s", found)
		}
		l = open(t, dir)
	}
	if before, _, err := l.store.Read(t.Context(), 6); err != nil || before.Seq != 6 || l.store.Head().Seq != 7 || l.store.Head().Root == root {
		t.Errorf("%v", err)
	}
	// Recorded again, the name is that of somebody new.
	if receipts := l.mustRecord(t, strings.Split(appointments, "\n")[5]); receipts[0].Seq != 8 || l.personOf(t, secret).Person == person.Person {
		t.Errorf("%+v", receipts)
	}
}

// What an id is derived from, and every call that is refused or only tried, tells nothing and keeps nothing.
func TestNothingIsKeptOfWhatIsNotRecorded(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	l.mustRecord(t, strings.Split(appointments, "\n")[0])
	line := strings.Split(appointments, "\n")[5]
	if _, err := l.record(t, line, ledger.RecordOptions{}); refused(t, err).Code != domain.CodeUnknownReference {
		t.Error(err)
	}
	if _, err := l.record(t, strings.Split(appointments, "\n")[1], ledger.RecordOptions{DryRun: true}); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "ORGLEDGER_main.persons")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key was kept: %v", err)
	}
	made := strings.Replace(strings.Split(appointments, "\n")[1], `"id":"`+chairID+`",`, "", 1)
	one := l.mustRecord(t, made)[0].ID
	other := open(t, t.TempDir())
	other.mustRecord(t, strings.Split(appointments, "\n")[0])
	if other.mustRecord(t, made)[0].ID == one {
		t.Error("two ledgers derive the same id from a name: it can be guessed")
	}
}

// A name that stands in an old log as it is stays so, and means the same person.
func TestNamesOfFormat1(t *testing.T) {
	l := open(t, t.TempDir())
	l.mustRecord(t, strings.Split(appointments, "\n")[0])
	e, err := domain.ParseEntry([]byte(strings.Split(appointments, "\n")[1]))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.store.Append(t.Context(), 1, []domain.Recorded{{Entry: *e}}); err != nil {
		t.Fatal(err)
	}
	l.mustRecord(t, strings.Split(appointments, "\n")[5])
	if text := l.answer(t, `{"q":"offices","organisation":"a","on":"2021-01-01"}`); !strings.Contains(text, `"person":"`+secret+`"`) || strings.Contains(text, "person_id") {
		t.Error(text)
	}
	if text := l.answer(t, `{"q":"offices","organisation":"a","on":"2023-01-01"}`); !strings.Contains(text, `"offices":[]`) {
		t.Errorf("the same person has not left: %s", text)
	}
	if text := l.answer(t, `{"q":"person","name":"`+secret+`"}`); !strings.Contains(text, "cannot be forgotten") {
		t.Error(text)
	}
}

// brittle is a store whose keys cannot be destroyed, or kept, for a while.
type brittle struct {
	*eventstore.Store
	broken error
}

func (b *brittle) DestroyPersonKey(ctx context.Context, id domain.PersonID) error {
	if b.broken != nil {
		return b.broken
	}
	return b.Store.DestroyPersonKey(ctx, id)
}

func (b *brittle) SavePersonKeys(ctx context.Context, keys map[domain.PersonID]domain.PersonKey) error {
	if b.broken != nil {
		return b.broken
	}
	return b.Store.SavePersonKeys(ctx, keys)
}

// Where a key cannot be kept, nothing is recorded. Where one cannot be destroyed, the caller is told, the name is
// shown no more all the same, and it is destroyed when that works again.
func TestKeysThatFail(t *testing.T) {
	store, err := eventstore.Open(t.Context(), eventstore.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	log := &brittle{store, errors.New("the disk is full")}
	l := run(t, store, log)
	if _, err := l.record(t, appointments, ledger.RecordOptions{}); !errors.Is(err, ledger.ErrUnavailable) || l.View().Seq() != 0 {
		t.Errorf("%v, and %d entries", err, l.View().Seq())
	}
	log.broken = nil
	l.mustRecord(t, appointments)
	person := l.personOf(t, secret).Person
	log.broken = errors.New("the disk is broken")
	receipts, err := l.record(t, forgetting(person), ledger.RecordOptions{})
	if !errors.Is(err, ledger.ErrKeyRemains) || ledger.Describe(err).Code != ledger.CodeKeyRemains || len(receipts) != 1 {
		t.Errorf("%v, %v", receipts, err)
	}
	if strings.Contains(l.logged(t), secret) || l.Status("main", "").KeysRemaining != 1 {
		t.Errorf("%+v\n%s", l.Status("main", ""), l.logged(t))
	}
	log.broken = nil
	l.mustRecord(t, forgetting(person))
	if _, found, err := store.PersonKey(t.Context(), person); found || err != nil || l.Status("main", "").KeysRemaining != 0 {
		t.Errorf("%v, %v", found, err)
	}
}

// A crash between the entry that says so and the destruction of the key is made good by the next start.
func TestForgottenAtStart(t *testing.T) {
	dir := t.TempDir()
	store, err := eventstore.Open(t.Context(), eventstore.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	log := &brittle{Store: store}
	l := run(t, store, log)
	l.mustRecord(t, appointments)
	person := l.personOf(t, secret).Person
	log.broken = errors.New("it crashes")
	if _, err := l.record(t, forgetting(person), ledger.RecordOptions{}); !errors.Is(err, ledger.ErrKeyRemains) {
		t.Error(err)
	}
	l.close()
	l = open(t, dir)
	if _, found, err := l.store.PersonKey(t.Context(), person); found || err != nil {
		t.Errorf("%v, %v", found, err)
	}
	if strings.Contains(l.logged(t), secret) {
		t.Error(l.logged(t))
	}
}

// Without its keys, a log keeps everything but the names, and says that they are lost, not forgotten.
func TestLostKeys(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	l.mustRecord(t, appointments)
	l.close()
	if err := os.Remove(filepath.Join(dir, "ORGLEDGER_main.persons")); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir)
	text := l.logged(t)
	if strings.Contains(text, secret) || strings.Contains(text, "forgotten") || strings.Count(text, `"person":null`) != 5 {
		t.Error(text)
	}
	l.mustRecord(t, `{"type":"appointment.made","effective":"2024-01-01","data":{"office":"chair","title":"Chair","organisation":"a","person":"`+secret+`"}}`)
}

// Names are signed by commitments that the signer makes itself, and the signature holds when the name is forgotten.
func TestSignedNames(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	as := ledger.RecordOptions{Actor: "ann"}
	l.mustRecord(t, registering(t, 1, "ann", "2020-01-01"))
	signed := l.sign(t, 1, "ann", appointments)
	if !strings.Contains(signed, secret) || strings.Contains(signed, "commitment") {
		t.Error(signed)
	}
	if _, err := l.record(t, signed, as); err != nil {
		t.Fatal(err)
	}
	// Already in the log, the names have the salts that they have.
	if _, err := l.record(t, l.sign(t, 1, "ann", strings.Replace(appointments, "2022-01-01", "2022-01-02", 1)), as); err != nil {
		t.Fatal(err)
	}
	another := strings.Replace(l.sign(t, 1, "ann", strings.Replace(appointments, "2022-01-01", "2022-01-03", 1)), secret, "Bob", 1)
	if r := refused(t, second(l.record(t, another, as))); r.Code != domain.CodeIDConflict && r.Code != domain.CodeBadSignature {
		t.Error(r)
	}
	if _, err := l.record(t, l.sign(t, 1, "ann", forgetting(l.personOf(t, secret).Person)), as); err != nil {
		t.Fatal(err)
	}
	l.close()
	l = open(t, dir)
	if signed, _, err := l.CheckSignatures(t.Context(), nil); signed != 8 || err != nil {
		t.Errorf("%d signed, %v", signed, err)
	}
	for line := range strings.Lines(l.logged(t)) {
		e, err := ledger.ParseLogged([]byte(strings.TrimSpace(line)))
		if err != nil || e.Seq > 1 && !e.Verify("main", "ann") {
			t.Errorf("%s does not verify: %v", line, err)
		}
	}
}

// Nodes that record on one server have one person for a name, each reads what the other sealed, and what one
// forgets none shows.
func TestPeopleOfNodes(t *testing.T) {
	url := natstest.Serve(t)
	one, two := node(t, url, plainly), node(t, url, plainly)
	lines := strings.SplitAfter(appointments, "\n")
	one.mustRecord(t, strings.Join(lines[:5], ""))
	two.mustRecord(t, lines[5])
	if err := one.Reach(t.Context(), 6); err != nil {
		t.Fatal(err)
	}
	for _, l := range []*opened{one, two} {
		if p := l.personOf(t, secret); len(p.Entries) != 4 || p.Name == nil {
			t.Errorf("%+v", p)
		}
		if strings.Count(l.logged(t), secret) != 4 {
			t.Error(l.logged(t))
		}
	}
	two.mustRecord(t, forgetting(two.personOf(t, secret).Person))
	if err := one.Reach(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	third := node(t, url, plainly)
	for _, l := range []*opened{one, two, third} {
		if strings.Contains(l.logged(t), secret) || !strings.Contains(l.logged(t), "Bob") {
			t.Error(l.logged(t))
		}
	}
}

// A person who is named for the first time by two nodes at once is one person.
func TestNodesMeetTheSamePerson(t *testing.T) {
	url := natstest.Serve(t)
	one := node(t, url, plainly)
	lines := strings.SplitAfter(appointments, "\n")
	one.mustRecord(t, lines[0])
	late := node(t, url, func(s *eventstore.Store) ledger.Log { return deaf{s} })
	one.mustRecord(t, lines[1])
	late.mustRecord(t, lines[5])
	if err := one.Reach(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	for _, l := range []*opened{one, late} {
		if p := l.personOf(t, secret); len(p.Entries) != 2 {
			t.Errorf("%+v\n%s", p, l.logged(t))
		}
	}
}
