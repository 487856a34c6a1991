// Package telling says in words what the ledger holds: facts as sentences, dates as people write them, the chain of facts behind
// an answer with its evidence, its corrections and what was known before. The commands and the pages tell the same things in the
// same words. Nothing here prints: text is one line without control characters, and whoever shows it lays it out and
// escapes it.
package telling
