package graph_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"broadsheet/graph"
	"broadsheet/internal/database/dbtest"
)

// nested goes so many levels deep, from a type on.
func nested(levels int, from ...string) string {
	way := []string{"articles{", "nodes{", "tags{", "articles{", "nodes{", "tags{", "articles{", "nodes{"}
	if len(from) > 0 {
		way = way[2:]
	}
	return "{" + strings.Join(way[:levels-1], "") + "__typename" + strings.Repeat("}", levels)
}

// Each limit lets through what it allows, and refuses one more.
func TestLimits(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	for _, test := range []struct {
		name  string
		set   func(*graph.Limits)
		query func(n int) string // has n of what is limited
		most  int
		code  string
		says  string
	}{
		{"tokens", func(l *graph.Limits) { l.Tokens = 7 },
			func(n int) string { return "{site{" + strings.Repeat("name ", n-5) + "}}" },
			7, "TOO_COMPLEX", "more than the 7 tokens"},
		{"depth", func(l *graph.Limits) { l.Depth = 5 },
			func(n int) string { return nested(n) },
			5, "TOO_DEEP", "6 levels of fields inside fields; 5 are allowed"},
		{"depth of a fragment", func(l *graph.Limits) { l.Depth = 5 },
			func(n int) string { return "{articles{nodes{...F}}}fragment F on Article" + nested(n-2, "Article") },
			5, "TOO_DEEP", "6 levels deep; 5 are allowed"},
		{"depth of values", func(l *graph.Limits) { l.Depth = 2 },
			func(n int) string {
				return "{nodes(ids:" + strings.Repeat("[", n-1) + `"QXJ0aWNsZTox"` + strings.Repeat("]", n-1) + "){id}}"
			},
			2, "TOO_DEEP", "3 levels of values inside values; 2 are allowed"},
		{"aliases", func(l *graph.Limits) { l.Aliases = 3 },
			func(n int) string { return "{site{name name:name" + repeat(n, " a%d:name") + "}}" },
			3, "TOO_COMPLEX", "4 aliases; 3 are allowed"},
		{"directives", func(l *graph.Limits) { l.Directives = 3 },
			func(n int) string { return "{site@skip(if:false){" + repeat(n-1, "a%d:name@include(if:true)") + "}}" },
			3, "TOO_COMPLEX", "4 directives; 3 are allowed"},
		{"fields", func(l *graph.Limits) { l.Fields = 3 },
			func(n int) string { return "{site{" + strings.Repeat("name ", n-1) + "}}" },
			3, "TOO_COMPLEX", "4 fields; 3 are allowed"},
		{"fragments", func(l *graph.Limits) { l.Fragments = 3 },
			func(n int) string {
				return "{site{...F " + strings.Repeat("...{name}", n-1) + "}}fragment F on Site{name}"
			},
			3, "TOO_COMPLEX", "4 fragments; 3 are allowed"},
		{"complexity", func(l *graph.Limits) { l.Complexity = 41 }, // 1 + 20 × (nodes 1 + id 1)
			func(n int) string { return fmt.Sprintf("{authors(first:%d){nodes{id}}}", n) },
			20, "TOO_COMPLEX", "complexity of 43; 41 is allowed"},
		{"page size", func(*graph.Limits) {},
			func(n int) string { return fmt.Sprintf("{authors(first:%d){nodes{id}}}", n) },
			100, "BAD_USER_INPUT", "0 to 100 entries, not 101"},
		{"page size backward", func(*graph.Limits) {},
			func(n int) string { return fmt.Sprintf("{tags(last:%d){nodes{id}}}", n) },
			100, "BAD_USER_INPUT", "not 101"},
		{"ids", func(*graph.Limits) {},
			func(n int) string { return "{nodes(ids:[" + strings.Repeat(`"QXJ0aWNsZTox" `, n) + "]){id}}" },
			100, "BAD_USER_INPUT", "100 ids at the most"},
	} {
		limits := graph.DefaultLimits()
		test.set(&limits)
		door := openDoor(t, db, limits, io.Discard)
		for range 2 { // the second time the document may be known
			if came := post(t, door, test.query(test.most), nil); len(came.Errors) > 0 {
				t.Errorf("%s: %s: %s", test.name, test.query(test.most), came.text)
			}
			came := post(t, door, test.query(test.most+1), nil)
			if came.code() != test.code || !strings.Contains(came.message(), test.says) {
				t.Errorf("%s: %s: %s, want %s %q", test.name, test.query(test.most+1), came.text, test.code, test.says)
			}
		}
	}
}

