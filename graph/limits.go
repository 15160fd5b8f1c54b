package graph

import (
	"context"
	"fmt"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
)

// Limits bound what one operation may cost.
type Limits struct {
	BodyBytes     int64         // of the request
	Tokens        int           // of the document
	Depth         int           // fields inside fields
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

// documentLimits refuses documents by their shape before they are validated: validation itself can be made costly.
type documentLimits struct{ Limits }

func (documentLimits) ExtensionName() string                   { return "DocumentLimits" }
func (documentLimits) Validate(graphql.ExecutableSchema) error { return nil }
func (l documentLimits) MutateOperationParameters(_ context.Context, request *graphql.RawParams) *gqlerror.Error {
	document, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: request.Query}, l.Tokens)
	if err != nil {
		return nil // the executor parses again and says what is wrong
	}
	var shape shape
	for _, operation := range document.Operations {
		shape.read(operation.SelectionSet, 1)
		shape.directives += len(operation.Directives)
	}
	for _, fragment := range document.Fragments {
		shape.read(fragment.SelectionSet, 1)
		shape.directives += len(fragment.Directives)
	}
	for _, check := range []struct {
		has, most  int
		what, code string
	}{
		{shape.depth, l.Depth, "levels of fields inside fields", codeTooDeep},
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

// shape counts what stands in a document, each fragment once.
type shape struct{ depth, aliases, directives, fields, fragments int }

func (s *shape) read(set ast.SelectionSet, depth int) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			s.fields++
			s.directives += len(selection.Directives)
			s.depth = max(s.depth, depth)
			if selection.Alias != selection.Name {
				s.aliases++
			}
			s.read(selection.SelectionSet, depth+1)
		case *ast.InlineFragment:
			s.fragments++
			s.directives += len(selection.Directives)
			s.read(selection.SelectionSet, depth)
		case *ast.FragmentSpread:
			s.fragments++
			s.directives += len(selection.Directives)
		}
	}
}

// operationLimits refuses valid operations that are too deep or ask for too much once fragments and variables count.
type operationLimits struct{ Limits }

func (operationLimits) ExtensionName() string                   { return "OperationLimits" }
func (operationLimits) Validate(graphql.ExecutableSchema) error { return nil }
func (l operationLimits) MutateOperationContext(_ context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	if !l.Introspection {
		operation.DisableIntrospection = true
	}
	cost := newCost(operation.Variables)
	total := cost.of(operation.Operation.SelectionSet)
	if total.depth > l.Depth {
		return coded(codeTooDeep, fmt.Sprintf("The operation goes %d levels deep; %d are allowed.", total.depth, l.Depth))
	}
	if total.complexity > l.Complexity {
		return coded(codeTooComplex, fmt.Sprintf(
			"The operation has a complexity of %d; %d is allowed. Ask for smaller pages or fewer fields.", total.complexity, l.Complexity))
	}
	operation.Stats.SetExtension(complexityExtension, total.complexity)
	return nil
}

const complexityExtension = "complexity"
