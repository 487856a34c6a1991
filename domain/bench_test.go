package domain

import (
	"testing"

	"github.com/valyala/fastjson"
)

// Entries as they are recorded most often: one of mean size, and one that fills most fields.
var benchLines = map[string]string{
	"transferred": `{"type":"responsibility.transferred","effective":"2023-02-01","data":{"responsibility":"workforce-planning",` +
		`"from":"hee","to":"nhs-england","role":"lead"},"sources":[{"source":"s1","locator":"second paragraph"}]}`,
	"awarded": `{"id":"018f2c3e-0000-7000-8000-000000000001","type":"contract.awarded","effective":"2017-03","data":{"contract":"c1",` +
		`"title":"Licence for a learning platform","owner":"hee","suppliers":["acme"],"last_day":"2021-02-28",` +
		`"value":{"amount":1250000.50,"currency":"GBP"},"identifiers":[{"scheme":"ocid","value":"ocds-b5fd17-1"}]},` +
		`"sources":[{"source":"s1"}],"fulfils":"p1/i1","note":"as published"}`,
}

func benchEntries(b *testing.B, run func(b *testing.B, line []byte, e *Entry)) {
	for name, line := range benchLines {
		e := mustParse(b, line)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(line)))
			run(b, []byte(line), e)
		})
	}
}

func BenchmarkParseEntry(b *testing.B) {
	benchEntries(b, func(b *testing.B, line []byte, _ *Entry) {
		for b.Loop() {
			if _, err := ParseEntry(line); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkAppendJSON(b *testing.B) {
	benchEntries(b, func(b *testing.B, line []byte, e *Entry) {
		for b.Loop() {
			line = e.AppendJSON(line[:0])
		}
	})
}

// The JSON is parsed already, as it is where a commit of many events is read.
func BenchmarkReadBody(b *testing.B) {
	benchEntries(b, func(b *testing.B, _ []byte, e *Entry) {
		var parser fastjson.Parser
		body, err := parser.ParseBytes(e.AppendBody(nil))
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			var got Entry
			if err := ReadBody(e.Fact.Type(), body, &got); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDeriveID(b *testing.B) {
	benchEntries(b, func(b *testing.B, _ []byte, e *Entry) {
		for b.Loop() {
			e.DeriveID()
		}
	})
}
