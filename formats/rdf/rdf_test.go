package rdf_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/cayleygraph/quad"
	"github.com/cayleygraph/quad/nquads"
	"github.com/piprate/json-gold/ld"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats/exporttest"
	"github.com/orgledger/orgledger/formats/rdf"
	"github.com/orgledger/orgledger/formats/tables"
	"github.com/orgledger/orgledger/ledger"
)

const base = "https://example.org/history/"

var histories = map[string]string{"sample": "../../ledger/sample/history.jsonl", "odd": "../../cmd/orgledger/testdata/odd.jsonl"}

// write says a whole ledger, as it is at its last entry on a day, in both syntaxes.
func write(t *testing.T, log exporttest.Log, view *ledger.View, on domain.Date) (quads, linked []byte) {
	t.Helper()
	written := func(syntax func(io.Writer) rdf.Syntax) []byte {
		var out bytes.Buffer
		s := syntax(&out)
		w := rdf.New(rdf.Options{Base: base, On: on, Known: view.Seq(), History: true}, s)
		_, err := tables.Write(t.Context(), view, log, tables.Options{Ledger: "main", On: on, Known: view.Seq()}, w)
		if err := errors.Join(err, s.Close()); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	return written(rdf.NewNQuads), written(rdf.NewJSONLD)
}

// A JSON-LD processor makes of the JSON-LD the statements of the N-Quads, and nothing else.
func TestBothSaySame(t *testing.T) {
	for name, file := range histories {
		t.Run(name, func(t *testing.T) {
			log, view := exporttest.Sample(t, file)
			quads, linked := write(t, log, view, 740_000)
			var document any
			if err := json.Unmarshal(linked, &document); err != nil {
				t.Fatal(err)
			}
			options := ld.NewJsonLdOptions("")
			options.Format = "application/n-quads"
			options.DocumentLoader = nothing{}
			given, err := ld.NewJsonLdProcessor().ToRDF(document, options)
			if err != nil {
				t.Fatal(err)
			}
			dataset, err := ld.ParseNQuads(string(quads))
			if err != nil {
				t.Fatal(err)
			}
			again, err := (&ld.NQuadRDFSerializer{}).Serialize(dataset)
			if err != nil {
				t.Fatal(err)
			}
			got, want := statements(given.(string)), statements(again.(string))
			if len(want) < 1000 && name == "sample" {
				t.Errorf("only %d statements", len(want))
			}
			for _, line := range want {
				if _, found := slices.BinarySearch(got, line); !found {
					t.Fatalf("the JSON-LD lacks %s", line)
				}
			}
			for _, line := range got {
				if _, found := slices.BinarySearch(want, line); !found {
					t.Fatalf("the N-Quads lack %s", line)
				}
			}
		})
	}
}

// nothing loads no document: the JSON-LD has to be readable by itself.
type nothing struct{}

// LoadDocument refuses.
func (nothing) LoadDocument(address string) (*ld.RemoteDocument, error) {
	return nil, errors.New("it wants " + address)
}

func statements(text string) []string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	slices.Sort(lines)
	return slices.Compact(lines)
}

// dataset is what another library reads of N-Quads.
type dataset map[string]map[string][]string // objects by subject and predicate, all graphs together

func parse(t *testing.T, text []byte) dataset {
	t.Helper()
	d := make(dataset)
	reader := nquads.NewReader(bytes.NewReader(text), true)
	for {
		q, err := reader.ReadQuad()
		if errors.Is(err, io.EOF) {
			return d
		}
		if err != nil {
			t.Fatal(err)
		}
		subject := quad.StringOf(q.Subject)
		if d[subject] == nil {
			d[subject] = make(map[string][]string)
		}
		predicate, object := quad.StringOf(q.Predicate), stated(q.Object)
		if !slices.Contains(d[subject][predicate], object) {
			d[subject][predicate] = append(d[subject][predicate], object)
		}
	}
}

// stated is an object as N-Quads write it, without abbreviations of the library's own.
func stated(object quad.Value) string {
	if literal, ok := object.(quad.TypedString); ok {
		return literal.Value.String() + "^^<" + string(literal.Type.Full()) + ">"
	}
	if value, ok := object.(quad.TypedStringer); ok {
		literal := value.TypedString()
		return literal.Value.String() + "^^<" + string(literal.Type.Full()) + ">"
	}
	return quad.StringOf(object)
}

