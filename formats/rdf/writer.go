package rdf

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats/tables"
)

// Options say what is written.
type Options struct {
	Base    string // that IRIs begin with; see CheckBase
	On      domain.Date
	Known   uint64
	History bool // also every row of what was ever so, as ever known, in a graph of its own
}

// Writer is a sink of tables that says their rows in RDF. What it keeps grows with the number of different forms, kinds
// and actors alone. It belongs to one goroutine.
type Writer struct {
	o    Options
	out  Syntax
	told map[string]bool // nodes that are described once, whoever needs them first
}

// New writes in a syntax, which the caller closes.
func New(o Options, out Syntax) *Writer {
	return &Writer{o: o, out: out, told: make(map[string]bool)}
}

// row is a row of a table with its columns by name.
type row struct {
	table  *tables.Table
	values []any
}

func (r row) has(column string) bool { return r.values[r.table.At(column)] != nil }

// text is a value as text, empty for nil.
func (r row) text(column string) string {
	return string(tables.AppendText(nil, r.values[r.table.At(column)]))
}

// texts adds the values of columns that have one; each is followed by the name of its property.
func (n *node) texts(r row, columns ...string) {
	for i := 0; i+1 < len(columns); i += 2 {
		if r.has(columns[i]) {
			n.add(columns[i+1], text(r.text(columns[i])))
		}
	}
}

// Row says one row in the graphs to which it belongs.
func (w *Writer) Row(t *tables.Table, values []any) error {
	r := row{t, values}
	if w.o.History && (t.Periods || t == tables.Facts) {
		if err := w.history(r); err != nil {
			return err
		}
	}
	if t.Periods && !tables.PeriodsOf(values).Hold(w.o.On, w.o.Known) {
		return nil
	}
	if say := says[t]; say != nil {
		return say(w, r)
	}
	return nil
}

// says has the tables whose rows are said one by one; those without are only in the history.
var says = map[*tables.Table]func(*Writer, row) error{
	tables.Things:            (*Writer).thing,
	tables.Organisations:     (*Writer).organisation,
	tables.OrganisationNames: (*Writer).name,
	tables.Identifiers:       (*Writer).identifier,
	tables.Holdings:          (*Writer).holding,
	tables.States:            (*Writer).state,
	tables.Successions:       (*Writer).succession,
	tables.Appointments:      (*Writer).appointment,
	tables.Plans:             (*Writer).plan,
	tables.PlanItems:         (*Writer).planItem,
	tables.Findings:          (*Writer).finding,
	tables.Entries:           (*Writer).entry,
	tables.Facts:             (*Writer).fact,
	tables.Citations:         (*Writer).citation,
	tables.Mentions:          (*Writer).mention,
	tables.Sources:           (*Writer).source,
}

// The names of the graphs, after the base.
const (
	historyGraph = "history"
	recordGraph  = "record"
)

func (w *Writer) id(path string) string           { return w.o.Base + path }
func (w *Writer) stateNode(n *node) error         { return w.out.node("", n) }
func (w *Writer) recordNode(n *node) error        { return w.out.node(w.id(recordGraph), n) }
func (w *Writer) entryID(seq string) string       { return w.id("entry/" + seq) }
func (w *Writer) organisationID(id string) string { return w.id("organisation/" + id) }

// concept is a term of one of the ledger's lists, or a form as the evidence names it, described once.
func (w *Writer) concept(scheme, name string) (term, error) {
	id := w.id("concept/" + scheme + "/" + escaped(name))
	list := w.id("concept/" + scheme)
	if !w.told[list] {
		w.told[list] = true
		n := &node{id: list, types: []string{"skos:ConceptScheme"}}
		n.add("dcterms:title", text(schemes[scheme]))
		if err := w.stateNode(n); err != nil {
			return term{}, err
		}
	}
	if !w.told[id] {
		w.told[id] = true
		n := &node{id: id, types: []string{"skos:Concept"}}
		n.add("skos:prefLabel", text(name))
		n.add("skos:inScheme", iri(list))
		if err := w.stateNode(n); err != nil {
			return term{}, err
		}
	}
	return iri(id), nil
}

// schemes are the lists of concepts and their titles.
var schemes = map[string]string{
	"form":                "Legal forms of organisations, as the evidence names them",
	"status":              "What organisations, holdings and plans are",
	"fact":                "Types of facts",
	"responsibility-kind": "Kinds of responsibilities",
}

// classes are the classes of the rows of the history.
var classes = map[*tables.Table]string{
	tables.Organisations: "ol:OrganisationPeriod", tables.OrganisationNames: "ol:NamePeriod", tables.Identifiers: "ol:IdentifierPeriod",
	tables.Holdings: "ol:HoldingPeriod", tables.States: "ol:StatePeriod", tables.Successions: "ol:SuccessionPeriod",
	tables.Appointments: "ol:AppointmentPeriod", tables.Plans: "ol:PlanPeriod", tables.PlanItems: "ol:PlanItemPeriod", tables.Facts: "ol:FactVersion",
}

// history says a row as it is: a node with a property a column.
func (w *Writer) history(r row) error {
	hash := sha256.New()
	for _, value := range r.values {
		hash.Write(append(tables.AppendText(nil, value), 0))
	}
	n := &node{id: w.id("row/" + r.table.Name + "/" + hex.EncodeToString(hash.Sum(nil)[:16])), types: []string{classes[r.table]}}
	for i, c := range r.table.Columns {
		value := r.values[i]
		if value == nil || c.Name == "valid_from" && value == domain.FirstDate {
			continue
		}
		w.column(n, c, string(tables.AppendText(nil, value)))
	}
	return w.out.node(w.id(historyGraph), n)
}

// column says a value: what it names, and what can be compared or has an order as a literal.
func (w *Writer) column(n *node, c tables.Column, value string) {
	name := "ol:" + camel(c.Name)
	switch {
	case c.Name == "known_from" || c.Name == "known_to":
		n.add(name, typed(value, "xsd:integer"))
	case c.Name == "path":
		n.add(name, text(value))
		w.names(n, "ol:via", c.Names, value)
	case c.Names != tables.NamesNothing:
		w.names(n, name, c.Names, value)
	case c.Type == tables.Day:
		n.add(name, typed(value, "xsd:date"))
	case c.Type == tables.Boolean:
		n.add(name, typed(value, "xsd:boolean"))
	default:
		n.add(name, text(value))
	}
}

// names adds what a value names, each once.
func (w *Writer) names(n *node, name string, kind tables.Names, value string) {
	seen := make(map[string]bool)
	for part := range strings.SplitSeq(value, ",") {
		if kind != tables.NamesRef {
			part = string(kind) + "/" + part
		}
		if !seen[part] {
			seen[part] = true
			n.add(name, iri(w.id(part)))
		}
	}
}

// camel writes valid_from as validFrom.
func camel(name string) string {
	parts := strings.Split(name, "_")
	for i, part := range parts[1:] {
		parts[i+1] = strings.ToUpper(part[:1]) + part[1:]
	}
	return strings.Join(parts, "")
}

func integer(n int64) term { return typed(strconv.FormatInt(n, 10), "xsd:integer") }

// hashed names a node by what it says.
func hashed(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:8])
}
