package eventstore

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/orgledger/orgledger/domain"
)

var rewrite = flag.Bool("rewrite", false, "rewrite golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// everyType is one entry of every fact type, with every field that it has.
const everyType = `
{"type":"source.registered","data":{"source":"s1","title":"Act \"one\" \u00e9\ud83d\ude00","publisher":"P","published":"2012-06","url":"https://example.org/?a=b&c=<d>","sha256":"f35617e753e73017e90aff219b512e2cc02c31a7bbe09269db3e4cc59ba9f38e","retrieved":"2024-01-02"},"note":"line\nfeed\ttab \\ },{\"specversion\":\"2\""}
{"type":"organisation.established","data":{"organisation":"a","name":"A","form":"body","identifiers":[{"scheme":"ods","value":"X25"}]}}
{"type":"organisation.established","effective":"[2012-06-01..2013-12-31]","data":{"organisation":"b","name":"B","parent":{"organisation":"a","relation":"part_of"}},"sources":[{"source":"s1","locator":"p. 2"},{"source":"s1"}]}
{"type":"plan.announced","effective":"2013","data":{"plan":"p1","title":"Plan","announced_by":"Minister","expected":"2027-21~","conditions":["one","two"],"items":[{"item":"i1","type":"organisation.merged","effective":"2027-04-01","data":{"organisations":["b"],"into":"a"}}]}}
{"type":"plan.amended","effective":"2014","data":{"plan":"p1","expected":"2028","conditions":[],"items":[{"item":"i1","type":"organisation.dissolved","data":{"organisation":"b"}}]}}
{"type":"plan.withdrawn","effective":"2015","data":{"plan":"p1","reason":"r"}}
{"type":"plan.completed","effective":"2016","data":{"plan":"p1","reason":"r"}}
{"type":"organisation.restored","effective":"[..2021-08-11]","data":{"organisation":"b"},"fulfils":"p1/i1"}
{"type":"responsibility.defined","data":{"responsibility":"r1","title":"R","kind":"function","description":"D"}}
{"type":"responsibility.assigned","effective":"2019-04-01?","data":{"responsibility":"r1","organisation":"a","role":"joint"},"fulfils":"p1"}
{"type":"responsibility.transferred","effective":"2019-04-02","data":{"responsibility":"r1","from":"a","to":"b","role":"joint","as":"lead"}}
{"type":"responsibility.withdrawn","effective":"2019-04-03%","data":{"responsibility":"r1","organisation":"b","role":"lead"}}
{"type":"responsibility.discontinued","effective":"2019-04-04","data":{"responsibility":"r1"}}
{"type":"contract.awarded","effective":"2019-04-01","data":{"contract":"c1","title":"C","owner":"a","suppliers":["b"],"last_day":"2025-03-31","value":{"amount":1.50e3,"currency":"GBP"},"identifiers":[{"scheme":"x","value":"y"}]}}
{"type":"contract.varied","effective":"2019-05-01","data":{"contract":"c1","last_day":"2026-03-31","value":{"amount":-2,"currency":"EUR"},"title":"C2"}}
{"type":"contract.transferred","effective":"2019-06-01","data":{"contract":"c1","from":"a","to":"b","side":"supplier"}}
{"type":"contract.ended","effective":"2019-07-01","data":{"contract":"c1","reason":"r"}}
{"type":"appointment.made","effective":"2019-04-01","data":{"office":"o1","title":"Chair","organisation":"a","person":"Ann","acting":true}}
{"type":"appointment.ended","effective":"2019-05-01","data":{"office":"o1","person":"Ann"}}
{"type":"organisation.renamed","effective":"2019-05-01","data":{"organisation":"a","name":"A2","kind":"operating"}}
{"type":"organisation.identified","effective":"2019-05-01","data":{"organisation":"a","identifiers":[{"scheme":"ods","value":"X26"}],"withdrawn":[{"scheme":"ods","value":"X25"}]}}
{"type":"organisation.reconstituted","effective":"2019-05-01","data":{"organisation":"a","form":"agency"}}
{"type":"organisation.moved","effective":"2019-05-01","data":{"organisation":"b","parent":{"organisation":"a","relation":"hosted_by"}}}
{"type":"organisation.moved","effective":"2019-05-02","data":{"organisation":"b","parent":null}}
{"type":"holdings.transferred","effective":"2019-05-01","data":{"from":"a","to":"b","kinds":["responsibility","unit"],"except":["contract/c1"]}}
{"type":"organisation.merged","effective":"2019-05-01","data":{"organisations":["b"],"into":"a","except":["responsibility/r1"],"kinds":["supply"]}}
{"type":"organisation.split","effective":"2019-05-01","data":{"organisation":"a","into":["b"],"residual":"b","allocate":[{"holding":"contract/c1","to":"b"}],"continues":true}}
{"type":"organisation.dissolved","effective":"2019-05-01","data":{"organisation":"a","successor":"b","except":["organisation/b"],"kinds":["contract"]}}
{"type":"entry.corrected","data":{"corrects":"5b1f3d9e-6c5b-4b6e-9a52-0c8d4a1f7f10","reason":"r","replacement":{"effective":"2020","data":{"organisation":"a","name":"A3"},"sources":[{"source":"s1"}],"fulfils":"p1/i1"}}}
{"type":"entry.retracted","data":{"retracts":"5b1f3d9e-6c5b-4b6e-9a52-0c8d4a1f7f10","reason":"r"}}
`

func parse(t testing.TB, line string) domain.Recorded {
	t.Helper()
	e, err := domain.ParseEntry([]byte(line))
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	e.ID = e.DeriveID()
	return domain.Recorded{Entry: *e}
}

func allTypes(t testing.TB) []domain.Recorded {
	t.Helper()
	var all []domain.Recorded
	for line := range strings.Lines(strings.TrimSpace(everyType)) {
		all = append(all, parse(t, line))
	}
	for i := range all {
		if i%3 == 1 {
			all[i].Actor = `registrar "é"`
		}
	}
	return all
}

// sinceFormat2 is one entry of everything that format 1 does not have.
const sinceFormat2 = `
{"type":"key.registered","effective":"2026-01-01","data":{"key":"UARB7ZPWQWNBUT7MPECXZHJSZDJ7YNLOCRFR3I5Q7EAW55XSTCENVW34","actor":"registrar \"é\""}}
{"type":"key.revoked","effective":"2026-06-01","data":{"key":"UARB7ZPWQWNBUT7MPECXZHJSZDJ7YNLOCRFR3I5Q7EAW55XSTCENVW34","reason":"r"}}
{"type":"organisation.renamed","effective":"2026-03-01","data":{"organisation":"a","name":"signed"},"fulfils":"p1/i1"}
{"type":"appointment.made","effective":"2019-04-01","data":{"office":"o1","title":"Chair","organisation":"a","person":"Ann"}}
{"type":"appointment.ended","effective":"2019-05-01","data":{"office":"o1","person":"Ann"}}
{"type":"plan.announced","effective":"2013","data":{"plan":"p2","title":"Plan","items":[{"item":"i1","type":"appointment.ended","data":{"office":"o1","person":"Ann"}}]}}
{"type":"person.forgotten","data":{"person":"0f8fad5b-d9cb-469f-a165-70867728950e","reason":"r"}}
`

// sealedTypes are those entries, with every person sealed and the one signed that says so.
func sealedTypes(t testing.TB) []domain.Recorded {
	t.Helper()
	signer, err := domain.NewSigner([32]byte{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	var all []domain.Recorded
	for line := range strings.Lines(strings.TrimSpace(sinceFormat2)) {
		e := parse(t, line)
		domain.EachPerson(e.Fact, func(p *domain.Person) {
			*p = domain.NewPerson("0f8fad5b-d9cb-469f-a165-70867728950e", p.Name, domain.PersonKey{1}, domain.PersonSalt{2}, [12]byte{3})
		})
		e.ID = e.DeriveID()
		if strings.Contains(line, `"signed"`) {
			e.Actor = `registrar "é"`
			signer.Sign(&e.Entry, "main", e.Actor)
		}
		all = append(all, e)
	}
	return all
}

// numbered is n entries, each unlike every other.
func numbered(t testing.TB, from, n int) []domain.Recorded {
	t.Helper()
	all := make([]domain.Recorded, n)
	for i := range all {
		all[i] = parse(t, fmt.Sprintf(`{"type":"organisation.established","effective":"2019-04-01","data":{"organisation":"o%d","name":"Organisation number %d"},"sources":[{"source":"s1","locator":"page %d"}]}`,
			from+i, from+i, from+i))
	}
	return all
}

// bulk is n entries of about 490 bytes each as stored, made quickly.
func bulk(t testing.TB, n int) []domain.Recorded {
	t.Helper()
	all := make([]domain.Recorded, n)
	one := parse(t, `{"type":"responsibility.assigned","effective":"2019-04-01","data":{"responsibility":"workforce-planning","organisation":"health-education-england","role":"lead"},"sources":[{"source":"annual-report","locator":"second paragraph of page 12"}],"note":"as agreed"}`)
	for i := range all {
		all[i] = one
		all[i].ID = uuid.New()
		all[i].Actor = "registrar"
	}
	return all
}

// drafts are those of entries of the ledger main.
func drafts(entries []domain.Recorded) []Draft {
	all := make([]Draft, len(entries))
	for i := range all {
		all[i] = newDraft(source("main"), &entries[i].Entry, entries[i].Actor)
	}
	return all
}

// must opens a store that the test closes.
func must(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeStore(t, s) })
	return s
}

func closeStore(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func mustAppend(t testing.TB, s *Store, entries []domain.Recorded) Commit {
	t.Helper()
	c, err := s.Append(t.Context(), s.Head().Seq, entries)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// replayed is every commit after an entry.
func replayed(t testing.TB, s *Store, after uint64) []Commit {
	t.Helper()
	var all []Commit
	err := s.Replay(t.Context(), after, nil, func(c Commit) error {
		all = append(all, c)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// external is a plain server as an operator would run it, without accounts.
func external(t testing.TB) *server.Server {
	t.Helper()
	return serverOn(t, t.TempDir(), server.RANDOM_PORT)
}

// serverOn runs such a server on a folder and a port until the test ends, or halt is called.
func serverOn(t testing.TB, dir string, port int) *server.Server {
	t.Helper()
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: dir, SyncAlways: true, MaxPayload: 8 << 20})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() { halt(srv) })
	if !srv.ReadyForConnections(10 * time.Second) {
		t.Fatal("the external server does not start")
	}
	return srv
}

func halt(srv *server.Server) {
	srv.Shutdown()
	srv.WaitForShutdown()
}

// client is a connection of someone else.
func client(t testing.TB, url string) (*nats.Conn, jetstream.JetStream) {
	t.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(2*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return nc, js
}

func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// encoded is the batch of entries that have their sequences, and times of their own.
func encoded(entries []domain.Recorded, drafts []Draft) []byte {
	dst := []byte{'['}
	for i := range entries {
		if i > 0 {
			dst = append(dst, ',')
		}
		when := time.Unix(0, entries[i].Time).UTC().AppendFormat(nil, timeLayout)
		dst = drafts[i].append(dst, when, entries[i].Seq)
	}
	return append(dst, ']')
}
