// Package audit holds what a verifier needs to judge a ledger without trusting it: the Merkle tree over
// its entries (RFC 6962, SHA-256), proofs of inclusion and consistency, signed checkpoints and the
// policy of whom to believe, receipts of entries, bundles of evidence for answers, and the log as static
// files that any web server can serve.
//
// A leaf is the exact bytes of an entry's event, and the entry of sequence s is the leaf of index s-1. The
// formats are those of C2SP, so that other programs read them: signed-note, tlog-checkpoint,
// tlog-cosignature, tlog-policy, tlog-tiles and tlog-proof. Whatever is parsed here has one form: what is accepted
// is written again as the same bytes, except a policy, which people write.
//
// The package imports nothing of this project, so that it can stand alone.
package audit
