package api

import (
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/webhooks"
	"github.com/orgledger/orgledger/projections"
)

// explained is what a code means, for the page to which the type of a problem leads.
type explained struct {
	Code  string
	Means string
	Do    string
}

// explanations are in the order of the page. Codes of refusals come from recording, those of questions from asking.
var explanations = []explained{
	{codeBadRequest, "A parameter, or the body, is none that the operation takes.", "Mend the request."},
	{ledger.CodeNotFound, "There is no such address, or no such entry.", ""},
	{codeNoMethod, "The address takes other methods: the header Allow lists them.", ""},
	{codeForbidden, "A page of another site asked, or the server was reached by a name that is not its own.", "Use localhost or the address of the server."},

	{projections.CodeBadQuestion, "A field of the question is missing, unknown or of another type.", "Mend the question."},
	{projections.CodeUnknownQuestion, "There is no such question.", "Mend the question."},
	{projections.CodeBadDate, "A day or a time is none; of an entry, a date is no EDTF.", "Write 2026-04-01, or a time as RFC 3339 writes it."},
	{projections.CodeBeyondLog, "The known point is after the last entry.", "Ask with at-least to wait for an entry."},
	{projections.CodeUnknownReference, "Nothing introduces what is named, as known at the point that is asked about.", "Look for it at /v1/find."},
	{projections.CodeNoDate, "An item of an assumed plan has no day.", "Give one."},

	{string(domain.CodeNotUTF8), "The entry is no UTF-8.", "Mend the entry."},
	{string(domain.CodeNotJSON), "The line is no JSON.", "Mend the entry."},
	{string(domain.CodeNotObject), "The line is no JSON object.", "Mend the entry."},
	{string(domain.CodeEmpty), "There is nothing to record.", ""},
	{string(domain.CodeTooLarge), "An entry, or a text in it, is too long.", "Shorten it."},
	{string(domain.CodeTooDeep), "The JSON is nested too deep.", "Mend the entry."},
	{string(domain.CodeTooMany), "A list has too many items.", "Divide it."},
	{string(domain.CodeUnknownType), "There is no such type of entry.", "Mend the entry."},
	{string(domain.CodeUnknownField), "Entries of this type have no such field.", "Mend the entry."},
	{string(domain.CodeDuplicateField), "A field is given twice.", "Mend the entry."},
	{string(domain.CodeMissingField), "A field is missing.", "Mend the entry."},
	{string(domain.CodeFieldNotAllowed), "The field does not go with another one that is given.", "Mend the entry."},
	{string(domain.CodeWrongType), "A field has a value of another type.", "Mend the entry."},
	{string(domain.CodeBadIdentifier), "An identifier is none.", "Mend the entry."},
	{string(domain.CodeBadReference), "A reference is none, or of a kind that does not go here.", "Mend the entry."},
	{string(domain.CodeBadWord), "A word is none of those that go here.", "Mend the entry."},
	{string(domain.CodeBadValue), "A value breaks a rule.", "The message says which."},
	{string(domain.CodeLastDayTooEarly), "The last day of a contract is before it begins.", "Mend the entry."},
	{string(domain.CodeAlreadyIntroduced), "The identifier is introduced already.", "To change what was said, record a correction."},
	{string(domain.CodeUnknownEntry), "A correction or retraction names no entry.", "Mend the entry."},
	{string(domain.CodeBadCorrection), "The entry that is named cannot be corrected so.", "Retract it, and record another."},
	{string(domain.CodeIDConflict), "An entry with this id and other content is recorded.", "To change it, record a correction."},
	{string(domain.CodeKeyReused), "Other entries were recorded with this idempotency key.", "Give another call another key."},
	{string(domain.CodeNewFinding), "A strict recording would raise a finding.", "Mend the entry, or record it without strict."},
	{string(domain.CodeSignatureRequired), "The actor has a key, and the entry is not signed.", "Sign it."},
	{string(domain.CodeBadSignature), "The signature does not fit the entry.", "Sign it again."},
	{string(domain.CodeUnknownKey), "The key is not registered for this actor.", "Register it, or sign with another."},
	{string(domain.CodeKeyNotValid), "The key is not valid on the day of recording.", "Sign with another."},

	{string(webhooks.CodeBadWebhook), "A webhook cannot be registered so.", "The message names field, rule and value."},
	{ledger.CodeFeedExpired, "The feed no longer goes back so far.", "Take a snapshot at /v1/snapshot, and follow from there."},
	{codeBusy, "As many follow the feed as this server takes.", "Connect again after the time in Retry-After, or elsewhere."},

	{ledger.CodeBehind, "The entry that was to be waited for is not here yet.", "Ask again, or elsewhere."},
	{ledger.CodeUnavailable, "The log is out of reach. Nothing was written.", "Record it again later."},
	{ledger.CodeUnknownOutcome, "It could not be found out whether the entries were recorded.", "Record the same again: it is safe."},
	{ledger.CodeStopped, "The server is stopping.", "Record it again."},
	{ledger.CodeLogUnavailable, "The disk of the log failed, or is full. Nothing is recorded until it is repaired.", "Tell the operator."},
	{ledger.CodeNoCheckpoint, "Too few witnesses cosign.", "Ask again."},
	{ledger.CodeKeyRemains, "A person is forgotten, and the key could not be destroyed yet.", "It is tried again."},
	{ledger.CodeInterrupted, "The request was given up.", ""},
	{ledger.CodeDamaged, "The log is not what was written.", "Tell the operator."},
	{ledger.CodeFork, "The log is not the one that checkpoints were given out for.", "Tell the operator."},
	{ledger.CodeFailed, "Something else failed.", "The message says what."},
}
