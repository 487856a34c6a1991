package domain

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// A refused line, and what its refusal has to be. says is part of the rule, in which a reader finds
// what would be right.
type refused struct {
	name  string
	line  string
	code  Code
	field string
	says  string
	value string
}

// with replaces one piece of a good entry by a bad one.
func with(line, good, bad string) string {
	if strings.Count(line, good) != 1 {
		panic(fmt.Sprintf("%q is not once in %s", good, line))
	}
	return strings.Replace(line, good, bad, 1)
}

const (
	renamed   = `{"type":"organisation.renamed","effective":"2018-01-08","data":{"organisation":"dhsc","name":"Department"},"note":"n"}`
	merged    = `{"type":"organisation.merged","effective":"2023-02-01","data":{"organisations":["a","b"],"into":"c","except":["contract/c1"],"kinds":["unit"]},"fulfils":"p/i"}`
	awarded   = `{"type":"contract.awarded","effective":"2023-02","data":{"contract":"c","title":"t","owner":"o","suppliers":["s","t"],"last_day":"2023-02-01","value":{"amount":15,"currency":"GBP"}}}`
	split     = `{"type":"organisation.split","effective":"2023","data":{"organisation":"a","into":["b","c"],"residual":"c","allocate":[{"holding":"contract/x","to":"b"},{"holding":"contract/y","to":"c"}]}}`
	announced = `{"type":"plan.announced","effective":"2023","data":{"plan":"p","title":"t","items":[{"item":"i1","type":"organisation.restored","data":{"organisation":"a"}},{"item":"i2","type":"organisation.merged","effective":"2024","data":{"organisations":["a"],"into":"b"}}]}}`
	corrected = `{"type":"entry.corrected","data":{"corrects":"018f2c3e-0000-7000-8000-000000000001","reason":"r","replacement":{"effective":"2020","data":{"organisation":"a"},"sources":[{"source":"s"}]}}}`
	defined   = `{"type":"responsibility.defined","data":{"responsibility":"r","title":"t","kind":"function","description":"d"}}`
	moved     = `{"type":"organisation.moved","effective":"2023","data":{"organisation":"a","parent":{"organisation":"b","relation":"part_of"}}}`
	source    = `{"type":"source.registered","data":{"source":"s","title":"t","published":"2012"}}`
)

func refusals() []refused {
	all := unreadable()
	all = append(all, misshapen()...)
	all = append(all, badValues()...)
	return append(all, contradictory()...)
}

