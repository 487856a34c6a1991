package domain

import "github.com/invopop/jsonschema"

// What JSON Schema says of the values that many fields share.
func basicSchemas() jsonschema.Definitions {
	return jsonschema.Definitions{
		"id": {Type: "string", Pattern: "^" + IDPattern + "$", Description: idRule},
		"holding": {Type: "string", Pattern: "^" + holdingPattern + "$",
			Description: "a holding, written kind/id: a responsibility, a contract, or an organisation for its placement under its parent"},
		"fulfils": {Type: "string", Pattern: "^" + IDPattern + "(/" + IDPattern + ")?$",
			Description: "the plan that the fact carries out, or plan/item"},
		"uuid": {Type: "string", Format: "uuid", Not: &jsonschema.Schema{Const: "00000000-0000-0000-0000-000000000000"},
			Pattern: "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$"},
		"date": {Type: "string", Pattern: edtfPattern, Description: "an Extended Date/Time Format date: " + edtfRule},
		"day":  {Type: "string", Format: "date", Pattern: `^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$`, Description: dayRule},
		"text": {Type: "string", Pattern: `^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$`, Not: &jsonschema.Schema{Pattern: `^[ \t\n]*$`},
			Description: "text that is not blank, without control characters but line feeds and tabs; a maxLength that stands beside this is meant in bytes of UTF-8, of which a character takes one to four"},
	}
}

// summaries say in a few words what each type records.
var summaries = [...]string{
	TypeOrganisationEstablished:    "introduces an organisation, perhaps under a parent; without a parent it may be undated: it existed already",
	TypeOrganisationRestored:       "makes an ended organisation active again; nothing it lost comes back",
	TypeResponsibilityDefined:      "introduces a responsibility; undated, it existed already",
	TypeResponsibilityWithdrawn:    "takes a responsibility from an organisation, in one role or in all",
	TypeResponsibilityDiscontinued: "ends a responsibility: nobody holds it any more",
	TypeContractEnded:              "ends a contract other than by its expiry",
	TypeAppointmentEnded:           "empties an office of the person who holds it",
	TypeOrganisationRenamed:        "gives an organisation a new legal name, or a new name that it goes by",
	TypeOrganisationIdentified:     "changes the codes that registers know an organisation by: those withdrawn are lost first; at least one is given",
	TypeOrganisationReconstituted:  "changes the legal form of an organisation",
	TypeContractVaried:             "changes the last day, value or title of a contract: at least one of them",
	TypeResponsibilityAssigned:     "gives a responsibility to an organisation, as lead unless another role is given",
	TypeContractAwarded:            "introduces a contract with its owner and suppliers; it expires the day after its last day",
	TypeAppointmentMade:            "puts a person into an office, in place of whoever held it",
	TypeResponsibilityTransferred:  "moves a responsibility between organisations; role says which of the giver's roles, as the role it arrives with",
	TypeContractTransferred:        "moves one side of a contract to another organisation: the owner's unless the supplier's is given",
	TypeOrganisationMoved:          "places an organisation under another parent, or under none",
	TypeHoldingsTransferred:        "moves everything that an organisation holds, or everything of some kinds, with exceptions",
	TypeOrganisationMerged:         "ends organisations, whose holdings go to another",
	TypeOrganisationSplit:          "divides an organisation; where it continues, only what is allocated leaves it",
	TypeOrganisationDissolved:      "ends an organisation, with a successor or without",
	TypePlanAnnounced:              "introduces a plan; it changes nothing until facts fulfil it",
	TypePlanAmended:                "replaces what a plan expects, its conditions or its items, each whole; at least one is given",
	TypePlanWithdrawn:              "closes a plan that will not be carried out",
	TypePlanCompleted:              "closes a plan that has been carried out",
	TypeKeyRegistered:              "introduces a key of an actor, valid from the effective day on; who has a valid key has to sign what it records",
	TypeKeyRevoked:                 "ends the validity of a key, from the effective day on",
	TypeSourceRegistered:           "introduces a piece of evidence that entries can cite",
	TypePersonForgotten:            "has the key of a person destroyed, and says why: the name can no longer be read",
	TypeEntryCorrected:             "replaces the date, data, sources and fulfilment of an earlier entry, whole",
	TypeEntryRetracted:             "takes an earlier entry out of the history",
}
