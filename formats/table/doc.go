// Package table makes entries of any table of separated values, by a mapping in YAML that says which facts a row gives
// and from which columns their fields come.
//
// A mapping is checked whole before a table is opened: every field against the fact type that it is for, with the place
// in the mapping. The tables are read once per fact of the mapping, so that what a fact names may be introduced by an
// earlier fact of the mapping in a later row.
package table
