package ledger

import (
	"context"
	"errors"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger/notary"
	"github.com/orgledger/orgledger/projections"
)

// What callers branch on, under the name of the package that they call.
type QuestionError = projections.QuestionError

// ErrUnknownOutcome says that entries may be recorded or not, and that recording them again is safe.
var ErrUnknownOutcome = eventstore.ErrUnknownOutcome

// ErrUnavailable says that the log is out of reach, that nothing was recorded, and that it may work later.
var ErrUnavailable = eventstore.ErrUnavailable

// ErrPathTaken says that an export would take the place of something that is none.
var ErrPathTaken = errors.New("something else is there, and is not replaced")

// ErrNotRepeatable says that a log has entries that no other ledger would take, so that it cannot be exported to be
// recorded again.
var ErrNotRepeatable = errors.New("no other ledger would record it again; backup and restore copy the log as it is")

// Description says of an error what programs branch on and people read.
type Description struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Field   string `json:"field,omitempty"`
	Line    int    `json:"line,omitzero"`
	Rule    string `json:"rule,omitempty"`
	Value   string `json:"value,omitempty"`
}

// Problem is an error as JSON writes it.
type Problem struct {
	Error Description `json:"error"`
}

// The codes of failures that are no refusal and no question's error.
const (
	CodeUnknownOutcome = "unknown-outcome"
	CodeStopped        = "stopped"
	CodeUnavailable    = "unavailable"
	CodeBehind         = "behind"
	CodeLogUnavailable = "log-unavailable"
	CodeFeedDamaged    = "feed-damaged"
	CodeFeedTaken      = "feed-taken"
	CodeDamaged        = "damaged"
	CodeHeld           = "held"
	CodeNotLedger      = "not-a-ledger"
	CodeNewerFormat    = "newer-format"
	CodeBadSetup       = "unsuitable-configuration"
	CodeInterrupted    = "interrupted"
	CodeNotFound       = "not-found"
	CodeNoCheckpoint   = "no-checkpoint"
	CodeFork           = "fork"
	CodeKeyRemains     = "key-remains"
	CodeBadData        = "bad-data"
	CodePathTaken      = "path-taken"
	CodeNotRepeatable  = "not-repeatable"
	CodeFailed         = "failed"
	CodeFeedExpired    = "feed-expired"

	CodeNotBackup      = "not-a-backup"
	CodeOtherHistory   = "other-history"
	CodeLedgerThere    = "ledger-exists"
	CodeUnfinished     = "restore-unfinished"
	CodeNothingDamaged = "nothing-damaged"
	CodeLoss           = "would-lose-entries"
)

// failures in the order in which they are looked for.
var failures = []struct {
	is   error
	code string
}{
	{eventstore.ErrUnknownOutcome, CodeUnknownOutcome},
	{eventstore.ErrUnavailable, CodeUnavailable},
	{eventstore.ErrFeedDamaged, CodeFeedDamaged},
	{eventstore.ErrFeedFormat, CodeFeedDamaged},
	{eventstore.ErrFeedTaken, CodeFeedTaken},
	{eventstore.ErrUnfinishedRestore, CodeUnfinished},
	{eventstore.ErrNotLedger, CodeNotLedger},
	{eventstore.ErrNotBackup, CodeNotBackup},
	{eventstore.ErrBackupHeld, CodeHeld},
	{eventstore.ErrOtherHistory, CodeOtherHistory},
	{eventstore.ErrLedgerThere, CodeLedgerThere},
	{eventstore.ErrNothingDamaged, CodeNothingDamaged},
	{eventstore.ErrNewerFormat, CodeNewerFormat},
	{eventstore.ErrConfiguration, CodeBadSetup},
	{eventstore.ErrBeyondLog, CodeNotFound},
	{eventstore.ErrExpired, CodeFeedExpired},
	{ErrKeyRemains, CodeKeyRemains},
	{ErrBehind, CodeBehind},
	{ErrStopped, CodeStopped},
	{eventstore.ErrLogUnavailable, CodeLogUnavailable},
	{notary.ErrFork, CodeFork},
	{ErrPathTaken, CodePathTaken},
	{ErrNotRepeatable, CodeNotRepeatable},
	{notary.ErrNoCheckpoint, CodeNoCheckpoint},
	{context.Canceled, CodeInterrupted},
	{context.DeadlineExceeded, CodeInterrupted},
}

// kinds are errors with data, which are looked for before the failures.
var kinds = []struct {
	is   func(error) bool
	code string
}{
	{is[*eventstore.HeldError], CodeHeld},
	{is[*eventstore.LossError], CodeLoss},
	{is[*eventstore.DamageError], CodeDamaged},
	{is[*eventstore.BackupDamage], CodeDamaged},
}

func is[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

// Describe finds what an error of this program is about. An error that has a method Describe says it itself.
func Describe(err error) Description {
	if own, ok := errors.AsType[interface {
		error
		Describe() Description
	}](err); ok {
		return own.Describe()
	}
	d := Description{Code: CodeFailed, Message: err.Error()}
	if refusal, ok := errors.AsType[*domain.Refusal](err); ok {
		return Description{string(refusal.Code), refusal.Error(), refusal.Field, refusal.Line, refusal.Rule, refusal.Value}
	}
	if question, ok := errors.AsType[*projections.QuestionError](err); ok {
		return Description{Code: question.Code, Message: question.Error(), Field: question.Field}
	}
	for _, k := range kinds {
		if k.is(err) {
			d.Code = k.code
			return d
		}
	}
	for _, f := range failures {
		if errors.Is(err, f.is) {
			d.Code = f.code
			return d
		}
	}
	return d
}
