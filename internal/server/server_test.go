package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"broadsheet/graph"
	"broadsheet/internal/content"
	"broadsheet/internal/database/dbtest"
	"broadsheet/internal/server"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// newServer returns a server on the database, and its log.
func newServer(tb testing.TB, db *sqlx.DB, change func(*server.Options)) (*server.Server, *logLines) {
	tb.Helper()
	addresses, err := content.NewAddresses("https://news.example.org", "/{slug}/", "/author/{slug}/", "/tag/{slug}/")
	if err != nil {
		tb.Fatal(err)
	}
	lines := new(logLines)
	options := server.Options{
		DB: db, Content: content.New(db, content.Options{Addresses: addresses}),
		Limits: graph.DefaultLimits(), Log: slog.New(slog.NewJSONHandler(lines, nil)),
	}
	if change != nil {
		change(&options)
	}
	return server.New(options), lines
}

// logLines collects what is logged.
type logLines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// find returns the last line with this message.
func (l *logLines) find(t *testing.T, message string) map[string]any {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var found map[string]any
	for line := range strings.Lines(l.text.String()) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatal(err)
		}
		if entry["msg"] == message {
			found = entry
		}
	}
	return found
}

func ask(h http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, request)
	return answer
}

func request(t *testing.T, query string, variables map[string]any) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestAccessLogSaysWhatItTook(t *testing.T) {
	t.Parallel()
	s, lines := newServer(t, dbtest.New(t), nil)
	answer := ask(s.Public, "POST", "/graphql", `{"query": "query FrontPage { site { name } }"}`,
		"Content-Type", "application/json", "X-Request-Id", "from-the-proxy")
	if answer.Code != http.StatusOK {
		t.Fatalf("%d %s", answer.Code, answer.Body)
	}
	if id := answer.Header().Get("X-Request-Id"); id != "from-the-proxy" {
		t.Errorf("X-Request-Id: %q", id)
	}
	entry := lines.find(t, "request")
	for key, want := range map[string]any{
		"method": "POST", "path": "/graphql", "status": 200.0, "statements": 1.0, "request": "from-the-proxy", "operation": "FrontPage",
	} {
		if entry[key] != want {
			t.Errorf("%s: %v, want %v in %v", key, entry[key], want, entry)
		}
	}
}

func TestRequestIDsOfStrangersAreNotTaken(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, dbtest.New(t), nil)
	answer := ask(s.Public, "GET", "/healthz", "", "X-Request-Id", "two words and a \" quote")
	if id := answer.Header().Get("X-Request-Id"); id == "" || strings.Contains(id, " ") {
		t.Errorf("X-Request-Id: %q", id)
	}
}

func TestMetricsCountRequestsByDoor(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, dbtest.New(t), nil)
	ask(s.Public, "POST", "/graphql", `{"query": "{ site { name } }"}`, "Content-Type", "application/json")
	for range 3 {
		ask(s.Public, "GET", "/no/such/path", "")
	}
	text := ask(s.Public, "GET", "/metrics", "").Body.String()
	for _, want := range []string{
		`broadsheet_request_seconds_count{door="graphql",status="200"} 1`,
		`broadsheet_request_seconds_count{door="other",status="404"} 3`,
		`broadsheet_statements_total{door="graphql"} 1`,
		`broadsheet_graphql_operations_total{document="text",planned="true"} 1`,
		`broadsheet_requests_in_flight 1`, // the one that asks
		`go_sql_open_connections`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

func TestReadyTellsWhatIsMissing(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	s, _ := newServer(t, db, nil)
	if answer := ask(s.Public, "GET", "/readyz", ""); answer.Code != http.StatusOK {
		t.Errorf("with all in place: %d %s", answer.Code, answer.Body)
	}
	if _, err := db.Exec(`delete from goose_db_version where version_id > 0`); err != nil {
		t.Fatal(err)
	}
	if answer := ask(s.Public, "GET", "/readyz", ""); answer.Code != http.StatusServiceUnavailable || !strings.Contains(answer.Body.String(), "pending") {
		t.Errorf("with migrations missing: %d %s", answer.Code, answer.Body)
	}
	_ = db.Close()
	if answer := ask(s.Operations, "GET", "/readyz", ""); answer.Code != http.StatusServiceUnavailable || !strings.Contains(answer.Body.String(), "unreachable") {
		t.Errorf("without a database: %d %s", answer.Code, answer.Body)
	}
	for _, path := range []string{"/healthz", "/"} {
		if answer := ask(s.Public, "GET", path, ""); answer.Code != http.StatusOK {
			t.Errorf("%s without a database: %d", path, answer.Code)
		}
	}
}

// The data stays what it was, and what the client is told names nothing from inside.
func TestLostDatabaseIsUnavailable(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	s, lines := newServer(t, db, nil)
	_ = db.Close()
	answer := ask(s.Public, "POST", "/graphql", `{"query": "{ site { name } }"}`, "Content-Type", "application/json")
	if body := answer.Body.String(); strings.Contains(body, "sql") || !strings.Contains(body, `"code"`) {
		t.Errorf("%d %s", answer.Code, body)
	}
	if lines.find(t, "resolve") == nil {
		t.Error("nothing in the log")
	}
}

func TestRunningServerFinishesWhatItBegan(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	s, _ := newServer(t, db, nil)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() {
		ended <- s.Run(ctx, server.Running{Public: listener, Answer: time.Minute, Grace: time.Minute})
	}()

	// The query waits for this lock, so that the server is told to stop while it answers.
	lock, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Exec(`lock table site`); err != nil {
		t.Fatal(err)
	}
	answered := make(chan string, 1)
	go func() {
		response, err := http.Post("http://"+listener.Addr().String()+"/graphql", "application/json", strings.NewReader(`{"query": "{ site { name } }"}`))
		if err != nil {
			answered <- err.Error()
			return
		}
		defer func() { _ = response.Body.Close() }()
		body, _ := io.ReadAll(response.Body)
		answered <- string(body)
	}()
	waitFor(t, "the query to wait for the lock", func() bool {
		var waiting bool
		err := db.Get(&waiting, `select exists (select from pg_locks l join pg_database d on d.oid = l.database
			where not l.granted and d.datname = current_database())`)
		return err == nil && waiting
	})
	stop()
	waitFor(t, "the server to refuse new connections", func() bool {
		connection, err := net.Dial("tcp", listener.Addr().String())
		if err == nil {
			_ = connection.Close()
		}
		return err != nil
	})
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	if body := <-answered; !strings.Contains(body, "Newsroom") {
		t.Errorf("the request that was being answered got: %s", body)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}

// waitFor asks again and again until it is so.
func waitFor(tb testing.TB, what string, isSo func() bool) {
	tb.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(time.Minute); !isSo(); {
		select {
		case <-tick.C:
		case <-deadline:
			tb.Fatalf("waited in vain for %s", what)
		}
	}
}
