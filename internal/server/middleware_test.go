package server

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"
)

func TestPanicStaysInItsRequest(t *testing.T) {
	t.Parallel()
	var lines bytes.Buffer
	log := slog.New(slog.NewTextHandler(&lines, nil))
	handler := withTrace(log, newMetrics(new(sqlx.DB)), withRecovery(log, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic("a secret from inside")
	})))
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/", nil))
	if answer.Code != http.StatusInternalServerError || strings.Contains(answer.Body.String(), "secret") {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
	if text := lines.String(); !strings.Contains(text, "a secret from inside") || !strings.Contains(text, answer.Header().Get(requestIDHeader)) {
		t.Errorf("the log does not tell: %s", text)
	}
}

func TestDoorsAreAFixedSet(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/": "landing", "/graphql": "graphql", "/graphql/schema.graphqls": "graphql", "/playground/x.js": "playground",
		"/wp-login.php": "other", "/graphqlx": "other", "": "landing",
	} {
		if got := door(path); got != want {
			t.Errorf("door(%q) is %q, want %q", path, got, want)
		}
	}
}
