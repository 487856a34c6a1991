// Package indexfile keeps a snapshot of the index in a file beside the log, so that a start need not read the whole log.
//
// The file is never trusted over the log. What it holds is one piece, or it is not used: every part has a checksum, and
// the list of the parts another. It belongs to one log: the leaves of the Merkle tree are in it, the root that follows from
// them has to be that of the commit where the log goes on (eventstore.Store.Resume). It belongs to one program: another layout
// of the index is refused. Whether the index in it is what follows from the log, verify tells. Its loss costs the time of
// reading the log.
package indexfile
