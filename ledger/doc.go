// Package ledger is the application: it records entries (check, append, apply, answer) and answers
// questions. The command line, the HTTP interface and the pages all stand on it.
//
// One goroutine records. It takes whatever is waiting, checks each call against the index and
// everything accepted before it, appends what was accepted as few commits, applies each to the index
// and only then answers its callers. A call that is refused leaves the others alone. Reading never
// waits for it.
package ledger
