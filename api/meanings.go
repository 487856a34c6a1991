package api

import "github.com/danielgtaylor/huma/v2"

// meanings are what fields are, by their names: a name means the same in every answer.
var meanings = map[string]string{
	"acting":            "Whether the office is held for the time being only",
	"actor":             "Who recorded it; of a key: whose it is",
	"after":             "Who has it in the later state, or with the plan",
	"announced":         "EDTF text",
	"announced_by":      "Who announced it",
	"attempts":          "How often it was tried to deliver it",
	"before":            "Who has it in the earlier state, or without the plan",
	"certainty":         "certain or uncertain: whether a fact whose day is not known exactly bears on the answer",
	"changes":           "What differs, by reference",
	"code":              "What programs branch on",
	"corrects_type":     "Of a correction: the type of the entry that it corrects",
	"created":           "When it was registered",
	"day":               "The last day whose arrivals are in the feed",
	"dead":              "Messages that were given up, or how many",
	"delivered":         "Whether the receiver took it",
	"detail":            "The error's message",
	"edges":             "By nominal day, from, to and sequence",
	"effective":         "The day in the world, as EDTF text",
	"ended":             "How the organisation ended; null while it has not",
	"entries":           "Entries, their sequences, or how many there are",
	"established":       "EDTF text; null where the beginning is unknown",
	"event":             "A CloudEvent in structured mode",
	"exact":             "Whether the words are the whole of what was found",
	"expected":          "EDTF text",
	"failing":           "Since when every attempt has failed",
	"failure":           "Why the last attempt failed",
	"field":             "Where the error is, as data.into[2]",
	"findings":          "By sequence, code and reference",
	"first":             "When it was tried first",
	"found":             "The name, title or identifier that has the words",
	"fulfilled_by":      "The sequence of the first fact in effect that does",
	"fulfils":           "The plan, or the item of a plan, that the entry carries out",
	"holders":           "By organisation and role",
	"how":               "merged, split or dissolved",
	"identifiers":       "What registers call it, by scheme and value",
	"instance":          "The path that was asked for",
	"kind":              "entry, change or arrival",
	"kinds":             "entry, change, arrival; none: all of them",
	"known":             "The last entry that was taken into account",
	"lag":               "How many entries the feed is behind",
	"last":              "When it was tried last",
	"last_recorded":     "Null for an empty ledger",
	"last_seq":          "The sequence of the last entry",
	"left":              "How many messages stay given up",
	"line":              "Of what was handed in, from 1",
	"matches":           "Those that are called exactly so come first, then what begins so",
	"more":              "Whether there are more behind the last",
	"name":              "Null where it is not known, or was forgotten",
	"offices":           "Those that are filled, by identifier",
	"on":                "The day that the answer is about",
	"organisation":      "Its identifier",
	"orphaned":          "What would have nobody, by reference, organisation and role",
	"parent":            "Where the organisation stands as a unit; null where nowhere",
	"path":              "Sequences: the granting fact, then each that moved it",
	"periods":           "The longest with one set of holders, by their beginning",
	"person":            "The name, or, of an answer about a person, the identifier",
	"person_forgotten":  "Whether the name was forgotten",
	"person_id":         "Left out where the name stands in the log",
	"position":          "A place in the feed, from 1",
	"recorded":          "When it was recorded, UTC",
	"ref":               "kind/id",
	"refs":              "References, as kind/id; none: anything",
	"registered":        "The sequence of the registration",
	"resent":            "How many messages are sent again",
	"revoked":           "The sequence of the revocation; null while there is none",
	"root":              "Of the Merkle tree over all entries, in hexadecimal",
	"rule":              "What would have been right",
	"secret":            "The key of its signatures, as Standard Webhooks writes it",
	"seq":               "A sequence: the place of an entry in the log, from 1",
	"since":             "The first day on which it counts",
	"snapshot":          "The last entry that the snapshot of the index beside the log has",
	"state":             "A word of operations.md",
	"status":            "Of a problem or a delivery, the HTTP status; of anything else, a word of semantics.md",
	"successors":        "By identifier",
	"title":             "What it is called; of a problem, its code in words",
	"to":                "The first day no longer covered, null while it goes on; of a succession, the successor",
	"took_ms":           "Milliseconds",
	"type":              "Of an entry, what it says; of a problem, where its code is explained",
	"uncertain_because": "Sequences of the facts because of which the answer is uncertain",
	"unproved":          "How many entries before the snapshot are still to be proved to be what was recorded",
	"value":             "What was found, or what the register says",
	"waiting":           "How many messages are to be sent again",
	"was":               "Whether what was found is no longer what it is called",
	"webhooks":          "The first registered first",
}

// examples are values of parameters, by their names; those of the built-in history, so that they can be tried.
var examples = map[string]any{
	"actor":        "registrar",
	"assume":       []string{"nhs-england-abolition=2027-04-01"},
	"at-least":     1,
	"date":         "2027-04-01",
	"dry_run":      true,
	"entry":        "5",
	"from-known":   "205",
	"id":           "education-commissioning",
	"kind":         "responsibility",
	"known":        "248",
	"limit":        10,
	"on":           "2026-03-31",
	"organisation": "nhs-england",
	"plan":         "nhs-england-abolition",
	"ref":          "contract/cppe-postgraduate-education",
	"refs":         []string{"organisation/dhsc", "organisation/hee"},
	"seq":          5,
	"source":       "uksi-2013-160",
	"strict":       false,
	"tile":         "tile/entry/004",
	"to-known":     "248",
	"words":        "education",
	headerKey:      "8e03978e-40d5-43e8-bc93-6894a57f9324",
}

// exampleOf is a value of a parameter; nil where there is none to try.
func exampleOf(p *huma.Param) any {
	switch {
	case len(p.Schema.Enum) > 0:
		return p.Schema.Enum[0]
	case p.Name == "ref" && p.Schema.Type == huma.TypeArray:
		return []any{examples["ref"]}
	case p.Name == "from" && p.Schema.Format == "date":
		return "2019-03-31"
	case p.Name == "to" && p.Schema.Format == "date":
		return "2019-04-02"
	case p.Name == "known" && p.Schema.Type == huma.TypeInteger:
		return 248
	case p.Name == "from":
		return 1
	case p.Name == "to":
		return 10
	}
	return examples[p.Name]
}
