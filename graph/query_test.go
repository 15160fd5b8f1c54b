package graph_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// A list holds what its conditions say, each alone and several together, in each order and under every owner.
func TestListsFollowTheirConditions(t *testing.T) {
	t.Parallel()
	schema := loadSchema(t)
	n := randomNewsroom(t, 21, 60)
	random := rand.New(rand.NewPCG(21, 1))
	filters := n.filters()
	for range 60 { // and some of them together
		filter := make(map[string]any)
		for _, more := range some(random, n.filters(), 3) {
			filter = with(filter, more)
		}
		filters = append(filters, filter)
	}
	for part := range 4 { // at the same time
		t.Run(fmt.Sprintf("part %d", part), func(t *testing.T) {
			t.Parallel()
			n := n.in(t)
			for i := part; i < len(filters); i += 4 {
				variables := asJSON(t, map[string]any{
					"filter": filters[i], "order": []string{"PUBLISHED_DESC", "PUBLISHED_ASC", "UPDATED_DESC"}[i%3], "first": 1 + i%7,
					"tag": n.labels[i%3].slug, "author": n.writers[i%5].slug,
				})
				n.compare(schema, listsQuery, variables)
			}
		})
	}
}

const listsQuery = `query($filter: ArticleFilter, $order: ArticleOrder, $first: Int, $tag: String, $author: String) {
	articles(first: 100, filter: $filter, orderBy: $order) { nodes { slug } totalCount pageInfo { hasNextPage hasPreviousPage } }
	some: articles(first: $first, filter: $filter, orderBy: $order) { nodes { slug } pageInfo { hasNextPage hasPreviousPage } }
	last: articles(last: $first, filter: $filter, orderBy: $order) { nodes { slug } pageInfo { hasNextPage hasPreviousPage } }
	tag(slug: $tag) { articles(first: $first, filter: $filter, orderBy: $order) { nodes { slug } totalCount } }
	author(slug: $author) { articles(last: $first, filter: $filter, orderBy: $order) { nodes { slug } totalCount } }
}`

// asJSON returns the value as a client's JSON has it, with whole numbers as Int.
func asJSON(t *testing.T, value map[string]any) map[string]any {
	t.Helper()
	var plain map[string]any
	if err := json.Unmarshal([]byte(text(t, value)), &plain); err != nil {
		t.Fatal(err)
	}
	for name, value := range plain {
		if number, ok := value.(float64); ok {
			plain[name] = int(number)
		}
	}
	return plain
}

// walk is a list to page through: the rest of its arguments, and where it stands in the answer.
type walk struct {
	name, query string // with %s for the arguments
	path        []string
}

// Whatever the page size, the direction and the order, paging shows each entry once and the whole list in the end.
func TestPagingShowsEachEntryOnce(t *testing.T) {
	t.Parallel()
	n := randomNewsroom(t, 31, 60)
	walks := []walk{
		{"authors", "{ authors(%s) ", []string{"authors"}},
		{"tags", "{ tags(%s) ", []string{"tags"}},
		{"tags of two kinds", "{ tags(kind: [TOPIC, SERIES], %s) ", []string{"tags"}},
	}
	for _, order := range []string{"PUBLISHED_DESC", "PUBLISHED_ASC", "UPDATED_DESC"} {
		for name, query := range map[string]string{
			"articles":                   "{ articles(orderBy: %s, %%s) ",
			"articles with any tag":      `{ articles(orderBy: %s, filter: {anyTag: ["label-0", "label-1", "label-4"]}, %%s) `,
			"articles by two authors":    `{ articles(orderBy: %s, filter: {authors: ["writer-0", "writer-1"]}, %%s) `,
			"articles of several kinds":  `{ articles(orderBy: %s, filter: {kind: [STORY, PAGE]}, %%s) `,
			"articles of a tag":          `{ tag(slug: "label-0") { articles(orderBy: %s, %%s) `,
			"featured ones of an author": `{ author(slug: "writer-0") { articles(orderBy: %s, filter: {featured: true}, %%s) `,
		} {
			path := []string{"articles"}
			if owner, _, nested := strings.Cut(strings.TrimPrefix(query, "{ "), "(slug"); nested {
				path = []string{owner, "articles"}
			}
			walks = append(walks, walk{name + " " + order, fmt.Sprintf(query, order), path})
		}
	}
	for _, w := range walks {
		t.Run(w.name, func(t *testing.T) {
			n := n.in(t)
			whole := n.page(w, "first: 100")
			count := len(whole.entries)
			if count < 3 || whole.total != count || whole.hasNext || whole.hasPrevious {
				t.Fatalf("%d entries of %d at once, more: %t %t", count, whole.total, whole.hasPrevious, whole.hasNext)
			}
			for _, size := range []int{1, 2, 3, 7, count - 1, count, count + 1} {
				if got := n.forward(w, size); !slices.Equal(got, whole.entries) {
					t.Errorf("pages of %d forward: %v, not %v", size, got, whole.entries)
				}
				if got := n.backward(w, size); !slices.Equal(got, whole.entries) {
					t.Errorf("pages of %d backward: %v, not %v", size, got, whole.entries)
				}
			}
			n.between(w, whole)
		})
	}
}

