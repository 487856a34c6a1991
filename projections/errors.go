package projections

// The codes of questions that cannot be answered, and of findings. They are part of the interface.
const (
	CodeUnknownQuestion  = "unknown-question"
	CodeBadQuestion      = "bad-question"
	CodeBadDate          = "bad-date"
	CodeBeyondLog        = "beyond-log"
	CodeUnknownReference = "unknown-reference"
	CodeNoDate           = "no-date"

	CodeInactiveHolder  = "inactive-holder"
	CodeNotHolder       = "not-holder"
	CodeAlreadyHolder   = "already-holder"
	CodeOrphaned        = "orphaned"
	CodeNotInEffect     = "not-in-effect"
	CodeSuccessionCycle = "succession-cycle"
	CodeUnsourced       = "unsourced"
	CodeUnheld          = "unheld"
	CodeMultipleLeads   = "multiple-leads"
	CodeOverduePlan     = "overdue-plan"
)

// QuestionError is why a question has no answer.
type QuestionError struct {
	Code    string
	Field   string // of the question
	Message string
}

// Error says it in one line.
func (e *QuestionError) Error() string {
	if e.Field == "" {
		return e.Message
	}
	return e.Field + ": " + e.Message
}
