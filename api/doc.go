// Package api is the ledger over HTTP, both sides: the handler that serve listens with, and the client
// that the other commands use where a server runs; and as a service over NATS. Questions and entries travel as the same JSON
// lines that the command line reads and writes.
package api