// Lines that are not one JSON object of readable size.
func unreadable() []refused {
	deep := func(n int) string { return `{"type":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}` }
	return []refused{
		{"empty", "", CodeEmpty, "", "one JSON object", "empty line"},
		{"blank", " \t\r\n", CodeEmpty, "", "one JSON object", "empty line"},
		{"not JSON", "organisation merged", CodeNotJSON, "", "one JSON object", `"organisation merged"`},
		{"a comment", "{/*x*/}", CodeNotJSON, "", "one JSON object", "at offset 1"},
		{"trailing comma", `  {"type":"x",}`, CodeNotJSON, "", "one JSON object", "at offset 14"},
		{"single quotes", `{'type':'x'}`, CodeNotJSON, "", "one JSON object", "offset 1"},
		{"not a number", with(awarded, "15", "015"), CodeNotJSON, "data.value", "one JSON object", "offset"},
		{"unknown literal", with(renamed, `"n"`, `nil`), CodeNotJSON, "note", "one JSON object", "offset"},
		{"bare control character", with(renamed, `"n"`, "\"a\x01b\""), CodeNotJSON, "note", "invalid character", "offset"},
		{"half a surrogate pair", with(renamed, `"n"`, `"\ud83d"`), CodeNotJSON, "note", "surrogate", "offset"},
		{"far down", strings.Repeat(`{"`+strings.Repeat("x", 40)+`":`, 60) + "}", CodeNotJSON,
			strings.Repeat(strings.Repeat("x", 40)+".", 4) + strings.Repeat("x", 40) + "…", "one JSON object", "offset"},
		{"place in a list", with(merged, `"b"`, `b`), CodeNotJSON, "data.organisations[1]", "one JSON object", "offset"},
		{"cut in the middle", renamed[:60], CodeNotJSON, "", "complete to its closing }", "cut off after"},
		{"cut in a string", renamed[:70], CodeNotJSON, "", "complete to its closing }", "cut off after"},
		{"cut before the end", strings.TrimSuffix(renamed, "}"), CodeNotJSON, "", "complete", "cut off after"},
		{"two on a line", renamed + renamed, CodeNotJSON, "", "nothing after it", "organisation.renamed"},
		{"a full stop after", renamed + ".", CodeNotJSON, "", "nothing after it", `"."`},
		{"a space of Unicode", "\u00a0" + renamed, CodeNotJSON, "", "one JSON object", "offset 0"},
		{"byte order mark", "\ufeff" + renamed, CodeNotJSON, "", "begins with {", "byte order mark"},
		{"array", "[" + renamed + "]", CodeNotObject, "", "without an array around them", "an array"},
		{"array not closed", "[" + renamed, CodeNotObject, "", "without an array around them", "an array"},
		{"string", `"organisation.renamed"`, CodeNotObject, "", "one JSON object", "organisation.renamed"},
		{"null", `null`, CodeNotObject, "", "one JSON object", "null"},
		{"not UTF-8", with(renamed, `"n"`, "\"caf\xe9\""), CodeNotUTF8, "", "UTF-8", "0xe9 at offset 118"},
		{"a surrogate in UTF-8", with(renamed, `"n"`, "\"\xed\xa0\x80\""), CodeNotUTF8, "", "UTF-8", "0xed"},
		{"300 KiB", with(renamed, `"n"`, `"`+strings.Repeat("x", 300<<10)+`"`), CodeTooLarge, "", "at most 262144 bytes", "307317 bytes"},
		{"300 KiB of spaces", strings.Repeat(" ", 300<<10), CodeTooLarge, "", "at most 262144 bytes", "307200 bytes"},
		{"10,000 deep", deep(10_000), CodeTooDeep, "", "at most 64 deep", "10001 deep"},
		{"100,000 deep and not closed", strings.Repeat(`{"":`, 50_000) + strings.Repeat("[", 50_000), CodeTooDeep, "", "at most 64 deep", "100000 deep"},
		{"65 deep", deep(64), CodeTooDeep, "", "at most 64 deep", "65 deep"},
		{"64 deep", deep(63), CodeWrongType, "type", "text", "a list"},
		{"brackets in text are not deep", with(renamed, `"n"`, `"\"`+strings.Repeat("[", 1000)+`","x":1`), CodeUnknownField, "x", "the fields are", ""},
		{"field twice", with(renamed, `"note":"n"`, `"note":"n","note":"n"`), CodeDuplicateField, "note", "given once", "twice"},
		{"field twice, once escaped", with(renamed, `"note":"n"`, `"note":"n","n\u006fte":"n"`), CodeDuplicateField, "note", "given once", "twice"},
		{"field twice in a list", with(split, `"to":"b"`, `"to":"b","to":"c"`), CodeDuplicateField, "data.allocate[0].to", "given once", "twice"},
		{"field twice in a replacement", with(corrected, `{"organisation":"a"}`, `{"organisation":"a","organisation":"b"}`),
			CodeDuplicateField, "data.replacement.data.organisation", "given once", "twice"},
	}
}

