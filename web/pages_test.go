package web

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// things are pages about things of the sample, at moments of both clocks that look different.
var things = []string{
	"/organisation/hee?on=2019-03-31", "/organisation/hee?on=2024-01-01", "/organisation/nhs-england?on=2012-01-01&known=248",
	"/contract/cppe-postgraduate-education?on=2023-03-15&known=248", "/contract/cppe-postgraduate-education?on=2026-07-01",
	"/responsibility/education-commissioning?on=2013-03-31", "/lineage/hee", "/organisation/hee/held?on=2024-01-01",
	"/organisation/hee/holdings?on=2019-03-31&kind=unit", "/search?q=health&kind=organisation", "/",
}

// text is what a page says in its main part, a line for each element that begins one.
func text(t *testing.T, page string) string {
	t.Helper()
	root, err := nethtml.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.DataAtom == atom.Main {
			var b strings.Builder
			spoken(&b, n)
			return tidy(b.String())
		}
	}
	t.Fatal("the page has no main part")
	return ""
}

func spoken(b *strings.Builder, n *nethtml.Node) {
	for child := range n.ChildNodes() {
		switch {
		case child.Type == nethtml.TextNode:
			b.WriteString(strings.ReplaceAll(child.Data, "\n", " "))
		case child.DataAtom == atom.Svg, child.DataAtom == atom.Figure && child.FirstChild == nil:
		default:
			switch child.DataAtom {
			case atom.A, atom.Span, atom.Strong, atom.Code, atom.Q, atom.B:
			case atom.Td, atom.Th:
				b.WriteString(" | ")
			default:
				b.WriteString("\n")
			}
			spoken(b, child)
		}
	}
}

var spaces, recorded = regexp.MustCompile(`[ \t]+`), regexp.MustCompile(`\d+ \w+ 20\d\d at \d\d:\d\d:\d\d UTC`)

// tidy leaves out empty lines, and when this test recorded the entries.
func tidy(text string) string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(spaces.ReplaceAllString(line, " ")); line != "" {
			lines = append(lines, recorded.ReplaceAllString(line, "TIME"))
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// What the pages about things say.
func TestPagesSay(t *testing.T) {
	w := sampled(t)
	for _, at := range things {
		name := strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(at, "_"), "_")
		if name == "" {
			name = "start"
		}
		file := filepath.Join("testdata", "pages", name+".golden")
		got := text(t, w.get(at).Body.String())
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s says, unlike %s:\n%s", at, file, got)
		}
	}
}