// page is a page of a list.
type page struct {
	entries, cursors     []string
	total                int
	hasNext, hasPrevious bool
}

// page asks for one and checks that it agrees with itself.
func (n *newsroom) page(w walk, arguments string) page {
	n.Helper()
	closing := strings.Repeat(" }", len(w.path))
	found := n.ask(fmt.Sprintf(w.query, arguments)+`{ totalCount nodes { slug } edges { cursor node { slug } }
		pageInfo { startCursor endCursor hasNextPage hasPreviousPage } }`+closing, nil)
	var connection any = found.Data
	for _, name := range w.path {
		connection = connection.(map[string]any)[name]
	}
	p := page{total: int(all(connection, "totalCount")[0].(float64))}
	for i, edge := range all(connection, "edges") {
		p.cursors = append(p.cursors, all(edge, "cursor")[0].(string))
		p.entries = append(p.entries, all(edge, "node", "slug")[0].(string))
		if node := all(connection, "nodes", "slug")[i]; node != p.entries[i] {
			n.Errorf("%s: entry %d is %v among the nodes and %v among the edges", arguments, i, node, p.entries[i])
		}
	}
	p.hasNext, _ = all(connection, "pageInfo", "hasNextPage")[0].(bool)
	p.hasPrevious, _ = all(connection, "pageInfo", "hasPreviousPage")[0].(bool)
	start, end := all(connection, "pageInfo", "startCursor")[0], all(connection, "pageInfo", "endCursor")[0]
	if len(p.entries) == 0 {
		if start != nil || end != nil {
			n.Errorf("%s: an empty page has the cursors %v and %v", arguments, start, end)
		}
	} else if start != p.cursors[0] || end != p.cursors[len(p.cursors)-1] {
		n.Errorf("%s: the cursors %v and %v are not those of the first and the last entry", arguments, start, end)
	}
	return p
}

func (n *newsroom) forward(w walk, size int) []string {
	var entries []string
	for after := ""; ; {
		p := n.page(w, fmt.Sprintf("first: %d%s", size, after))
		entries = append(entries, p.entries...)
		if p.hasPrevious != (after != "") {
			n.Errorf("pages of %d: hasPreviousPage is %t after%s", size, p.hasPrevious, after)
		}
		if !p.hasNext || len(p.entries) != size {
			return entries
		}
		after = fmt.Sprintf(", after: %q", p.cursors[size-1])
	}
}

func (n *newsroom) backward(w walk, size int) []string {
	var entries []string
	for before := ""; ; {
		p := n.page(w, fmt.Sprintf("last: %d%s", size, before))
		entries = append(slices.Clone(p.entries), entries...)
		if p.hasNext != (before != "") {
			n.Errorf("pages of %d: hasNextPage is %t before%s", size, p.hasNext, before)
		}
		if !p.hasPrevious || len(p.entries) != size {
			return entries
		}
		before = fmt.Sprintf(", before: %q", p.cursors[0])
	}
}

// between asks for what stands between two cursors.
func (n *newsroom) between(w walk, whole page) {
	n.Helper()
	end := len(whole.entries) - 1
	for _, direction := range []string{"first", "last"} {
		got := n.page(w, fmt.Sprintf("%s: 100, after: %q, before: %q", direction, whole.cursors[0], whole.cursors[end]))
		if want := whole.entries[1:end]; !slices.Equal(got.entries, want) || got.total != whole.total {
			n.Errorf("%s between the cursors: %v, not %v", direction, got.entries, want)
		}
	}
	if got := n.page(w, "first: 0"); len(got.entries) > 0 || !got.hasNext {
		n.Errorf("a page of none holds %v; more: %t", got.entries, got.hasNext)
	}
}