// Objects without the right fields, or with another kind of value.
func misshapen() []refused {
	return []refused{
		{"no fields", `{}`, CodeMissingField, "type", "has to be given", ""},
		{"unknown type", with(renamed, "organisation.renamed", "organisation.rename"), CodeUnknownType, "type", "organisation.renamed", `"organisation.rename"`},
		{"unknown subject", with(renamed, "organisation.renamed", "department.renamed"), CodeUnknownType, "type", "responsibility.defined", `"department.renamed"`},
		{"type in capitals", with(renamed, "organisation.renamed", "Organisation.Renamed"), CodeUnknownType, "type", "organisation.renamed", `"Organisation.Renamed"`},
		{"type is a number", with(renamed, `"organisation.renamed"`, `7`), CodeWrongType, "type", "text", "the number 7"},
		{"no data", `{"type":"organisation.restored","effective":"2023"}`, CodeMissingField, "data", "has to be given", ""},
		{"data is null", `{"type":"organisation.restored","effective":"2023","data":null}`, CodeWrongType, "data", "an object", "null"},
		{"data is a list", `{"type":"organisation.restored","effective":"2023","data":[]}`, CodeWrongType, "data", "an object", "a list"},
		{"unknown field", with(renamed, `"note"`, `"notes"`), CodeUnknownField, "notes", "the fields are id, type, effective, data, sources, fulfils, note", ""},
		{"unknown field of data", with(renamed, `"name":`, `"colour":"red","name":`), CodeUnknownField, "data.colour", "the fields are organisation, name, kind", ""},
		{"unknown field with a strange name", with(renamed, `"note"`, `"no\nte"`), CodeUnknownField, `"no\nte"`, "the fields are", ""},
		{"unknown field without a name", with(renamed, `"note"`, `""`), CodeUnknownField, `""`, "the fields are", ""},
		{"unknown field with a long name", with(renamed, `"note"`, `"`+strings.Repeat("é", 1000)+`"`), CodeUnknownField, `"éééééééééééééééééééééééééééééééééééééééé"… (2000 bytes)`, "the fields are", ""},
		{"unknown field in a list", with(split, `"to":"b"`, `"to":"b","by":"c"`), CodeUnknownField, "data.allocate[0].by", "the fields are holding, to", ""},
		{"unknown field of an item", with(announced, `"item":"i2"`, `"item":"i2","when":"2024"`), CodeUnknownField, "data.items[1].when", "the fields are item, type, effective, data", ""},
		{"unknown field of an item's data", with(announced, `"into":"b"`, `"into":"b","to":"b"`), CodeUnknownField, "data.items[1].data.to", "organisations, into, except, kinds", ""},
		{"unknown field of a parent", with(moved, `"relation"`, `"as":"x","relation"`), CodeUnknownField, "data.parent.as", "organisation, relation", ""},
		{"unknown field of a source", with(corrected, `"source":"s"`, `"source":"s","page":"1"`), CodeUnknownField, "data.replacement.sources[0].page", "source, locator", ""},
		{"a note in a replacement", with(corrected, `"effective":"2020",`, `"effective":"2020","note":"x",`), CodeUnknownField, "data.replacement.note", "effective, data, sources, fulfils", ""},
		{"misspelt field", with(renamed, `"name":`, `"nam":`), CodeUnknownField, "data.nam", "the fields are organisation, name, kind", ""},
		{"missing field", with(renamed, `,"name":"Department"`, ``), CodeMissingField, "data.name", "has to be given", ""},
		{"missing field of an item", with(announced, `,"into":"b"`, ``), CodeMissingField, "data.items[1].data.into", "has to be given", ""},
		{"missing item type", with(announced, `"type":"organisation.merged",`, ``), CodeMissingField, "data.items[1].type", "has to be given", ""},
		{"missing item name", with(announced, `"item":"i2",`, ``), CodeMissingField, "data.items[1].item", "has to be given", ""},
		{"missing parent", with(moved, `,"parent":{"organisation":"b","relation":"part_of"}`, ``), CodeMissingField, "data.parent", "as null", ""},
		{"missing relation", with(moved, `,"relation":"part_of"`, ``), CodeMissingField, "data.parent.relation", "has to be given", ""},
		{"missing replacement data", with(corrected, `"data":{"organisation":"a"},`, ``), CodeMissingField, "data.replacement.data", "has to be given", ""},
		{"missing effective", with(renamed, `"effective":"2018-01-08",`, ``), CodeMissingField, "effective", "organisation.renamed needs an effective date", ""},
		{"missing effective of a placed organisation",
			`{"type":"organisation.established","data":{"organisation":"a","name":"n","parent":{"organisation":"b","relation":"part_of"}}}`,
			CodeMissingField, "effective", "needs an effective date", ""},
		{"empty name", with(renamed, `"Department"`, `""`), CodeMissingField, "data.name", "not empty", `""`},
		{"empty note", with(renamed, `"n"`, `""`), CodeMissingField, "note", "leave out", `""`},
		{"blank name", with(renamed, `"Department"`, `" \n\u3000"`), CodeMissingField, "data.name", "not blank", `" \n\u3000"`},
		{"null note", with(renamed, `"n"`, `null`), CodeWrongType, "note", "leave out what is not known", "null"},
		{"null sources", with(renamed, `"note":"n"`, `"sources":null`), CodeWrongType, "sources", "a list: leave out", "null"},
		{"null kinds", with(merged, `["unit"]`, `null`), CodeWrongType, "data.kinds", "a list: leave out", "null"},
		{"null name", with(renamed, `"Department"`, `null`), CodeWrongType, "data.name", "text", "null"},
		{"null value", with(awarded, `{"amount":15,"currency":"GBP"}`, `null`), CodeWrongType, "data.value", "an object", "null"},
		{"null in a list", with(merged, `"b"`, `null`), CodeWrongType, "data.organisations[1]", "text", "null"},
		{"text for a list", with(merged, `["a","b"]`, `"a"`), CodeWrongType, "data.organisations", "a list", `the text "a"`},
		{"list for text", with(merged, `"c"`, `["c"]`), CodeWrongType, "data.into", "text", "a list"},
		{"object for text", with(merged, `"c"`, `{"id":"c"}`), CodeWrongType, "data.into", "text", "an object"},
		{"text for a number", with(awarded, `15`, `"15"`), CodeWrongType, "data.value.amount", "a number", `the text "15"`},
		{"text for an object", with(moved, `{"organisation":"b","relation":"part_of"}`, `"b"`), CodeWrongType, "data.parent", "an object", `the text "b"`},
		{"text for true or false", with(split, `"into"`, `"continues":"yes","into"`), CodeWrongType, "data.continues", "true or false", `the text "yes"`},
		{"number for text", with(renamed, `"n"`, `1e9`), CodeWrongType, "note", "text", "the number 1e9"},
		{"text for a replacement's data", with(corrected, `{"organisation":"a"}`, `"a"`), CodeWrongType, "data.replacement.data", "an object", `the text "a"`},
		{"empty list of predecessors", with(merged, `["a","b"]`, `[]`), CodeMissingField, "data.organisations", "at least one", ""},
		{"empty list of kinds", with(merged, `["unit"]`, `[]`), CodeMissingField, "data.kinds", "leave it out to mean all", ""},
		{"10,001 exceptions", with(merged, `["contract/c1"]`, `["contract/c"`+strings.Repeat(`,"contract/c"`, 10_000)+`]`), CodeTooMany, "data.except", "at most 10000 items", "10001"},
	}
}

