package eventstore

import "errors"

// ErrUnavailable: the log cannot be written or read now: its server is not reached, or a cluster has no
// majority of its nodes. Nothing was written, and the same may work later.
var ErrUnavailable = errors.New("the log is not available")