// repeat formats the pattern with 0 to n-1.
func repeat(n int, pattern string) string {
	var all strings.Builder
	for i := range n {
		fmt.Fprintf(&all, pattern, i)
	}
	return all.String()
}

func TestBodyBytes(t *testing.T) {
	t.Parallel()
	limits := graph.DefaultLimits()
	limits.BodyBytes = 100
	door := openDoor(t, dbtest.New(t), limits, io.Discard)
	const body = `{"query": "{ __typename }"}`
	fits, tooLong := body+strings.Repeat(" ", 100-len(body)), body+strings.Repeat(" ", 101-len(body))
	if came := send(t, door, "POST", "", fits, "Content-Type", legacyType); came.text != typenameOfQuery {
		t.Errorf("100 bytes: %d %s", came.status, came.text)
	}
	came := send(t, door, "POST", "", tooLong, "Content-Type", legacyType)
	if came.status != http.StatusRequestEntityTooLarge || !strings.Contains(came.message(), "100 bytes") {
		t.Errorf("101 bytes: %d %s", came.status, came.text)
	}
	came.wantRefusal(t, "101 bytes")

	response, err := door.Client().Post(door.URL, legacyType, io.MultiReader(strings.NewReader(tooLong))) // of unknown length
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("101 bytes in chunks: %d", response.StatusCode)
	}

	const query = "query=%7B__typename%7D&other="
	if came := send(t, door, "GET", "?"+query+strings.Repeat("x", 100-len(query)), ""); came.text != typenameOfQuery {
		t.Errorf("an address of 100 bytes: %d %s", came.status, came.text)
	}
	if came := send(t, door, "GET", "?"+query+strings.Repeat("x", 101-len(query)), ""); came.status != http.StatusRequestURITooLong {
		t.Errorf("an address of 101 bytes: %d %s", came.status, came.text)
	}
}

func TestIntrospectionSwitch(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	limits := graph.DefaultLimits()
	open := openDoor(t, db, limits, io.Discard)
	limits.Introspection = false
	closed := openDoor(t, db, limits, io.Discard)
	for _, query := range []string{
		`{ __schema { queryType { name } } }`, `{ __type(name: "Site") { name } }`,
		`{ ...F } fragment F on Query { a: __type(name: "Site") { name } }`,
	} {
		if came := post(t, open, query, nil); len(came.Errors) > 0 || !strings.Contains(came.text, "name") {
			t.Errorf("on: %s: %s", query, came.text)
		}
		if came := post(t, closed, query, nil); came.Data != nil || came.code() != "GRAPHQL_VALIDATION_FAILED" {
			t.Errorf("off: %s: %s", query, came.text)
		}
	}
	for _, query := range []string{
		`{ sight { name } }`, `{ site }`, `{ article(slugg: "a") { id } }`, `{ articles(orderBy: UPDATED_DES) { totalCount } }`,
		`{ articles(filter: {tag: "a"}) { totalCount } }`,
	} {
		if came := post(t, open, query, nil); !strings.Contains(came.text, "Did you mean") {
			t.Errorf("on: %s suggests nothing: %s", query, came.text)
		}
		came := post(t, closed, query, nil)
		if came.code() != "GRAPHQL_VALIDATION_FAILED" || strings.Contains(came.text, "Did you mean") {
			t.Errorf("off: %s: %s", query, came.text)
		}
	}
	if came := post(t, closed, `{ site { __typename } }`, nil); string(came.Data) != `{"site":{"__typename":"Site"}}` {
		t.Errorf("off: %s", came.text)
	}
}

// The query that tools send to learn the schema.
func TestIntrospectionIsWithinTheLimits(t *testing.T) {
	t.Parallel()
	door := openDoor(t, dbtest.New(t), graph.DefaultLimits(), io.Discard)
	const query = `query IntrospectionQuery { __schema { description queryType { name kind } mutationType { name kind }
			subscriptionType { name kind } types { ...FullType }
			directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } } } }
		fragment FullType on __Type { kind name description specifiedByURL isOneOf
			fields(includeDeprecated: true) { name description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef }
				isDeprecated deprecationReason }
			inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef }
			enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
		fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
		fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
			ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }`
	came := post(t, door, query, nil)
	if len(came.Errors) > 0 || !strings.Contains(came.text, `"ArticleConnection"`) || strings.Contains(came.text, `"defer"`) {
		t.Errorf("%.2000s", came.text)
	}
	more := repeat(5, `a%d: __type(name: "Site") { ...FullType } `) + repeat(5, "b%d: __schema { types { ...FullType } } ")
	if came := post(t, door, strings.Replace(query, "__schema {", more+"__schema {", 1), nil); came.code() != "TOO_COMPLEX" {
		t.Errorf("many at once: %.2000s", came.text)
	}
}

