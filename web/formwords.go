package web

import (
	"strings"

	"github.com/orgledger/orgledger/domain"
)

// labels are what fields are called in forms, by the name of the field, or by the end of its path where that says more.
var labels = map[string]string{
	"effective":       "Takes effect on",
	"sources":         "Evidence",
	"sources.source":  "Source",
	"sources.locator": "Where in the source",
	"fulfils":         "Carries out a plan",
	"note":            "Note",
	"last_day":        "Last day in force",
	"announced_by":    "Announced by",
	"sha256":          "SHA-256 digest of the document",
	"url":             "Web address",
	"as":              "Role it arrives with",
	"into":            "Into",
	"from":            "From",
	"to":              "To",
	"except":          "Except",
	"allocate":        "Who gets what",
	"residual":        "Who gets the rest",
	"continues":       "The organisation continues",
	"acting":          "Acting",
	"kinds":           "Only these kinds of holding",
	"withdrawn":       "Identifiers lost",
	"form":            "Legal form",
	"parent":          "Placed under",
	"parent.relation": "Its relation to it",
	"item":            "Name of the item",
	"expected":        "Expected",
	"retrieved":       "Retrieved on",
	"published":       "Published on",
	"value":           "Value",
	"organisation":    "Organisation",
	"organisations":   "Organisations that end",
	"corrects":        "Entry",
	"retracts":        "Entry",
}

// holdingKinds are the kinds of holding, the only words of which several are chosen.
var holdingKinds = map[string]string{"responsibility": "responsibilities", "contract": "contracts that it owns", "supply": "contracts that it supplies",
	"unit": "organisations placed under it"}

// labelOf is what a field is called in a form.
func labelOf(path string, field domain.Field) string {
	var names []string
	for name := range strings.SplitSeq(path, ".") {
		if name != "" && strings.Trim(name, "0123456789") != "" {
			names = append(names, name)
		}
	}
	if len(names) > 1 {
		if label, ok := labels[strings.Join(names[len(names)-2:], ".")]; ok {
			return label
		}
	}
	if label, ok := labels[field.Name]; ok {
		return label
	}
	return capitalised(wordLabel(field.Name))
}

// wordLabel is a word of the entries' JSON as people write it.
func wordLabel(word string) string {
	if typ, ok := domain.ParseType(word); ok {
		return typeLabel(typ)
	}
	return strings.ReplaceAll(word, "_", " ")
}

// typeLabel is what a fact type is called: organisation merged.
func typeLabel(t domain.Type) string { return strings.ReplaceAll(t.String(), ".", " ") }

func capitalised(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// elementWords is what one element of a list is called.
func elementWords(list string) string {
	switch list {
	case "sources":
		return "citation"
	case "except":
		return "exception"
	case "allocate":
		return "allocation"
	case "into":
		return "organisation"
	case "withdrawn", "identifiers":
		return "identifier"
	}
	return strings.TrimSuffix(list, "s")
}

// hintOf says how a field is filled in.
func hintOf(field domain.Field) string {
	switch field.Shape {
	case domain.ShapeDate:
		return "A day 2019-04-01, a month 2012-06, a year 2012, or a range [2019-04-01..2019-06-30]; a ? after it says that it is uncertain."
	case domain.ShapeDay:
		return "As 2019-04-01."
	case domain.ShapeFulfils:
		return "The plan, or plan/item, that this carries out."
	case domain.ShapeHolding:
		return "A responsibility, a contract or an organisation: a part of its name, or kind/id."
	case domain.ShapeCode:
		return capitalised(field.Rule) + "."
	}
	return ""
}
