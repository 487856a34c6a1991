package api

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/orgledger/orgledger/ledger"
)

// The groups of operations, as the API's document names them.
const (
	tagQuestions = "Questions"
	tagRecording = "Recording"
	tagLog       = "Log"
	tagProof     = "Proof"
	tagHooks     = "Webhooks"
	tagServer    = "Server"
)

// raw serves an operation with a handler that reads the request and writes the answer itself, and describes it in
// the API's document. Of the operation it needs OperationID, Method, Path, Summary, Tags, and what there is of Parameters,
// RequestBody and Responses; what fails is described as a problem. With RejectUnknownQueryParameters a query
// parameter that is not described is refused. A path may end in {name...}, which takes the rest of a path.
func (s *server) raw(o huma.Operation, answer http.HandlerFunc) {
	pattern := o.Method + " " + o.Path
	o.Path = strings.Replace(o.Path, "...}", "}", 1)
	s.complete(&o)
	s.api.OpenAPI().AddOperation(&o)
	if o.RejectUnknownQueryParameters {
		answer = s.strict(&o, answer)
	}
	s.mux.serve(pattern, &o, answer)
}

// read is raw for what is answered from recorded entries: it takes at-least, and is told in a header from which entry
// on the answer is certain to be.
func (s *server) read(o huma.Operation, answer http.HandlerFunc) {
	o.Parameters = append(o.Parameters, atLeastParameter())
	s.raw(o, s.reached(answer))
}

// complete adds to an operation what every one has.
func (s *server) complete(o *huma.Operation) {
	if o.Responses == nil {
		o.Responses = map[string]*huma.Response{}
	}
	for class, description := range map[string]string{"4XX": "A problem with the request", "5XX": "A problem of the server"} {
		o.Responses[class] = &huma.Response{Description: description,
			Content: map[string]*huma.MediaType{problemType: {Schema: schemaOf[Problem](s.api)}}}
	}
	for _, response := range o.Responses {
		if response.Headers == nil {
			response.Headers = map[string]*huma.Param{}
		}
		response.Headers[headerSequence] = &huma.Param{Description: "The entry up to which the ledger is answered from, at least", Schema: sequenceSchema()}
	}
}

// strict refuses query parameters that an operation does not take.
func (s *server) strict(o *huma.Operation, answer http.HandlerFunc) http.HandlerFunc {
	takes := taken(o)
	return func(w http.ResponseWriter, r *http.Request) {
		if _, ok := s.parameters(w, r, takes); ok {
			answer(w, r)
		}
	}
}

// parameters reads the query parameters of an operation. It reports false where it has answered with a problem: one of them is none
// that the operation takes.
func (s *server) parameters(w http.ResponseWriter, r *http.Request, takes map[string]bool) (url.Values, bool) {
	if r.URL.RawQuery == "" {
		return url.Values{}, true
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		s.problem(w, r, http.StatusBadRequest, ledger.Description{Code: codeBadRequest, Message: "the parameters cannot be read: " + err.Error()})
		return nil, false
	}
	if name, rule := untaken(takes, query); name != "" {
		s.refuse(w, r, name, rule)
		return nil, false
	}
	return query, true
}

// taken names the query parameters of an operation.
func taken(o *huma.Operation) map[string]bool {
	takes := make(map[string]bool)
	for _, p := range o.Parameters {
		takes[p.Name] = takes[p.Name] || p.In == "query"
	}
	return takes
}

// untaken finds a query parameter that an operation does not take, or not so, and says why; empty where there is none.
func untaken(takes map[string]bool, query url.Values) (name, rule string) {
	for name, values := range query {
		switch {
		case !takes[name]:
			return name, "there is no such parameter here"
		case len(values) > 1:
			return name, "this parameter is given once"
		case values[0] == "":
			return name, "this parameter is given without a value: leave it out"
		}
	}
	return "", ""
}

