package api_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/klauspost/compress/zstd"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/ledger"
)

// got asks for an address with headers, name and value in turn, and reads the answer.
func got(t *testing.T, address string, headers ...string) (answer *http.Response, text string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept-Encoding", "identity")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer, err = http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

// A resource answers what its question answers, byte for byte, errors included.
func TestResourcesAreQuestions(t *testing.T) {
	server := sampled(t)
	client := api.NewClient(server.URL)
	defer client.Close()
	for path, question := range map[string]string{
		"/v1/holders/responsibility/education-commissioning?on=2022-12-31":                   `{"q":"holders","ref":"responsibility/education-commissioning","on":"2022-12-31"}`,
		"/v1/holders/contract/cppe-postgraduate-education?on=2023-03-15&known=248":           `{"q":"holders","ref":"contract/cppe-postgraduate-education","on":"2023-03-15","known":248}`,
		"/v1/holders/contract/cppe-postgraduate-education?on=2028-01-01&assume=" + abolition: `{"q":"holders","ref":"contract/cppe-postgraduate-education","on":"2028-01-01","assume":["` + abolition + `"]}`,
		"/v1/holdings/dhsc?on=2028-01-01&assume=" + abolition + "=2027-06-01":                `{"q":"holdings","organisation":"dhsc","on":"2028-01-01","assume":{"` + abolition + `":"2027-06-01"}}`,
		"/v1/organisations/hee?on=2020-01-01":                                                `{"q":"organisation","organisation":"hee","on":"2020-01-01"}`,
		"/v1/history/contract/cppe-postgraduate-education?known=300":                         `{"q":"history","ref":"contract/cppe-postgraduate-education","known":300}`,
		"/v1/lineage/nhs-england":                      `{"q":"lineage","organisation":"nhs-england"}`,
		"/v1/lineage/nhs-england?on=2022-06-01":        `{"q":"lineage","organisation":"nhs-england","on":"2022-06-01"}`,
		"/v1/offices/hee?on=2014-01-01":                `{"q":"offices","organisation":"hee","on":"2014-01-01"}`,
		"/v1/plans?on=2026-01-01":                      `{"q":"plans","on":"2026-01-01"}`,
		"/v1/plans/" + abolition + "?on=2026-01-01":    `{"q":"plan","plan":"` + abolition + `","on":"2026-01-01"}`,
		"/v1/impact/" + abolition + "?date=2027-06-01": `{"q":"impact","plan":"` + abolition + `","date":"2027-06-01"}`,
		"/v1/findings?on=2026-01-01":                   `{"q":"findings","on":"2026-01-01"}`,
		"/v1/digest?on=2026-01-01&known=100":           `{"q":"digest","on":"2026-01-01","known":100}`,
		"/v1/diff?from=2019-03-31&to=2019-04-02&from-known=205&to-known=2999-01-01T00:00:00Z": `{"q":"diff","from":{"on":"2019-03-31","known":205},"to":{"on":"2019-04-02","known":"2999-01-01T00:00:00Z"}}`,
		"/v1/find?words=health+education":                                  `{"q":"find","words":"health education"}`,
		"/v1/titles?refs=organisation/dhsc,organisation/hee&on=2020-01-01": `{"q":"titles","refs":["organisation/dhsc","organisation/hee"],"on":"2020-01-01"}`,
		"/v1/sources":                                   `{"q":"sources"}`,
		"/v1/sources/uksi-2013-160?known=230":           `{"q":"source","source":"uksi-2013-160","known":230}`,
		"/v1/keys?actor=nobody&on=2020-01-01":           `{"q":"keys","actor":"nobody","on":"2020-01-01"}`,
		"/v1/holders/plan/x?on=2020-01-01":              `{"q":"holders","ref":"plan/x","on":"2020-01-01"}`,
		"/v1/holders/contract/none?on=2020-01-01":       `{"q":"holders","ref":"contract/none","on":"2020-01-01"}`,
		"/v1/holders/contract/none?on=2020-02-30":       `{"q":"holders","ref":"contract/none","on":"2020-02-30"}`,
		"/v1/digest?on=2020-01-01&known=100000":         `{"q":"digest","on":"2020-01-01","known":100000}`,
		"/v1/digest?on=2020-01-01&known=yesterday":      `{"q":"digest","on":"2020-01-01","known":"yesterday"}`,
		"/v1/holdings/ods:X?on=2020-01-01":              `{"q":"holdings","organisation":"ods:X","on":"2020-01-01"}`,
		"/v1/plans/" + abolition + "?on=1999-01-01":     `{"q":"plan","plan":"` + abolition + `","on":"1999-01-01"}`,
		"/v1/sources/none":                              `{"q":"source","source":"none"}`,
		"/v1/sources/uksi-2013-160?known=1":             `{"q":"source","source":"uksi-2013-160","known":1}`,
		"/v1/find":                                      `{"q":"find"}`,
		"/v1/persons/00000000-0000-4000-8000-000000000": `{"q":"person","person":"00000000-0000-4000-8000-000000000"}`,
	} {
		var line strings.Builder
		if err := client.Query(t.Context(), strings.NewReader(question), &line); err != nil {
			t.Fatal(err)
		}
		answer, text := got(t, server.URL+path)
		var problem struct {
			ledger.Problem
			Status int `json:"status"`
		}
		if answer.StatusCode != http.StatusOK {
			if err := json.Unmarshal([]byte(text), &problem); err != nil || problem.Status != answer.StatusCode {
				t.Fatalf("%s: %s, %v", path, text, err)
			}
			again, err := json.Marshal(problem.Problem)
			if err != nil {
				t.Fatal(err)
			}
			text = string(again) + "\n"
		}
		if text != line.String() {
			t.Errorf("%s:\n%s\nis not\n%s", path, text, line.String())
		}
	}
}

const abolition = "nhs-england-abolition"

// An answer has a tag that stays while it does, and changes with the ledger; what can never change may be kept.
func TestTags(t *testing.T) {
	server, client := served(t)
	record(t, client, bodies)
	cases := []struct {
		path    string
		stays   bool // when something is recorded
		forEver bool
	}{
		{"/v1/organisations/a", false, false},
		{"/v1/organisations/a?on=2020-01-01", false, false},
		{"/v1/organisations/a?known=1", true, false}, // until tomorrow
		{"/v1/organisations/a?on=2020-01-01&known=2", true, true},
		{"/v1/organisations/a?on=2020-01-01&known=2999-01-01T00:00:00Z", false, false},
		{"/v1/digest?on=2020-01-01&known=1999-01-01T00:00:00Z", true, true},
		{"/v1/offices/a?on=2020-01-01&known=2", false, false}, // persons may be forgotten
		{"/v1/lineage/a?known=2", true, true},
		{"/v1/diff?from=2020-01-01&to=2021-01-01&from-known=1&to-known=2", true, true},
		{"/v1/diff?from=2020-01-01&to=2021-01-01&from-known=1", false, false},
		{"/v1/sources?known=0", true, true},
		{"/v1/entries", false, false},
		{"/v1/entries/1", false, false},
	}
	tags := make([]string, len(cases))
	for i, c := range cases {
		answer, text := got(t, server.URL+c.path)
		tags[i] = answer.Header.Get("ETag")
		kept := strings.Contains(answer.Header.Get("Cache-Control"), "immutable")
		if !strings.HasPrefix(tags[i], `W/"`) || kept != c.forEver {
			t.Errorf("%s: ETag %s, Cache-Control %s: %s", c.path, tags[i], answer.Header.Get("Cache-Control"), text)
		}
		for _, tag := range []string{tags[i], strings.TrimPrefix(tags[i], "W/"), `"x", ` + tags[i]} {
			if again, text := got(t, server.URL+c.path, "If-None-Match", tag); again.StatusCode != http.StatusNotModified || text != "" || again.Header.Get("ETag") != tags[i] {
				t.Errorf("%s, unless it is %s: %d %s", c.path, tag, again.StatusCode, text)
			}
		}
	}
	record(t, client, `{"type":"organisation.established","data":{"organisation":"c","name":"C"}}`)
	for i, c := range cases {
		answer, _ := got(t, server.URL+c.path, "If-None-Match", tags[i])
		if stays := answer.StatusCode == http.StatusNotModified; stays != c.stays {
			t.Errorf("%s: %d after something was recorded", c.path, answer.StatusCode)
		}
	}
	for _, path := range []string{"/v1/organisations/none?on=2020-01-01&known=2", "/v1/organisations/a?known=99", "/v1/nothing"} {
		if answer, _ := got(t, server.URL+path); answer.Header.Get("ETag") != "" || answer.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: a problem is to be kept: %v", path, answer.Header)
		}
	}
	if answer, _ := got(t, server.URL+"/v1/entries?limit=1", "Accept", "application/json", "If-None-Match", tags[11]); answer.StatusCode != http.StatusOK {
		t.Errorf("the tag of lines is taken for that of JSON: %d", answer.StatusCode)
	}
}

