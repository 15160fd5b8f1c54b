package graph_test

import (
	"encoding/json"
	"strings"
	"testing"

	"broadsheet/graph"
)

func TestArticleList(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ document, variables, want string }{
		{`{ articles { nodes { title } } }`, ``, `{"orderBy":"PUBLISHED_DESC"}`},
		{`{ latest: articles(first: 5, orderBy: UPDATED_DESC) { edges { node { id } } } }`, `{}`, `{"first":5,"orderBy":"UPDATED_DESC"}`},
		{`query($t: [String!]) { articles(filter: {anyTag: $t, kind: VIDEO}) { nodes { id } } }`, `{"t": "sea"}`, `{"filter":{"anyTag":["sea"],"kind":["VIDEO"]},"orderBy":"PUBLISHED_DESC"}`},
		{`query($s: String!) { tag(slug: $s) { name articles(filter: {featured: true}) { nodes { id } } } }`, `{"s": "sea"}`, `{"filter":{"tags":["sea"],"featured":true},"orderBy":"PUBLISHED_DESC"}`},
		{`{ author(slug: "mara") { articles { nodes { ...f } } } } fragment f on Article { title }`, `{}`, `{"filter":{"authors":["mara"]},"orderBy":"PUBLISHED_DESC"}`},
		{`query($no: Boolean!) { articles { nodes { id } } site @include(if: $no) { name } }`, `{"no": false}`, `{"orderBy":"PUBLISHED_DESC"}`},
	} {
		list, err := graph.ArticleList(t.Context(), graph.DefaultLimits(), test.document, []byte(test.variables))
		if err != nil {
			t.Errorf("%s: %v", test.document, err)
		}
		if got, err := json.Marshal(list); err != nil || string(got) != test.want {
			t.Errorf("%s: %s, want %s (%v)", test.document, got, test.want, err)
		}
	}
}

func TestArticleListRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ document, variables, reason string }{
		{`{ articles { `, ``, "Expected Name"},
		{`{ articles { nodes { headline } } }`, ``, "headline"},
		{`{ site { name } }`, ``, "yields no list of articles"},
		{`{ articles { nodes { id } } site { name } }`, ``, "nothing beside it"},
		{`{ tag(slug: "a") { name } }`, ``, "the articles of the tag once"},
		{`{ tag(slug: "a") { a: articles { nodes { id } } b: articles(first: 3) { nodes { id } } } }`, ``, "once"},
		{`{ tag(id: "VGFnOjE") { articles { nodes { id } } } }`, ``, "by its slug"},
		{`{ author(slug: "a") { articles(filter: {authors: ["b"]}) { nodes { id } } } }`, ``, "together"},
		{`{ articles(last: 3) { nodes { id } } }`, ``, "leave after, before and last away"},
		{`{ articles(first: 101) { nodes { id } } }`, ``, "100"},
		{`{ articles(filter: {excludeIds: ["nonsense"]}) { nodes { id } } }`, ``, "nonsense"},
		{`query($n: Int!) { articles(first: $n) { nodes { id } } }`, `{}`, "is missing"},
		{`query($n: Int!) { articles(first: $n) { nodes { id } } }`, `[]`, "not a JSON object"},
		{`{ articles { nodes { id } } }`, `{} {}`, "not a JSON object"},
		{`query a { articles { nodes { id } } } query b { articles { nodes { id } } }`, ``, "one operation"},
		{`{ articles(first: 100) { nodes { relatedStories { article { relatedStories { article { relatedStories { article { id } } } } } } } } }`, ``, "complexity"},
	} {
		if _, err := graph.ArticleList(t.Context(), graph.DefaultLimits(), test.document, []byte(test.variables)); err == nil || !strings.Contains(err.Error(), test.reason) {
			t.Errorf("%s: %v", test.document, err)
		}
	}
}