func orgTerm(name string) string  { return "<http://www.w3.org/ns/org#" + name + ">" }
func provTerm(name string) string { return "<http://www.w3.org/ns/prov#" + name + ">" }
func olTerm(name string) string   { return "<urn:orgledger:vocab:" + name + ">" }
func dctTerm(name string) string  { return "<http://purl.org/dc/terms/" + name + ">" }
func skosTerm(name string) string { return "<http://www.w3.org/2004/02/skos/core#" + name + ">" }

const rdfType = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"

// shape says of the nodes of a class which properties they have, how often, and of which class their objects are.
type shape struct {
	property string
	min, max int      // max 0: any number
	class    []string // of the objects, one of these; nil: anything
	datatype string   // of the objects; empty: anything
}

var shapes = map[string][]shape{
	orgTerm("Organization"): {
		{dctTerm("identifier"), 1, 1, nil, ""},
		{olTerm("status"), 1, 1, []string{skosTerm("Concept")}, ""},
		{skosTerm("prefLabel"), 0, 1, nil, ""},
		{orgTerm("classification"), 0, 1, []string{skosTerm("Concept")}, ""},
		{orgTerm("subOrganizationOf"), 0, 1, []string{orgTerm("Organization")}, ""},
		{orgTerm("unitOf"), 0, 1, []string{orgTerm("Organization")}, ""},
		{orgTerm("changedBy"), 0, 0, []string{orgTerm("ChangeEvent")}, ""},
		{orgTerm("resultedFrom"), 0, 0, []string{orgTerm("ChangeEvent")}, ""},
	},
	orgTerm("ChangeEvent"): {
		{dctTerm("date"), 1, 1, nil, "^^<http://www.w3.org/2001/XMLSchema#date>"},
		{dctTerm("type"), 1, 1, []string{skosTerm("Concept")}, ""},
		{olTerm("recordedAs"), 1, 1, []string{provTerm("Entity")}, ""},
		{orgTerm("originalOrganization"), 0, 0, []string{orgTerm("Organization")}, ""},
		{orgTerm("resultingOrganization"), 0, 0, []string{orgTerm("Organization")}, ""},
	},
	orgTerm("Membership"): {
		{orgTerm("member"), 1, 1, []string{"<http://xmlns.com/foaf/0.1/Person>"}, ""},
		{orgTerm("organization"), 1, 1, []string{orgTerm("Organization")}, ""},
		{olTerm("post"), 1, 1, []string{orgTerm("Post")}, ""},
	},
	orgTerm("Post"): {
		{orgTerm("postIn"), 0, 1, []string{orgTerm("Organization")}, ""},
		{orgTerm("heldBy"), 0, 1, []string{"<http://xmlns.com/foaf/0.1/Person>"}, ""},
	},
	olTerm("Responsibility"): {
		{olTerm("status"), 1, 1, []string{skosTerm("Concept")}, ""},
		{dctTerm("type"), 0, 1, []string{skosTerm("Concept")}, ""},
		{olTerm("lead"), 0, 0, []string{orgTerm("Organization")}, ""},
	},
	olTerm("Contract"): {{olTerm("owner"), 0, 0, []string{orgTerm("Organization")}, ""}},
	olTerm("Entry"): {
		{provTerm("generatedAtTime"), 1, 1, nil, "^^<http://www.w3.org/2001/XMLSchema#dateTime>"},
		{olTerm("sequence"), 1, 1, nil, "^^<http://www.w3.org/2001/XMLSchema#integer>"},
		{dctTerm("type"), 1, 1, []string{skosTerm("Concept")}, ""},
		{provTerm("hadPrimarySource"), 0, 0, []string{olTerm("Source")}, ""},
		{provTerm("qualifiedPrimarySource"), 0, 0, []string{provTerm("PrimarySource")}, ""},
		{provTerm("wasRevisionOf"), 0, 1, []string{olTerm("Entry")}, ""},
		{provTerm("wasAttributedTo"), 0, 1, []string{provTerm("Agent")}, ""},
	},
	provTerm("PrimarySource"): {{provTerm("entity"), 1, 1, []string{olTerm("Source")}, ""}, {olTerm("locator"), 1, 1, nil, ""}},
	skosTerm("Concept"):       {{skosTerm("prefLabel"), 1, 1, nil, ""}, {skosTerm("inScheme"), 1, 1, []string{skosTerm("ConceptScheme")}, ""}},
	olTerm("HoldingPeriod"): {
		{olTerm("organisation"), 1, 1, []string{orgTerm("Organization")}, ""},
		{olTerm("role"), 1, 1, nil, ""},
		{olTerm("via"), 1, 0, []string{olTerm("Entry")}, ""},
		{olTerm("validFrom"), 0, 1, nil, "^^<http://www.w3.org/2001/XMLSchema#date>"},
		{olTerm("validTo"), 0, 1, nil, "^^<http://www.w3.org/2001/XMLSchema#date>"},
		{olTerm("knownFrom"), 1, 1, nil, "^^<http://www.w3.org/2001/XMLSchema#integer>"},
	},
	olTerm("FactVersion"): {{olTerm("seq"), 1, 1, []string{olTerm("Entry")}, ""}, {olTerm("version"), 1, 1, []string{olTerm("Entry")}, ""}},
}

