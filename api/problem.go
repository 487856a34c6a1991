package api

import (
	"errors"
	"net/http"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
)

const codeBadRequest = "bad-request"

// statuses of the errors that are no refusal.
var statuses = map[string]int{
	ledger.CodeStopped:                  http.StatusServiceUnavailable,
	ledger.CodeBehind:                   http.StatusServiceUnavailable,
	ledger.CodeUnavailable:              http.StatusServiceUnavailable,
	ledger.CodeLogUnavailable:           http.StatusServiceUnavailable,
	ledger.CodeNoCheckpoint:             http.StatusServiceUnavailable,
	ledger.CodeUnknownOutcome:           http.StatusGatewayTimeout,
	ledger.CodeNotFound:                 http.StatusNotFound,
	string(domain.CodeUnknownReference): http.StatusNotFound,
}

// statusOf is the one table from errors to HTTP statuses.
func statusOf(err error) int {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return http.StatusRequestEntityTooLarge
	}
	if refusal, ok := errors.AsType[*domain.Refusal](err); ok {
		if refusal.Code == domain.CodeIDConflict {
			return http.StatusConflict
		}
		return http.StatusUnprocessableEntity
	}
	if status, ok := statuses[ledger.Describe(err).Code]; ok {
		return status
	}
	if _, ok := errors.AsType[*ledger.QuestionError](err); ok {
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}
