package partner_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"broadsheet/internal/changes"
	"broadsheet/internal/database/dbtest"
	"broadsheet/internal/partner"
)

// What it costs to know who asks, to hold them to two quotas and to count what they use.
func BenchmarkIdentify(b *testing.B) {
	db := dbtest.New(b)
	book, quiet := partner.Book{DB: db}, slog.New(slog.DiscardHandler)
	p := partner.Fresh("planet")
	p.PerMinute, p.PerDay = new(1_000_000), new(1_000_000_000)
	if err := book.Keep(b.Context(), p); err != nil {
		b.Fatal(err)
	}
	_, text, err := book.AddKey(b.Context(), p, nil)
	if err != nil {
		b.Fatal(err)
	}
	node, err := partner.New(b.Context(), db, changes.NewLog(quiet), partner.Options{Log: quiet})
	if err != nil {
		b.Fatal(err)
	}
	door := node.Identify(graphql, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }))
	for name, key := range map[string]string{"public": "", "partner": text} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				r := httptest.NewRequest(http.MethodGet, "/", nil)
				if key != "" {
					r.Header.Set("X-Api-Key", key)
				}
				for pb.Next() {
					door.ServeHTTP(httptest.NewRecorder(), r)
				}
			})
		})
	}
}
