package rdf

import (
	"fmt"
	"net/url"
	"strings"
)

// vocabulary is where the terms are that no published vocabulary has.
const vocabulary = "urn:orgledger:vocab:"

// prefixes stand before the names of terms, in nodes and in the context of JSON-LD.
var prefixes = []struct{ name, iri string }{
	{"dc", "http://purl.org/dc/elements/1.1/"},
	{"dcterms", "http://purl.org/dc/terms/"},
	{"foaf", "http://xmlns.com/foaf/0.1/"},
	{"ol", vocabulary},
	{"org", "http://www.w3.org/ns/org#"},
	{"prov", "http://www.w3.org/ns/prov#"},
	{"rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"},
	{"rdfs", "http://www.w3.org/2000/01/rdf-schema#"},
	{"skos", "http://www.w3.org/2004/02/skos/core#"},
	{"xsd", "http://www.w3.org/2001/XMLSchema#"},
}

// term is the object of a statement: an IRI, or a literal.
type term struct {
	iri      string
	text     string // of a literal
	datatype string // prefixed or an IRI; empty: a string
}

func iri(id string) term                { return term{iri: id} }
func text(value string) term            { return term{text: value} }
func typed(value, datatype string) term { return term{text: value, datatype: datatype} }

// property is one statement about a node.
type property struct {
	name   string // prefixed
	object term
}

// node is what is said of one thing in one place. Saying more of it elsewhere adds to it.
type node struct {
	id         string
	types      []string // prefixed
	properties []property
}

func (n *node) add(name string, object term) {
	n.properties = append(n.properties, property{name, object})
}

// expand writes a prefixed name as an IRI; an IRI stays as it is.
func expand(name string) string {
	prefix, rest, ok := strings.Cut(name, ":")
	if !ok {
		return name
	}
	for _, p := range prefixes {
		if p.name == prefix {
			return p.iri + rest
		}
	}
	return name
}

// CheckBase judges what IRIs are to begin with: an absolute IRI that ends so that a name can follow.
func CheckBase(base string) error {
	parsed, err := url.Parse(base)
	switch {
	case err != nil || !parsed.IsAbs():
		return fmt.Errorf("%q is no absolute IRI, as https://example.org/history/ is", base)
	case !strings.HasSuffix(base, "/") && !strings.HasSuffix(base, "#") && !strings.HasSuffix(base, ":"):
		return fmt.Errorf("%q has to end in /, # or :, since names follow it", base)
	case strings.ContainsFunc(base, func(r rune) bool { return r <= ' ' || strings.ContainsRune("<>\"{}|^`\\", r) }):
		return fmt.Errorf("%q has characters that no IRI has", base)
	case expand(base) != base:
		return fmt.Errorf("%q begins like the prefix of a vocabulary", base)
	}
	return nil
}

// escaped is a text as one segment of an IRI.
func escaped(text string) string { return url.PathEscape(text) }
