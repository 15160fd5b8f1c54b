package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// fullNewsroom has as many stories, authors and tags as size says, and everything that can hang on each.
func fullNewsroom(t *testing.T, size int) *newsroom {
	t.Helper()
	n := newNewsroom(t)
	for i := range size {
		n.addWriter(fmt.Sprintf("Writer %d", i))
		n.addLabel("TOPIC", fmt.Sprintf("Label %d", i), false)
	}
	for i := range size {
		s := &story{kind: "STORY", access: []string{"MEMBERS", "PUBLIC"}[i%2], status: "PUBLISHED", locale: "en",
			published: noon.Add(-time.Duration(i) * time.Hour), updated: noon.Add(-time.Hour)}
		for j := range 3 {
			s.writers = append(s.writers, n.writers[(i+j)%size])
			s.labels = append(s.labels, n.labels[(i+j)%size])
		}
		n.add(s)
	}
	for i, s := range n.stories {
		for j, kind := range []string{"EDITOR", "INLINE", "SUGGESTED"} {
			n.relate(s, n.stories[(i+j+1)%size], kind, 1)
		}
	}
	return n
}

// listField is a list or a connection that the schema has, and a way to it.
type listField struct {
	way []step
	on  *ast.Definition // of the last step's field
}

type step struct {
	field *ast.FieldDefinition
	on    string // the object type that stands there, where several may
}

func (l listField) name() string {
	var names []string
	for _, s := range l.way {
		names = append(names, s.field.Name)
	}
	return strings.Join(names, ".")
}

// query goes the way and asks at its end for all that can be loaded there without another list of objects.
func (l listField) query(t *testing.T, schema *ast.Schema) string {
	t.Helper()
	before, after := "", ""
	for i, s := range l.way {
		parent := "Query"
		if i > 0 {
			parent = l.way[i-1].on
		}
		before += "{ " + s.field.Name + argumentsOf(t, parent, s) + " "
		if i < len(l.way)-1 && schema.Types[s.field.Type.Name()].IsAbstractType() {
			before += "{ ... on " + s.on + " "
			after += " }"
		}
		after += " }"
	}
	end := l.way[len(l.way)-1].field.Type.Name()
	if schema.Types[end].IsLeafType() {
		return before + after
	}
	if strings.HasSuffix(end, "Connection") { // its edges and nodes are lists by themselves
		return before + "{ totalCount nodes { id } edges { cursor node { id } } }" + after
	}
	return before + everything(schema, end, 0) + after
}

// argumentsOf knows what to ask of the fields that want arguments.
func argumentsOf(t *testing.T, parent string, s step) string {
	t.Helper()
	switch name := parent + "." + s.field.Name; name {
	case "Query.article":
		return `(slug: "story-w0open")`
	case "Query.author":
		return `(slug: "writer-0")`
	case "Query.tag":
		return `(slug: "label-0")`
	case "Query.campaign":
		return `(slug: "join")`
	case "Query.resolve":
		return fmt.Sprintf(`(path: "%s")`, map[string]string{
			"Article": "/story-w0open/", "Author": "/author/writer-0/", "Tag": "/tag/label-0/"}[s.on])
	case "Query.node":
		return fmt.Sprintf(`(id: "%s")`, globalID(s.on, 1))
	case "Query.changes":
		return `(since: "0", first: 1000)`
	case "Query.nodes":
		return fmt.Sprintf(`(ids: ["%s", "%s", "%s"])`, globalID("Article", 1), globalID("Author", 2), globalID("Tag", 3))
	default:
		for _, argument := range s.field.Arguments {
			if argument.Type.NonNull && argument.DefaultValue == nil {
				t.Errorf("this test has to learn which %s to ask %s for", argument.Name, name)
			}
		}
	}
	if s.field.Arguments.ForName("first") != nil {
		return "(first: 100)"
	}
	return ""
}

// listFields finds each list that the schema lets one reach, by the shortest way from each root field.
func listFields(schema *ast.Schema) []listField {
	var lists []listField
	for _, root := range schema.Query.Fields {
		if !strings.HasPrefix(root.Name, "__") {
			lists = append(lists, listsBelow(schema, root)...)
		}
	}
	return lists
}

func listsBelow(schema *ast.Schema, root *ast.FieldDefinition) []listField {
	var lists []listField
	seen := make(map[string]bool)
	waiting := []listField{{way: []step{{field: root}}, on: schema.Query}}
	for len(waiting) > 0 {
		here := waiting[0]
		waiting = waiting[1:]
		last := &here.way[len(here.way)-1]
		of := schema.Types[last.field.Type.Name()]
		possible := schema.GetPossibleTypes(of)
		if last.field.Type.Elem != nil || strings.HasSuffix(of.Name, "Connection") {
			if last.on = "Article"; !of.IsAbstractType() {
				last.on = of.Name
			}
			lists = append(lists, listField{slices.Clone(here.way), here.on})
		}
		for _, object := range possible {
			if seen[object.Name] {
				continue
			}
			seen[object.Name] = true
			last.on = object.Name
			for _, field := range object.Fields {
				waiting = append(waiting, listField{append(slices.Clone(here.way), step{field: field}), object})
			}
		}
	}
	return lists
}

