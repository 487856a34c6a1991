// Package rdf writes a ledger as linked data, as N-Quads or as JSON-LD, which say the same. The default graph says what is so on
// a day as known at an entry, in W3C's Organization Ontology with SKOS for forms and kinds; the graph history has the
// bitemporal rows of the tables; the graph record has the entries and their evidence in PROV-O. See docs/linked-data.md.
package rdf
