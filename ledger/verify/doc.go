// Package verify checks a ledger against its log: that every entry is what was recorded, that every
// published checkpoint is one of this log, that entries are signed as they had to be, that the index follows
// from the log and from nothing else, and that it answers as the plain fold does. It reads the log once.
package verify
