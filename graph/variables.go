package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"broadsheet/internal/content"
)

// wantedDateTime says what a DateTime is, to one who sent something else.
const wantedDateTime = `a DateTime as RFC 3339 writes it, such as "2026-11-23T18:04:05Z"`

// coerceVariables returns the values of the variables that the operation declares, as their types want them (GraphQL
// specification, September 2025, section 6.1.2). The library's own function lets numbers through as strings, strings as
// numbers, and anything as a DateTime.
func coerceVariables(
	schema *ast.Schema, operation *ast.OperationDefinition, given map[string]any,
) (map[string]any, *gqlerror.Error) {
	coerced := make(map[string]any, len(operation.VariableDefinitions))
	for _, variable := range operation.VariableDefinitions {
		value, isGiven := given[variable.Variable]
		var err error
		switch {
		case isGiven:
			value, err = coercion{schema}.value(variable.Type, value)
		case variable.DefaultValue != nil:
			value, err = variable.DefaultValue.Value(nil)
		case variable.Type.NonNull:
			err = errors.New(" is missing")
		default:
			continue
		}
		if err != nil {
			problem := coded(string(content.BadUserInput), fmt.Sprintf("The variable $%s%s.", variable.Variable, err))
			problem.Locations = []gqlerror.Location{{Line: variable.Position.Line, Column: variable.Position.Column}}
			return nil, problem
		}
		coerced[variable.Variable] = value
	}
	return coerced, nil
}

// coercion takes values as encoding/json decodes them, with numbers as json.Number. Its errors are the ends of a
// sentence that begins with the way to the value.
type coercion struct{ schema *ast.Schema }

func (c coercion) value(to *ast.Type, value any) (any, error) {
	switch {
	case value == nil && to.NonNull:
		return nil, fmt.Errorf(" is null, but it has to be a value of the type %s", to)
	case value == nil:
		return nil, nil
	case to.Elem != nil:
		return c.list(to, value)
	}
	definition := c.schema.Types[to.NamedType]
	switch definition.Kind {
	case ast.InputObject:
		return c.object(definition, value)
	case ast.Enum:
		if name, ok := value.(string); ok && definition.EnumValues.ForName(name) != nil {
			return name, nil
		}
		return nil, fmt.Errorf(" has to be one of %s", enumNames(definition))
	default:
		return scalar(to.NamedType, value)
	}
}

// list takes a single value for the list of it.
func (c coercion) list(to *ast.Type, value any) (any, error) {
	values, ok := value.([]any)
	if !ok {
		values = []any{value}
	}
	coerced := make([]any, len(values))
	for i, value := range values {
		var err error
		if coerced[i], err = c.value(to.Elem, value); err != nil && ok {
			return nil, fmt.Errorf("[%d]%w", i, err)
		} else if err != nil {
			return nil, err
		}
	}
	return coerced, nil
}

func (c coercion) object(definition *ast.Definition, value any) (any, error) {
	fields, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf(" has to be an object of the type %s", definition.Name)
	}
	for name := range fields {
		if definition.Fields.ForName(name) == nil {
			return nil, fmt.Errorf(" has the unknown field %q; the type %s has none of that name", name, definition.Name)
		}
	}
	coerced := make(map[string]any, len(fields))
	for _, field := range definition.Fields {
		value, given := fields[field.Name]
		if !given && (!field.Type.NonNull || field.DefaultValue != nil) {
			continue
		}
		var err error
		if coerced[field.Name], err = c.value(field.Type, value); err != nil {
			return nil, fmt.Errorf(".%s%w", field.Name, err)
		}
	}
	return coerced, nil
}

func scalar(named string, value any) (any, error) {
	text, isText := value.(string)
	number, isNumber := value.(json.Number)
	wanted := "a value of the type " + named
	switch named {
	case "Int":
		if whole, err := number.Float64(); isNumber && err == nil && math.Trunc(whole) == whole && math.Abs(whole) <= math.MaxInt32 {
			return int64(whole), nil
		}
		wanted = "a whole number of 32 bits"
	case "Float":
		if float, err := number.Float64(); isNumber && err == nil {
			return float, nil
		}
		wanted = "a number"
	case "Boolean":
		if _, ok := value.(bool); ok {
			return value, nil
		}
	case "String":
		if isText {
			return text, nil
		}
		wanted = "a string"
	case "ID":
		if isNumber && !strings.ContainsAny(number.String(), ".eE") {
			return number.String(), nil
		}
		if isText {
			return text, nil
		}
		wanted = "an ID: a string or a whole number"
	case "DateTime":
		if isText && isDateTime(text) {
			return text, nil
		}
		wanted = wantedDateTime
	default:
		return value, nil
	}
	return nil, errors.New(" has to be " + wanted)
}

func isDateTime(text string) bool {
	_, err := time.Parse(time.RFC3339, text)
	return err == nil
}

func enumNames(definition *ast.Definition) string {
	names := make([]string, len(definition.EnumValues))
	for i, value := range definition.EnumValues {
		names[i] = value.Name
	}
	return strings.Join(names, ", ")
}
