package rdf

import (
	"fmt"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats/tables"
)

// fact says what the facts in effect at the point say that the answers do not: the changes of organisations, and the
// kinds of responsibilities.
func (w *Writer) fact(r row) error {
	from, to := r.values[r.table.At("known_from")].(int64), r.values[r.table.At("known_to")]
	known := from <= int64(w.o.Known) && (to == nil || int64(w.o.Known) < to.(int64))
	if !known || r.values[r.table.At("day")].(domain.Date) > w.o.On {
		return nil
	}
	switch typ := r.text("type"); {
	case typ == domain.TypeResponsibilityDefined.String():
		return w.responsibilityKind(r)
	case strings.HasPrefix(typ, "organisation."):
		return w.change(r, typ)
	}
	return nil
}

func (w *Writer) responsibilityKind(r row) error {
	kind, err := kindOf(r.text("data"))
	if err != nil {
		return fmt.Errorf("entry %s: %w", r.text("seq"), err)
	}
	n := &node{id: w.id(r.text("about"))}
	concept, err := w.concept("responsibility-kind", kind)
	if err != nil {
		return err
	}
	n.add("dcterms:type", concept)
	return w.stateNode(n)
}

func (w *Writer) change(r row, typ string) error {
	n := &node{id: w.changeID(r.text("seq")), types: []string{"org:ChangeEvent"}}
	concept, err := w.concept("fact", typ)
	if err != nil {
		return err
	}
	n.add("dcterms:type", concept)
	n.add("dcterms:date", typed(r.text("day"), "xsd:date"))
	n.texts(r, "effective", "ol:effective")
	n.add("ol:recordedAs", iri(w.entryID(r.text("version"))))
	if !r.has("about") {
		return w.stateNode(n)
	}
	about := w.id(r.text("about"))
	changed, by := "org:originalOrganization", "org:changedBy"
	if typ == domain.TypeOrganisationEstablished.String() {
		changed, by = "org:resultingOrganization", "org:resultedFrom"
	}
	n.add(changed, iri(about))
	if err := w.stateNode(n); err != nil {
		return err
	}
	changes := &node{id: about}
	changes.add(by, iri(n.id))
	return w.stateNode(changes)
}

// entry says an entry as PROV has it: what it corrects it is a revision of, and what is retracted is invalid from then on.
func (w *Writer) entry(r row) error {
	n := &node{id: w.entryID(r.text("seq")), types: []string{"prov:Entity", "ol:Entry"}}
	concept, err := w.concept("fact", r.text("type"))
	if err != nil {
		return err
	}
	n.add("ol:sequence", integer(r.values[0].(int64)))
	n.add("dcterms:identifier", text(r.text("id")))
	n.add("dcterms:type", concept)
	n.add("prov:generatedAtTime", typed(r.text("recorded"), "xsd:dateTime"))
	n.add("ol:data", text(r.text("data")))
	n.texts(r, "effective", "ol:effective", "note", "dcterms:description", "fulfils", "ol:fulfils")
	if r.has("about") {
		n.add("ol:about", iri(w.id(r.text("about"))))
	}
	if r.has("actor") {
		agent, err := w.agent(r.text("actor"))
		if err != nil {
			return err
		}
		n.add("prov:wasAttributedTo", agent)
	}
	if r.has("amends") {
		if err := w.amends(n, r); err != nil {
			return err
		}
	}
	return w.recordNode(n)
}

func (w *Writer) amends(n *node, r row) error {
	amended := w.entryID(r.text("amends"))
	if r.text("type") == domain.TypeEntryCorrected.String() {
		n.add("prov:wasRevisionOf", iri(amended))
		return nil
	}
	n.add("ol:retracts", iri(amended))
	retracted := &node{id: amended}
	retracted.add("prov:invalidatedAtTime", typed(r.text("recorded"), "xsd:dateTime"))
	return w.recordNode(retracted)
}

// agent is who recorded, described once.
func (w *Writer) agent(actor string) (term, error) {
	id := w.id("agent/" + escaped(actor))
	if w.told[id] {
		return iri(id), nil
	}
	w.told[id] = true
	n := &node{id: id, types: []string{"prov:Agent"}}
	n.add("foaf:name", text(actor))
	return iri(id), w.recordNode(n)
}

func (w *Writer) citation(r row) error {
	n := &node{id: w.entryID(r.text("seq"))}
	source := w.id("source/" + r.text("source"))
	n.add("prov:hadPrimarySource", iri(source))
	if !r.has("locator") {
		return w.recordNode(n)
	}
	use := &node{id: n.id + "/citation/" + hashed(r.text("source"), r.text("locator")), types: []string{"prov:PrimarySource"}}
	use.add("prov:entity", iri(source))
	use.add("ol:locator", text(r.text("locator")))
	n.add("prov:qualifiedPrimarySource", iri(use.id))
	if err := w.recordNode(n); err != nil {
		return err
	}
	return w.recordNode(use)
}

func (w *Writer) mention(r row) error {
	n := &node{id: w.entryID(r.text("seq"))}
	w.names(n, "ol:mentions", tables.NamesRef, r.text("ref"))
	return w.recordNode(n)
}

func (w *Writer) source(r row) error {
	n := &node{id: w.id("source/" + r.text("source")), types: []string{"prov:Entity", "ol:Source"}}
	n.add("dcterms:title", text(r.text("title")))
	n.add("dcterms:identifier", text(r.text("source")))
	n.texts(r, "publisher", "dc:publisher", "published", "ol:published", "sha256", "ol:sha256", "retrieved", "ol:retrieved")
	if r.has("url") {
		n.add("ol:url", typed(r.text("url"), "xsd:anyURI"))
	}
	return w.recordNode(n)
}
