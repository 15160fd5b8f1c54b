package graph

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"time"
)

// SchemaHandler serves the schema as text in the schema definition language.
func SchemaHandler() http.Handler {
	text := []byte(sources[0].Input)
	tag := fmt.Sprintf(`"%x"`, sha256.Sum256(text))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Type", "text/plain; charset=utf-8")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cache-Control", "public, max-age=300")
		header.Set("ETag", tag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text))
	})
}
