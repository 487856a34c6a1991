// Package eventstore keeps the recorded sequence: an append-only log of commits in a JetStream
// stream, in an embedded server that stores it in a data folder, or on an external server. It is the
// only package that knows of NATS.
//
// A commit is what was recorded at one moment, one message and so all or nothing: a batch of
// CloudEvents, one an entry. Its headers name its first entry and the root of the Merkle tree over
// the whole log up to its last, so that what is read is proved to be what was written. The form is
// frozen; see encode.go. The log is trusted for what it holds once a root has proved it; everything
// else in memory is derived from it.
//
// The files of a data folder are looked through before the embedded server opens them (see check), and
// compared with a checkpoint beside them (see keeper), so that damage is found and named while nothing has
// been changed, and what was acknowledged is missed where it is gone.
//
// Beside the log, and never in it, are the keys with which the names of persons are sealed (see personKeys).
package eventstore