// Values that do not have the form they need.
func badValues() []refused {
	name := func(n int) string { return with(renamed, "Department", strings.Repeat("é", n)) }
	return []refused{
		{"impossible date", with(renamed, "2018-01-08", "2023-02-30"), CodeBadDate, "effective", "February 2023 has the days 1 to 28", `"2023-02-30"`},
		{"reversed range", with(renamed, "2018-01-08", "[2019-06-30..2019-04-01]"), CodeBadDate, "effective", "does not end before it begins", `"[2019-06-30..2019-04-01]"`},
		{"no date", with(renamed, "2018-01-08", "next spring"), CodeBadDate, "effective", "a day 2019-04-01", `"next spring"`},
		{"date of a source", with(source, "2012", "12 May"), CodeBadDate, "data.published", "a day 2019-04-01", `"12 May"`},
		{"date of an item", with(announced, "2024", "2024-02-30"), CodeBadDate, "data.items[1].effective", "February 2024 has the days 1 to 29", `"2024-02-30"`},
		{"date of a replacement", with(corrected, "2020", "2020-31-12"), CodeBadDate, "data.replacement.effective", "a day 2019-04-01", `"2020-31-12"`},
		{"last day is a month", with(awarded, "2023-02-01", "2023-02"), CodeBadDate, "data.last_day", "YYYY-MM-DD", `"2023-02"`},
		{"last day impossible", with(awarded, "2023-02-01", "2023-02-29"), CodeBadDate, "data.last_day", "has the days 1 to 28", `"2023-02-29"`},
		{"identifier with a space", with(renamed, "dhsc", "dh sc"), CodeBadIdentifier, "data.organisation", "letters a-z", `"dh sc"`},
		{"identifier with an accent", with(renamed, "dhsc", "santé"), CodeBadIdentifier, "data.organisation", "letters a-z", `"santé"`},
		{"identifier is a reference", with(renamed, "dhsc", "organisation/dhsc"), CodeBadIdentifier, "data.organisation", "letters a-z", `"organisation/dhsc"`},
		{"identifier begins with _", with(renamed, "dhsc", "_dhsc"), CodeBadIdentifier, "data.organisation", "begins with a letter or digit", `"_dhsc"`},
		{"identifier too long", with(renamed, "dhsc", strings.Repeat("d", 129)), CodeBadIdentifier, "data.organisation", "1 to 128", "(129 bytes)"},
		{"identifier in a list", with(merged, `"b"`, `"b!"`), CodeBadIdentifier, "data.organisations[1]", "letters a-z", `"b!"`},
		{"identifier of an item", with(announced, "i2", "i 2"), CodeBadIdentifier, "data.items[1].item", "letters a-z", `"i 2"`},
		{"identifier in an item", with(announced, `"into":"b"`, `"into":"b/c"`), CodeBadIdentifier, "data.items[1].data.into", "letters a-z", `"b/c"`},
		{"id is no UUID", `{"id":"42","type":"organisation.restored","effective":"2023","data":{"organisation":"a"}}`, CodeBadIdentifier, "id", "a UUID", `"42"`},
		{"id in braces", `{"id":"{018f2c3e-0000-7000-8000-000000000001}","type":"organisation.restored","effective":"2023","data":{"organisation":"a"}}`, CodeBadIdentifier, "id", "a UUID", "018f2c3e"},
		{"id of zeros", `{"id":"00000000-0000-0000-0000-000000000000","type":"organisation.restored","effective":"2023","data":{"organisation":"a"}}`, CodeBadIdentifier, "id", "other than zero", "00000000"},
		{"corrects no UUID", with(corrected, "018f2c3e-0000", "018f2c3e"), CodeBadIdentifier, "data.corrects", "a UUID", "018f2c3e"},
		{"reference without a kind", with(merged, "contract/c1", "c1"), CodeBadReference, "data.except[0]", "kind/id", `"c1"`},
		{"reference of an unknown kind", with(merged, "contract/c1", "asset/c1"), CodeBadReference, "data.except[0]", "organisation, responsibility", `"asset/c1"`},
		{"reference with a bad identifier", with(merged, "contract/c1", "contract/c 1"), CodeBadReference, "data.except[0]", "letters a-z", `"contract/c 1"`},
		{"reference to what is not held", with(merged, "contract/c1", "plan/p"), CodeBadReference, "data.except[0]", "contract/id", `"plan/p"`},
		{"fulfils a reference", with(merged, "p/i", "plan/p/i"), CodeBadReference, "fulfils", "plan or plan/item", `"plan/p/i"`},
		{"fulfils no item", with(merged, "p/i", "p/"), CodeBadReference, "fulfils", "plan or plan/item", `"p/"`},
		{"unknown word", with(defined, `"function"`, `"duty"`), CodeBadWord, "data.kind", "function, programme, commitment, arrangement", `"duty"`},
		{"unknown word in a list", with(merged, `"unit"`, `"units"`), CodeBadWord, "data.kinds[0]", "responsibility, contract, supply, unit", `"units"`},
		{"unknown relation", with(moved, "part_of", "part of"), CodeBadWord, "data.parent.relation", "part_of, committee_of", `"part of"`},
		{"item of an unknown type", with(announced, "organisation.merged", "organisation.merge"), CodeUnknownType, "data.items[1].type", "organisation.merged", `"organisation.merge"`},
		{"item that is a source", with(announced, `"organisation.merged"`, `"source.registered"`), CodeBadWord, "data.items[1].type", "a plan's item is a change", `"source.registered"`},
		{"item that is a plan", with(announced, `"organisation.merged"`, `"plan.announced"`), CodeBadWord, "data.items[1].type", "a plan's item is a change", `"plan.announced"`},
		{"name of 514 bytes", name(257), CodeTooLarge, "data.name", "at most 512 bytes", "(514 bytes)"},
		{"note of 4,097 bytes", with(renamed, `"n"`, `"`+strings.Repeat("x", 4097)+`"`), CodeTooLarge, "note", "at most 4096 bytes", "(4097 bytes)"},
		{"control character", with(renamed, `"n"`, `"a\u0000b"`), CodeBadValue, "note", "no control characters", `"a\x00b"`},
		{"carriage return", with(renamed, `"n"`, `"a\r\nb"`), CodeBadValue, "note", "line feeds and tabs", `"a\r\nb"`},
		{"delete", with(renamed, `"n"`, "\"a\x7fb\""), CodeBadValue, "note", "no control characters", `"a\x7fb"`},
		{"control character of Latin 1", with(renamed, `"n"`, `"a\u0085b"`), CodeBadValue, "note", "no control characters", `"a\u0085b"`},
		{"amount of 16 digits", with(awarded, "15", "1234567890.123456"), CodeBadValue, "data.value.amount", "at most 15 digits", "1234567890.123456"},
		{"amount too large", with(awarded, "15", "1e400"), CodeBadValue, "data.value.amount", "between 1e-100 and 1e100", "1e400"},
		{"amount too small", with(awarded, "15", "1e-400"), CodeBadValue, "data.value.amount", "between 1e-100 and 1e100", "1e-400"},
		{"amount of many zeros", with(awarded, "15", "0.0000000000000000000000000000000000000"), CodeBadValue, "data.value.amount", "15 digits", "0.000"},
		{"currency in words", with(awarded, "GBP", "pounds"), CodeBadValue, "data.value.currency", "three capital letters", `"pounds"`},
		{"currency in small letters", with(awarded, "GBP", "gbp"), CodeBadValue, "data.value.currency", "three capital letters", `"gbp"`},
		{"digest", with(source, `"published"`, `"sha256":"E3B0","published"`), CodeBadValue, "data.sha256", "64 lower-case hexadecimal", `"E3B0"`},
	}
}

