package graph_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"broadsheet/graph"
	"broadsheet/internal/database/dbtest"
)

// FuzzRequest: whatever is posted, the answer is JSON with data or with an error.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		`{"query": "{ site { name } }"}`,
		`{"query": "query Q($f: ArticleFilter, $n: Int = 3) { articles(filter: $f, first: $n) { nodes { ...A } } } ` +
			`fragment A on Article { id tags { slug } }", "operationName": "Q",
			"variables": {"f": {"tags": ["a", null], "publishedAfter": "2026-11-23T18:04:05Z"}, "n": 1e3}}`,
		`{"query": "{ nodes(ids: [\"QXJ0aWNsZTox\", 1]) { __typename id ... on Tag { name @skip(if: false) } } }",
			"extensions": {"a": [1.5]}}`,
		`{"query": "{ a: __type(name: \"Site\") { fields(includeDeprecated: true) { name } } }"}`,
		`{"query": "mutation { __typename }", "variables": null}`,
		`{"query": "{ articles(first: 99999999999999999999, filter: {publishedAfter: 1e999}) { totalCount } }"}`,
		`{"query": "\"\"\"block\"\"\" { # comment\n site { name } }"}`,
		`{"query": "{ a(b: [[{c: $d}]]) }", "variables": {"d": [[[]]]}}`,
		`{"documentId": "a"}`, `{"query": "{ __typename }", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "00"}}}`,
		`[{"query": "{ __typename }"}]`, `{"query": 1}`, `nonsense`, ``, "\xff", `{"query": "\ud800"}`,
	} {
		f.Add(seed)
	}
	handler := doorTo(f, dbtest.New(f), graph.DefaultLimits(), io.Discard)
	f.Fuzz(func(t *testing.T, body string) {
		request := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
		request.Header.Set("Content-Type", "application/json")
		wantAnswer(t, handler, request)
	})
}

// FuzzAddress: whatever stands in the address, the answer is JSON with data or with an error.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{
		"query={site{name}}", `query=query($s:String!){campaign(slug:$s){id}}&variables={"s":"a"}&extensions={}&operationName=`,
		"query=%", "query=a&query=b", "a;b", "variables=[", "query={a}&variables=%ff", "query=mutation{__typename}",
	} {
		f.Add(seed)
	}
	handler := doorTo(f, dbtest.New(f), graph.DefaultLimits(), io.Discard)
	f.Fuzz(func(t *testing.T, query string) {
		request := httptest.NewRequest(http.MethodGet, "/graphql", nil)
		request.URL = &url.URL{Path: "/graphql", RawQuery: query}
		wantAnswer(t, handler, request)
	})
}

// FuzzAccept: whatever is accepted, the answer has one of the two types, and 406 where it is neither.
func FuzzAccept(f *testing.F) {
	for _, seed := range []string{
		"*/*", "application/json;q=0.5, application/graphql-response+json", "text/html;q=NaN", `a/b;c="d,e"`, ";", ",",
	} {
		f.Add(seed)
	}
	handler := doorTo(f, dbtest.New(f), graph.DefaultLimits(), io.Discard)
	f.Fuzz(func(t *testing.T, accept string) {
		request := httptest.NewRequest(http.MethodGet, "/graphql?query={__typename}", nil)
		request.Header.Set("Accept", accept)
		status := wantAnswer(t, handler, request)
		names := strings.Contains(strings.ToLower(accept), "application/") || strings.Contains(accept, "*/*")
		if status == http.StatusOK && !names && strings.TrimSpace(accept) != "" {
			t.Errorf("Accept: %q gets %d", accept, status)
		}
	})
}

func wantAnswer(t *testing.T, handler http.Handler, request *http.Request) (status int) {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	var came reply
	if err := json.Unmarshal(recorder.Body.Bytes(), &came); err != nil {
		t.Fatalf("%v in %q", err, recorder.Body)
	}
	if came.Data == nil && len(came.Errors) == 0 {
		t.Errorf("neither data nor errors: %q", recorder.Body)
	}
	for _, problem := range came.Errors {
		if code := problem.Extensions.Code; code == "" || code == "INTERNAL" {
			t.Errorf("%q: %s", code, recorder.Body)
		}
	}
	switch contentType := recorder.Header().Get("Content-Type"); contentType {
	case legacyType + "; charset=utf-8", responseType + "; charset=utf-8":
	default:
		t.Errorf("Content-Type: %q", contentType)
	}
	return recorder.Code
}