// An argument that cannot be followed is refused with a code and a reason.
func TestRefusedArguments(t *testing.T) {
	t.Parallel()
	n := randomNewsroom(t, 41, 12)
	cursors := n.ask(`{ articles(first: 1) { pageInfo { endCursor } } tags(first: 1) { pageInfo { endCursor } } }`, nil)
	published := cursors.at("articles", "pageInfo", "endCursor").(string)
	named := cursors.at("tags", "pageInfo", "endCursor").(string)
	mangled := "B" + published[1:]
	tooMany := text(t, slices.Repeat([]string{n.stories[0].globalID()}, 101))
	for _, test := range []struct{ query, code, reason string }{
		{`{ articles(orderBy: UPDATED_DESC, after: "` + published + `") { totalCount } }`, "BAD_CURSOR", "another order"},
		{`{ articles(before: "` + named + `") { totalCount } }`, "BAD_CURSOR", "another order"},
		{`{ tags(after: "` + published + `") { totalCount } }`, "BAD_CURSOR", "another order"},
		{`{ authors(before: "` + published + `") { nodes { slug } } }`, "BAD_CURSOR", "another order"},
		{`{ tag(slug: "label-0") { articles(orderBy: UPDATED_DESC, before: "` + published + `") { totalCount } } }`,
			"BAD_CURSOR", "another order"},
		{`{ articles(after: "` + mangled + `") { totalCount } }`, "BAD_CURSOR", "not one that this server gave out"},
		{`{ articles(after: "` + published[:len(published)-2] + `") { totalCount } }`, "BAD_CURSOR", "not one that"},
		{`{ articles(after: "") { totalCount } }`, "BAD_CURSOR", "not one that"},
		{`{ articles(first: 101) { totalCount } }`, "BAD_USER_INPUT", "0 to 100 entries, not 101"},
		{`{ articles(last: 101) { totalCount } }`, "BAD_USER_INPUT", "not 101"},
		{`{ articles(first: -1) { totalCount } }`, "BAD_USER_INPUT", "not -1"},
		{`{ tags(last: -1) { totalCount } }`, "BAD_USER_INPUT", "not -1"},
		{`{ authors(first: 2147483647) { totalCount } }`, "BAD_USER_INPUT", "not 2147483647"},
		{`{ articles(first: 1, last: 1) { totalCount } }`, "BAD_USER_INPUT", "either first or last"},
		{`{ author(slug: "writer-0") { articles(first: 1, last: 1) { totalCount } } }`, "BAD_USER_INPUT", "either first or last"},
		{`{ author(slug: "writer-0") { articles(first: 200) { totalCount } } }`, "BAD_USER_INPUT", "not 200"},
		{`{ articles { nodes { relatedStories(first: 101) { kind } } } }`, "BAD_USER_INPUT", "not 101"},
		{`{ articles { nodes { relatedStories(first: -1) { kind } } } }`, "BAD_USER_INPUT", "not -1"},
		{`{ article { slug } }`, "BAD_USER_INPUT", "either the slug or the id"},
		{`{ article(slug: "a", id: "b") { slug } }`, "BAD_USER_INPUT", "either the slug or the id"},
		{`{ author { slug } }`, "BAD_USER_INPUT", "either the slug or the id"},
		{`{ tag(slug: null) { slug } }`, "BAD_USER_INPUT", "either the slug or the id"},
		{`{ article(id: "` + n.writers[0].globalID() + `") { slug } }`, "BAD_USER_INPUT", "type Author; an id of the type Article"},
		{`{ tag(id: "` + n.stories[0].globalID() + `") { slug } }`, "BAD_USER_INPUT", "type Article; an id of the type Tag"},
		{`{ article(id: 1) { slug } }`, "BAD_USER_INPUT", `"1" is not an id`},
		{`{ node(id: "nonsense") { id } }`, "BAD_USER_INPUT", `"nonsense" is not an id`},
		{`{ nodes(ids: ["` + n.stories[0].globalID() + `", ""]) { id } }`, "BAD_USER_INPUT", `"" is not an id`},
		{`{ nodes(ids: ` + tooMany + `) { id } }`, "BAD_USER_INPUT", "100 ids at the most, not 101"},
		{`{ articles(filter: {excludeIds: ` + tooMany + `}) { totalCount } }`, "BAD_USER_INPUT", "100 ids at the most, not 101"},
		{`{ articles(filter: {excludeIds: "x"}) { totalCount } }`, "BAD_USER_INPUT", `"x" is not an id`},
		{`{ author(slug: "writer-0") { articles(filter: {excludeIds: "12"}) { totalCount } } }`, "BAD_USER_INPUT", `"12" is not an id`},
		{`{ articles(filter: {publishedAfter: "yesterday"}) { totalCount } }`, "BAD_USER_INPUT", "RFC 3339"},
		{`{ article(slug: "a\u0000b") { slug } }`, "BAD_USER_INPUT", "U+0000"},
	} {
		code, message := n.refusal(test.query, nil)
		if code != test.code || !strings.Contains(message, test.reason) {
			t.Errorf("%s: %s %q; wanted %s ... %s", test.query, code, message, test.code, test.reason)
		}
	}
}