// Two ledgers of one length have other tags.
func TestTagsTellLedgersApart(t *testing.T) {
	one, client := served(t)
	record(t, client, bodies)
	other, client := served(t)
	record(t, client, strings.ReplaceAll(bodies, "B", "Other"))
	a, _ := got(t, one.URL+"/v1/organisations/a?on=2020-01-01&known=2")
	b, _ := got(t, other.URL+"/v1/organisations/a?on=2020-01-01&known=2")
	if a.Header.Get("ETag") == b.Header.Get("ETag") {
		t.Errorf("both are %s", a.Header.Get("ETag"))
	}
}

// Answers come compressed as they are asked for, and are the same; small ones, tiles and copies of the log come as they are.
func TestCompression(t *testing.T) {
	server := sampled(t)
	for _, path := range []string{"/v1/entries", "/v1/sources", "/openapi.json", "/docs"} {
		plain, want := got(t, server.URL+path)
		for encoding, open := range map[string]func(io.Reader) (io.Reader, error){
			"gzip": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
			"zstd": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) },
		} {
			answer, text := got(t, server.URL+path, "Accept-Encoding", encoding)
			opened, err := open(strings.NewReader(text))
			if err != nil {
				t.Fatalf("%s as %s: %v, %v", path, encoding, answer.Header, err)
			}
			inner, err := io.ReadAll(opened)
			if err != nil || string(inner) != want || len(text) >= len(want) {
				t.Errorf("%s as %s: %d bytes of %d, %v", path, encoding, len(text), len(want), err)
			}
			if answer.Header.Get("Content-Encoding") != encoding || !strings.Contains(strings.Join(answer.Header.Values("Vary"), ","), "Accept-Encoding") ||
				answer.Header.Get("ETag") != plain.Header.Get("ETag") {
				t.Errorf("%s as %s: %v", path, encoding, answer.Header)
			}
		}
	}
	for _, path := range []string{"/healthz", "/v1/commits", "/tlog/tile/0/000"} {
		if answer, _ := got(t, server.URL+path, "Accept-Encoding", "gzip, zstd"); answer.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: %v", path, answer.Header)
		}
	}
}

