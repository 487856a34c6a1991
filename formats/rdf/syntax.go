package rdf

import (
	"bufio"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Syntax writes nodes one after the other.
type Syntax interface {
	node(graph string, n *node) error // graph is an IRI, empty for the default graph
	// Close finishes the document, not what is below it.
	Close() error
}

// nquads writes RDF 1.1 N-Quads.
type nquads struct {
	out  *bufio.Writer
	line []byte
}

// NewNQuads writes one statement a line.
func NewNQuads(w io.Writer) Syntax { return &nquads{out: bufio.NewWriterSize(w, 64<<10)} }

func (q *nquads) node(graph string, n *node) error {
	for _, class := range n.types {
		if err := q.quad(n.id, "rdf:type", iri(expand(class)), graph); err != nil {
			return err
		}
	}
	for _, p := range n.properties {
		if err := q.quad(n.id, p.name, p.object, graph); err != nil {
			return err
		}
	}
	return nil
}

func (q *nquads) quad(subject, predicate string, object term, graph string) error {
	line := append(appendIRI(append(appendIRI(q.line[:0], subject), ' '), expand(predicate)), ' ')
	if object.iri != "" {
		line = appendIRI(line, object.iri)
	} else {
		line = appendLiteral(line, object.text)
		if object.datatype != "" {
			line = appendIRI(append(line, "^^"...), expand(object.datatype))
		}
	}
	if graph != "" {
		line = appendIRI(append(line, ' '), graph)
	}
	q.line = append(line, " .\n"...)
	_, err := q.out.Write(q.line)
	return err
}

// Close writes what is buffered.
func (q *nquads) Close() error { return q.out.Flush() }

func appendIRI(dst []byte, iri string) []byte {
	return append(append(append(dst, '<'), iri...), '>')
}

// appendLiteral escapes what the grammar of a quoted literal leaves out, and what canonical N-Quads escapes.
func appendLiteral(dst []byte, text string) []byte {
	dst = append(dst, '"')
	for i := range len(text) {
		switch c := text[i]; c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			if c < ' ' || c == 0x7f {
				dst = fmt.Appendf(dst, `\u%04X`, c)
				continue
			}
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// jsonLD writes JSON-LD 1.1, one node a line, with a context of its own: nothing has to be fetched to read it.
type jsonLD struct {
	out  *bufio.Writer
	some bool
	err  error // of the beginning
}

// NewJSONLD writes one document.
func NewJSONLD(w io.Writer) Syntax {
	l := &jsonLD{out: bufio.NewWriterSize(w, 64<<10)}
	context := jsontext.Value{}
	for i, p := range prefixes {
		if i > 0 {
			context = append(context, ',')
		}
		context = fmt.Appendf(context, "%q:%q", p.name, p.iri)
	}
	_, l.err = fmt.Fprintf(l.out, "{\"@context\":{%s},\n\"@graph\":[", context)
	return l
}

func (l *jsonLD) node(graph string, n *node) error {
	object := map[string]any{"@id": n.id}
	if len(n.types) > 0 {
		object["@type"] = n.types
	}
	for _, p := range n.properties {
		list, _ := object[p.name].([]any)
		object[p.name] = append(list, p.object.value())
	}
	if graph != "" {
		object = map[string]any{"@id": graph, "@graph": []any{object}}
	}
	line, err := json.Marshal(object, json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("write the node %s: %w", n.id, err)
	}
	if l.some {
		l.out.WriteByte(',')
	}
	l.some = true
	l.out.WriteByte('\n')
	_, err = l.out.Write(line)
	return err
}

// value is a term as JSON-LD writes it.
func (t term) value() any {
	switch {
	case t.iri != "":
		return map[string]any{"@id": t.iri}
	case t.datatype != "":
		return map[string]any{"@value": t.text, "@type": t.datatype}
	default:
		return t.text
	}
}

// Close ends the document.
func (l *jsonLD) Close() error {
	if l.err != nil {
		return l.err
	}
	if _, err := l.out.WriteString("\n]}\n"); err != nil {
		return err
	}
	return l.out.Flush()
}
