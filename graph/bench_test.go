package graph_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"broadsheet/graph"
	"broadsheet/internal/content"
	"broadsheet/internal/database/dbtest"
	"broadsheet/internal/demo"
)

// The page of a feed that the benchmark command asks as Q1, answered by the door without HTTP: its plan is kept, the rows
// are read from Postgres each time or remembered.
func BenchmarkFeed(b *testing.B) {
	db := dbtest.New(b)
	if err := demo.Generate(b.Context(), db, 2000, func(_, _ int) {}); err != nil {
		b.Fatal(err)
	}
	addresses, err := content.NewAddresses("https://news.example.org", "/{slug}/", "/author/{slug}/", "/tag/{slug}/")
	if err != nil {
		b.Fatal(err)
	}
	for name, memory := range map[string]*content.Memory{
		"read":       nil,
		"remembered": newMemory(),
	} {
		b.Run(name, func(b *testing.B) {
			service := content.New(db, content.Options{Addresses: addresses, Memory: memory})
			door := graph.NewHandler(service, graph.DefaultLimits(), nil, slog.New(slog.DiscardHandler))
			b.ReportAllocs()
			for b.Loop() {
				answer := httptest.NewRecorder()
				asked := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(feedPage))
				asked.Header.Set("Content-Type", "application/json")
				if door.ServeHTTP(answer, asked); answer.Code != 200 || answer.Body.Len() < 10_000 {
					b.Fatal(answer.Code, answer.Body)
				}
			}
		})
	}
}

// newMemory is that of a newsroom in which nothing changes.
func newMemory() *content.Memory {
	return content.NewMemory(content.MemoryOptions{
		Bytes: 64 << 20, Current: func() bool { return true },
		GoodUntil: func(time.Time, []content.Dependency) time.Time { return time.Time{} },
	})
}

const feedPage = `{"query": "{ articles(first: 20) { nodes { slug title excerpt url publishedAt readingTimeMinutes primaryTag { slug name } tags { slug name } authors { slug name } relatedStories(first: 3) { kind article { slug title url authors { slug name } } } } pageInfo { endCursor hasNextPage } } }"}`