// following reads all pages of a list, from one to the next, and calls between after each.
func following(t *testing.T, server, path string, between func()) (pages []string) {
	t.Helper()
	for next := path; next != ""; {
		answer, text := got(t, server+next)
		if answer.StatusCode != http.StatusOK || len(pages) > 1000 {
			t.Fatalf("%s: %d %s", next, answer.StatusCode, text)
		}
		pages = append(pages, text)
		next = ""
		if link := answer.Header.Get("Link"); link != "" {
			address, rel, _ := strings.Cut(strings.TrimPrefix(link, "<"), ">; ")
			if rel != `rel="next"` {
				t.Fatal(link)
			}
			next = address
		}
		between()
	}
	return pages
}

// While others record, the pages of a list are together what the list was when its first page was given: nothing is missing, and
// nothing comes twice.
func TestPagesWhileOthersRecord(t *testing.T) {
	server, client := served(t)
	var lines strings.Builder
	for i := range 60 {
		fmt.Fprintf(&lines, `{"type":"organisation.established","data":{"organisation":"o%02d","name":"Body %02d"}}`+"\n", i, i)
		fmt.Fprintf(&lines, `{"type":"source.registered","data":{"source":"s%02d","title":"S"}}`+"\n", i)
		fmt.Fprintf(&lines, `{"type":"contract.awarded","effective":"2020-01-01","data":{"contract":"c%02d","title":"C","owner":"o00"}}`+"\n", i)
		fmt.Fprintf(&lines, `{"type":"plan.announced","effective":"2020-01-01","data":{"plan":"p%02d","title":"P"}}`+"\n", i)
	}
	lines.WriteString(`{"type":"plan.announced","effective":"2020-01-01","data":{"plan":"end","title":"E","expected":"2030-01-01",` +
		`"items":[{"item":"i","type":"organisation.dissolved","data":{"organisation":"o00"}}]}}` + "\n")
	record(t, client, lines.String())
	n, stop, group := 0, make(chan struct{}), sync.WaitGroup{}
	group.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			n++
			batch := fmt.Sprintf(`{"type":"organisation.established","data":{"organisation":"a%06d","name":"Body"}}
{"type":"contract.awarded","effective":"2019-01-01","data":{"contract":"a%06d","title":"C","owner":"o00"}}
{"type":"source.registered","data":{"source":"a%06d","title":"S"}}
{"type":"plan.announced","effective":"2019-01-01","data":{"plan":"a%06d","title":"P"}}
{"type":"contract.transferred","effective":"2021-01-01","data":{"contract":"c%02d","from":"o00","to":"o01"}}`, n, n, n, n, n%60)
			if _, err := client.Record(t.Context(), strings.NewReader(batch), ledger.RecordOptions{}); err != nil {
				t.Error(err)
				return
			}
		}
	})
	defer func() { close(stop); group.Wait() }()
	for _, path := range []string{"/v1/holdings/o00", "/v1/sources", "/v1/plans", "/v1/findings", "/v1/find?words=body", "/v1/diff?from=2019-12-31&to=2030-01-01", "/v1/impact/end",
		"/v1/holdings/o00?on=2022-01-01", "/v1/sources?known=2999-01-01T00:00:00Z"} {
		address, err := url.Parse(path)
		if err != nil {
			t.Fatal(err)
		}
		query := address.Query()
		query.Set("limit", "7")
		grown := func() { awaitGrowth(t, client) }
		pages := following(t, server.URL, address.Path+"?"+query.Encode(), grown)
		var known uint64
		var items []string
		for _, page := range pages {
			k, some := listed(t, page)
			known, items = max(known, k), append(items, some...)
		}
		sorted := slices.Clone(items)
		slices.Sort(sorted)
		if len(slices.Compact(sorted)) != len(items) || len(pages) < 2 {
			t.Errorf("%s: %d items on %d pages, %d of them once", path, len(items), len(pages), len(slices.Compact(sorted)))
		}
		if known == 0 { // the answer does not say it
			continue
		}
		query.Del("limit")
		query.Set("known", fmt.Sprint(known))
		_, whole := got(t, server.URL+address.Path+"?"+query.Encode())
		if _, want := listed(t, whole); !slices.Equal(items, want) {
			t.Errorf("%s: pages of\n%s\nare not the list of\n%s", path, items, want)
		}
	}
}

