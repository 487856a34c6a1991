// Package projections is the bitemporal index of the log and everything that is read from it:
// holders, holdings, organisations, histories, lineages, offices, plans, findings.
//
// Nothing is stored that can be looked up. A holding keeps only its own facts, an organisation keeps
// the bulk records that take from it, and who holds something on a day is resolved when asked: the
// holding's facts are folded, and between two of them each entry follows the bulk records of the
// organisation that it sits with. A merger of a body with a million contracts is therefore one
// record. Every record carries the sequences at which it became visible and was superseded, so that
// a known point is a filter and costs nothing.
//
// One goroutine applies entries; any number of readers work on immutable views without a lock.
package projections
