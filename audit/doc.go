// Package audit holds what a verifier needs to judge a ledger without trusting it: the Merkle tree
// over its entries. It imports nothing of this project, so that it can stand alone.
package audit
