package eventstore

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// What a caller branches on.
var (
	// ErrNotLedger: nothing of a ledger is where one was looked for, and nothing was created.
	ErrNotLedger = errors.New("not a ledger")
	// ErrNewerFormat: the log was written by a later version of this program.
	ErrNewerFormat = errors.New("written by a newer version")
	// ErrConfiguration: the stream, or the server, is set up so that a log is not safe or not possible there.
	ErrConfiguration = errors.New("unsuitable configuration")
	// ErrReadOnly: the store was opened for reading, or the server permits no more.
	ErrReadOnly = errors.New("opened for reading only")
	// ErrTooLarge: more than MaxCommitEntries or MaxCommitBytes in one commit. Nothing was written.
	ErrTooLarge = errors.New("too large for one commit")
	// ErrFenced: the log has grown since the entries were checked. Nothing was written: replay what
	// is new, check again, append again.
	ErrFenced = errors.New("the log has grown since the entries were checked")
	// ErrAnotherDay: the entries were checked for a day that is over. Nothing was written: check again.
	ErrAnotherDay = errors.New("the day has changed since the entries were checked")
	// ErrUnknownOutcome: the commit may have been written or not. To append the same entries again,
	// after a replay, is safe: a commit has one place in the log, and if it is there, the replay shows it.
	ErrUnknownOutcome = errors.New("outcome unknown")
	// ErrLogUnavailable: the log can no longer be written, because a disk is full, broken or read-only. Reading
	// goes on. Nothing is written until the ledger is opened anew, after the cause is gone.
	ErrLogUnavailable = errors.New("the log can no longer be written")
	// ErrBeyondLog: no entry of that sequence is known to the store.
	ErrBeyondLog = errors.New("no such entry")
	// ErrNotBackup: where a backup was looked for there is none, or something else.
	ErrNotBackup = errors.New("not a backup")
	// ErrBackupHeld: another process adds to the backup at the moment, or reads it.
	ErrBackupHeld = errors.New("another process has the backup open")
	// ErrOtherHistory: what was to be put together, a log and a backup say, are not parts of one history.
	ErrOtherHistory = errors.New("not the same history")
	// ErrLedgerThere: a restore would go where there is a ledger. Nothing was changed.
	ErrLedgerThere = errors.New("there is a ledger already")
	// ErrUnfinishedRestore: a restore into the folder was interrupted. What is there is no ledger until it is run again.
	ErrUnfinishedRestore = errors.New("a restore was not finished: run it again")
	// ErrNothingDamaged: a repair was asked for where nothing is damaged. Nothing was changed.
	ErrNothingDamaged = errors.New("nothing is damaged")
)

// HeldError says which process has the data folder open. Commands talk to that one instead.
type HeldError struct {
	Dir     string
	PID     int       // 0 where the holder has not said so yet
	Started time.Time // when it opened the folder
	HTTP    string    // address of its HTTP server; empty where there is none (yet)
	Ledger  string    // name of the ledger that it has open
	Version string
}

// Error names the holder.
func (e *HeldError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the ledger in %s is held by another process", e.Dir)
	if e.PID != 0 {
		fmt.Fprintf(&b, ": pid %d, since %s", e.PID, e.Started.Format(time.RFC3339))
	}
	if e.HTTP != "" {
		fmt.Fprintf(&b, ", reached at %s", e.HTTP)
	}
	return b.String()
}

// DamageError says where the log stops being what was written. Everything up to LastGood is proved.
type DamageError struct {
	Stream    string
	StreamSeq uint64 // position of the first damaged commit; 0 where the stream as a whole is missing
	First     uint64 // sequence of the first entry that cannot be read
	LastGood  uint64 // sequence of the last entry that is proved; 0: none
	Err       error
}

// Error names the damaged commit.
func (e *DamageError) Error() string {
	if e.StreamSeq == 0 {
		return fmt.Sprintf("the log %s is damaged: %v", e.Stream, e.Err)
	}
	return fmt.Sprintf("the log %s is damaged at commit %d, which holds entry %d (entries up to %d are good): %v",
		e.Stream, e.StreamSeq, e.First, e.LastGood, e.Err)
}

// Unwrap is what was found there.
func (e *DamageError) Unwrap() error { return e.Err }

// BackupDamage says which file of a backup is not what was written.
type BackupDamage struct {
	File   string
	Commit uint64 // the first one that cannot be had from it; 0: any
	Err    error
}

// Error names the file and the commit.
func (e *BackupDamage) Error() string {
	if e.Commit == 0 {
		return fmt.Sprintf("the backup is damaged: %s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("the backup is damaged: %s, from commit %d on: %v", e.File, e.Commit, e.Err)
}

// Unwrap is what was found there.
func (e *BackupDamage) Unwrap() error { return e.Err }

// LossError says that a repaired ledger would not hold what was acknowledged. Nothing was changed.
type LossError struct {
	Found        uint64 // the last entry that is to be had
	Acknowledged uint64 // the last one that was acknowledged; 0: that is not known
	Err          error  // why, where it is not simply missing
}

// errOtherThanAcknowledged: the commits that are to be had lead to another root than was acknowledged.
var errOtherThanAcknowledged = errors.New("it is another history than was acknowledged")

// Error names the entries.
func (e *LossError) Error() string {
	const unchanged = "nothing was changed; "
	switch {
	case errors.Is(e.Err, errOtherThanAcknowledged):
		return fmt.Sprintf("entries up to %d are to be had, but %v: %s--accept-loss takes them all the same", e.Found, e.Err, unchanged)
	case e.Acknowledged == 0:
		return fmt.Sprintf("entries up to %d are to be had, and whether more were acknowledged is not known (%v): %s--accept-loss goes on with these",
			e.Found, e.Err, unchanged)
	}
	why := ""
	if e.Err != nil {
		why = fmt.Sprintf(" (%v)", e.Err)
	}
	return fmt.Sprintf("entries up to %d are to be had%s, and %d to %d, which were acknowledged, would be lost: %sa newer backup may have them, and --accept-loss goes on without",
		e.Found, why, e.Found+1, e.Acknowledged, unchanged)
}

// Unwrap is why.
func (e *LossError) Unwrap() error { return e.Err }
