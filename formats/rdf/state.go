package rdf

import (
	"fmt"

	"github.com/go-json-experiment/json"

	"github.com/orgledger/orgledger/domain"
)

// kinds are the classes of what the ledger names. Sources are described with the record.
var kinds = map[string][]string{
	"organisation": {"org:Organization"}, "responsibility": {"ol:Responsibility"}, "contract": {"ol:Contract"},
	"plan": {"ol:Plan", "prov:Plan"}, "office": {"org:Post"}, "person": {"foaf:Person"},
}

func (w *Writer) thing(r row) error {
	types := kinds[r.text("kind")]
	if types == nil {
		return nil
	}
	n := &node{id: w.id(r.text("ref")), types: types}
	n.add("dcterms:identifier", text(r.text("id")))
	if r.has("title") {
		n.add("rdfs:label", text(r.text("title")))
	}
	return w.stateNode(n)
}

func (w *Writer) organisation(r row) error {
	n := &node{id: w.organisationID(r.text("organisation"))}
	status, err := w.concept("status", r.text("status"))
	if err != nil {
		return err
	}
	n.add("ol:status", status)
	n.add("ol:certainty", text(r.text("certainty")))
	if r.has("form") {
		form, err := w.concept("form", r.text("form"))
		if err != nil {
			return err
		}
		n.add("org:classification", form)
	}
	n.texts(r, "established", "ol:established", "ended", "ol:ended")
	return w.stateNode(n)
}

func (w *Writer) name(r row) error {
	n := &node{id: w.organisationID(r.text("organisation"))}
	if r.text("kind") == string(domain.NameLegal) {
		n.add("skos:prefLabel", text(r.text("name")))
	} else {
		n.add("skos:altLabel", text(r.text("name")))
	}
	return w.stateNode(n)
}

// identifier is a literal whose type is the register, as the Organization Ontology has it.
func (w *Writer) identifier(r row) error {
	n := &node{id: w.organisationID(r.text("organisation"))}
	n.add("org:identifier", typed(r.text("value"), w.id("scheme/"+escaped(r.text("scheme")))))
	return w.stateNode(n)
}

// relations are the properties that place a unit under its parent.
var relations = map[string]string{
	"part_of": "org:subOrganizationOf", "committee_of": "org:unitOf", "hosted_by": "ol:hostedBy", "accountable_to": "ol:accountableTo",
}

func (w *Writer) holding(r row) error {
	n := &node{id: w.id(r.text("ref"))}
	holder := iri(w.organisationID(r.text("organisation")))
	role := r.text("role")
	switch {
	case r.text("kind") != domain.KindOrganisation.String():
		n.add("ol:"+role, holder)
	case role == "committee_of":
		n.types = []string{"org:OrganizationalUnit"}
		fallthrough
	default:
		n.add(relations[role], holder)
	}
	return w.stateNode(n)
}

// state says how a responsibility or a contract stands. Of an organisation it is about its placement, which is there or not.
func (w *Writer) state(r row) error {
	ref, err := domain.ParseRef(r.text("ref"))
	if err != nil {
		return fmt.Errorf("the holding of a state: %w", err)
	}
	if ref.Kind == domain.KindOrganisation {
		return nil
	}
	n := &node{id: w.id(ref.String())}
	status, err := w.concept("status", r.text("status"))
	if err != nil {
		return err
	}
	n.add("ol:status", status)
	n.add("ol:certainty", text(r.text("certainty")))
	if r.has("uncertain_because") {
		w.names(n, "ol:uncertainBecause", "entry", r.text("uncertain_because"))
	}
	return w.stateNode(n)
}

func (w *Writer) changeID(seq string) string { return w.id("change/" + seq) }

// succession says what a change led from and to; fact describes the change itself.
func (w *Writer) succession(r row) error {
	change := &node{id: w.changeID(r.text("seq"))}
	before, after := w.organisationID(r.text("predecessor")), w.organisationID(r.text("successor"))
	change.add("org:originalOrganization", iri(before))
	change.add("org:resultingOrganization", iri(after))
	if err := w.stateNode(change); err != nil {
		return err
	}
	n := &node{id: before}
	n.add("org:changedBy", iri(change.id))
	if err := w.stateNode(n); err != nil {
		return err
	}
	n = &node{id: after}
	n.add("org:resultedFrom", iri(change.id))
	return w.stateNode(n)
}

func (w *Writer) appointment(r row) error {
	person := &node{id: w.id("appointment/" + r.text("seq") + "/person"), types: []string{"foaf:Person"}}
	if r.has("person_id") {
		person.id = w.id("person/" + r.text("person_id"))
	}
	person.texts(r, "person", "foaf:name")
	membership := &node{id: w.id("appointment/" + r.text("seq")), types: []string{"org:Membership"}}
	membership.add("org:member", iri(person.id))
	membership.add("org:organization", iri(w.organisationID(r.text("organisation"))))
	membership.add("ol:post", iri(w.id("office/"+r.text("office"))))
	membership.add("ol:acting", typed(r.text("acting"), "xsd:boolean"))
	membership.add("ol:effective", text(r.text("effective")))
	post := &node{id: w.id("office/" + r.text("office"))}
	post.add("org:postIn", iri(w.organisationID(r.text("organisation"))))
	post.add("org:heldBy", iri(person.id))
	for _, n := range []*node{person, membership, post} {
		if err := w.stateNode(n); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) plan(r row) error {
	n := &node{id: w.id("plan/" + r.text("plan"))}
	status, err := w.concept("status", r.text("status"))
	if err != nil {
		return err
	}
	n.add("dcterms:title", text(r.text("title")))
	n.add("ol:status", status)
	n.add("ol:announced", text(r.text("announced")))
	n.texts(r, "expected", "ol:expected", "announced_by", "ol:announcedBy")
	return w.stateNode(n)
}

func (w *Writer) planItem(r row) error {
	n := &node{id: w.id("plan/" + r.text("plan") + "/item/" + r.text("item")), types: []string{"ol:PlanItem"}}
	intends, err := w.concept("fact", r.text("type"))
	if err != nil {
		return err
	}
	n.add("dcterms:isPartOf", iri(w.id("plan/"+r.text("plan"))))
	n.add("ol:intends", intends)
	n.add("ol:data", text(r.text("data")))
	n.texts(r, "effective", "ol:effective")
	if r.has("fulfilled_by") {
		n.add("ol:fulfilledBy", iri(w.entryID(r.text("fulfilled_by"))))
	}
	return w.stateNode(n)
}

func (w *Writer) finding(r row) error {
	id := hashed(r.text("code"), r.text("seq"), r.text("ref"), r.text("valid_from"))
	n := &node{id: w.id("finding/" + id), types: []string{"ol:Finding"}}
	n.add("ol:code", text(r.text("code")))
	n.add("ol:raisedBy", iri(w.entryID(r.text("seq"))))
	if r.has("ref") {
		n.add("ol:about", iri(w.id(r.text("ref"))))
	}
	for _, column := range []string{"valid_from", "valid_to"} {
		if r.has(column) {
			n.add("ol:"+camel(column), typed(r.text(column), "xsd:date"))
		}
	}
	return w.stateNode(n)
}

// kindOf is the kind that the definition of a responsibility gives.
func kindOf(data string) (string, error) {
	var defined struct {
		Kind string `json:"kind"`
	}
	err := json.Unmarshal([]byte(data), &defined)
	return defined.Kind, err
}
