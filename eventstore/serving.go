package eventstore

import "errors"

// Serving is at which HTTP address the process that holds a data folder says that it is reached, and which ledger it has
// open; empty where none says so. Where it was killed, nobody answers there.
func Serving(dir string) (http, ledger string) {
	held, _ := errors.AsType[*HeldError](readHolder(dir))
	return held.HTTP, held.Ledger
}
