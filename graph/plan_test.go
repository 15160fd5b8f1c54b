package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"broadsheet/graph"
	"broadsheet/internal/content"
)

// All ways to an answer have to come to the same bytes: the plan's, that of articles which were written before, and that of
// gqlgen, which is the reference.
func TestPlansAnswerAsTheReferenceDoes(t *testing.T) {
	t.Parallel()
	n := randomNewsroom(t, 11, 40)
	limits := graph.DefaultLimits()
	limits.Complexity, limits.Tokens, limits.Fields, limits.Aliases, limits.Fragments, limits.Directives = 1<<30, 1<<20, 1<<20, 1<<20, 1<<20, 1<<20
	short := httptest.NewServer(graph.NewHandler(n.service, limits, nil, slog.New(slog.DiscardHandler)))
	t.Cleanup(short.Close)
	options := n.options
	options.Memory = newMemory()
	remembering := httptest.NewServer(graph.NewHandler(content.New(n.db, options), limits, nil, slog.New(slog.DiscardHandler)))
	t.Cleanup(remembering.Close)
	reference := httptest.NewServer(graph.NewReferenceHandler(n.service, limits, slog.New(slog.DiscardHandler)))
	t.Cleanup(reference.Close)
	schema := loadSchema(t)
	operations := 1000
	if testing.Short() {
		operations = 300
	}
	answered := 0
	for seed := range operations {
		asked := &randomOperation{Rand: rand.New(rand.NewPCG(uint64(seed), 5)), schema: schema, n: n, steady: seed%3 == 0}
		body := asked.write()
		planned, executed := postTo(t, short.URL, body), postTo(t, reference.URL, body)
		if strings.Contains(executed, `"data":{`) {
			answered++
		}
		for _, written := range []string{planned, postTo(t, remembering.URL, body), postTo(t, remembering.URL, body)} {
			if written != executed {
				t.Fatalf("operation %d\n%s\nplanned:  %s\nexecuted: %s", seed, body, written, executed)
			}
		}
	}
	if answered < operations/2 {
		t.Errorf("only %d of %d operations were answered with data: the test shows little", answered, operations)
	}
	if written := options.Memory.Stats().Written; written < int64(operations/10) {
		t.Errorf("only %d articles were given as they had been written before: the test shows little", written)
	}
}

func postTo(t *testing.T, url, body string) string {
	t.Helper()
	response, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.Status + " " + inOrder(t, text)
}

// inOrder sorts the errors, which come as root fields fail side by side.
func inOrder(t *testing.T, text []byte) string {
	t.Helper()
	var parts struct{ Errors, Data json.RawMessage }
	if err := json.Unmarshal(text, &parts); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if parts.Errors == nil {
		return string(text)
	}
	var problems []json.RawMessage
	if err := json.Unmarshal(parts.Errors, &problems); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(problems, func(a, b json.RawMessage) int { return bytes.Compare(a, b) })
	return fmt.Sprintf("%s %s", problems, parts.Data)
}

// randomOperation is a valid query with all that a document can have.
type randomOperation struct {
	*rand.Rand
	schema    *ast.Schema
	n         *newsroom
	steady    bool // is always the same, so that articles are kept as they were written
	fragments bytes.Buffer
	named     int
	aliases   int
}

func (o *randomOperation) write() string {
	set := o.set(o.schema.Query, 0)
	if o.steady {
		set = fmt.Sprintf("{ articles(first: 5) { nodes %s } tags(first: 3) { nodes { articles(first: 2) { edges { cursor node %s } } } } }",
			o.set(o.schema.Types["Article"], 3), o.set(o.schema.Types["Article"], 4))
	}
	variables := map[string]any{"slug": one(o.Rand, o.n.stories...).slug}
	if o.IntN(2) == 0 {
		variables["few"] = o.IntN(4)
	}
	var declared []string
	for name, declaration := range map[string]string{"yes": "$yes: Boolean = true", "no": "$no: Boolean = false", "few": "$few: Int = 2", "slug": "$slug: String"} {
		if strings.Contains(set+o.fragments.String(), "$"+name) {
			declared = append(declared, declaration)
		}
	}
	query := "query Random " + set + o.fragments.String()
	if len(declared) > 0 {
		query = "query Random(" + strings.Join(declared, ", ") + ") " + set + o.fragments.String()
	}
	body, _ := json.Marshal(map[string]any{"query": query, "variables": variables})
	return string(body)
}

const deepest = 5

func (o *randomOperation) set(of *ast.Definition, depth int) string {
	var parts []string
	for range 1 + o.IntN(4) {
		parts = append(parts, o.part(of, depth))
	}
	return "{ " + strings.Join(parts, " ") + " }"
}

