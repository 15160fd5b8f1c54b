package graph_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// naive answers operations from the model of a newsroom alone: field by field, without SQL and without a plan.
type naive struct {
	*newsroom
	schema    *ast.Schema
	now       time.Time
	variables map[string]any
}

// object is a value of an object type, its fields still to be resolved.
type object struct {
	typeName string
	fields   map[string]resolve
}

type resolve func(arguments map[string]any) any

func is(value any) resolve { return func(map[string]any) any { return value } }

// compare asks the door and the model the same question, and wants the same answer.
func (n *newsroom) compare(schema *ast.Schema, query string, variables map[string]any) {
	n.Helper()
	got := n.ask(query, variables).Data
	want := naive{n, schema, *n.clock.Load(), variables}.answer(query)
	if where := difference(got, want); where != "" {
		n.Fatalf("%s\n%v\nat %s", query, variables, where)
	}
}

// difference tells where two values of JSON begin to differ; empty if nowhere.
func difference(got, want any) string {
	if gotObject, ok := got.(map[string]any); ok {
		wantObject, _ := want.(map[string]any)
		for name := range with(gotObject, wantObject) {
			if where := difference(gotObject[name], wantObject[name]); where != "" {
				return "." + name + where
			}
		}
		return ""
	}
	gotList, isList := got.([]any)
	wantList, _ := want.([]any)
	if isList && len(gotList) == len(wantList) {
		for i := range gotList {
			if where := difference(gotList[i], wantList[i]); where != "" {
				return fmt.Sprintf("[%d]%s", i, where)
			}
		}
		return ""
	}
	if reflect.DeepEqual(got, want) {
		return ""
	}
	return fmt.Sprintf(": %v, not %v", got, want)
}

func text(t *testing.T, value any) string {
	t.Helper()
	written, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(written)
}

func (n naive) answer(query string) map[string]any {
	n.Helper()
	document, errs := gqlparser.LoadQueryWithRules(n.schema, query, nil)
	if len(errs) > 0 {
		n.Fatal(errs)
	}
	var answered map[string]any // as it comes out of JSON
	n.must(json.Unmarshal([]byte(text(n.T, n.complete(n.root(), document.Operations[0].SelectionSet))), &answered))
	return answered
}

func (n naive) complete(value any, set ast.SelectionSet) any {
	switch value := value.(type) {
	case *object:
		if value == nil {
			return nil
		}
		into := make(map[string]any)
		n.fill(into, value, set)
		return into
	case []*object:
		list := make([]any, len(value))
		for i := range value {
			list[i] = n.complete(value[i], set)
		}
		return list
	default:
		return value
	}
}

func (n naive) fill(into map[string]any, o *object, set ast.SelectionSet) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			if selection.Name == "__typename" {
				into[selection.Alias] = o.typeName
				continue
			}
			field, known := o.fields[selection.Name]
			if !known {
				n.Fatalf("the model knows no field %s.%s", o.typeName, selection.Name)
			}
			value := n.complete(field(selection.ArgumentMap(n.variables)), selection.SelectionSet)
			into[selection.Alias] = merged(into[selection.Alias], value)
		case *ast.InlineFragment:
			if n.applies(selection.TypeCondition, o) {
				n.fill(into, o, selection.SelectionSet)
			}
		case *ast.FragmentSpread:
			if n.applies(selection.Definition.TypeCondition, o) {
				n.fill(into, o, selection.Definition.SelectionSet)
			}
		}
	}
}

func (n naive) applies(condition string, o *object) bool {
	return condition == "" || slices.Contains(n.schema.GetPossibleTypes(n.schema.Types[condition]), n.schema.Types[o.typeName])
}

// merged joins what two selections of one field gave.
func merged(a, b any) any {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok {
			return a
		}
		for name, value := range b {
			a[name] = merged(a[name], value)
		}
		return a
	case []any:
		for i := range a {
			a[i] = merged(a[i], b.([]any)[i])
		}
		return a
	default:
		return b
	}
}

