// Package notary gives out signed checkpoints of a ledger's log: it holds the log's key, has witnesses cosign, and
// keeps every checkpoint that it gave out, so that a log which is not the one it vouched for is found out.
package notary