// Both clocks stay while one moves about: every link of a page has them as the page has, but those that move a clock.
func TestLinksKeepBothClocks(t *testing.T) {
	w := sampled(t)
	for _, at := range []string{"/", "/organisation/hee", "/contract/cppe-postgraduate-education", "/lineage/hee", "/search?q=health", "/organisation/hee/holdings"} {
		joint := "?"
		if strings.Contains(at, "?") {
			joint = "&"
		}
		page := w.get(at + joint + "on=2019-03-31&known=300").Body.String()
		root, err := nethtml.Parse(strings.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		looked := 0
		for n := range root.Descendants() {
			link := attribute(n, "href")
			if n.DataAtom != atom.A || !strings.HasPrefix(link, "/") || standsIn(n, "clocks") || standsIn(n, "moves") || strings.HasPrefix(link, "/v1/") {
				continue
			}
			to, err := url.Parse(link)
			if err != nil {
				t.Fatal(err)
			}
			looked++
			if fields := to.Query(); fields.Get("on") != "2019-03-31" || fields.Get("known") != "300" {
				t.Errorf("%s leads to %s", at, link)
			}
		}
		if looked < 10 {
			t.Errorf("%s: only %d links were looked at", at, looked)
		}
	}
}

func attribute(n *nethtml.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// standsIn reports whether an element stands in one of a class.
func standsIn(n *nethtml.Node, class string) bool {
	for ; n != nil; n = n.Parent {
		if strings.Contains(" "+attribute(n, "class")+" ", " "+class+" ") {
			return true
		}
	}
	return false
}

// A view that is not of today, as known now, says so in plain words; one that is says nothing.
func TestBanner(t *testing.T) {
	w := sampled(t)
	for at, want := range map[string][]string{
		"/organisation/hee":                                                    nil,
		"/organisation/hee?on=2026-07-01":                                      nil, // today
		"/organisation/hee?on=2019-03-31":                                      {"You are looking at the past: at 31 March 2019."},
		"/organisation/hee?on=2027-04-01":                                      {"1 April 2027 is still to come. This is the prospective view", "What plans intend is not counted."},
		"/organisation/hee?known=248":                                          {"You are looking at what was known earlier: at sequence 248, recorded on"},
		"/organisation/hee?on=2019-03-31&known=248":                            {"at 31 March 2019.", "at sequence 248"},
		"/organisation/nhs-england?assume=nhs-england-abolition&on=2027-04-01": {"It is assumed that the plan “NHS England is abolished” is carried out."},
	} {
		page := w.get(at).Body.String()
		said := ""
		if _, rest, found := strings.Cut(page, `class="banner`); found {
			said, _, _ = strings.Cut(rest, "</div>")
			said = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(said, "")
		}
		if want == nil && said != "" {
			t.Errorf("%s says %q", at, said)
		}
		for _, words := range want {
			if !strings.Contains(said, words) {
				t.Errorf("%s says %q, without %q", at, said, words)
			}
		}
	}
}

// The form that a request gets is that of its suffix, else the one that it prefers.
func TestNegotiation(t *testing.T) {
	w := sampled(t)
	for _, c := range []struct {
		at, accept, media string
		status            int
	}{
		{"/organisation/hee", "", "text/html", 200},
		{"/organisation/hee", "*/*", "text/html", 200},
		{"/organisation/hee", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html", 200},
		{"/organisation/hee", "application/json", "application/json", 200},
		{"/organisation/hee", "application/json;q=0.5, text/csv", "text/csv", 200},
		{"/organisation/hee", "image/*", "image/svg+xml", 200},
		{"/organisation/hee", "application/ld+json", "application/ld+json", 200},
		{"/organisation/hee", "text/html;q=0, */*;q=0.1", "application/json", 200},
		{"/organisation/hee", "application/pdf", "text/html", 406},
		{"/organisation/hee.json", "text/html", "application/json", 200},
		{"/organisation/hee.html", "application/json", "text/html", 200},
		{"/organisation/hee.jsonld", "", "application/ld+json", 200},
		{"/index.json", "", "application/json", 200},
		{"/search.svg?q=health", "", "application/json", 406},
		{"/organisation/ods:none", "", "text/html", 400},
		{"/organisation/none", "application/json", "application/json", 400},
		{"/nothing/at/all", "", "text/html", 404},
	} {
		header := []string{"Accept", c.accept}
		if c.accept == "" {
			header = nil
		}
		answer := w.get(c.at, header...)
		media, _, _ := strings.Cut(answer.Header().Get("Content-Type"), ";")
		if answer.Code != c.status || media != c.media {
			t.Errorf("%s as %q: %d %s, want %d %s", c.at, c.accept, answer.Code, media, c.status, c.media)
		}
		if policy := answer.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", c.at, policy)
		}
	}
}

// Every form of a page about a thing is what it says it is, and JSON is the answer of query.
func TestFormsOfThings(t *testing.T) {
	w := sampled(t)
	for at, question := range map[string]string{
		"/organisation/hee":                       `{"q":"organisation","organisation":"hee","on":"2019-03-31","known":248}`,
		"/organisation/hee/holdings":              `{"q":"holdings","organisation":"hee","on":"2019-03-31","known":248}`,
		"/contract/cppe-postgraduate-education":   `{"q":"holders","ref":"contract/cppe-postgraduate-education","on":"2019-03-31","known":248}`,
		"/responsibility/education-commissioning": `{"q":"holders","ref":"responsibility/education-commissioning","on":"2019-03-31","known":248}`,
		"/lineage/hee":                            `{"q":"lineage","organisation":"hee","on":"2019-03-31","known":248}`,
	} {
		const moment = "?on=2019-03-31&known=248"
		if got, want := strings.TrimSpace(w.get(at+".json"+moment).Body.String()), string(w.Answer(t.Context(), []byte(question))); got != want {
			t.Errorf("%s.json\n got %.300s\nwant %.300s", at, got, want)
		}
		if rows, err := csv.NewReader(w.get(at + ".csv" + moment).Body).ReadAll(); err != nil || len(rows) < 2 {
			t.Errorf("%s.csv has %d rows: %v", at, len(rows), err)
		}
		if answer := w.get(at + ".svg" + moment); answer.Code == http.StatusOK {
			checkSVG(t, at, answer.Body)
		}
		if answer := w.get(at + ".jsonld" + moment); answer.Code == http.StatusOK {
			checkLinked(t, at, answer.Body.Bytes())
		}
	}
}

// checkSVG reads a picture: well-formed, with words in it, and without what the policy would block.
func checkSVG(t *testing.T, at string, r io.Reader) {
	t.Helper()
	texts, decoder := 0, xml.NewDecoder(r)
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s.svg: %v", at, err)
		}
		element, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if element.Name.Local == "text" {
			texts++
		}
		if element.Name.Local == "style" || element.Name.Local == "script" {
			t.Errorf("%s.svg has an element %s", at, element.Name.Local)
		}
		for _, a := range element.Attr {
			if a.Name.Local == "style" || strings.HasPrefix(a.Name.Local, "on") {
				t.Errorf("%s.svg has an attribute %s", at, a.Name.Local)
			}
		}
	}
	if texts < 3 {
		t.Errorf("%s.svg has %d texts", at, texts)
	}
}