func (n naive) root() *object {
	return &object{"Query", map[string]resolve{
		"article": func(a map[string]any) any {
			return found(n.stories, n.story, func(s *story) bool {
				return n.shows(s, n.now) && (s.slug == a["slug"] || s.globalID() == a["id"])
			})
		},
		"author": func(a map[string]any) any {
			return found(n.writers, n.writer, func(w *writer) bool { return w.slug == a["slug"] || w.globalID() == a["id"] })
		},
		"tag": func(a map[string]any) any {
			return found(n.labels, n.label, func(l *label) bool {
				return !l.internal && (l.slug == a["slug"] || l.globalID() == a["id"])
			})
		},
		"node":  func(a map[string]any) any { return n.node(a["id"]) },
		"nodes": func(a map[string]any) any { return each(list[any](a["ids"]), n.node) },
		"articles": func(a map[string]any) any {
			return n.articles(a, func(*story) bool { return true })
		},
	}}
}

func (n naive) node(id any) *object {
	for _, field := range []string{"article", "author", "tag"} {
		if found, _ := n.root().fields[field](map[string]any{"id": id}).(*object); found != nil {
			return found
		}
	}
	return nil
}

func found[T any](values []T, as func(T) *object, matches func(T) bool) any {
	if i := slices.IndexFunc(values, matches); i >= 0 {
		return as(values[i])
	}
	return nil
}

func each[T any](values []T, as func(T) *object) []*object {
	objects := make([]*object, len(values))
	for i, value := range values {
		objects[i] = as(value)
	}
	return objects
}

func (n naive) story(s *story) *object {
	return &object{"Article", map[string]resolve{
		"id": is(s.globalID()), "slug": is(s.slug), "title": is(s.title()), "excerpt": is(s.excerpt()), "kind": is(s.kind),
		"access": is(s.access), "status": is("PUBLISHED"), "featured": is(s.featured), "locale": is(s.locale),
		"publishedAt": is(s.published), "updatedAt": is(s.updated), "url": is(site + "/" + s.slug + "/"),
		"authors": func(map[string]any) any { return each(s.writers, n.writer) },
		"tags":    func(map[string]any) any { return each(s.openLabels(), n.label) },
		"primaryTag": func(map[string]any) any {
			return found(s.openLabels(), n.label, func(*label) bool { return true })
		},
		"relatedStories": func(a map[string]any) any { return n.related(s, a["first"]) },
	}}
}

func (s *story) openLabels() []*label {
	return slices.DeleteFunc(slices.Clone(s.labels), func(l *label) bool { return l.internal })
}

// related lists each story that may be seen at the first of its places, and counts the places again.
func (n naive) related(s *story, first any) []*object {
	ordered := slices.Clone(s.related)
	rank := []string{"EDITOR", "INLINE", "SUGGESTED"}
	slices.SortFunc(ordered, func(a, b *relation) int {
		return cmp.Or(slices.Index(rank, a.kind)-slices.Index(rank, b.kind), a.position-b.position)
	})
	listed, places := make(map[*story]bool), make(map[string]int)
	var objects []*object
	for _, r := range ordered {
		if listed[r.to] || !n.shows(r.to, n.now) {
			continue
		}
		listed[r.to] = true
		places[r.kind]++
		objects = append(objects, &object{"RelatedStory", map[string]resolve{
			"article": func(map[string]any) any { return n.story(r.to) },
			"kind":    is(r.kind), "reason": is(s.reason(r.to)), "position": is(places[r.kind]),
		}})
	}
	return objects[:min(len(objects), number(first, 20))]
}

func (n naive) writer(w *writer) *object {
	return &object{"Author", map[string]resolve{
		"id": is(w.globalID()), "slug": is(w.slug), "name": is(w.name), "url": is(site + "/author/" + w.slug + "/"),
		"articles": func(a map[string]any) any {
			return n.articles(a, func(s *story) bool { return slices.Contains(s.writers, w) })
		},
	}}
}

func (n naive) label(l *label) *object {
	carries := func(s *story) bool { return slices.Contains(s.labels, l) }
	return &object{"Tag", map[string]resolve{
		"id": is(l.globalID()), "slug": is(l.slug), "name": is(l.name), "kind": is(l.kind), "url": is(site + "/tag/" + l.slug + "/"),
		"articles":     func(a map[string]any) any { return n.articles(a, carries) },
		"articleCount": func(map[string]any) any { return len(n.listed(nil, carries)) },
	}}
}

