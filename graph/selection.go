package graph

import (
	"context"
	"maps"
	"reflect"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"broadsheet/internal/content"
)

// selection reads what the operation asks of the root field that is being resolved: fragments spread, @skip and
// @include decided, variables replaced. Fields of an interface or a union are listed for each object type.
func selection(ctx context.Context) *content.Selection {
	if planned, ok := ctx.Value(selectionKey{}).(*content.Selection); ok {
		return planned
	}
	operation := graphql.GetOperationContext(ctx)
	field := graphql.GetFieldContext(ctx).Field
	reader := &selectionReader{operation: operation, schema: parsedSchema}
	return reader.of(field)
}

type selectionReader struct {
	operation *graphql.OperationContext
	schema    *ast.Schema
	lists     map[*ast.Field]*plan // how the articles in a list are written; nil or none: not always the same
}

// of is what is asked of the field's value.
func (r *selectionReader) of(field graphql.CollectedField) *content.Selection {
	asked := r.selection(field.Definition.Type.Name(), field.Selections)
	if articles := r.lists[field.Field]; articles != nil {
		asked.Form = articles.form
	}
	return asked
}

// selection returns nil for a leaf.
func (r *selectionReader) selection(typeName string, set ast.SelectionSet) *content.Selection {
	if len(set) == 0 {
		return nil
	}
	asked := new(content.Selection)
	for _, object := range r.schema.GetPossibleTypes(r.schema.Types[typeName]) {
		for _, f := range graphql.CollectFields(r.operation, set, r.satisfies(object)) {
			if f.Name == "__typename" {
				continue
			}
			asked.Add(&content.SelectedField{On: object.Name, Name: f.Name, Arguments: r.arguments(f.Field), Of: r.of(f)})
		}
	}
	return asked
}

// satisfies lists the type conditions that an object meets.
func (r *selectionReader) satisfies(object *ast.Definition) []string {
	names := []string{object.Name}
	for _, abstract := range r.schema.GetImplements(object) {
		names = append(names, abstract.Name)
	}
	return names
}

// arguments returns the values as a client would have to write them in JSON: one value stands for a list of it where
// the schema wants a list (GraphQL specification, October 2021, section 3.11).
func (r *selectionReader) arguments(field *ast.Field) map[string]any {
	values := field.ArgumentMap(r.operation.Variables)
	for _, argument := range field.Definition.Arguments {
		if value, given := values[argument.Name]; given {
			values[argument.Name] = r.coerced(argument.Type, value)
		}
	}
	return values
}

func (r *selectionReader) coerced(to *ast.Type, value any) any {
	if value == nil {
		return nil
	}
	if to.Elem != nil {
		list := reflect.ValueOf(value) // a variable may have become a slice of any type
		if list.Kind() != reflect.Slice {
			return []any{r.coerced(to.Elem, value)}
		}
		coerced := make([]any, list.Len())
		for i := range coerced {
			coerced[i] = r.coerced(to.Elem, list.Index(i).Interface())
		}
		return coerced
	}
	object, ok := value.(map[string]any)
	if !ok {
		return value
	}
	object = maps.Clone(object)
	for _, field := range r.schema.Types[to.NamedType].Fields {
		if part, given := object[field.Name]; given {
			object[field.Name] = r.coerced(field.Type, part)
		}
	}
	return object
}
