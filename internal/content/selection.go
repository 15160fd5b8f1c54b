package content

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Selection is what a door asks of an object: fields, each with its arguments and with what is asked of its value.
// It decides what the service loads; the same field with the same arguments is in it once, whatever its aliases.
type Selection struct {
	fields []*SelectedField

	// Form is that in which the door writes the articles of a list, all that is asked of them: then it takes what it has
	// Written before.
	Form Form
}

// SelectedField is one field of a Selection.
type SelectedField struct {
	On        string         // the object type it was asked of
	Name      string         // as the schema has it
	Arguments map[string]any // defaults filled in, variables replaced; JSON values
	Of        *Selection     // what is asked of its value; nil for a scalar

	arguments string // canonical form of Arguments, for comparison
}

// Select asks for fields of an object type. It is for doors that know in Go what they want:
//
//	Select("Article", Ask("leadImage"), Ask("authors", Ask("avatar")))
func Select(on string, fields ...*SelectedField) *Selection {
	asked := new(Selection)
	for _, f := range fields {
		f.On = on
		asked.Add(f)
	}
	return asked
}

// Ask asks for a field, and of its value for these.
func Ask(name string, of ...*SelectedField) *SelectedField {
	return &SelectedField{Name: name, Of: Select("", of...)}
}

// With gives the field its arguments, named and valued as JSON has them.
func (f *SelectedField) With(arguments map[string]any) *SelectedField {
	f.Arguments = arguments
	return f
}

// Add merges a field into the selection, which takes the field over. Its arguments must be values of JSON.
func (s *Selection) Add(f *SelectedField) {
	if len(f.Arguments) > 0 {
		canonical, err := json.Marshal(f.Arguments)
		if err != nil {
			panic(fmt.Sprintf("arguments of %s.%s: %v", f.On, f.Name, err))
		}
		f.arguments = string(canonical)
	}
	s.merge(f)
}

func (s *Selection) merge(f *SelectedField) {
	for i, have := range s.fields {
		if have.Name == f.Name && have.On == f.On && have.arguments == f.arguments {
			merged := *have
			merged.Of = union(have.Of, f.Of)
			s.fields[i] = &merged
			return
		}
	}
	s.fields = append(s.fields, f)
}

// on returns what is asked of the object type, where objects of several types may stand.
func (s *Selection) on(typeName string) *Selection {
	if s == nil {
		return nil
	}
	only := new(Selection)
	for _, f := range s.fields {
		if f.On == typeName {
			only.fields = append(only.fields, f)
		}
	}
	return only
}

// all returns the field as often as it was asked for with different arguments.
func (s *Selection) all(name string) []*SelectedField {
	var found []*SelectedField
	if s != nil {
		for _, f := range s.fields {
			if f.Name == name {
				found = append(found, f)
			}
		}
	}
	return found
}

// has tells whether one of the fields was asked for.
func (s *Selection) has(names ...string) bool {
	return s != nil && slices.ContainsFunc(s.fields, func(f *SelectedField) bool { return slices.Contains(names, f.Name) })
}

// any tells whether anything was asked for.
func (s *Selection) any() bool { return s != nil && len(s.fields) > 0 }

// of returns what is asked of the values of the fields, all taken together; nil if none of them was asked for.
func (s *Selection) of(names ...string) *Selection {
	if !s.has(names...) {
		return nil
	}
	together := new(Selection)
	for _, f := range s.fields {
		if slices.Contains(names, f.Name) {
			together = union(together, f.Of)
		}
	}
	return together
}

// union returns what either selection asks for. It changes neither.
func union(a, b *Selection) *Selection {
	if a == nil || b == nil {
		if a == nil {
			a = b
		}
		return a
	}
	together := &Selection{fields: slices.Clone(a.fields)}
	for _, f := range b.fields {
		together.merge(f)
	}
	return together
}

// decode fills target, a pointer to a struct with json tags, with the field's arguments.
func (f *SelectedField) decode(target any) error {
	if err := json.Unmarshal([]byte(f.arguments), target); f.arguments != "" && err != nil {
		return badInput("The arguments of %s.%s are not of the types that the schema gives them.", f.On, f.Name)
	}
	return nil
}
