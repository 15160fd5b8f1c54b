// Package web serves the pages that Broadsheet itself brings along: the landing page, and the playground for GraphQL.
// Everything is inside the binary; nothing is fetched from elsewhere.
package web

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"broadsheet/internal/asset"
)

// The playground is built from the sources in playground/ by `npm ci && npm run build`.
//
//go:embed playground/dist
var dist embed.FS

// Monaco, the editor inside the playground, writes style elements and style attributes: hence 'unsafe-inline' for
// styles. Its theme and the icons of GraphiQL are data: images. Scripts and workers come from files of our own alone.
const playgroundPolicy = "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; " +
	"style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Playground serves GraphiQL at /playground and its files below. The endpoint is the path of the GraphQL door on the
// same server, such as /graphql. It panics when the built files are not in order, which the tests of this package find
// before anybody else does.
func Playground(endpoint string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /playground", playgroundPage(endpoint))
	mux.Handle("GET /playground/{$}", http.RedirectHandler("/playground", http.StatusPermanentRedirect))
	for name, file := range playgroundFiles() {
		mux.Handle("GET /playground/"+name, file)
	}
	return secured(playgroundPolicy, mux)
}

func playgroundPage(endpoint string) asset.File {
	page := template.Must(template.ParseFS(dist, "playground/dist/index.html"))
	var html bytes.Buffer
	if err := page.Execute(&html, struct{ Endpoint string }{endpoint}); err != nil {
		panic(err)
	}
	return must(asset.New("index.html", html.Bytes()))
}

// playgroundFiles returns the built files by the name under which they are asked for.
func playgroundFiles() map[string]asset.File {
	files := map[string]asset.File{}
	for _, file := range must(fs.Glob(dist, "playground/dist/*.gz")) {
		name := path.Base(file)
		files[strings.TrimSuffix(name, ".gz")] = must(asset.New(name, must(dist.ReadFile(file))))
	}
	return files
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// secured adds the headers that keep a page to itself.
func secured(policy string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}
