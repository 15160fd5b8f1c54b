package widget

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"

	"broadsheet/internal/asset"
)

//go:embed assets builder
var sources embed.FS

// builderPolicy allows the builder its own style and scripts, the newsroom's answers, and frames of ours to look at.
const builderPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; img-src data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// files are what the frames and the pages around them load, by the name of their source.
type files map[string]file

type file struct {
	name string // that it is asked for by
	asset.File
}

func newFiles() files {
	all := files{}
	for _, source := range must(sources.ReadDir("assets")) {
		body := must(sources.ReadFile("assets/" + source.Name()))
		name, made, err := asset.NewHashed(source.Name(), body)
		all[source.Name()] = file{name, must(made, err)}
	}
	return all
}

// address is where a file is served, by the name of its source. It panics on one that is not there: a broken build.
func (f files) address(source string) string {
	found, known := f[source]
	if !known {
		panic("no file " + source)
	}
	return "/embed/assets/" + found.name
}

// Files serves what needs no content and no cache: the page at /embed that makes the snippets, the script at /embed.js,
// and the files of the frames below /embed/assets/, whose names change with what is in them.
func Files() http.Handler {
	mux, all := http.NewServeMux(), newFiles()
	for source, file := range all {
		mux.Handle("GET "+all.address(source), file)
	}
	// Pages of others hold this address for years, so the script behind it has to be able to change.
	mux.Handle("GET /embed.js", all["embed.js"].Lasting("public, max-age=300, stale-while-revalidate=86400"))
	mux.Handle("GET /embed", all.builder())
	return readableAbroad(mux)
}

// builder is the page that makes the snippets.
func (f files) builder() http.Handler {
	page := template.Must(template.New("builder.html").Funcs(template.FuncMap{"asset": f.address}).ParseFS(sources, "builder/builder.html"))
	var html bytes.Buffer
	if err := page.Execute(&html, nil); err != nil {
		panic(err)
	}
	file := must(asset.New("index.html", html.Bytes()))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", builderPolicy)
		w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
		w.Header().Set("Referrer-Policy", "no-referrer")
		file.ServeHTTP(w, r)
	})
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
