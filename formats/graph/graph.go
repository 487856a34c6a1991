// Package graph draws the lineage of an organisation: where it came from and what became of it, as Graphviz's DOT and as
// SVG.
package graph

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-graphviz"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
)

// Drawing is a lineage in DOT.
type Drawing struct {
	DOT           []byte
	Organisations int
	Successions   int
}

// MaxSVG is how many successions are laid out at most: the time that a layout takes grows faster than the graph, and
// nobody can read it.
const MaxSVG = 2000

// Lineage draws the successions to and from an organisation, to any depth, in effect by a day. Organisations are called what they
// were called last by then. The error is a *ledger.QuestionError where the ledger does not know the organisation.
func Lineage(v *ledger.View, org domain.OrganisationID, at ledger.Point) (Drawing, error) {
	answer, err := v.Lineage(org, at)
	if err != nil {
		return Drawing{}, err
	}
	ids := []string{string(org)}
	for _, e := range answer.Edges {
		ids = append(ids, e.From, e.To)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	var s bytes.Buffer
	fmt.Fprintf(&s, "digraph lineage {\n  graph [rankdir=TB, charset=\"UTF-8\", label=\"\", tooltip=%s]\n", quote("Lineage of "+string(org)))
	s.WriteString("  node [shape=box, style=rounded, fontname=\"Helvetica,Arial,sans-serif\", fontsize=11]\n" +
		"  edge [fontname=\"Helvetica,Arial,sans-serif\", fontsize=9]\n")
	for _, id := range ids {
		if err := node(&s, v, domain.OrganisationID(id), at, id == string(org)); err != nil {
			return Drawing{}, err
		}
	}
	for _, e := range answer.Edges {
		fmt.Fprintf(&s, "  %s -> %s [label=%s, tooltip=%s]\n", quote(e.From), quote(e.To), quote(e.How+"\n"+e.Effective),
			quote(fmt.Sprintf("%s, %s, entry %d", e.How, e.Effective, e.Seq)))
	}
	s.WriteString("}\n")
	return Drawing{s.Bytes(), len(ids), len(answer.Edges)}, nil
}

// node writes an organisation with its name and the days of its life.
func node(s *bytes.Buffer, v *ledger.View, id domain.OrganisationID, at ledger.Point, bold bool) error {
	o, err := v.Organisation(id, at)
	if err != nil {
		return err
	}
	label := string(id)
	if name := v.Title(id.Ref(), at); name != "" {
		label = wrap(name) + "\n(" + label + ")"
	}
	if life := life(o.Established, o.Ended != nil); life != "" {
		if o.Ended != nil {
			life += o.Ended.Effective
		}
		label += "\n" + life
	}
	style := ""
	if bold {
		style = ", penwidth=2.5"
	}
	fmt.Fprintf(s, "  %s [label=%s, tooltip=%s%s]\n", quote(string(id)), quote(label), quote("organisation/"+string(id)), style)
	return nil
}

// life is the beginning of a line with the days of an organisation.
func life(established *string, ended bool) string {
	switch {
	case established != nil:
		return *established + " – "
	case ended:
		return "– "
	default:
		return ""
	}
}

// lineLength is after how many characters a name is broken.
const lineLength = 28

func wrap(name string) string {
	var s strings.Builder
	n := 0
	for i, word := range strings.Fields(name) {
		length := len([]rune(word))
		switch {
		case i > 0 && n+1+length > lineLength:
			s.WriteByte('\n')
			n = 0
		case i > 0:
			s.WriteByte(' ')
			n++
		}
		s.WriteString(word)
		n += length
	}
	return s.String()
}

// quote writes a DOT string that shows the text as it is: Graphviz would take backslashes for escapes, and ampersands for
// the beginning of HTML entities.
func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "&", "&amp;", "\n", `\n`).Replace(text) + `"`
}

// SVG lays a drawing out, of at most MaxSVG successions; 500 take some tenths of a second. The layout
// itself does not look at ctx.
func SVG(ctx context.Context, d Drawing) ([]byte, error) {
	if d.Successions > MaxSVG {
		return nil, fmt.Errorf("the lineage has %d successions, and at most %d are drawn: export dot gives it to a Graphviz of your own, --on and --known less of it", d.Successions, MaxSVG)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	g, err := graphviz.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("start Graphviz: %w", err)
	}
	defer g.Close() // it is in memory only
	parsed, err := graphviz.ParseBytes(d.DOT)
	if err != nil {
		return nil, fmt.Errorf("read the graph: %w", err)
	}
	defer parsed.Close()
	var out bytes.Buffer
	if err := g.Render(ctx, parsed, graphviz.SVG, &out); err != nil {
		return nil, fmt.Errorf("draw the graph: %w", err)
	}
	return out.Bytes(), ctx.Err()
}