// What another library reads of the N-Quads keeps the shapes of the classes used.
func TestShapes(t *testing.T) {
	for name, file := range histories {
		t.Run(name, func(t *testing.T) {
			log, view := exporttest.Sample(t, file)
			quads, _ := write(t, log, view, 740_000)
			d, judged := parse(t, quads), make(map[string]int)
			for subject, properties := range d {
				for _, class := range properties[rdfType] {
					judged[class]++
					for _, s := range shapes[class] {
						d.judge(t, subject, class, s)
					}
				}
			}
			for class := range shapes {
				if judged[class] == 0 && name == "sample" && class != orgTerm("Membership") && class != orgTerm("Post") {
					t.Errorf("there is no %s", class)
				}
			}
		})
	}
}

func (d dataset) judge(t *testing.T, subject, class string, s shape) {
	objects := d[subject][s.property]
	if len(objects) < s.min || s.max > 0 && len(objects) > s.max {
		t.Errorf("the %s %s has %d of %s: %v", class, subject, len(objects), s.property, objects)
	}
	for _, object := range objects {
		if s.class != nil && !slices.ContainsFunc(s.class, func(c string) bool { return slices.Contains(d[object][rdfType], c) }) {
			t.Errorf("%s of %s is %s, which is no %v", s.property, subject, object, s.class)
		}
		if !strings.HasSuffix(object, s.datatype) {
			t.Errorf("%s of %s is %s, not %s", s.property, subject, object, s.datatype)
		}
	}
}

// The default graph has the holders that the ledger answers.
func TestStateIsAnswers(t *testing.T) {
	log, view := exporttest.Sample(t, histories["sample"])
	on := domain.Date(738_000) // 2021-07-27
	quads, _ := write(t, log, view, on)
	d, held := parse(t, quads), 0
	for _, ref := range view.Refs(view.Seq()) {
		if ref.Kind != domain.KindResponsibility && ref.Kind != domain.KindContract {
			continue
		}
		answer, err := view.Holders(ref, ledger.Point{On: on, Known: view.Seq()}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range answer.Holders {
			held++
			if !slices.Contains(d["<"+base+ref.String()+">"][olTerm(h.Role)], "<"+base+"organisation/"+h.Organisation+">") {
				t.Errorf("%s has no %s %s", ref, h.Role, h.Organisation)
			}
		}
	}
	if held == 0 {
		t.Error("nothing is held")
	}
}

// Literals come back as they were, whatever is in them.
func TestLiterals(t *testing.T) {
	for _, title := range []string{`"quoted" \ and \n`, "two\nlines\r\tand more", "\x01\x7f", "Gwŷdd – 学", "<&>"} {
		var quads bytes.Buffer
		s := rdf.NewNQuads(&quads)
		w := rdf.New(rdf.Options{Base: base}, s)
		err := w.Row(tables.Things, []any{"contract/c", "contract", "c", title, int64(1)})
		if err := errors.Join(err, s.Close()); err != nil {
			t.Fatal(err)
		}
		read, err := ld.ParseNQuads(quads.String())
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(read.GetQuads("@default"), func(q *ld.Quad) bool { return q.Object.GetValue() == title }) {
			t.Errorf("%q is not read from %q", title, quads.String())
		}
	}
}

// A base that names cannot follow, or that is no IRI, is refused.
func TestCheckBase(t *testing.T) {
	for base, fits := range map[string]bool{
		"urn:orgledger:main:": true, "https://example.org/history/": true, "https://example.org/x#": true,
		"": false, "history/": false, "https://example.org/history": false, "https://example.org/a b/": false, "org:x/": false, "https://example.org/<x>/": false,
	} {
		if err := rdf.CheckBase(base); (err == nil) != fits {
			t.Errorf("%q: %v", base, err)
		}
	}
}