func (o *randomOperation) part(of *ast.Definition, depth int) string {
	switch choice := o.IntN(12); {
	case choice == 0:
		return "__typename" + o.directive()
	case choice == 1 && depth < deepest:
		return "..." + o.directive() + " " + o.set(of, depth+1)
	case choice == 2 && depth < deepest:
		o.named++
		name := fmt.Sprintf("Part%d", o.named)
		fmt.Fprintf(&o.fragments, "\nfragment %s on %s %s", name, of.Name, o.set(of, depth+1))
		return "..." + name + o.directive()
	case of.IsAbstractType() && depth < deepest:
		object := one(o.Rand, o.schema.GetPossibleTypes(of)...)
		return "... on " + object.Name + o.directive() + " " + o.set(object, depth+1)
	}
	if of.Kind == ast.Union {
		return "__typename"
	}
	return o.field(of, depth)
}

func (o *randomOperation) field(of *ast.Definition, depth int) string {
	field := one(o.Rand, of.Fields...)
	for tries := 0; strings.HasPrefix(field.Name, "__") || depth >= deepest && !o.isLeaf(field); tries++ {
		if tries > 50 {
			return "__typename"
		}
		field = one(o.Rand, of.Fields...)
	}
	text := field.Name + o.arguments(of, field) + o.directive()
	// Fields with the same name in one set have to be mergeable: only an alias of its own makes that sure.
	o.aliases++
	text = fmt.Sprintf("a%d: ", o.aliases) + text
	if o.isLeaf(field) {
		return text
	}
	return text + " " + o.set(o.schema.Types[field.Type.Name()], depth+1)
}

func (o *randomOperation) isLeaf(field *ast.FieldDefinition) bool {
	return o.schema.Types[field.Type.Name()].IsLeafType()
}

func (o *randomOperation) directive() string {
	if o.steady {
		return ""
	}
	return one(o.Rand, "", "", "", "", "", "", " @include(if: $yes)", " @skip(if: $no)", " @skip(if: $yes)", " @include(if: false)")
}

func (o *randomOperation) arguments(of *ast.Definition, field *ast.FieldDefinition) string {
	story, writer, label := one(o.Rand, o.n.stories...), one(o.Rand, o.n.writers...), one(o.Rand, o.n.labels...)
	switch of.Name + "." + field.Name {
	case "Query.article":
		return one(o.Rand, "(slug: $slug)", fmt.Sprintf("(slug: %q)", story.slug), fmt.Sprintf("(id: %q)", story.globalID()), `(slug: "none")`, "")
	case "Query.author":
		return one(o.Rand, fmt.Sprintf("(slug: %q)", writer.slug), fmt.Sprintf("(id: %q)", writer.globalID()), `(id: "nonsense")`)
	case "Query.tag":
		return one(o.Rand, fmt.Sprintf("(slug: %q)", label.slug), fmt.Sprintf("(id: %q)", label.globalID()), "(slug: null)")
	case "Query.campaign":
		return `(slug: "join")`
	case "Query.resolve":
		return fmt.Sprintf("(path: %q)", one(o.Rand, "/"+story.slug+"/", "/old-"+story.slug+"/", "/author/"+writer.slug+"/", "/tag/"+label.slug+"/", "/none/"))
	case "Query.node":
		return fmt.Sprintf("(id: %q)", one(o.Rand, story.globalID(), writer.globalID(), label.globalID()))
	case "Query.nodes":
		return fmt.Sprintf("(ids: [%q, %q, %q])", story.globalID(), label.globalID(), globalID("Author", 999))
	case "Query.tags":
		return one(o.Rand, "", "(first: 3)", "(last: $few)", "(kind: TOPIC, first: 2)", "(kind: [SERIES, TOPIC])", `(after: "nonsense")`)
	}
	if field.Arguments.ForName("filter") != nil {
		filter := one(o.Rand, "", "{ featured: true }", "{ kind: [VIDEO, PAGE] }", fmt.Sprintf("{ anyTag: [%q] }", label.slug),
			fmt.Sprintf("{ authors: %q }", writer.slug), `{ publishedBefore: "2026-03-10T00:00:00Z" }`, "null")
		if filter != "" {
			filter = ", filter: " + filter
		}
		return fmt.Sprintf("(%s%s%s)", one(o.Rand, "first: 2", "first: $few", "last: 3", "first: 0", "first: 101"), filter,
			one(o.Rand, "", ", orderBy: UPDATED_DESC", ", orderBy: PUBLISHED_ASC"))
	}
	if field.Arguments.ForName("first") != nil {
		return one(o.Rand, "", "(first: 2)", "(first: $few)", "(first: null)", "(first: -1)")
	}
	return ""
}
