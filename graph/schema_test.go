package graph_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"broadsheet/graph"
)

func TestSchema(t *testing.T) {
	t.Parallel()
	handler := graph.SchemaHandler()
	ask := func(tag string) *httptest.ResponseRecorder {
		request, answer := httptest.NewRequest(http.MethodGet, "/graphql/schema.graphqls", nil), httptest.NewRecorder()
		if tag != "" {
			request.Header.Set("If-None-Match", tag)
		}
		handler.ServeHTTP(answer, request)
		return answer
	}
	first := ask("")
	tag := first.Header().Get("ETag")
	if first.Code != http.StatusOK || len(tag) != 66 || !strings.Contains(first.Body.String(), "type Query {") ||
		first.Header().Get("Cache-Control") != "public, max-age=300" ||
		first.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("%d %v", first.Code, first.Header())
	}
	for _, known := range []string{tag, `"other", ` + tag, "W/" + tag, "*"} {
		if again := ask(known); again.Code != http.StatusNotModified || again.Body.Len() != 0 || again.Header().Get("ETag") != tag {
			t.Errorf("If-None-Match: %s: %d with %d bytes, %v", known, again.Code, again.Body.Len(), again.Header())
		}
	}
	if changed := ask(`"other"`); changed.Code != http.StatusOK {
		t.Errorf("of another text: %d", changed.Code)
	}
}
