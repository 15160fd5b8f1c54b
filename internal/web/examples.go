package web

import (
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"strings"
)

//go:embed playground/examples playground/headers.json
var examples embed.FS

// Example is a query with which the playground opens.
type Example struct {
	Title     string            // the first line of the query, without the comment sign
	Query     string            // with one named operation
	Variables map[string]any    // nil when the query needs none
	Headers   map[string]string // those which every tab of the playground sends
}

// Examples returns the queries with which the playground opens, in the order of its tabs.
func Examples() []Example {
	var headers map[string]string
	decode("playground/headers.json", &headers)
	var list []Example
	for _, file := range must(fs.Glob(examples, "playground/examples/*.graphql")) {
		query := string(must(examples.ReadFile(file)))
		title, _, _ := strings.Cut(query, "\n")
		example := Example{Title: strings.TrimPrefix(title, "# "), Query: query, Headers: headers}
		decode(strings.TrimSuffix(file, path.Ext(file))+".variables.json", &example.Variables)
		list = append(list, example)
	}
	return list
}

// decode reads an embedded file of JSON, if it is there.
func decode(file string, into any) {
	data, err := examples.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		panic(err)
	}
}
