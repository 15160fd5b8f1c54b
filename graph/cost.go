package graph

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"broadsheet/internal/content"
)

// price is what a part of an operation comes to.
type price struct{ depth, complexity int }

// mostComplex keeps sums and products far from overflowing.
const mostComplex = 1 << 30

// The sizes that lists without a page size are taken to have, and the prices of fields that cost more than reading a
// column.
const (
	assumedList           = 4
	expensive             = 10
	defaultOfPage         = 20
	introspectionDiscount = 20 // its values stand in memory
)

// cost prices the selections of an operation. Each fragment is priced once, so that the work is linear in the document.
type cost struct {
	variables map[string]any
	fragments map[*ast.FragmentDefinition]price
}

func newCost(variables map[string]any) *cost {
	return &cost{variables: variables, fragments: make(map[*ast.FragmentDefinition]price)}
}

func (c *cost) of(set ast.SelectionSet) price {
	var total price
	add := func(part price) {
		total.depth = max(total.depth, part.depth)
		total.complexity = min(mostComplex, total.complexity+part.complexity)
	}
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			add(c.ofField(selection))
		case *ast.InlineFragment:
			add(c.of(selection.SelectionSet))
		case *ast.FragmentSpread:
			priced, known := c.fragments[selection.Definition]
			if !known {
				priced = c.of(selection.Definition.SelectionSet)
				c.fragments[selection.Definition] = priced
			}
			add(priced)
		}
	}
	return total
}

// ofField prices also what a list may turn out not to hold, once: reading the selection costs, too.
func (c *cost) ofField(field *ast.Field) price {
	inside := c.of(field.SelectionSet)
	if field.Name == "__schema" || field.Name == "__type" {
		return price{depth: 1, complexity: 1 + inside.complexity/introspectionDiscount}
	}
	own := 1
	switch field.Name {
	case "body", "jsonLd", "totalCount", "articleCount":
		own = expensive
	}
	arguments := field.ArgumentMap(c.variables)
	for _, value := range arguments {
		own += weight(value)
	}
	times := max(1, length(field, arguments))
	return price{depth: inside.depth + 1, complexity: min(mostComplex, own+times*inside.complexity)}
}

// length is how many values the field may have. A connection holds its page; the lists inside it are that page.
func length(field *ast.Field, arguments map[string]any) int {
	if ids, ok := arguments["ids"].([]any); ok {
		return len(ids)
	}
	if field.Definition.Arguments.ForName("first") != nil {
		return pageSize(arguments)
	}
	isList := field.Definition.Type.Elem != nil
	switch {
	case isList && strings.HasPrefix(field.ObjectDefinition.Name, "__"):
		return introspectionLength(field)
	case isList && field.Name != "edges" && field.Name != "nodes" && field.ObjectDefinition.Name != "ChangePage":
		return assumedList
	}
	return 1
}

func pageSize(arguments map[string]any) int {
	size := defaultOfPage
	for _, name := range []string{"first", "last"} {
		if given, ok := arguments[name].(int64); ok {
			size = int(min(max(given, 0), content.MostPerPage))
		}
	}
	return size
}

// introspectionLength is the number of types, and for the lists of a type more than most types have.
func introspectionLength(field *ast.Field) int {
	if field.Name == "types" {
		return len(parsedSchema.Types)
	}
	return 2 * assumedList
}

// weight is how many values stand in the lists of an argument: each is handled for each field that has the argument.
func weight(value any) int {
	switch value := value.(type) {
	case []any:
		return len(value)
	case map[string]any:
		sum := 0
		for _, field := range value {
			sum += weight(field)
		}
		return sum
	}
	return 0
}
