package graph

import (
	"fmt"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Limits bound what one request may cost: memory by BodyBytes, a few hundredths of a second of one core to check the
// document by the numbers of what stands in it, and the rest by Complexity and Time. A request has one operation, and a
// page content.MostPerPage entries at the most.
type Limits struct {
	BodyBytes     int64         // of the body, or of the query in the address
	Tokens        int           // of the document
	Depth         int           // fields inside fields, values inside values
	Aliases       int           // in the document
	Directives    int           // in the document
	Fields        int           // in the document; bounds validation, which compares fields pairwise
	Fragments     int           // spreads and inline fragments in the document
	Complexity    int           // fields to answer, those of a list as often as its page holds
	Time          time.Duration // of an operation; its SQL is cancelled then
	Introspection bool          // whether the schema may be asked for
}

// DefaultLimits let the largest page through that a newspaper shows, with a margin.
func DefaultLimits() Limits {
	return Limits{
		BodyBytes: 256 << 10, Tokens: 2000, Depth: 16, Aliases: 30, Directives: 50, Fields: 500, Fragments: 50,
		Complexity: 20_000, Time: 10 * time.Second, Introspection: true,
	}
}

// refuseShape looks at a document before it is validated: validation itself can be made costly.
func (l Limits) refuseShape(document *ast.QueryDocument) *gqlerror.Error {
	shape := shapeOf(document)
	for _, check := range []struct {
		has, most  int
		what, code string
	}{
		{shape.depth, l.Depth, "levels of fields inside fields", codeTooDeep},
		{shape.values, l.Depth, "levels of values inside values", codeTooDeep},
		{shape.aliases, l.Aliases, "aliases", codeTooComplex},
		{shape.directives, l.Directives, "directives", codeTooComplex},
		{shape.fields, l.Fields, "fields", codeTooComplex},
		{shape.fragments, l.Fragments, "fragments", codeTooComplex},
	} {
		if check.has > check.most {
			return coded(check.code, fmt.Sprintf("The document has %d %s; %d are allowed.", check.has, check.what, check.most))
		}
	}
	return nil
}

// refusePrice looks at a valid operation, with fragments where they are spread and variables replaced.
func (l Limits) refusePrice(total price) *gqlerror.Error {
	switch {
	case total.depth > l.Depth:
		return coded(codeTooDeep, fmt.Sprintf("The operation goes %d levels deep; %d are allowed.", total.depth, l.Depth))
	case total.complexity > l.Complexity:
		return coded(codeTooComplex, fmt.Sprintf("The operation has a complexity of %d; %d is allowed. "+
			"Ask for smaller pages or fewer fields.", total.complexity, l.Complexity))
	}
	return nil
}

// shape counts what stands in a document, each fragment once.
type shape struct{ depth, values, aliases, directives, fields, fragments int }

func shapeOf(document *ast.QueryDocument) *shape {
	s := new(shape)
	for _, operation := range document.Operations {
		for _, variable := range operation.VariableDefinitions {
			s.readDirectives(variable.Directives)
			s.readValue(variable.DefaultValue, 1)
		}
		s.readDirectives(operation.Directives)
		s.readSelections(operation.SelectionSet, 1)
	}
	for _, fragment := range document.Fragments {
		s.readDirectives(fragment.Directives)
		s.readSelections(fragment.SelectionSet, 1)
	}
	return s
}

func (s *shape) readSelections(set ast.SelectionSet, depth int) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			s.fields++
			s.depth = max(s.depth, depth)
			if selection.Alias != selection.Name {
				s.aliases++
			}
			s.readArguments(selection.Arguments)
			s.readDirectives(selection.Directives)
			s.readSelections(selection.SelectionSet, depth+1)
		case *ast.InlineFragment:
			s.fragments++
			s.readDirectives(selection.Directives)
			s.readSelections(selection.SelectionSet, depth)
		case *ast.FragmentSpread:
			s.fragments++
			s.readDirectives(selection.Directives)
		}
	}
}

func (s *shape) readDirectives(directives ast.DirectiveList) {
	s.directives += len(directives)
	for _, directive := range directives {
		s.readArguments(directive.Arguments)
	}
}

func (s *shape) readArguments(arguments ast.ArgumentList) {
	for _, argument := range arguments {
		s.readValue(argument.Value, 1)
	}
}

func (s *shape) readValue(value *ast.Value, depth int) {
	if value == nil {
		return
	}
	s.values = max(s.values, depth)
	for _, child := range value.Children {
		s.readValue(child.Value, depth+1)
	}
}