// Fields that are right one by one and wrong together.
func contradictory() []refused {
	return []refused{
		{"last day before effective", with(awarded, "2023-02-01", "2023-01-31"), CodeLastDayTooEarly, "data.last_day", "not before the effective day 2023-02-01", `"2023-01-31"`},
		{"last day before the end of an open range", with(with(awarded, "2023-02-01", "2023-01-31"), `"2023-02"`, `"[..2023-02-01]"`), CodeLastDayTooEarly, "data.last_day", "2023-02-01", `"2023-01-31"`},
		{"last day of an item", with(announced, `"type":"organisation.merged","effective":"2024","data":{"organisations":["a"],"into":"b"}`,
			`"type":"contract.varied","effective":"2024","data":{"contract":"c","last_day":"2023-12-31"}`), CodeLastDayTooEarly, "data.items[1].data.last_day", "2024-01-01", `"2023-12-31"`},
		{"source with a date", with(source, `"data"`, `"effective":"2020","data"`), CodeFieldNotAllowed, "effective", "source.registered has no effective date", `"2020"`},
		{"correction with a date", with(corrected, `"data":{"corrects"`, `"effective":"2020","data":{"corrects"`), CodeFieldNotAllowed, "effective", "no effective date", `"2020"`},
		{"source that fulfils", with(source, `"data"`, `"fulfils":"p","data"`), CodeFieldNotAllowed, "fulfils", "fulfils no plan", `"p"`},
		{"supplier twice", with(awarded, `"t"]`, `"s"]`), CodeBadValue, "data.suppliers[1]", "once", `"s" again`},
		{"predecessor twice", with(merged, `"b"`, `"a"`), CodeBadValue, "data.organisations[1]", "once", `"a" again`},
		{"item twice", with(announced, "i2", "i1"), CodeBadValue, "data.items[1].item", "once", `"i1" again`},
		{"allocated twice", with(split, "contract/y", "contract/x"), CodeBadValue, "data.allocate[1].holding", "once", `"contract/x" again`},
		{"merged into itself", with(merged, `"b"`, `"c"`), CodeBadValue, "data.organisations[1]", "only in into", `"c"`},
		{"split into itself", with(split, `["b","c"]`, `["a","c"]`), CodeBadValue, "data.into[0]", "continues", `"a"`},
		{"split twice into one", with(split, `["b","c"]`, `["b","b","c"]`), CodeBadValue, "data.into[1]", "once", `"b" again`},
		{"residual elsewhere", with(split, `"residual":"c"`, `"residual":"d"`), CodeBadValue, "data.residual", "one of the organisations in into", `"d"`},
		{"allocated elsewhere", with(split, `"to":"b"`, `"to":"d"`), CodeBadValue, "data.allocate[0].to", "one of the organisations in into", `"d"`},
		{"its own parent", with(moved, `"organisation":"b"`, `"organisation":"a"`), CodeBadValue, "data.parent.organisation", "never its own parent", `"a"`},
		{"established under itself", `{"type":"organisation.established","effective":"2020","data":{"organisation":"a","name":"n","parent":{"organisation":"a","relation":"part_of"}}}`,
			CodeBadValue, "data.parent.organisation", "never its own parent", `"a"`},
		{"succeeds itself", `{"type":"organisation.dissolved","effective":"2020","data":{"organisation":"a","successor":"a"}}`, CodeBadValue, "data.successor", "does not succeed itself", `"a"`},
		{"transfer to itself", `{"type":"responsibility.transferred","effective":"2020","data":{"responsibility":"r","from":"a","to":"a"}}`, CodeBadValue, "data.to", "another organisation", `"a"`},
		{"contract to itself", `{"type":"contract.transferred","effective":"2020","data":{"contract":"c","from":"a","to":"a"}}`, CodeBadValue, "data.to", "another organisation", `"a"`},
		{"holdings to itself", `{"type":"holdings.transferred","effective":"2020","data":{"from":"a","to":"a"}}`, CodeBadValue, "data.to", "another organisation", `"a"`},
		{"nothing varied", `{"type":"contract.varied","effective":"2020","data":{"contract":"c"}}`, CodeMissingField, "data.last_day", "last_day, value or title", ""},
		{"nothing amended", `{"type":"plan.amended","effective":"2020","data":{"plan":"p"}}`, CodeMissingField, "data.expected", "expected, conditions or items", ""},
		{"a key without its checksum", `{"type":"key.registered","effective":"2026-01-01","data":{"key":"UARB7ZPWQWNBUT7MPECXZHJSZDJ7YNLOCRFR3I5Q7EAW55XSTCENVW35","actor":"a"}}`, CodeBadValue, "data.key", "public half", `VW35"`},
		{"a key of an actor in two lines", `{"type":"key.registered","effective":"2026-01-01","data":{"key":"UARB7ZPWQWNBUT7MPECXZHJSZDJ7YNLOCRFR3I5Q7EAW55XSTCENVW34","actor":"a\nb"}}`, CodeBadValue, "data.actor", "one line", `"a\nb"`},
		{"a key from some day of a year on", `{"type":"key.revoked","effective":"2026","data":{"key":"UARB7ZPWQWNBUT7MPECXZHJSZDJ7YNLOCRFR3I5Q7EAW55XSTCENVW34"}}`, CodeBadDate, "effective", "full date", `"2026"`},
		{"a key that fulfils a plan", `{"type":"key.revoked","effective":"2026-01-01","data":{"key":"UARB7ZPWQWNBUT7MPECXZHJSZDJ7YNLOCRFR3I5Q7EAW55XSTCENVW34"},"fulfils":"p"}`, CodeFieldNotAllowed, "fulfils", "no plan", `"p"`},
		{"nothing identified", `{"type":"organisation.identified","effective":"2020","data":{"organisation":"a","identifiers":[]}}`, CodeMissingField, "data.identifiers", "gained or withdrawn", ""},
	}
}

