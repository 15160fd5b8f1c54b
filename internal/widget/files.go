package widget

import (
	"embed"
	"net/http"

	"broadsheet/internal/asset"
)

//go:embed assets
var sources embed.FS

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

// Files serves what needs no content and no cache: the script at /embed.js and the files of the frames below
// /embed/assets/, whose names change with what is in them.
func Files() http.Handler {
	mux, all := http.NewServeMux(), newFiles()
	for source, file := range all {
		mux.Handle("GET "+all.address(source), file)
	}
	// Pages of others hold this address for years, so the script behind it has to be able to change.
	mux.Handle("GET /embed.js", all["embed.js"].Lasting("public, max-age=300, stale-while-revalidate=86400"))
	return readableAnywhere(mux)
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
