package graph_test

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"broadsheet/graph"
	"broadsheet/internal/database/dbtest"
)

func TestVariables(t *testing.T) {
	t.Parallel()
	door := openDoor(t, dbtest.New(t), graph.DefaultLimits(), io.Discard)
	const (
		filter = "query($f: ArticleFilter) { articles(filter: $f) { totalCount } }"
		first  = "query($n: Int) { articles(first: $n) { totalCount } }"
		slug   = "query($s: String!) { campaign(slug: $s) { id } }"
		ids    = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
		order  = "query($o: ArticleOrder = PUBLISHED_ASC) { articles(orderBy: $o) { totalCount } }"
		skip   = "query($b: Boolean!) { __typename @skip(if: $b) }"
	)
	for _, test := range []struct{ query, variables, says string }{ // says is empty for what gets as far as the service
		{first, `{}`, ""},
		{first, `{"n": null}`, ""},
		{first, `{"n": 5, "unknown": true}`, ""},
		{first, `{"n": 5.0}`, ""},
		{first, `{"n": 5e0}`, ""},
		{first, `{"n": 5.5}`, "The variable $n has to be a whole number of 32 bits."},
		{first, `{"n": "5"}`, "$n has to be a whole number"},
		{first, `{"n": true}`, "$n has to be a whole number"},
		{first, `{"n": 2147483648}`, "$n has to be a whole number"},
		{first, `{"n": 1e400}`, "$n has to be a whole number"},
		{first, `{"n": [5]}`, "$n has to be a whole number"},
		{slug, `{"s": "join"}`, ""},
		{slug, `{"s": 5}`, "$s has to be a string."},
		{slug, `{"s": null}`, "$s is null, but it has to be a value of the type String!."},
		{slug, `{"s": ["join"]}`, "$s has to be a string."},
		{ids, `{"ids": []}`, ""},
		{ids, `{"ids": "QXJ0aWNsZTox"}`, ""},
		{ids, `{"ids": null}`, "$ids is null"},
		{ids, `{"ids": ["QXJ0aWNsZTox", null]}`, "$ids[1] is null, but it has to be a value of the type ID!."},
		{ids, `{"ids": [1.5]}`, "$ids[0] has to be an ID"},
		{ids, `{"ids": false}`, "$ids has to be an ID"},
		{ids, `{"ids": [[]]}`, "$ids[0] has to be an ID"},
		{order, `{}`, ""},
		{order, `{"o": "UPDATED_DESC"}`, ""},
		{order, `{"o": "updated_desc"}`, "$o has to be one of PUBLISHED_DESC, PUBLISHED_ASC, UPDATED_DESC."},
		{order, `{"o": 1}`, "$o has to be one of"},
		{skip, `{"b": false}`, ""},
		{skip, `{"b": "false"}`, "$b has to be a value of the type Boolean."},
		{skip, `{}`, "$b is missing."},
		{filter, `{"f": {"tags": ["a"], "kind": "STORY", "featured": true, "publishedAfter": "2026-11-23T18:04:05.5+01:00"}}`, ""},
		{filter, `{"f": {"tags": null, "publishedBefore": null}}`, ""},
		{filter, `{"f": {"excludeIds": [1]}}`, ""},
		{filter, `{"f": []}`, "$f has to be an object of the type ArticleFilter."},
		{filter, `{"f": {"tag": ["a"]}}`, `$f has the unknown field "tag"; the type ArticleFilter has none of that name.`},
		{filter, `{"f": {"tags": ["a", 1]}}`, "$f.tags[1] has to be a string."},
		{filter, `{"f": {"kind": ["STORY", "TALE"]}}`, "$f.kind[1] has to be one of STORY, VIDEO, OPINION, LIVE, PAGE."},
		{filter, `{"f": {"publishedAfter": "yesterday"}}`,
			`$f.publishedAfter has to be a DateTime as RFC 3339 writes it, such as "2026-11-23T18:04:05Z".`},
		{filter, `{"f": {"publishedAfter": "2026-11-23 18:04:05"}}`, "$f.publishedAfter has to be a DateTime"},
		{filter, `{"f": {"publishedAfter": ""}}`, "$f.publishedAfter has to be a DateTime"},
		{filter, `{"f": {"publishedAfter": 1700000000}}`, "$f.publishedAfter has to be a DateTime"},
	} {
		body, err := json.Marshal(map[string]any{"query": test.query, "variables": json.RawMessage(test.variables)})
		if err != nil {
			t.Fatal(err)
		}
		came := send(t, door, "POST", "", string(body), "Content-Type", legacyType, "Accept", responseType)
		if test.says == "" && came.status != http.StatusOK {
			t.Errorf("%s: %d %s", test.variables, came.status, came.text)
		}
		if test.says != "" && !came.is(http.StatusBadRequest, "BAD_USER_INPUT", test.says) {
			t.Errorf("%s: %d %s, want %q", test.variables, came.status, came.text, test.says)
		}
	}
}
