package graph_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"broadsheet/graph"
	"broadsheet/internal/content"
	"broadsheet/internal/database/dbtest"
)

// articlesAfter is the body of a request with a literal that stands for a DateTime.
func articlesAfter(literal string) string {
	return `{"query": "{ articles(filter: {publishedAfter: ` + literal + `}) { totalCount } }"}`
}

// Each refusal has its code, and the status that the media type gives it.
func TestRefusedOperations(t *testing.T) {
	t.Parallel()
	door := openDoor(t, dbtest.New(t), graph.DefaultLimits(), io.Discard)
	for _, test := range []struct{ body, code, says string }{
		{`{"query": "{"}`, "GRAPHQL_PARSE_FAILED", "Expected Name"},
		{`{"query": "no document"}`, "GRAPHQL_PARSE_FAILED", "Unexpected Name"},
		{`{"query": " "}`, "GRAPHQL_VALIDATION_FAILED", "no operation"},
		{`{"query": "fragment F on Site { name }"}`, "GRAPHQL_VALIDATION_FAILED", "no operation"},
		{`{"query": "{ sight { name } }"}`, "GRAPHQL_VALIDATION_FAILED", `Did you mean "site"`},
		{`{"query": "{ site { name @defer } }"}`, "GRAPHQL_VALIDATION_FAILED", "@defer"},
		{`{"query": "{ site { ...F } } fragment F on Site @defer { name }"}`, "GRAPHQL_VALIDATION_FAILED", "@defer"},
		{`{"query": "{ site { ... @defer { name } } }"}`, "GRAPHQL_VALIDATION_FAILED", "@defer"},
		{articlesAfter(`\"yesterday\"`), "BAD_USER_INPUT", `RFC 3339 writes it, such as "2026-11-23T18:04:05Z"`},
		{articlesAfter(`\"\"`), "BAD_USER_INPUT", "RFC 3339"},
		{articlesAfter(`\"2026-11-23 18:04:05\"`), "BAD_USER_INPUT", "RFC 3339"},
		{articlesAfter(`20261123`), "BAD_USER_INPUT", "RFC 3339"},
		{articlesAfter(`[\"2026-11-23T18:04:05Z\"]`), "BAD_USER_INPUT", "RFC 3339"},
		{`{"query": "query($f: ArticleFilter = {publishedBefore: \"soon\"}) { articles(filter: $f) { totalCount } }"}`,
			"BAD_USER_INPUT", "RFC 3339"},
		{`{"query": "query A { __typename } query B { __typename }"}`, "OPERATION_RESOLUTION_FAILURE", "several operations"},
		{`{"query": "query A { __typename }", "operationName": "B"}`, "OPERATION_RESOLUTION_FAILURE", "no operation of the name"},
		{`{"query": "query($slug: String!) { campaign(slug: $slug) { id } }"}`, "BAD_USER_INPUT", "The variable $slug is missing."},
		{`{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "00"}}}`,
			"PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported"},
		{`{"query": "{ __typename }", "extensions": {"persistedQuery": {}}}`,
			"PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported"},
	} {
		for accept, status := range map[string]int{legacyType: http.StatusOK, responseType: http.StatusBadRequest} {
			came := send(t, door, "POST", "", test.body, "Content-Type", legacyType, "Accept", accept)
			if !came.is(status, test.code, test.says) || len(came.Errors) != 1 {
				t.Errorf("%s as %s: %d %s, want %d %s %q", test.body, accept, came.status, came.text, status, test.code, test.says)
			}
			came.wantRefusal(t, test.body)
		}
	}
}

func TestLongMessagesAreCut(t *testing.T) {
	t.Parallel()
	door := openDoor(t, dbtest.New(t), graph.DefaultLimits(), io.Discard)
	long := strings.Repeat("long", 10_000)
	for _, came := range []*reply{
		post(t, door, "{ "+long+" }", nil),
		post(t, door, `{ articles(orderBy: "`+strings.Repeat("ä", 10_000)+`") { totalCount } }`, nil),
		post(t, door, "query($f: ArticleFilter) { articles(filter: $f) { totalCount } }", map[string]any{"f": map[string]any{long: 1}}),
		post(t, door, "{"+strings.Repeat("unknown ", 400)+"}", nil),
	} {
		came.wantRefusal(t, "long")
		if len(came.text) > 12_000 || len(came.Errors) > 20 || len(came.message()) > 450 {
			t.Errorf("%d bytes, %d errors: %.600s", len(came.text), len(came.Errors), came.text)
		}
	}
}

// Data that could be had is delivered beside the error of what could not.
func TestPartialData(t *testing.T) {
	t.Parallel()
	door := openDoor(t, dbtest.New(t), graph.DefaultLimits(), io.Discard)
	for _, accept := range []string{legacyType, responseType} {
		came := post(t, door, "{ site { name } none: article { slug } }", nil, "Accept", accept)
		if came.status != http.StatusOK || string(came.Data) != `{"site":{"name":"Newsroom"},"none":null}` ||
			came.code() != "BAD_USER_INPUT" || came.Errors[0].Path[0] != "none" || came.Errors[0].Locations[0].Column != 17 {
			t.Errorf("%s: %d %s", accept, came.status, came.text)
		}
		if got := came.header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("Cache-Control: %q", got)
		}
		came = post(t, door, "{ articles(first: 101) { totalCount } }", nil, "Accept", accept)
		if came.status != http.StatusOK || string(came.Data) != "null" || came.code() != "BAD_USER_INPUT" {
			t.Errorf("%s: %d %s", accept, came.status, came.text)
		}
	}
}

