package graph

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// errNotPlanned sends an operation the reference's way.
var errNotPlanned = errors.New("the plan does not foresee this")

// planner writes the plan of an operation.
type planner struct {
	ctx       context.Context
	ec        *executionContext
	selection *selectionReader
	planned   *plannedOperation
}

func (o *plannedOperation) selectionReader(ec *executionContext) *selectionReader {
	return &selectionReader{operation: ec.OperationContext, schema: parsedSchema, lists: o.lists}
}

func (p *planner) operation() (*plannedOperation, error) {
	operation := p.ec.Operation
	if operation.Operation != ast.Query {
		return nil, errNotPlanned
	}
	planned := p.planned
	planned.static = isStatic(operation.SelectionSet, make(map[*ast.FragmentDefinition]bool))
	fields, err := p.collect(operation.SelectionSet, []string{"Query"})
	if err != nil {
		return nil, err
	}
	for i, field := range fields {
		root := plannedRoot{field: field}
		if err := p.fill(&root.plannedField, "Query", field, i); err != nil {
			return nil, err
		}
		planned.roots = append(planned.roots, root)
	}
	for i, root := range planned.roots { // when all forms are known
		if root.constant == nil && !root.varies() {
			planned.roots[i].selection = p.selection.of(root.field)
		}
	}
	return planned, nil
}

func (p *planner) object(definition *ast.Definition, set ast.SelectionSet) (*plan, error) {
	fields, err := p.collect(set, p.selection.satisfies(definition))
	if err != nil {
		return nil, err
	}
	planned := &plan{fields: make([]plannedField, len(fields))}
	for i, field := range fields {
		f := &planned.fields[i]
		if err := p.fill(f, definition.Name, field, i); err != nil {
			return nil, err
		}
		if f.constant != nil {
			continue
		}
		if f.write = writersOf[definition.Name][field.Name]; f.write == nil {
			return nil, errNotPlanned
		}
		if hasVariable(field.Arguments) {
			f.varied = &variedArguments{definition.Name, field}
			p.planned.varied = append(p.planned.varied, f)
		} else if len(field.Definition.Arguments) > 0 {
			if f.Args, err = p.ec.readArguments(p.ctx, definition.Name, field.Name, field.ArgumentMap(nil)); err != nil {
				return nil, err
			}
		}
		planned.varies = planned.varies || f.varies()
	}
	return planned, nil
}

// collect returns the fields of a set, each member of the answer once. gqlgen collects a __typename that is asked of a
// union and of an object of it twice, and writes it once.
func (p *planner) collect(set ast.SelectionSet, satisfies []string) ([]graphql.CollectedField, error) {
	var fields []graphql.CollectedField
	for _, field := range graphql.CollectFields(p.ec.OperationContext, set, satisfies) {
		switch {
		case !slices.ContainsFunc(fields, func(f graphql.CollectedField) bool { return f.Alias == field.Alias }):
			fields = append(fields, field)
		case field.Name != "__typename":
			return nil, errNotPlanned
		}
	}
	return fields, nil
}

// fill plans the field itself and what is below it.
func (p *planner) fill(f *plannedField, typeName string, field graphql.CollectedField, place int) error {
	quoted, err := json.Marshal(field.Alias)
	if err != nil {
		return err
	}
	f.name, f.prefix = field.Name, append(append([]byte{separator(place)}, quoted...), ':')
	if field.Name == "__typename" {
		f.constant = []byte(`"` + typeName + `"`)
		return nil
	}
	if field.Definition == nil || field.Name == "__schema" || field.Name == "__type" {
		return errNotPlanned
	}
	f.required = field.Definition.Type.NonNull
	if element := field.Definition.Type.Elem; element != nil {
		f.required = element.NonNull
	}
	of := p.selection.schema.Types[field.Definition.Type.Name()]
	switch {
	case of.IsAbstractType():
		f.of = make(map[string]*plan)
		for _, object := range p.selection.schema.GetPossibleTypes(of) {
			if f.of[object.Name], err = p.object(object, field.Selections); err != nil {
				return err
			}
		}
	case len(field.Selections) > 0:
		if f.only, err = p.object(of, field.Selections); err == nil && of.Name == "ArticleConnection" && p.planned.static {
			p.giveForm(field.Field, f.only)
		}
	}
	return err
}

// giveForm makes known that the articles of a list are always written in the same form: if there is one place alone where
// they are, and the list is not that of a fragment that is spread again.
func (p *planner) giveForm(list *ast.Field, page *plan) {
	var articles []*plan
	for _, f := range page.fields {
		switch f.name {
		case "nodes":
			articles = append(articles, f.only)
		case "edges":
			for _, member := range f.only.fields {
				if member.name == "node" {
					articles = append(articles, member.only)
				}
			}
		}
	}
	before, again := p.planned.lists[list]
	p.planned.lists[list] = nil
	if before != nil {
		before.form = 0
	}
	if !again && len(articles) == 1 && !articles[0].varies {
		articles[0].form = p.ec.Resolvers.(*Resolver).Content.NewForm()
		p.planned.lists[list] = articles[0]
	}
}

func separator(place int) byte {
	if place == 0 {
		return '{'
	}
	return ','
}

// isStatic tells whether no directive decides about fields.
func isStatic(set ast.SelectionSet, seen map[*ast.FragmentDefinition]bool) bool {
	for _, selection := range set {
		static := true
		switch selection := selection.(type) {
		case *ast.Field:
			static = len(selection.Directives) == 0 && isStatic(selection.SelectionSet, seen)
		case *ast.InlineFragment:
			static = len(selection.Directives) == 0 && isStatic(selection.SelectionSet, seen)
		case *ast.FragmentSpread:
			static = len(selection.Directives) == 0
			if static && !seen[selection.Definition] {
				seen[selection.Definition] = true
				static = isStatic(selection.Definition.SelectionSet, seen)
			}
		}
		if !static {
			return false
		}
	}
	return true
}

func hasVariable(arguments ast.ArgumentList) bool {
	for _, argument := range arguments {
		if valueHasVariable(argument.Value) {
			return true
		}
	}
	return false
}

func valueHasVariable(value *ast.Value) bool {
	if value.Kind == ast.Variable {
		return true
	}
	for _, child := range value.Children {
		if valueHasVariable(child.Value) {
			return true
		}
	}
	return false
}