func (n naive) articles(arguments map[string]any, of func(*story) bool) *object {
	filter, _ := arguments["filter"].(map[string]any)
	stories := n.listed(filter, of)
	sortStories(stories, arguments["orderBy"])
	total := len(stories)
	if last := arguments["last"]; last != nil {
		stories = stories[max(0, total-number(last, 20)):]
	} else {
		stories = stories[:min(total, number(arguments["first"], 20))]
	}
	return &object{"ArticleConnection", map[string]resolve{
		"totalCount": is(total),
		"nodes":      func(map[string]any) any { return each(stories, n.story) },
		"edges": func(map[string]any) any {
			return each(stories, func(s *story) *object {
				return &object{"ArticleEdge", map[string]resolve{"node": func(map[string]any) any { return n.story(s) }}}
			})
		},
		"pageInfo": is(&object{"PageInfo", map[string]resolve{
			"hasNextPage":     is(arguments["last"] == nil && total > len(stories)),
			"hasPreviousPage": is(arguments["last"] != nil && total > len(stories)),
		}}),
	}}
}

func sortStories(stories []*story, order any) {
	slices.SortFunc(stories, func(a, b *story) int {
		switch order {
		case "PUBLISHED_ASC":
			return cmp.Or(a.published.Compare(b.published), cmp.Compare(a.id, b.id))
		case "UPDATED_DESC":
			return cmp.Or(b.updated.Compare(a.updated), cmp.Compare(b.id, a.id))
		default:
			return cmp.Or(b.published.Compare(a.published), cmp.Compare(b.id, a.id))
		}
	})
}

// listed restates each condition of the filter for one story after the other.
func (n naive) listed(filter map[string]any, of func(*story) bool) []*story {
	return slices.DeleteFunc(slices.Clone(n.stories), func(s *story) bool {
		return !n.shows(s, n.now) || !of(s) || !n.passes(s, filter)
	})
}

func (n naive) passes(s *story, filter map[string]any) bool {
	labels, writers := make(map[string]bool), make(map[string]bool)
	for _, l := range s.openLabels() {
		labels[l.slug] = true
	}
	for _, w := range s.writers {
		writers[w.slug] = true
	}
	anyOf := func(have map[string]bool, wanted []string) bool {
		return len(wanted) == 0 || slices.ContainsFunc(wanted, func(slug string) bool { return have[slug] })
	}
	kinds := list[string](filter["kind"])
	featured, asksFeatured := filter["featured"].(bool)
	locale, asksLocale := filter["locale"].(string)
	return (len(kinds) > 0 || s.kind != "PAGE") && anyOf(map[string]bool{s.kind: true}, kinds) &&
		!slices.ContainsFunc(list[string](filter["tags"]), func(slug string) bool { return !labels[slug] }) &&
		anyOf(labels, list[string](filter["anyTag"])) && anyOf(writers, list[string](filter["authors"])) &&
		(!asksFeatured || s.featured == featured) && (!asksLocale || s.locale == locale) &&
		!slices.Contains(list[string](filter["excludeIds"]), s.globalID()) &&
		(filter["publishedAfter"] == nil || !s.published.Before(n.time(filter["publishedAfter"]))) &&
		(filter["publishedBefore"] == nil || s.published.Before(n.time(filter["publishedBefore"])))
}

func (n naive) time(written any) time.Time {
	parsed, err := time.Parse(time.RFC3339Nano, written.(string))
	n.must(err)
	return parsed
}

// list reads an argument of a list type, for which one value may stand.
func list[T any](argument any) []T {
	var values []T
	switch argument := argument.(type) {
	case nil:
	case []any:
		for _, value := range argument {
			values = append(values, value.(T))
		}
	case []T:
		values = argument
	default:
		values = []T{argument.(T)}
	}
	return values
}

func number(argument any, otherwise int) int {
	switch argument := argument.(type) {
	case int64:
		return int(argument)
	case int:
		return argument
	default:
		return otherwise
	}
}

// slugs collects the field slug of what stands at the end of the path.
func (a answer) slugs(path ...string) string {
	var found []string
	for _, slug := range all(a.Data, append(path, "slug")...) {
		if slug, ok := slug.(string); ok {
			found = append(found, slug)
		}
	}
	return strings.Join(found, " ")
}

// with returns the map with more in it.
func with(base, more map[string]any) map[string]any {
	joined := maps.Clone(base)
	maps.Copy(joined, more)
	return joined
}