// Every refusal has its code, names the field and the value, and says what would be right.
func TestRefusals(t *testing.T) {
	for _, c := range refusals() {
		t.Run(c.name, func(t *testing.T) {
			e, err := ParseEntry([]byte(c.line))
			checkRefusal(t, e, err, c)
		})
	}
	for _, line := range []string{renamed, merged, awarded, split, announced, corrected, defined, moved, source} {
		mustParse(t, line) // what the table above breaks is whole
	}
}

func checkRefusal(t *testing.T, e *Entry, err error, want refused) {
	t.Helper()
	var r *Refusal
	if e != nil || !errors.As(err, &r) {
		t.Fatalf("%+v, %v: not refused", e, err)
	}
	if r.Code != want.code || r.Field != want.field {
		t.Errorf("refused as %s at %q, want %s at %q: %v", r.Code, r.Field, want.code, want.field, r)
	}
	if !strings.Contains(r.Rule, want.says) {
		t.Errorf("the rule %q does not say %q", r.Rule, want.says)
	}
	if (r.Value == "") != (want.value == "") || !strings.Contains(r.Value, want.value) {
		t.Errorf("the value is %s, want %s", r.Value, want.value)
	}
	for _, part := range []string{r.Field, r.Rule, r.Value} {
		if !strings.Contains(r.Error(), part) {
			t.Errorf("%q does not say %q", r, part)
		}
	}
	if len(r.Field)+len(r.Value) > 300 {
		t.Errorf("%d bytes of field and value are more than a person reads", len(r.Field)+len(r.Value))
	}
}

