// Command plangen generates the code of the GraphQL door: gqlgen's own, and beside it a function for each field that
// writes its value, from the same binding of schema and Go types. See graph/plan.go.
package main

import (
	_ "embed"
	"fmt"
	"go/types"
	"os"
	"strings"

	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"
	"github.com/99designs/gqlgen/codegen/templates"
)

func main() {
	settings, err := config.LoadConfigFromDefaultLocations()
	if err == nil {
		err = api.Generate(settings, api.AddPlugin(writers{}))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "plangen:", err)
		os.Exit(1)
	}
}

//go:embed writers.gotpl
var template string

// writers is a plugin of gqlgen.
type writers struct{}

func (writers) Name() string { return "writers" }

// GenerateCode implements gqlgen's plugin.CodeGenerator.
func (writers) GenerateCode(data *codegen.Data) error {
	return templates.Render(templates.Options{
		PackageName: "graph", Filename: "graph/writers_generated.go", Template: template, Data: data,
		GeneratedHeader: true, Packages: data.Config.Packages,
		Funcs: map[string]any{"write": write, "pointer": pointer, "hasPrefix": strings.HasPrefix},
	})
}

// pointer is the type of the pointers by which objects of the type are handed on.
func pointer(object *codegen.Object) string {
	return templates.CurrentImports.LookupType(types.NewPointer(object.Type))
}

// write is the statement that writes a value of the field's type.
func write(field *codegen.Field, value string) (string, error) {
	reference := field.TypeReference
	switch goType := types.Unalias(reference.GO).(type) {
	case *types.Slice:
		return writeList(field, goType, value)
	case *types.Pointer:
		if basic, ok := goType.Elem().Underlying().(*types.Basic); ok && !reference.IsMarshaler {
			return fmt.Sprintf("optional(w, fc, %s, %s)", value, scalarWriter(basic, goType.Elem())), nil
		}
		return fmt.Sprintf("writeObject(w, fc, %s)", value), nil
	}
	switch {
	case reference.Definition.IsAbstractType():
		return fmt.Sprintf("write%s(w, fc, %s)", reference.Definition.Name, value), nil
	case reference.IsMarshaler:
		return fmt.Sprintf("%s.MarshalGQL(w)", value), nil
	case types.TypeString(reference.GO, nil) == "time.Time":
		return fmt.Sprintf("w.time(fc, %s)", value), nil
	}
	if basic, ok := reference.GO.Underlying().(*types.Basic); ok {
		return fmt.Sprintf("%s(w, %s)", scalarWriter(basic, reference.GO), value), nil
	}
	return fmt.Sprintf("writeObject(w, fc, &%s)", value), nil
}

func writeList(field *codegen.Field, list *types.Slice, value string) (string, error) {
	definition := field.TypeReference.Definition
	element := types.Unalias(list.Elem())
	_, isPointer := element.(*types.Pointer)
	switch {
	case definition.IsAbstractType():
		return fmt.Sprintf("writeList(w, fc, %s, write%s)", value, definition.Name), nil
	case isPointer:
		return fmt.Sprintf("writeList(w, fc, %s, writeObject)", value), nil
	case definition.IsLeafType():
		basic, ok := element.Underlying().(*types.Basic)
		if !ok {
			return "", fmt.Errorf("%s.%s: lists of %s are not known", field.Object.Name, field.Name, element)
		}
		return fmt.Sprintf("writeScalars(w, fc, %s, %s)", value, scalarWriter(basic, element)), nil
	default:
		return fmt.Sprintf("writeValues(w, fc, %s)", value), nil
	}
}

func scalarWriter(basic *types.Basic, named types.Type) string {
	kind := "String"
	switch {
	case basic.Info()&types.IsBoolean != 0:
		kind = "Bool"
	case basic.Info()&types.IsInteger != 0:
		kind = "Int"
	}
	return fmt.Sprintf("write%s[%s]", kind, templates.CurrentImports.LookupType(named))
}
