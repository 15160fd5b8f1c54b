package graph

import (
	"encoding/json"

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
	assumedList   = 4
	expensive     = 10
	defaultOfPage = 20
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

// ofField takes introspection for cheap: its answer is bounded by the schema.
func (c *cost) ofField(field *ast.Field) price {
	if field.Name == "__schema" || field.Name == "__type" {
		return price{depth: 1, complexity: 1}
	}
	inside := c.of(field.SelectionSet)
	own := 1
	switch field.Name {
	case "body", "jsonLd", "totalCount", "articleCount":
		own = expensive
	}
	times := min(mostComplex, c.length(field)*inside.complexity)
	return price{depth: inside.depth + 1, complexity: min(mostComplex, own+times)}
}

// length is how many values the field may have. A connection holds its page; the lists inside it are that page.
func (c *cost) length(field *ast.Field) int {
	arguments := field.ArgumentMap(c.variables)
	if ids, ok := arguments["ids"].([]any); ok {
		return len(ids)
	}
	if field.Definition.Arguments.ForName("first") != nil {
		return pageSize(arguments)
	}
	if field.Name != "edges" && field.Name != "nodes" && field.Definition.Type.Elem != nil {
		return assumedList
	}
	return 1
}

func pageSize(arguments map[string]any) int {
	size := defaultOfPage
	for _, name := range []string{"first", "last"} {
		switch given := arguments[name].(type) {
		case int64:
			size = int(min(max(given, 0), content.MostPerPage))
		case int:
			size = min(max(given, 0), content.MostPerPage)
		case json.Number:
			number, _ := given.Int64()
			size = int(min(max(number, 0), content.MostPerPage))
		}
	}
	return size
}