// checkLinked reads JSON-LD: it describes the thing, by the address of its page.
func checkLinked(t *testing.T, at string, text []byte) {
	t.Helper()
	var document struct {
		Context map[string]string `json:"@context"`
		Graph   []map[string]any  `json:"@graph"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatalf("%s.jsonld: %v", at, err)
	}
	described := false
	for _, node := range document.Graph {
		described = described || node["@id"] == "http://example.com"+at
	}
	if !described || document.Context["org"] == "" {
		t.Errorf("%s.jsonld does not describe it: %.300s", at, text)
	}
}

// What the ledger holds is shown as it is, and is never markup.
func TestNothingRecordedIsMarkup(t *testing.T) {
	const evil = `<script>alert(1)</script>\" onload=x & <b>`
	w := walk(t, `{"type":"source.registered","data":{"source":"s","title":"`+evil+`","publisher":"`+evil+`","url":"javascript:alert(1)"},"note":"`+evil+`"}
{"type":"organisation.established","effective":"2000-01-01","data":{"organisation":"a","name":"`+evil+`","form":"`+evil+`","identifiers":[{"scheme":"x","value":"`+evil+`"}]},"sources":[{"source":"s","locator":"`+evil+`"}],"note":"`+evil+`"}
{"type":"organisation.established","effective":"2000-01-01","data":{"organisation":"b","name":"B `+evil+`","parent":{"organisation":"a","relation":"part_of"}},"sources":[{"source":"s"}]}
{"type":"contract.awarded","effective":"2001-01-01","data":{"contract":"c","title":"`+evil+`","owner":"a","suppliers":["b"]},"sources":[{"source":"s"}]}
{"type":"organisation.merged","effective":"2020-01-01","data":{"organisations":["a"],"into":"b"},"sources":[{"source":"s"}]}
{"type":"appointment.made","effective":"2001-01-01","data":{"office":"o","title":"`+evil+`","organisation":"b","person":"`+evil+`"},"sources":[{"source":"s"}]}
`)
	for _, at := range []string{"/", "/organisation/a", "/organisation/a?on=2010-01-01", "/organisation/b", "/contract/c?on=2010-01-01", "/contract/c", "/lineage/a", "/search?q=script",
		"/search?q=" + url.QueryEscape(`"><script>alert(1)</script>`), "/organisation/a?on=" + url.QueryEscape(`"><script>`), "/organisation/b/holdings", "/organisation/a/held"} {
		page := w.get(at).Body.String()
		root, err := nethtml.Parse(strings.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		for n := range root.Descendants() {
			if n.DataAtom == atom.Script && attribute(n, "src") == "" || n.DataAtom == atom.B || attribute(n, "onload") != "" {
				t.Errorf("%s: markup from the ledger: <%s>", at, n.Data)
			}
			if link := attribute(n, "href"); strings.HasPrefix(strings.ToLower(link), "javascript:") {
				t.Errorf("%s leads to %s", at, link)
			}
		}
		if strings.ContainsAny(page, "\x01\x02\x03") {
			t.Errorf("%s has marks in it", at)
		}
		leadTo(t, page)
	}
}

// A moment that cannot be is refused, and says how it is written.
func TestRefusedMoments(t *testing.T) {
	w := sampled(t)
	for at, want := range map[string]string{
		"/organisation/hee?on=2019-02-30": "2019-02-30", "/organisation/hee?known=99999": "the log ends at", "/organisation/hee?known=soon": "neither the sequence",
		"/organisation/hee?page=99": "page", "/organisation/hee/holdings?kind=x": "none of", "/lineage/hee?steps=x": "steps", "/search?kind=x": "no kind",
		"/organisation/hee?assume=" + url.QueryEscape("a b"): "no plan", "/organisation/hee?assume=p%3Dx": "x", "/organisation/nhs-england?known=2": "is not known at entry 2",
	} {
		answer := w.get(at)
		if answer.Code != http.StatusBadRequest || !strings.Contains(answer.Body.String(), want) {
			t.Errorf("%s: %d without %q\n%s", at, answer.Code, want, text(t, answer.Body.String()))
		}
	}
	if page := w.get("/organisation/nhs-england?known=2").Body.String(); !strings.Contains(page, `<a href="/organisation/nhs-england">NHS England, as known now</a>`) {
		t.Error("what is not known yet does not lead to what is known now")
	}
}

// An address without empty fields is where a form of empty fields leads.
func TestEmptyFieldsGo(t *testing.T) {
	answer := sampled(t).get("/organisation/hee.json?on=2019-03-31&known=")
	if got := answer.Header().Get("Location"); answer.Code != http.StatusSeeOther || got != "/organisation/hee.json?on=2019-03-31" {
		t.Errorf("%d to %s", answer.Code, got)
	}
}

// A page that has not changed is not sent again; one that an entry may have changed is.
func TestUnchangedPages(t *testing.T) {
	w := walk(t, `{"type":"organisation.established","data":{"organisation":"a","name":"A"}}`)
	tag := w.get("/organisation/a").Header().Get("ETag")
	if got := w.get("/organisation/a", "If-None-Match", tag).Code; tag == "" || got != http.StatusNotModified {
		t.Errorf("unchanged, with the tag %s: %d", tag, got)
	}
	if other := w.get("/organisation/a.json").Header().Get("ETag"); other == tag {
		t.Error("two forms have one tag")
	}
}

// The clocks' bar offers the days and the known points at which something changed for this thing.
func TestClocksOffer(t *testing.T) {
	page := sampled(t).get("/contract/cppe-postgraduate-education?on=2019-03-31&known=248").Body.String()
	for _, want := range []string{`data-slide="on" data-values="2013-04-01 2020-12-31 2023-02-01 2023-02-28"`, `data-slide="known" data-values="154 178 249"`,
		`rel="next"><span class="unseen">Later change: </span>31 December 2020`, `value="2019-03-31"`, `value="248"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the bar has no %s", want)
		}
	}
}

// Static files are kept for good by the address that pages use, and only by that.
func TestStatic(t *testing.T) {
	w := walk(t)
	page := w.get("/").Body.String()
	found := regexp.MustCompile(`"(/static/[^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(found) < 4 {
		t.Fatalf("a page takes %d files", len(found))
	}
	for _, m := range found {
		answer := w.get(m[1])
		if answer.Code != http.StatusOK || !strings.Contains(answer.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %s", m[1], answer.Code, answer.Header().Get("Cache-Control"))
		}
		bare, _, _ := strings.Cut(m[1], "?")
		if strings.Contains(w.get(bare).Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s is kept for good", bare)
		}
	}
	if got := w.get("/static/none.css").Code; got != http.StatusNotFound {
		t.Errorf("a file that is not there: %d", got)
	}
}

// A list that is longer than a page comes in pages, which together have all of it, each line once.
func TestPaging(t *testing.T) {
	var lines strings.Builder
	lines.WriteString(`{"type":"organisation.established","data":{"organisation":"a","name":"A"}}` + "\n")
	const n = 2*holdingsAPage + 7
	for i := range n {
		fmt.Fprintf(&lines, `{"type":"contract.awarded","effective":"2001-01-01","data":{"contract":"c%03d","title":"Contract %03d","owner":"a"}}`+"\n", i, i)
	}
	w := walk(t, lines.String())
	seen := make(map[string]int)
	at, pages := "/organisation/a/holdings", 0
	for at != "" {
		page := w.get(at).Body.String()
		for _, m := range regexp.MustCompile(`href="(/contract/[^"]+)"`).FindAllStringSubmatch(page, -1) {
			seen[m[1]]++
		}
		next := regexp.MustCompile(`href="([^"]+)" rel="next">Next page`).FindStringSubmatch(page)
		at = ""
		if next != nil {
			at = strings.ReplaceAll(next[1], "&amp;", "&")
		}
		pages++
	}
	if len(seen) != n || pages != 3 {
		t.Errorf("%d contracts on %d pages, want %d on 3", len(seen), pages, n)
	}
	if page := w.get("/organisation/a").Body.String(); !strings.Contains(page, "All 207") || !strings.Contains(page, "(208)") {
		t.Error("the page of the organisation does not count what it holds, or its entries")
	}
}