// Each list costs as many statements for many objects as for a few, and no more than its query has levels.
func TestEachListCostsAConstantNumberOfStatements(t *testing.T) {
	t.Parallel()
	schema := loadSchema(t)
	few, many := fullNewsroom(t, 4), fullNewsroom(t, 60)
	covered := make(map[string]bool)
	for _, list := range listFields(schema) {
		covered[list.on.Name+"."+list.way[len(list.way)-1].field.Name] = true
		t.Run(list.name(), func(t *testing.T) {
			query := list.query(t, schema)
			short, long := few.in(t).ask(query, nil), many.in(t).ask(query, nil)
			for _, answered := range []answer{short, long} {
				if list.length(answered) == 0 {
					t.Errorf("%s finds nothing at its end: %s", query, answered.text)
				}
			}
			got, most := short.Extensions.Cost.Statements, mostStatements(t, schema, query)
			if long.Extensions.Cost.Statements != got {
				t.Errorf("%s costs %d statements in a small newsroom and %d in a large one", query, got, long.Extensions.Cost.Statements)
			}
			if got == 0 || got > most {
				t.Errorf("%s costs %d statements; it has %d levels", query, got, most)
			}
		})
	}
	for name, definition := range schema.Types {
		for _, field := range definition.Fields {
			isList := field.Type.Elem != nil || strings.HasSuffix(field.Type.Name(), "Connection")
			if definition.Kind == ast.Object && isList && !strings.HasPrefix(name, "__") && !covered[name+"."+field.Name] {
				t.Errorf("%s.%s is a list that nothing leads to", name, field.Name)
			}
		}
	}
}

// length counts what the answer holds at the end of the way.
func (l listField) length(a answer) int {
	var path []string
	for _, s := range l.way {
		path = append(path, s.field.Name)
	}
	if strings.HasSuffix(l.way[len(l.way)-1].field.Type.Name(), "Connection") {
		path = append(path, "nodes")
	}
	found := all(a.Data, path...)
	return len(slices.DeleteFunc(found, func(value any) bool { return value == nil }))
}

// mostStatements counts the levels of an operation below each of its root fields.
func mostStatements(t *testing.T, schema *ast.Schema, query string) int {
	t.Helper()
	document, errs := gqlparser.LoadQueryWithRules(schema, query, nil)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	total := 0
	for _, root := range document.Operations[0].SelectionSet {
		total += levelsOf(schema, ast.SelectionSet{root})
	}
	return total
}

// levelsOf counts how many things stand one behind the other.
func levelsOf(schema *ast.Schema, set ast.SelectionSet) int {
	most := 0
	for _, selection := range set {
		levels := 0
		switch selection := selection.(type) {
		case *ast.Field:
			levels = levelsOfField(schema, selection) + levelsOf(schema, selection.SelectionSet)
		case *ast.InlineFragment:
			levels = levelsOf(schema, selection.SelectionSet)
		case *ast.FragmentSpread:
			levels = levelsOf(schema, selection.Definition.SelectionSet)
		}
		most = max(most, levels)
	}
	return most
}

// levelsOfField tells how many things stand one behind the other in a field itself.
func levelsOfField(schema *ast.Schema, field *ast.Field) int {
	switch name := field.ObjectDefinition.Name + "." + field.Name; name {
	case "Query.changes":
		return 6 // the log and its ends, articles, authors, tags, campaigns
	case "Article.jsonLd":
		return 2 // the video and its poster
	case "Article.body":
		return 2 // the text and the cards inside
	case "Article.seo":
		return 0 // its image counts
	case "Seo.image", "Tag.articleCount":
		return 1
	}
	switch field.ObjectDefinition.Name {
	case "Query", "Article", "Author", "Tag", "Video":
		if schema.Types[field.Definition.Type.Name()].IsCompositeType() {
			return 1
		}
	}
	return 0
}

// Answers stay right, and cost what their levels say, where lists stand inside lists.
func TestNestedAnswersAreRight(t *testing.T) {
	t.Parallel()
	schema := loadSchema(t)
	n := randomNewsroom(t, 1, 40)
	for name, query := range nestedQueries {
		t.Run(name, func(t *testing.T) {
			n := n.in(t)
			if !strings.Contains(query, "$") {
				n.compareAndCount(schema, query, nil)
				return
			}
			for i, s := range n.stories {
				l, w := n.labels[i%len(n.labels)], n.writers[i%len(n.writers)]
				names := strings.NewReplacer("$article", s.globalID(), "$slug", s.slug, "$tag", l.globalID(), "$author", w.globalID())
				n.compareAndCount(schema, names.Replace(query), nil)
			}
		})
	}
}

