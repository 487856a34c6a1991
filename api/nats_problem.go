package api

import (
	"fmt"

	"github.com/orgledger/orgledger/ledger"
)

const codeAnswerTooLong = "answer-too-long"

// natsRequestError says what of a request is not as it has to be.
type natsRequestError struct{ field, message, value string }

// Error is what is wrong.
func (e *natsRequestError) Error() string { return e.message }

// Describe is the error as ledger.Describe gives it.
func (e *natsRequestError) Describe() ledger.Description {
	return ledger.Description{Code: codeBadRequest, Message: e.message, Field: e.field, Value: e.value}
}

// answerTooLong says that an answer does not fit one message.
type answerTooLong struct{ limit int64 }

// Error says what to do instead.
func (e *answerTooLong) Error() string {
	return fmt.Sprintf("the answer has more than the %d bytes that one message takes: ask fewer questions at once, or over HTTP", e.limit)
}

// Describe is the error as ledger.Describe gives it.
func (e *answerTooLong) Describe() ledger.Description {
	return ledger.Description{Code: codeAnswerTooLong, Message: e.Error()}
}