// What only a program can hand in is refused too, before it is encoded.
func TestCheckRefusesWhatCannotBeParsed(t *testing.T) {
	day := DayEDTF(730179)
	restored := &OrganisationRestored{"a"}
	for name, c := range map[string]struct {
		entry Entry
		want  refused
	}{
		"no fact":              {Entry{}, refused{code: CodeMissingField, field: "type", says: "has to be given"}},
		"not UTF-8":            {Entry{Effective: day, Fact: restored, Note: "\xff"}, refused{code: CodeNotUTF8, field: "note", says: "UTF-8", value: `"\xff"`}},
		"an item of no plan":   {Entry{Effective: day, Fact: restored, Fulfils: Fulfilment{Item: "i"}}, refused{code: CodeBadReference, field: "fulfils", says: "plan/item", value: `"/i"`}},
		"a correction to none": {Entry{Fact: &EntryCorrected{Corrects: [16]byte{1}, Reason: "r"}}, refused{code: CodeMissingField, field: "data.replacement.data", says: "has to be given"}},
		"corrects nothing":     {Entry{Fact: &EntryRetracted{Reason: "r"}}, refused{code: CodeMissingField, field: "data.retracts", says: "has to be given"}},
		"an item of no type": {Entry{Effective: day, Fact: &PlanAmended{Plan: "p", Items: []PlanItem{{Item: "i"}}}},
			refused{code: CodeMissingField, field: "data.items[0].type", says: "has to be given"}},
		"an item that is a source": {Entry{Effective: day, Fact: &PlanAmended{Plan: "p", Items: []PlanItem{{Item: "i", Fact: &SourceRegistered{Source: "s", Title: "t"}}}}},
			refused{code: CodeBadWord, field: "data.items[0].type", says: "a plan's item", value: `"source.registered"`}},
		"an amount that is no number": {Entry{Effective: day, Fact: &ContractVaried{Contract: "c", Value: &Value{"0x10", "GBP"}}},
			refused{code: CodeWrongType, field: "data.value.amount", says: "a number", value: `"0x10"`}},
		"a day beyond the calendar": {Entry{Effective: day, Fact: &ContractVaried{Contract: "c", LastDay: LastDate + 1}},
			refused{code: CodeBadDate, field: "data.last_day", says: "9999", value: "3652060"}},
		"no identifier": {Entry{Effective: day, Fact: &OrganisationRestored{}}, refused{code: CodeMissingField, field: "data.organisation", says: "has to be given"}},
		"a holding without a kind": {Entry{Effective: day, Fact: &HoldingsTransferred{From: "a", To: "b", Except: []Ref{{ID: "x"}}}},
			refused{code: CodeMissingField, field: "data.except[0]", says: "has to be given"}},
	} {
		t.Run(name, func(t *testing.T) { checkRefusal(t, nil, c.entry.Check(), c.want) })
	}
}

