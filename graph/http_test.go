package graph_test

import (
	"encoding/json"
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

const (
	responseType = "application/graphql-response+json"
	legacyType   = "application/json"

	// typenameOfQuery answers { __typename }.
	typenameOfQuery = `{"data":{"__typename":"Query"}}`
)

// openDoor serves the database; what is logged goes to the log.
func openDoor(t *testing.T, db *sqlx.DB, limits graph.Limits, log io.Writer) *httptest.Server {
	t.Helper()
	door := httptest.NewServer(doorTo(t, db, limits, log))
	t.Cleanup(door.Close)
	return door
}

func doorTo(tb testing.TB, db *sqlx.DB, limits graph.Limits, log io.Writer) http.Handler {
	tb.Helper()
	addresses, err := content.NewAddresses(site, "/{slug}/", "/author/{slug}/", "/tag/{slug}/")
	if err != nil {
		tb.Fatal(err)
	}
	service := content.New(db, content.Options{Addresses: addresses})
	return graph.NewHandler(service, limits, nil, slog.New(slog.NewJSONHandler(log, nil)))
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	text   string

	Data   json.RawMessage `json:"data"`
	Errors []struct {
		Message    string                       `json:"message"`
		Path       []any                        `json:"path"`
		Locations  []struct{ Line, Column int } `json:"locations"`
		Extensions struct{ Code string }        `json:"extensions"`
	} `json:"errors"`
	Extensions map[string]map[string]int `json:"extensions"`
}

// code is that of the first error.
func (r *reply) code() string {
	if len(r.Errors) == 0 {
		return ""
	}
	return r.Errors[0].Extensions.Code
}

// is tells whether the reply is the error that is expected; says is a part of its message.
func (r *reply) is(status int, code, says string) bool {
	return r.status == status && r.code() == code && strings.Contains(r.message(), says)
}

func (r *reply) message() string {
	if len(r.Errors) == 0 {
		return ""
	}
	return r.Errors[0].Message
}

// send sends a request; headers are names and values in turn.
func send(t *testing.T, door *httptest.Server, method, query, body string, header ...string) *reply {
	t.Helper()
	request, err := http.NewRequest(method, door.URL+query, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Add(header[i], header[i+1])
	}
	response, err := door.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	came := &reply{status: response.StatusCode, header: response.Header, text: string(text)}
	if method != http.MethodHead {
		if err := json.Unmarshal(text, came); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
	}
	return came
}

// post sends a query with variables, which may be nil.
func post(t *testing.T, door *httptest.Server, query string, variables map[string]any, header ...string) *reply {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	return send(t, door, http.MethodPost, "", string(body), append([]string{"Content-Type", legacyType}, header...)...)
}

func get(t *testing.T, door *httptest.Server, parameters url.Values, header ...string) *reply {
	t.Helper()
	return send(t, door, http.MethodGet, "?"+parameters.Encode(), "", header...)
}

func TestNegotiation(t *testing.T) {
	t.Parallel()
	door := openDoor(t, dbtest.New(t), graph.DefaultLimits(), io.Discard)
	const none = ""
	for _, test := range []struct{ accept, want string }{
		{"", legacyType},
		{"*/*", legacyType},
		{"application/*", legacyType},
		{"application/json", legacyType},
		{"Application/JSON; Charset=UTF-8", legacyType},
		{responseType, responseType},
		{responseType + "; charset=utf-8, application/json; charset=utf-8", responseType},
		{"application/json, " + responseType, responseType},
		{responseType + ", application/json;q=0.9", responseType},
		{responseType + ";q=0.9, application/json", legacyType},
		{responseType + ";q=0.5, application/json;q=0.6", legacyType},
		{responseType + ";q=0.5, */*", legacyType},
		{responseType + ", */*;q=0.1", responseType},
		{responseType + ", */*", responseType},
		{"application/json, */*", legacyType},
		{"application/json;q=0, */*", responseType},
		{"application/json;q=0.1, application/*;q=0.5", responseType},
		{"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", legacyType},
		{"text/html;q=nonsense, application/json", legacyType},
		{"text/html", none},
		{"text/*, image/png", none},
		{"application/json;q=0", none},
		{"*/*;q=0", none},
		{"application/json;q=2", none},
		{"nonsense", none},
		{"application/xml", none},
	} {
		var header []string
		if test.accept != "" {
			header = []string{"Accept", test.accept}
		}
		for name, came := range map[string]*reply{
			"POST": post(t, door, "{ __typename }", nil, header...),
			"GET":  get(t, door, url.Values{"query": {"{ __typename }"}}, header...),
		} {
			want, status := test.want, http.StatusOK
			if want == none {
				want, status = legacyType, http.StatusNotAcceptable
			}
			if got := came.header.Get("Content-Type"); got != want+"; charset=utf-8" || came.status != status {
				t.Errorf("%s, Accept: %s: %d %s, want %d %s", name, test.accept, came.status, got, status, want)
			}
			if test.want == none && !strings.Contains(came.message(), "/playground") {
				t.Errorf("Accept: %s: %q does not lead to the playground", test.accept, came.message())
			}
		}
	}
	came := post(t, door, "{ __typename }", nil, "Accept", "text/html", "Accept", responseType)
	if came.header.Get("Content-Type") != responseType+"; charset=utf-8" {
		t.Errorf("two headers Accept: %d %s", came.status, came.text)
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	door := openDoor(t, dbtest.New(t), graph.DefaultLimits(), io.Discard)
	for _, method := range []string{"OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} {
		came := send(t, door, method, "", `{"query": "{ __typename }"}`, "Content-Type", legacyType)
		if came.status != http.StatusMethodNotAllowed || came.header.Get("Allow") != "GET, HEAD, POST" || came.code() != "BAD_REQUEST" {
			t.Errorf("%s: %d, Allow: %s, %s", method, came.status, came.header.Get("Allow"), came.text)
		}
	}
	query := "?query=" + url.QueryEscape("{ site { name } }")
	whole, head := send(t, door, "GET", query, ""), send(t, door, "HEAD", query, "")
	if want := `{"data":{"site":{"name":"Newsroom"}}}`; whole.text != want {
		t.Errorf("GET: %s, want %s", whole.text, want)
	}
	for _, name := range []string{"Content-Type", "Content-Length", "Vary"} {
		if head.header.Get(name) != whole.header.Get(name) || head.header.Get(name) == "" {
			t.Errorf("HEAD: %s: %q, by GET %q", name, head.header.Get(name), whole.header.Get(name))
		}
	}
	if head.status != http.StatusOK || head.text != "" {
		t.Errorf("HEAD: %d %q", head.status, head.text)
	}
}

// What a form of another site can send without asking first is not taken.
func TestContentTypes(t *testing.T) {
	t.Parallel()
	door := openDoor(t, dbtest.New(t), graph.DefaultLimits(), io.Discard)
	for _, test := range []struct {
		header []string
		taken  bool
	}{
		{[]string{"Content-Type", "application/json"}, true},
		{[]string{"Content-Type", "application/json; charset=utf-8"}, true},
		{[]string{"Content-Type", `Application/JSON;Charset="UTF-8"`}, true},
		{[]string{"Content-Type", "application/json", "Content-Encoding", "identity"}, true},
		{[]string{"Content-Type", "application/json; charset=iso-8859-1"}, false},
		{[]string{"Content-Type", "application/json; charset"}, false},
		{[]string{"Content-Type", "application/json", "Content-Encoding", "gzip"}, false},
		{[]string{"Content-Type", "application/graphql"}, false},
		{[]string{"Content-Type", responseType}, false},
		{[]string{"Content-Type", "text/plain"}, false},
		{[]string{"Content-Type", "text/plain; application/json"}, false},
		{[]string{"Content-Type", "application/x-www-form-urlencoded"}, false},
		{[]string{"Content-Type", "multipart/form-data; boundary=x"}, false},
		{[]string{"Content-Type", ""}, false},
		{nil, false},
	} {
		came := send(t, door, "POST", "", `{"query": "{ __typename }"}`, test.header...)
		if test.taken && came.text != typenameOfQuery {
			t.Errorf("%v: %d %s", test.header, came.status, came.text)
		}
		if !test.taken && (came.status != http.StatusUnsupportedMediaType || came.header.Get("Accept-Post") != legacyType) {
			t.Errorf("%v: %d, want 415: %s", test.header, came.status, came.text)
		}
	}
}

func TestMalformedBodies(t *testing.T) {
	t.Parallel()
	door := openDoor(t, dbtest.New(t), graph.DefaultLimits(), io.Discard)
	for _, test := range []struct{ body, says string }{
		{``, "empty"},
		{" \n", "empty"},
		{`secret`, "not JSON: it goes wrong after 1 bytes"},
		{`{"query": "{ secret`, "not JSON"},
		{`{"query": "{ __typename }"} secret`, "not JSON: it goes wrong after 29 bytes"},
		{`{"query": "{ __typename }"}{"query": "{ secret }"}`, "not JSON"},
		{`{"query": "{ __typename }" /* secret */}`, "not JSON"},
		{"{\"query\": \"{ secret \xff }\"}", "not UTF-8"},
		{`[{"query": "{ secret }"}]`, "One operation per request"},
		{`[]`, "One operation per request"},
		{`["secret"`, "not JSON"},
		{`"secret"`, "The body is a string. It has to be a JSON object."},
		{`12`, "The body is a number."},
		{`true`, "The body is a boolean."},
		{`null`, "The body is a null."},
		{`{}`, `"query" is missing`},
		{`{"query": null}`, `"query" is missing`},
		{`{"query": ""}`, `"query" is missing`},
		{`{"Query": "{ secret }"}`, `"query" is missing`},
		{`{"qeury": "{ secret }"}`, `"query" is missing`},
		{`{"query": {"secret": 1}}`, `"query" is a JSON object. It has to be a string.`},
		{`{"query": 7}`, `"query" is a number. It has to be a string.`},
		{`{"query": ["{ secret }"]}`, `"query" is a list. It has to be a string.`},
		{`{"query": "{ __typename }", "operationName": false}`, `"operationName" is a boolean. It has to be a string.`},
		{`{"query": "{ __typename }", "variables": "secret"}`, `"variables" is a string. It has to be a JSON object.`},
		{`{"query": "{ __typename }", "variables": [1]}`, `"variables" is a list. It has to be a JSON object.`},
		{`{"query": "{ __typename }", "extensions": 0}`, `"extensions" is a number. It has to be a JSON object.`},
		{`{"query": "{ __typename }", "extensions": []}`, `"extensions" is a list.`},
		{`{"query": 7, "variables": 7}`, `"query" is a number.`},
		{`{"a":` + strings.Repeat(`[`, 20_000), "not JSON"},
	} {
		for _, accept := range []string{legacyType, responseType} {
			came := send(t, door, "POST", "", test.body, "Content-Type", legacyType, "Accept", accept)
			if !came.is(http.StatusBadRequest, "BAD_REQUEST", test.says) {
				t.Errorf("%.60s: %d %s, want 400 with %q", test.body, came.status, came.text, test.says)
			}
			if strings.Contains(came.text, "secret") {
				t.Errorf("%.60s: the answer repeats what was sent: %s", test.body, came.text)
			}
			came.wantRefusal(t, test.body)
		}
	}
}

// wantRefusal checks what holds for each answer to what was not executed.
func (r *reply) wantRefusal(t *testing.T, about string) {
	t.Helper()
	if r.Data != nil || len(r.Errors) == 0 {
		t.Errorf("%.60s: not a refusal: %s", about, r.text)
	}
	for _, problem := range r.Errors {
		if problem.Extensions.Code == "" || problem.Message == "" {
			t.Errorf("%.60s: an error without code or message: %s", about, r.text)
		}
	}
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Vary": "Accept, Broadsheet-Cost",
	} {
		if got := r.header.Get(name); got != want {
			t.Errorf("%.60s: %s: %q, want %q", about, name, got, want)
		}
	}
}

func TestNullParametersAreNone(t *testing.T) {
	t.Parallel()
	door := openDoor(t, dbtest.New(t), graph.DefaultLimits(), io.Discard)
	for _, body := range []string{
		`{"query": "{ __typename }", "operationName": null, "variables": null, "extensions": null}`,
		`{"query": "{ __typename }", "operationName": "", "variables": {}, "extensions": {"other": {"a": 1}}}`,
		` {"query": "query Q { __typename }", "operationName": "Q", "unknown": [1]}` + "\r\n",
	} {
		if came := send(t, door, "POST", "?query=nonsense", body, "Content-Type", legacyType); came.text != typenameOfQuery {
			t.Errorf("%s: %d %s", body, came.status, came.text)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	door := openDoor(t, dbtest.New(t), graph.DefaultLimits(), io.Discard)
	const query = "query+Q($path:String!){resolve(path:$path){__typename}site{name}}"
	for _, test := range []struct {
		address string
		status  int
		says    string
	}{
		{"?query={site{name}}", 200, `{"data":{"site":{"name":"Newsroom"}}}`},
		{"?query={site{name}}&operationName=&variables=&extensions=", 200, "Newsroom"},
		{"?query={site{name}}&variables=null&other=1&other=2", 200, "Newsroom"},
		{"?query=" + query + `&operationName=Q&variables={"path":"/none/"}`, 200,
			`{"data":{"resolve":null,"site":{"name":"Newsroom"}}}`},
		{"?query=" + query + "&operationName=null", 200, "OPERATION_RESOLUTION_FAILURE"},
		{"?query=" + query + `&variables={"path":`, 400, `\"variables\" is not JSON`},
		{"?query=" + query + `&variables={"path":"/"}{}`, 400, `\"variables\" is not JSON`},
		{"?query=" + query + `&variables=["path"]`, 400, `\"variables\" is a list`},
		{"?query=" + query + "&extensions=7", 400, `\"extensions\" is a number`},
		{"?query={a}&query={b}", 400, `\"query\" is given more than once`},
		{"?query={a%ff}", 400, `\"query\" is not UTF-8`},
		{"?query=%zz", 400, "application/x-www-form-urlencoded"},
		{"?query={a};variables={}", 400, "application/x-www-form-urlencoded"},
		{"", 400, `\"query\" is missing`},
		{"?variables={}", 400, `\"query\" is missing`},
	} {
		came := send(t, door, "GET", strings.ReplaceAll(test.address, `"`, "%22"), "")
		if came.status != test.status || !strings.Contains(came.text, test.says) {
			t.Errorf("%s: %d %s, want %d with %s", test.address, came.status, came.text, test.status, test.says)
		}
		if test.status != 200 {
			came.wantRefusal(t, test.address)
		}
	}
}

func TestOnlyQueriesByGET(t *testing.T) {
	t.Parallel()
	door := openDoor(t, dbtest.New(t), graph.DefaultLimits(), io.Discard)
	const two = "query A { __typename } mutation B { __typename }"
	for _, accept := range []string{legacyType, responseType} {
		for _, parameters := range []url.Values{
			{"query": {"mutation { __typename }"}},
			{"query": {two}, "operationName": {"B"}},
			{"query": {"subscription { __typename }"}},
		} {
			came := get(t, door, parameters, "Accept", accept)
			if !came.is(http.StatusMethodNotAllowed, "BAD_REQUEST", "by POST") || came.header.Get("Allow") == "" {
				t.Errorf("%v: %d %s", parameters, came.status, came.text)
			}
		}
		if came := post(t, door, "mutation { __typename }", nil, "Accept", accept); came.code() != "GRAPHQL_VALIDATION_FAILED" {
			t.Errorf("a mutation by POST: %d %s", came.status, came.text)
		}
	}
}
