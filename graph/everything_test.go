package graph_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// loadSchema reads the contract itself, so that what is added to it is tested too.
func loadSchema(t *testing.T) *ast.Schema {
	t.Helper()
	text, err := os.ReadFile("../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// everything writes a selection of all fields of the type. Articles, authors, tags and campaigns inside are selected too
// as many levels down as nested says; below that they are left out.
func everything(schema *ast.Schema, typeName string, nested int) string {
	definition := schema.Types[typeName]
	var out strings.Builder
	out.WriteString("{ __typename ")
	if definition.IsAbstractType() {
		for _, object := range schema.GetPossibleTypes(definition) {
			fmt.Fprintf(&out, "... on %s %s ", object.Name, fields(schema, object, nested, object.Name+"_"))
		}
	} else {
		out.WriteString(strings.Trim(fields(schema, definition, nested, ""), "{}"))
	}
	out.WriteString("}")
	return out.String()
}

// fields writes the fields of an object type, under names of their own if prefix is not empty.
func fields(schema *ast.Schema, object *ast.Definition, nested int, prefix string) string {
	var out strings.Builder
	out.WriteString("{ ")
	for _, f := range object.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		alias := ""
		if prefix != "" {
			alias = prefix + f.Name + ": "
		}
		of, below, arguments := schema.Types[f.Type.Name()], nested, ""
		if f.Arguments.ForName("first") != nil {
			arguments = "(first: 100)"
		}
		if slices.Contains(of.Interfaces, "Node") {
			below--
		}
		switch {
		case of.IsLeafType():
			out.WriteString(alias + f.Name + " ")
		case below >= 0:
			out.WriteString(alias + f.Name + arguments + everything(schema, of.Name, below) + " ")
		}
	}
	out.WriteString("}")
	return out.String()
}