// awaitGrowth returns when more is recorded than was.
func awaitGrowth(t *testing.T, client *api.Client) {
	t.Helper()
	status, err := client.Status(t.Context())
	for now := status; err == nil && now.LastSeq == status.LastSeq; {
		now, err = client.Status(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// listed is the point of an answer, where it has one, and the items of its lists.
func listed(t *testing.T, text string) (known uint64, items []string) {
	t.Helper()
	var answer map[string]any
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if at, ok := answer["known"].(float64); ok {
		known = uint64(at)
	}
	for _, name := range []string{"holdings", "sources", "plans", "findings", "matches", "changes", "orphaned"} {
		list, _ := answer[name].([]any)
		for _, item := range list {
			one, err := json.Marshal(item, json.Deterministic(true))
			if err != nil {
				t.Fatal(err)
			}
			items = append(items, name+" "+string(one))
		}
	}
	return known, items
}

// The log comes in pages too, as JSON and as lines, all of it or what concerns a reference, up to where it ended at first.
func TestEntriesInPagesByCursor(t *testing.T) {
	server, client := served(t)
	record(t, client, renamings)
	for query, want := range map[string][]uint64{"": {1, 2, 3, 4, 5}, "&ref=organisation/a": {1, 3, 5}, "&from=2": {2, 3, 4, 5}, "&to=4": {1, 2, 3}, "&ref=organisation/a&from=2": {3, 5}} {
		for _, accept := range []string{"application/json", "application/x-ndjson"} {
			status, err := client.Status(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var seqs []uint64
			next := "/v1/entries?limit=1" + query + "&to=" + fmt.Sprint(status.LastSeq+1)
			if strings.Contains(query, "to=") {
				next = "/v1/entries?limit=1" + query
			}
			for next != "" {
				answer, text := got(t, server.URL+next, "Accept", accept)
				if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != accept {
					t.Fatalf("%s: %d %s", next, answer.StatusCode, text)
				}
				seqs = append(seqs, sequencesIn(t, text)...)
				next, _, _ = strings.Cut(strings.TrimPrefix(answer.Header.Get("Link"), "<"), ">")
			}
			if len(seqs) < len(want) || !slices.Equal(seqs[:len(want)], want) {
				t.Errorf("%s as %s: %v, want %v first", query, accept, seqs, want)
			}
			record(t, client, fmt.Sprintf(`{"type":"source.registered","data":{"source":"s%d","title":"S"}}`, status.LastSeq))
		}
	}
}

func sequencesIn(t *testing.T, text string) (seqs []uint64) {
	t.Helper()
	var page struct {
		Entries []struct {
			Seq uint64 `json:"seq"`
		} `json:"entries"`
		Seq uint64 `json:"seq"`
	}
	for line := range strings.Lines(text) {
		if err := json.Unmarshal([]byte(line), &page); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if page.Seq != 0 {
			seqs = append(seqs, page.Seq)
		}
	}
	for _, e := range page.Entries {
		seqs = append(seqs, e.Seq)
	}
	return seqs
}

// A cursor that was given with another list, or with none, is refused.
func TestCursorsOfOthers(t *testing.T) {
	server := sampled(t)
	answer, _ := got(t, server.URL+"/v1/sources?limit=1")
	next, _, _ := strings.Cut(strings.TrimPrefix(answer.Header.Get("Link"), "<"), ">")
	address, err := url.Parse(next)
	if err != nil {
		t.Fatal(err)
	}
	cursor := address.Query().Get("cursor")
	for _, path := range []string{"/v1/sources?known=300&cursor=" + cursor, "/v1/plans?cursor=" + cursor, "/v1/sources?cursor=x", "/v1/sources?cursor=AAAA",
		"/v1/sources?limit=0", "/v1/sources?limit=10001", "/v1/sources?limit=ten"} {
		if answer, text := got(t, server.URL+path); answer.StatusCode != http.StatusBadRequest || !strings.Contains(text, `"code":"bad-request"`) {
			t.Errorf("%s: %d %s", path, answer.StatusCode, text)
		}
	}
	if answer, text := got(t, server.URL+"/v1/sources?limit=3&cursor="+cursor); answer.StatusCode != http.StatusOK {
		t.Errorf("with another limit: %d %s", answer.StatusCode, text)
	}
}

// An entry is found by its sequence and by its id.
func TestOneEntry(t *testing.T) {
	server, client := served(t)
	receipts := record(t, client, bodies)
	_, bySeq := got(t, server.URL+"/v1/entries/2")
	_, byID := got(t, server.URL+"/v1/entries/"+receipts[1].ID.String())
	_, lines := got(t, server.URL+"/v1/entries?from=2")
	if bySeq != byID || bySeq != lines {
		t.Errorf("%s, %s, %s", bySeq, byID, lines)
	}
	for _, path := range []string{"/v1/entries/0", "/v1/entries/3", "/v1/entries/00000000-0000-4000-8000-000000000009"} {
		if answer, text := got(t, server.URL+path); answer.StatusCode != http.StatusNotFound || !strings.Contains(text, `"code":"not-found"`) {
			t.Errorf("%s: %d %s", path, answer.StatusCode, text)
		}
	}
}

// A problem is one of RFC 9457, its type leads to where its code is explained, and a wrong method is told apart.
func TestProblems(t *testing.T) {
	server, _ := served(t)
	_, explained := got(t, server.URL+"/docs/problems")
	for path, want := range map[string]int{"/v1/organisations/none": 404, "/v1/digest?on=never": 400, "/v1/nothing": 404, "/v1/query": 405, "/v1/digest?on=%zz": 400, "/v1/digest?day=2020-01-01": 400} {
		answer, text := got(t, server.URL+path)
		var problem api.Problem
		if err := json.Unmarshal([]byte(text), &problem); err != nil {
			t.Fatal(errors.Join(err, errors.New(text)))
		}
		page, code, _ := strings.Cut(problem.Type, "#")
		if answer.StatusCode != want || problem.Status != want || answer.Header.Get("Content-Type") != "application/problem+json" || problem.Detail != problem.Problem.Error.Message ||
			problem.Title == "" || !strings.HasPrefix(path, problem.Instance) || page != "/docs/problems" || !strings.Contains(explained, `id="`+code+`"`) {
			t.Errorf("%s: %d %s", path, answer.StatusCode, text)
		}
		if want == 405 && answer.Header.Get("Allow") != "POST" {
			t.Errorf("%s takes %q", path, answer.Header.Get("Allow"))
		}
	}
}