// A replacement is judged as an entry of its own, below data.replacement.
func TestResolveRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		replacement string
		typ         Type
		want        refused
	}{
		"a correction":     {`{"data":{}}`, TypeEntryCorrected, refused{code: CodeBadCorrection, field: "data.corrects", says: "fact or plan entry", value: `"entry.corrected"`}},
		"a source":         {`{"data":{}}`, TypeSourceRegistered, refused{code: CodeBadCorrection, field: "data.corrects", says: "fact or plan entry", value: `"source.registered"`}},
		"unknown field":    {`{"data":{"organisation":"a","nam":"b"}}`, TypeOrganisationRenamed, refused{code: CodeUnknownField, field: "data.replacement.data.nam", says: "organisation, name, kind"}},
		"unknown field 2":  {`{"data":{"organisation":"a","name":"b","colour":"c"}}`, TypeOrganisationRenamed, refused{code: CodeUnknownField, field: "data.replacement.data.colour", says: "organisation, name, kind"}},
		"bad element":      {`{"effective":"2020","data":{"organisations":["a","b c"],"into":"d"}}`, TypeOrganisationMerged, refused{code: CodeBadIdentifier, field: "data.replacement.data.organisations[1]", says: "letters", value: `"b c"`}},
		"missing date":     {`{"data":{"organisation":"a","name":"b"}}`, TypeOrganisationRenamed, refused{code: CodeMissingField, field: "data.replacement.effective", says: "needs an effective date"}},
		"rule of the type": {`{"effective":"2020","data":{"organisations":["a"],"into":"a"}}`, TypeOrganisationMerged, refused{code: CodeBadValue, field: "data.replacement.data.organisations[0]", says: "into itself", value: `"a"`}},
		"item of a plan": {`{"effective":"2020","data":{"plan":"p","items":[{"item":"i","type":"organisation.restored","data":{"organisation":"a b"}}]}}`, TypePlanAmended,
			refused{code: CodeBadIdentifier, field: "data.replacement.data.items[0].data.organisation", says: "letters", value: `"a b"`}},
	} {
		t.Run(name, func(t *testing.T) {
			line := `{"type":"entry.corrected","data":{"corrects":"018f2c3e-0000-7000-8000-000000000001","reason":"r","replacement":` + c.replacement + `}}`
			checkRefusal(t, nil, mustParse(t, line).Fact.(*EntryCorrected).Resolve(c.typ), c.want)
		})
	}
	f := mustParse(t, corrected).Fact.(*EntryCorrected)
	if err := errors.Join(f.Resolve(TypeOrganisationRestored), f.Resolve(TypeOrganisationRestored)); err != nil {
		t.Error(err)
	}
	checkRefusal(t, nil, f.Resolve(TypeOrganisationRenamed), refused{code: CodeBadCorrection, field: "data.replacement.data",
		says: "keeps the type of the entry, organisation.renamed", value: `"organisation.restored"`})
}

// A refusal that knows its line begins with it.
func TestRefusalNamesLine(t *testing.T) {
	r := Refusal{Code: CodeBadWord, Line: 7, Field: "data.kind", Rule: "this is one of a, b", Value: `"c"`}
	if got, want := r.Error(), `line 7: data.kind: this is one of a, b, not "c"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
