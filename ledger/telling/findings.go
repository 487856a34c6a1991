package telling

import (
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// Finding says what the code of a finding means, and what to do about it.
type Finding struct {
	Code, Meaning, Remedy string
}

// FindingKinds are in the order in which they are shown: what matters most first.
var FindingKinds = []Finding{
	{projections.CodeOrphaned, "an ending left these without a successor",
		"If evidence says who took over, correct the ending or record a transfer on its day; if nobody did, discontinue or end them."},
	{projections.CodeUnheld, "nobody held these, although they had not ended",
		"Record who took them on, or that they were discontinued or ended."},
	{projections.CodeMultipleLeads, "more than one leads these, or owns them",
		"Record the withdrawal or transfer that is missing, or give the others another role."},
	{projections.CodeInactiveHolder, "these were given to an organisation that was not active then",
		"Check the day, and whether the organisation had been established or had ended; correct what is wrong."},
	{projections.CodeNotHolder, "these were taken from an organisation that did not have them",
		"Record how the organisation came to have them, or correct from whom they were taken."},
	{projections.CodeAlreadyHolder, "these were given to an organisation that had them already",
		"Retract the second record, or correct its day or role."},
	{projections.CodeNotInEffect, "these are about something that had not begun, or had ended, by their day",
		"Correct the day of the fact, or that of the establishment, definition, award or ending."},
	{projections.CodeSuccessionCycle, "organisations ended into one another on one day, in a ring",
		"Correct which organisation succeeds which."},
	{projections.CodeOverduePlan, "these plans were expected by now, and are neither carried out nor withdrawn",
		"Record the facts that fulfil them, an amendment, or their withdrawal or completion."},
	{projections.CodeUnsourced, "these facts cite no source",
		"Register the source, and correct the entry so that it cites it."},
}

// FindingAbout says what a finding is about, and which days.
func (b *Book) FindingAbout(f projections.Finding) string {
	text := ""
	if f.Ref != nil {
		ref := RefOf(*f.Ref)
		text = b.Called(ref)
		if ref == (domain.Ref{}) {
			text = Clean(*f.Ref)
		}
	}
	switch {
	case f.Span == nil:
		return text
	case f.To == nil:
		return text + ", from " + f.From + " on"
	default:
		return text + ", from " + f.From + " to " + (ParseDay(*f.To) - 1).String()
	}
}
