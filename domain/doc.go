// Package domain holds what the ledger records and the rules it records by: the fact types with
// their fields, civil dates and EDTF dates, references, and the refusals that name what is wrong
// with an entry. It does no I/O, reads no clock and starts no goroutine; whether an identifier has
// been introduced is known to the ledger, not here. Signatures and the sealing of names are functions of what
// they are given; randomness and secrets come from the caller.
//
// Every fact type declares its fields once (see fields.go). Decoding, encoding, checking, listing
// references and the published JSON Schema all follow from that one declaration.
//
// The rules are those of docs/semantics.md.
package domain