func (n *newsroom) compareAndCount(schema *ast.Schema, query string, variables map[string]any) {
	n.Helper()
	n.compare(schema, query, variables)
	got, most := n.ask(query, variables).Extensions.Cost.Statements, mostStatements(n.T, schema, query)
	if got > most {
		n.Errorf("%s costs %d statements; it has %d levels", query, got, most)
	}
}

// What hangs on the primary tag is read for that one alone.
func TestPrimaryTagAlone(t *testing.T) {
	t.Parallel()
	n := fullNewsroom(t, 4)
	found := n.ask(`{ article(slug: "story-w0open") { jsonLd primaryTag { articles(first: 2) { nodes { slug } } } } }`, nil)
	if got := found.slugs("article", "primaryTag", "articles", "nodes"); got != "story-w0open story-w2open" {
		t.Errorf("its articles are %s", got)
	}
	more := n.ask(`{ article(slug: "story-w0open") { jsonLd primaryTag { slug } } }`, nil)
	if got := found.Extensions.Cost.Rows - more.Extensions.Cost.Rows; got != 3 { // one more than the page holds
		t.Errorf("the page of one tag costs %d rows", got)
	}
}

// The names that begin with a dollar sign are replaced by those of each story in turn.
var nestedQueries = map[string]string{
	"deep": `{ article(slug: "$slug") { slug authors { name articles(first: 5) { nodes { slug tags { name articles(first: 5) {
		nodes { slug relatedStories(first: 3) { kind position reason article { slug } } } } } } } } } }`,
	"from a list": `{ articles(first: 30) { totalCount nodes { slug
		primaryTag { name articleCount articles(first: 4) { totalCount edges { node {
			title authors { slug articles(last: 2, orderBy: PUBLISHED_ASC) { nodes { slug } } } } } } }
		relatedStories { article { slug tags { slug }
			relatedStories(first: 2) { position article { slug primaryTag { slug } } } } } } } }`,
	"aliases": `{ newest: articles(first: 3) { nodes { slug } }
		oldest: articles(first: 3, orderBy: PUBLISHED_ASC) { nodes { slug } totalCount }
		articles(first: 10) { nodes {
			one: relatedStories(first: 1) { article { slug } } three: relatedStories(first: 3) { article { title } }
			none: relatedStories(first: 0) { kind }
			tags { slug a: articles(first: 2) { nodes { slug } }
				b: articles(first: 2, filter: {kind: [VIDEO, PAGE]}) { nodes { slug kind } totalCount }
				c: articles(last: 1, filter: {}) { nodes { slug authors { slug } } } d: articles(first: 2) { edges { node { title } } } }
			first: primaryTag { slug articles(first: 1) { nodes { slug } } } again: primaryTag { name } } } }`,
	"fragments": `query { articles { ...page pageInfo { hasNextPage hasPreviousPage } } }
		fragment page on ArticleConnection { nodes { ...card } edges { node { ...card authors { url } } } }
		fragment card on Article { slug authors { name ... on Author { slug } } ... on Node { id } tags { ...label } tags { name } }
		fragment label on Tag { slug articles(first: 2) { nodes { slug } } articles(first: 2) { nodes { title tags { slug } } } }`,
	"nodes": `{ nodes(ids: ["$article", "$tag", "$author", "$article"]) { __typename id
		... on Article { slug authors { slug } tags { articles(first: 2) { nodes { slug } } } }
		... on Author { name articles(first: 3) { nodes { slug tags { name } } } }
		... on Tag { name articles(first: 3, filter: {kind: STORY}) { nodes { slug authors { name } } } }
		... on Node { id } } }`,
	"node": `{ story: node(id: "$article") { id ... on Article { slug relatedStories { article { slug } } } ... on Tag { name } }
		tag: node(id: "$tag") { id ... on Tag { articleCount articles { totalCount nodes { slug } } } } }`,
	"by id": `{ article(id: "$article") { slug url access status publishedAt updatedAt }
		author(id: "$author") { name } tag(id: "$tag") { kind } }`,
	"the same story in several lists": `{ nodes(ids: ["$author", "$tag"]) {
		... on Author { articles { nodes { tags { articles { nodes {
			slug relatedStories { article { slug } } authors { slug } tags { slug } } } } } } }
		... on Tag { articles { nodes { authors { articles(orderBy: UPDATED_DESC) { nodes {
			slug relatedStories { article { slug } } } } } } } } } }`,
}