// refuse answers a request whose parameter is none.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, field, message string) {
	s.problem(w, r, http.StatusBadRequest, ledger.Description{Code: codeBadRequest, Message: field + ": " + message, Field: field})
}

// schemaOf describes a Go type as its JSON.
func schemaOf[T any](api huma.API) *huma.Schema {
	t := reflect.TypeFor[T]()
	return api.OpenAPI().Components.Schemas.Schema(t, true, t.Name())
}

// parameter describes a query parameter that may be left out.
func parameter(name, description string, schema *huma.Schema) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: description, Schema: schema}
}

// within describes a path parameter.
func within(name, description string, schema *huma.Schema) *huma.Param {
	return &huma.Param{Name: name, In: "path", Required: true, Description: description, Schema: schema}
}

// needed makes a parameter one that has to be given.
func needed(p *huma.Param) *huma.Param {
	p.Required = true
	return p
}

func atLeastParameter() *huma.Param {
	return parameter("at-least", "Answer once this entry is recorded here, or say after some seconds that it is not", sequenceSchema())
}

// The schemas of parameters.

func text() *huma.Schema { return &huma.Schema{Type: huma.TypeString} }

func truth() *huma.Schema { return &huma.Schema{Type: huma.TypeBoolean} }

func dayText() *huma.Schema { return &huma.Schema{Type: huma.TypeString, Format: "date"} }

func sequenceSchema() *huma.Schema {
	return &huma.Schema{Type: huma.TypeInteger, Format: "int64", Minimum: new(float64)}
}

// gives describes the answer of an operation in one media type; without a schema, some bytes.
func gives(description, mediaType string, schema *huma.Schema) map[string]*huma.Response {
	if schema == nil {
		schema = &huma.Schema{Type: huma.TypeString}
		if !strings.HasPrefix(mediaType, "text/") {
			schema = &huma.Schema{}
		}
	}
	return map[string]*huma.Response{"200": {Description: description, Content: map[string]*huma.MediaType{mediaType: {Schema: schema}}}}
}

// takes describes the body of a request.
func takes(description, mediaType string, schema *huma.Schema) *huma.RequestBody {
	if schema == nil {
		schema = text()
	}
	return &huma.RequestBody{Description: description, Required: true, Content: map[string]*huma.MediaType{mediaType: {Schema: schema}}}
}

// describe makes the API's document, to which operations are added.
func (s *server) describe() {
	asJSON := huma.Format{Marshal: marshal, Unmarshal: unmarshal}
	config := huma.Config{OpenAPI: &huma.OpenAPI{OpenAPI: "3.1.0", Info: &huma.Info{Title: "orgledger", Version: s.version,
		Description: "An event-sourced ledger of organisational history: who held what on a day, as known at a point, and why.",
		License:     &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}},
		Servers:  []*huma.Server{{URL: "/"}},
		Security: []map[string][]string{}, // who may ask is decided in front of the server
		Tags: []*huma.Tag{
			{Name: tagQuestions, Description: "What the ledger answers, each question as a resource. An answer is a function of the entries up to a known point and of a day alone."},
			{Name: tagRecording, Description: "Entries in."},
			{Name: tagLog, Description: "What was recorded, entry by entry."},
			{Name: tagHooks, Description: "Addresses that the feed is sent to, signed as Standard Webhooks 1.0.0 says."},
			{Name: tagProof, Description: "Evidence for others: the log as C2SP tlog-tiles, receipts, bundles."},
			{Name: tagServer, Description: "The server itself."},
		}},
		Formats:       map[string]huma.Format{"application/json": asJSON, "json": asJSON},
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{problemOfHuma},
	}
	config.AllowAdditionalPropertiesByDefault = true // answers may carry further fields
	config.Components = &huma.Components{Schemas: huma.NewMapRegistry("#/components/schemas/", schemaName)}
	s.api = humago.New(s.mux, config)
}
