package graph

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-graphviz"
)

// Edge leads from one node to another, both by their place in a list.
type Edge struct{ From, To int }

// Order lays n nodes out with Graphviz, edges from left to right, and gives them in the order in which they stand from top to
// bottom: neighbours come close together, and few edges cross. It takes some tenths of a second for 1,000 nodes, and does not look
// at ctx meanwhile. Only one layout may go on at a time in a process.
func Order(ctx context.Context, n int, edges []Edge) ([]int, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var dot bytes.Buffer
	dot.WriteString("digraph g { rankdir=LR; node [shape=box, width=1, height=0.3, label=\"\"]\n")
	for i := range n {
		fmt.Fprintf(&dot, "n%d\n", i)
	}
	for _, e := range edges {
		fmt.Fprintf(&dot, "n%d -> n%d\n", e.From, e.To)
	}
	dot.WriteString("}\n")
	g, err := graphviz.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("start Graphviz: %w", err)
	}
	defer g.Close() // it is in memory only
	parsed, err := graphviz.ParseBytes(dot.Bytes())
	if err != nil {
		return nil, fmt.Errorf("read the graph: %w", err)
	}
	defer parsed.Close()
	var out bytes.Buffer
	if err := g.Render(ctx, parsed, graphviz.Format("plain"), &out); err != nil {
		return nil, fmt.Errorf("lay the graph out: %w", err)
	}
	return order(&out, n)
}

// order reads the places of nodes in Graphviz's plain format: node NAME X Y …, with Y from the bottom.
func order(plain *bytes.Buffer, n int) ([]int, error) {
	type place struct {
		node int
		x, y float64
	}
	places := make([]place, 0, n)
	lines := bufio.NewScanner(plain)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if !strings.HasPrefix(lines.Text(), "node ") {
			continue
		}
		var p place
		if _, err := fmt.Sscanf(lines.Text(), "node n%d %g %g", &p.node, &p.x, &p.y); err != nil || p.node < 0 || p.node >= n {
			return nil, fmt.Errorf("read the layout: %q", lines.Text())
		}
		places = append(places, p)
	}
	if err := lines.Err(); err != nil || len(places) != n {
		return nil, fmt.Errorf("read the layout: %d of %d nodes, %w", len(places), n, err)
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(b.y, a.y), cmp.Compare(a.x, b.x), cmp.Compare(a.node, b.node))
	})
	list := make([]int, n)
	for i, p := range places {
		list[i] = p.node
	}
	return list, nil
}
