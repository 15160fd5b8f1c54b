package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"unicode/utf8"
)

// request is one operation as a client asks for it.
type request struct {
	query         string
	documentID    string // names the document in place of query
	operationName string
	variables     map[string]any // numbers are json.Number
	extensions    map[string]any
	readOnly      bool // mutations are refused
	header        http.Header
}

// decodeBody reads the body of a POST request: a JSON object, in UTF-8.
func decodeBody(body []byte) (*request, *answer) {
	start := bytes.TrimLeft(body, " \t\r\n")
	switch {
	case len(start) == 0:
		return nil, badRequest(`The body is empty. It has to be a JSON object such as {"query": "{ site { name } }"}.`)
	case !utf8.Valid(body):
		return nil, badRequest("The body is not UTF-8.")
	case start[0] == '[' && json.Valid(body):
		return nil, badRequest("The body is a list. One operation per request: send one JSON object, not a batch of them.")
	}
	var parameters map[string]json.RawMessage
	err := json.Unmarshal(body, &parameters)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return nil, badRequest("The body is not JSON: it goes wrong after %d bytes.", syntax.Offset)
	}
	if err != nil || parameters == nil {
		return nil, badRequest("The body is a %s. It has to be a JSON object.", kindOf(start))
	}
	decoder := &decoder{parameters: parameters}
	asked := &request{
		query: decoder.text("query"), documentID: decoder.text("documentId"), operationName: decoder.text("operationName"),
		variables: decoder.object("variables"), extensions: decoder.object("extensions"),
	}
	return asked, decoder.refuse(asked)
}

// decodeAddress reads the query component of a GET request's address, in the form application/x-www-form-urlencoded.
func decodeAddress(query string) (*request, *answer) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, badRequest("What follows the ? of the address is not in the form application/x-www-form-urlencoded.")
	}
	decoder := &decoder{parameters: make(map[string]json.RawMessage)}
	for _, name := range []string{"query", "documentId", "operationName", "variables", "extensions"} {
		switch {
		case len(values[name]) > 1:
			return nil, badRequest("%q is given more than once.", name)
		case !utf8.ValidString(values.Get(name)):
			return nil, badRequest("%q is not UTF-8.", name)
		case values.Get(name) != "":
			decoder.parameters[name] = json.RawMessage(values.Get(name))
		}
	}
	asked := &request{
		query: values.Get("query"), documentID: values.Get("documentId"), operationName: values.Get("operationName"), readOnly: true,
		variables: decoder.object("variables"), extensions: decoder.object("extensions"),
	}
	return asked, decoder.refuse(asked)
}

// decoder reads the parameters of a request and remembers the first that is not what it has to be.
type decoder struct {
	parameters map[string]json.RawMessage
	refusal    *answer
}

func (d *decoder) text(name string) (text string) {
	d.decode(name, "a string", &text)
	return text
}

func (d *decoder) object(name string) (object map[string]any) {
	d.decode(name, "a JSON object", &object)
	return object
}

// decode leaves the target as it is when the parameter is missing or null: that is the same.
func (d *decoder) decode(name, wanted string, target any) {
	value := d.parameters[name]
	if value == nil || d.refusal != nil {
		return
	}
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber()
	switch {
	case !json.Valid(value): // so far only a body has been checked
		d.refusal = badRequest("%q is not JSON. It has to be %s.", name, wanted)
	case decoder.Decode(target) != nil:
		d.refusal = badRequest("%q is a %s. It has to be %s.", name, kindOf(value), wanted)
	}
}

// refuse returns why the request cannot be taken, nil if it can.
func (d *decoder) refuse(asked *request) *answer {
	if d.refusal == nil && asked.query == "" && asked.documentID == "" && asked.extensions["persistedQuery"] == nil {
		return badRequest(`"query" is missing. It has to be a string with a GraphQL document; /playground helps to write one.`)
	}
	return d.refusal
}

// kindOf names the kind of a JSON value.
func kindOf(value json.RawMessage) string {
	switch value[0] {
	case '"':
		return "string"
	case '{':
		return "JSON object"
	case '[':
		return "list"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	default:
		return "number"
	}
}
