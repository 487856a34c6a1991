// Package lines reads the entries of another ledger, one JSON object a line: as they are handed in, or as log --json
// gives them, with what the other ledger said of them around it.
//
// Entries keep their ids and their sources, so that one that is here already is known, and two ledgers that import
// each other come to rest. Therefore no citation of the file is added, which would make it another entry under the same
// id. The file is registered as a source where it brings anything but the registrations of such files.
package lines