// Documents that are small to send and would be costly to check, to plan or to answer.
func TestHostileDocuments(t *testing.T) {
	t.Parallel()
	door := openDoor(t, dbtest.New(t), graph.DefaultLimits(), io.Discard)
	expanding := func(start string, fragments int) string { // each fragment spreads the next five times
		var all strings.Builder
		for i := range fragments {
			next := fmt.Sprintf("...F%d", i+1)
			if i == fragments-1 {
				next = "id"
			}
			fmt.Fprintf(&all, "fragment F%d on Article{", i)
			for j := range 5 {
				fmt.Fprintf(&all, "r%d:relatedStories(first:0){article{%s}}", j, next)
			}
			all.WriteString("}")
		}
		return start + all.String()
	}
	values := make([]string, 20_000)
	for _, test := range []struct {
		name, query string
		variables   map[string]any
		code        string
	}{
		{"a page of nothing does not make its selection free", expanding("{articles(first:0){nodes{...F0}}}", 6), nil, "TOO_COMPLEX"},
		{"no ids do not, either", expanding("{nodes(ids:[]){... on Article{...F0}}}", 6), nil, "TOO_COMPLEX"},
		{"fragments in a circle", "{site{...A}}fragment A on Site{...B}fragment B on Site{...A}", nil, "GRAPHQL_VALIDATION_FAILED"},
		{"pages inside pages", "{articles(first:100){nodes{tags{articles(first:100){nodes{id}}}}}}", nil, "TOO_COMPLEX"},
		{"a page size in a variable", "query($n:Int){articles(first:$n){nodes{tags{articles(first:$n){nodes{id}}}}}}",
			map[string]any{"n": 100}, "TOO_COMPLEX"},
		{"a page size in a default", "query($n:Int=100){articles(first:$n){nodes{tags{articles(first:$n){nodes{id}}}}}}",
			nil, "TOO_COMPLEX"},
		{"many bodies", "{articles(first:100){nodes{body{html}tags{articles(first:5){nodes{body{html}}}}}}}", nil, "TOO_COMPLEX"},
		{"many ids", "query($ids:[ID!]!){nodes(ids:$ids){id}}", map[string]any{"ids": values}, "TOO_COMPLEX"},
		{"a long filter for many fields", "query($t:[String!]){" + repeat(20, "a%d:articles(filter:{tags:$t}){totalCount}") + "}",
			map[string]any{"t": values[:2000]}, "TOO_COMPLEX"},
		{"the same field again and again", "{" + strings.Repeat("site{name}", 300) + "}", nil, "TOO_COMPLEX"},
		{"fields that conflict pairwise", "{" + repeat(200, "articles(first:%d){totalCount}") + "}", nil, "GRAPHQL_VALIDATION_FAILED"},
		{"directives again and again", "{site{name " + strings.Repeat("@skip(if:false)", 100) + "}}", nil, "TOO_COMPLEX"},
		{"nothing but open braces", strings.Repeat("{a", 900), nil, "GRAPHQL_PARSE_FAILED"},
		{"very deep", strings.Repeat("{a", 990) + strings.Repeat("}", 990), nil, "TOO_COMPLEX"},
		{"deep values", "{articles(first:" + strings.Repeat("[", 900) + strings.Repeat("]", 900) + "){totalCount}}", nil, "TOO_DEEP"},
		{"one long name", "{" + strings.Repeat("a", 200_000) + "}", nil, "GRAPHQL_VALIDATION_FAILED"},
		{"introspection inside introspection",
			"{" + repeat(10, "a%d:__schema{types{fields{type{fields{args{type{name kind}}}}}}}") + "}", nil, "TOO_COMPLEX"},
	} {
		came := post(t, door, test.query, test.variables, "Broadsheet-Cost", "1")
		if came.code() != test.code || came.Data != nil || len(came.text) > 12_000 {
			t.Errorf("%s: %.300s, want %s", test.name, came.text, test.code)
		}
	}
}
