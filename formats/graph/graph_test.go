package graph_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-graphviz"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats/exporttest"
	"github.com/orgledger/orgledger/formats/graph"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/projections/histories"
)

// Graphviz reads as many nodes and edges as the ledger answers, and every name and date is in the picture.
func TestLineage(t *testing.T) {
	_, view := exporttest.Sample(t, "../../ledger/sample/history.jsonl")
	at := ledger.Point{On: domain.LastDate, Known: view.Seq()}
	lineage, err := view.Lineage("nhs-england", at)
	if err != nil {
		t.Fatal(err)
	}
	drawing, err := graph.Lineage(view, "nhs-england", at)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := graphviz.ParseBytes(drawing.DOT)
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := parsed.NodeNum()
	edges, err2 := parsed.EdgeNum()
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	if nodes != drawing.Organisations || edges != len(lineage.Edges) || edges == 0 || edges != drawing.Successions {
		t.Errorf("%d nodes and %d edges are read; %d organisations and %d successions are drawn, of %d", nodes, edges,
			drawing.Organisations, drawing.Successions, len(lineage.Edges))
	}
	svg, err := graph.SVG(t.Context(), drawing)
	if err != nil {
		t.Fatal(err)
	}
	shown := words(t, svg)
	for _, e := range lineage.Edges {
		for _, text := range []string{"(" + e.From + ")", "(" + e.To + ")", e.How, e.Effective} {
			if !strings.Contains(shown, text) {
				t.Errorf("%q is not in the picture", text)
			}
		}
	}
}

// words are the texts of an XML document.
func words(t *testing.T, document []byte) string {
	var s strings.Builder
	dec := xml.NewDecoder(strings.NewReader(string(document)))
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return s.String()
		}
		if err != nil {
			t.Fatalf("%v in %s", err, document)
		}
		if text, ok := token.(xml.CharData); ok {
			s.Write(text)
		}
	}
}

// Names are shown as they are, whatever Graphviz, HTML or XML would make of them.
func TestOddNames(t *testing.T) {
	for _, name := range []string{`A "quoted" name`, `Back\nslash \N`, `R&D &amp; <b>bold</b>`, "Llywodraeth Cymru – Gwŷdd"} {
		e, err := domain.ParseEntry([]byte(fmt.Sprintf(`{"type":"organisation.established","data":{"organisation":"a","name":%q}}`, name)))
		if err != nil {
			t.Fatal(err)
		}
		e.ID = e.DeriveID()
		view, err := exporttest.Log(histories.Record([]*domain.Entry{e})).View(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		drawing, err := graph.Lineage(view, "a", ledger.Point{On: domain.LastDate, Known: 1})
		if err != nil {
			t.Fatal(err)
		}
		svg, err := graph.SVG(t.Context(), drawing)
		if err != nil {
			t.Fatal(err)
		}
		if shown := words(t, svg); !strings.Contains(shown, name) {
			t.Errorf("%q is not in %q", name, shown)
		}
	}
}

// As many successions as are drawn at most take seconds; more are refused.
func TestLimit(t *testing.T) {
	var entries []*domain.Entry
	add := func(line string) {
		e, err := domain.ParseEntry([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		e.ID = e.DeriveID()
		entries = append(entries, e)
	}
	add(`{"type":"organisation.established","data":{"organisation":"o0","name":"The organisation in the middle of it"}}`)
	for i := 1; i <= graph.MaxSVG+1; i++ {
		add(fmt.Sprintf(`{"type":"organisation.established","data":{"organisation":"o%d","name":"Primary care organisation %d"}}`, i, i))
		add(fmt.Sprintf(`{"type":"organisation.merged","effective":"2013-04-01","data":{"organisations":["o%d"],"into":"o%d"}}`, i, i/3))
	}
	view, err := exporttest.Log(histories.Record(entries)).View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for known, fits := range map[uint64]bool{view.Seq() - 2: true, view.Seq(): false} {
		drawing, err := graph.Lineage(view, "o0", ledger.Point{On: domain.LastDate, Known: known})
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		if _, err := graph.SVG(t.Context(), drawing); (err == nil) != fits {
			t.Errorf("%d successions: %v", drawing.Successions, err)
		}
		t.Logf("%d successions took %v", drawing.Successions, time.Since(begun))
	}
}

// The order has every node once, and keeps what belongs together together: the predecessors of one stand in a row, those of another
// beside them.
func TestOrder(t *testing.T) {
	edges := []graph.Edge{{From: 1, To: 0}, {From: 2, To: 8}, {From: 3, To: 0}, {From: 4, To: 8}, {From: 5, To: 0}, {From: 6, To: 8}}
	order, err := graph.Order(t.Context(), 9, edges)
	if err != nil {
		t.Fatal(err)
	}
	at := make(map[int]int)
	for i, node := range order {
		at[node] = i
	}
	if len(order) != 9 || len(at) != 9 {
		t.Fatalf("the order of 9 nodes is %v", order)
	}
	low, high := min(at[1], at[3], at[5]), max(at[1], at[3], at[5])
	for _, other := range []int{2, 4, 6} {
		if low < at[other] && at[other] < high {
			t.Errorf("%d stands among the predecessors of another: %v", other, order)
		}
	}
	if none, err := graph.Order(t.Context(), 1, nil); err != nil || len(none) != 1 {
		t.Errorf("the order of one node is %v, %v", none, err)
	}
}