// The same question may be written in several ways.
func TestArgumentsInOtherForms(t *testing.T) {
	t.Parallel()
	n := randomNewsroom(t, 51, 30)
	for _, test := range []struct {
		plain, other string
		variables    map[string]any
	}{
		{`articles(filter: {kind: [STORY], tags: ["label-0"]})`, `articles(filter: {kind: STORY, tags: "label-0"})`, nil},
		{`articles`, `articles(first: null, filter: null, orderBy: null)`, nil},
		{`articles`, `articles(first: 20, filter: {}, orderBy: PUBLISHED_DESC)`, nil},
		{`articles`, `articles(filter: {tags: [], anyTag: null, kind: [], featured: null})`, nil},
		{`articles(first: 3)`, `articles(first: $first)`, map[string]any{"first": 3}},
		{`articles`, `articles(first: $first)`, nil},
		{`articles(first: 20)`, `articles(first: $first)`, map[string]any{"first": nil}},
		{`articles(filter: {kind: [VIDEO, STORY]})`, `articles(filter: {kind: $kinds})`,
			map[string]any{"kinds": []string{"VIDEO", "STORY"}}},
		{`articles(filter: {kind: [STORY]})`, `articles(filter: {kind: $kinds})`, map[string]any{"kinds": "STORY"}},
		{`articles(filter: {publishedBefore: "2026-03-09T12:00:00Z"})`,
			`articles(filter: {publishedBefore: "2026-03-09T14:00:00.000+02:00"})`, nil},
	} {
		for _, place := range []string{"%s", `author(slug: "writer-0") { %s }`, `tag(slug: "label-0") { %s }`} {
			ask := func(list string) answer {
				return n.ask("query($first: Int, $kinds: [ArticleKind!]) { "+
					fmt.Sprintf(place, list+"{ totalCount nodes { slug } }")+" ...unused @skip(if: true) }"+
					" fragment unused on Query { a: articles(first: $first, filter: {kind: $kinds}) { totalCount } }", test.variables)
			}
			plain, other := ask(test.plain), ask(test.other)
			if where := difference(other.Data, plain.Data); where != "" {
				t.Errorf("%s %s: %s", fmt.Sprintf(place, test.other), test.variables, where)
			}
		}
	}
}

// What is left out of an operation is not asked for, and does not disturb the rest.
func TestSkippedFields(t *testing.T) {
	t.Parallel()
	n := fullNewsroom(t, 4)
	query := `query($more: Boolean!) { articles(first: 2) { nodes { slug relatedStories(first: 2) @include(if: $more) { kind }
		tags @skip(if: $more) { name articleCount } ... @include(if: $more) { authors { name } } } } }`
	less, more := n.ask(query, map[string]any{"more": false}), n.ask(query, map[string]any{"more": true})
	if got := less.at("articles", "nodes", 0, "tags", 0, "articleCount"); got != float64(3) {
		t.Errorf("the count of articles is %v, not 3", got)
	}
	if got := less.at("articles", "nodes", 0, "relatedStories"); got != nil {
		t.Errorf("related stories were skipped, and are %v", got)
	}
	if got := more.slugs("articles", "nodes"); got != "story-w0open story-w1open" {
		t.Errorf("the articles are %s", got)
	}
	if less.Extensions.Cost.Statements != 3 || more.Extensions.Cost.Statements != 2 {
		t.Errorf("three levels and two cost %d and %d statements", less.Extensions.Cost.Statements, more.Extensions.Cost.Statements)
	}
}

// Times are instants in UTC, to the microsecond.
func TestTimesAreInUTC(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	moment := time.Date(2026, 3, 9, 23, 30, 0, 123456000, time.FixedZone("", 2*3600))
	n.add(&story{kind: "STORY", access: "PUBLIC", status: "PUBLISHED", locale: "en", published: moment, updated: moment})
	found := n.ask(`{ articles { nodes { publishedAt jsonLd } } }`, nil)
	if got := found.at("articles", "nodes", 0, "publishedAt"); got != "2026-03-09T21:30:00.123456Z" {
		t.Errorf("publishedAt is %v", got)
	}
	if got := found.at("articles", "nodes", 0, "jsonLd", "datePublished"); got != "2026-03-09T21:30:00.123456Z" {
		t.Errorf("datePublished is %v", got)
	}
}