func TestSuccessIsNotMarkedAsFailure(t *testing.T) {
	t.Parallel()
	door := openDoor(t, dbtest.New(t), graph.DefaultLimits(), io.Discard)
	came := post(t, door, "{ site { name } }", nil)
	_, set := came.header["Cache-Control"]
	if set || came.header.Get("X-Content-Type-Options") != "nosniff" || came.header.Get("Vary") != "Accept, Broadsheet-Cost" {
		t.Errorf("%v", came.header)
	}
}

// The text of a failure stays in the log.
func TestInternalsStayInside(t *testing.T) {
	t.Parallel()
	db, log := dbtest.New(t), new(bytes.Buffer)
	door := openDoor(t, db, graph.DefaultLimits(), log)
	if _, err := db.Exec(`alter table site rename to gone_site`); err != nil {
		t.Fatal(err)
	}
	for accept, status := range map[string]int{legacyType: http.StatusOK, responseType: http.StatusInternalServerError} {
		came := post(t, door, "{ site { name } }", nil, "Accept", accept, "X-Request-Id", "the-request")
		if !came.is(status, "INTERNAL", "") || string(came.Data) != "null" || strings.Contains(came.text, "relation") {
			t.Errorf("%s: %d %s", accept, came.status, came.text)
		}
	}
	door.Close()
	for _, want := range []string{`relation \"site\" does not exist`, `"request":"the-request"`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %s in the log: %s", want, log)
		}
	}
}

func TestUnreachableDatabase(t *testing.T) {
	t.Parallel()
	db, err := sqlx.Open("postgres", "host=127.0.0.1 port=1 sslmode=disable connect_timeout=5")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	door := openDoor(t, db, graph.DefaultLimits(), io.Discard)
	for accept, status := range map[string]int{legacyType: http.StatusOK, responseType: http.StatusServiceUnavailable} {
		came := post(t, door, "{ site { name } }", nil, "Accept", accept)
		if came.status != status || came.code() != "UNAVAILABLE" || strings.Contains(came.text, "127.0.0.1") {
			t.Errorf("%s: %d %s", accept, came.status, came.text)
		}
	}
}

func TestPanicStaysInItsRequest(t *testing.T) {
	t.Parallel()
	log := new(bytes.Buffer)
	door := httptest.NewServer(graph.NewHandler(nil, graph.DefaultLimits(), nil, slog.New(slog.NewJSONHandler(log, nil))))
	defer door.Close()
	for accept, status := range map[string]int{legacyType: http.StatusOK, responseType: http.StatusInternalServerError} {
		came := post(t, door, "{ site { name } }", nil, "Accept", accept, "X-Request-Id", "the-request")
		if came.status != status || came.code() != "INTERNAL" || strings.Contains(came.text, "nil pointer") {
			t.Errorf("%s: %d %s", accept, came.status, came.text)
		}
	}
	if came := post(t, door, "{ __typename }", nil); came.text != typenameOfQuery {
		t.Errorf("after it: %d %s", came.status, came.text)
	}
	door.Close()
	for _, want := range []string{"nil pointer", "schema.resolvers.go", `"request":"the-request"`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %s in the log: %s", want, log)
		}
	}
}

func TestCost(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	door := openDoor(t, db, graph.DefaultLimits(), io.Discard)
	if _, err := db.Exec(`insert into authors (slug, name) select 'a' || n, 'A' from generate_series(1, 3) n`); err != nil {
		t.Fatal(err)
	}
	const query = "{ authors(first: 5) { nodes { slug } } site { name } }"
	came := post(t, door, query, nil, "Broadsheet-Cost", "1")
	// authors 1 + 5 × (nodes 1 + slug 1), site 1 + name 1
	if cost := came.Extensions["cost"]; cost["statements"] != 2 || cost["rows"] != 4 || cost["complexity"] != 13 {
		t.Errorf("%s", came.text)
	}
	if came := post(t, door, query, nil); came.Extensions != nil {
		t.Errorf("not asked for: %s", came.text)
	}
	came = get(t, door, url.Values{"query": {query}}, "Broadsheet-Cost", "1")
	if came.Extensions["cost"]["statements"] != 2 {
		t.Errorf("by GET: %s", came.text)
	}
}

// The layer above counts and logs with what it has put into the context.
func TestTraceAndReceiptAreThoseOfTheLayerAbove(t *testing.T) {
	t.Parallel()
	handler := doorTo(t, dbtest.New(t), graph.DefaultLimits(), io.Discard)
	long := strings.Repeat("x", 200)
	for _, test := range []struct {
		body, name, kind string
		statements       int64
	}{
		{`{"query": "query FrontPage { site { name } }"}`, "FrontPage", "query", 1},
		{`{"query": "query A { site { name } } query B { __typename }", "operationName": "B"}`, "B", "query", 0},
		{`{"query": "{ __typename }"}`, "", "query", 0},
		{`{"query": "query Wrong { nonsense }"}`, "Wrong", "query", 0},
		{`{"query": "mutation M { __typename }"}`, "M", "mutation", 0},
		{`{"query": "query ` + long + ` { __typename }"}`, long[:100], "query", 0},
		{`{"query": "query A { __typename }", "operationName": "B"}`, "", "", 0},
		{`{"query": "{"}`, "", "", 0},
		{`{`, "", "", 0},
	} {
		trace := new(graph.Trace)
		ctx, receipt := content.WithReceipt(context.WithValue(context.Background(), graph.TraceKey{}, trace))
		request := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(test.body)).WithContext(ctx)
		request.Header.Set("Content-Type", legacyType)
		handler.ServeHTTP(httptest.NewRecorder(), request)
		if trace.OperationName != test.name || trace.OperationType != test.kind || receipt.Statements() != test.statements {
			t.Errorf("%.60s: %+v, %d statements", test.body, trace, receipt.Statements())
		}
	}
}
