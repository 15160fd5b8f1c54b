package demo

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"strings"
	"time"
)

// assetPath is where Handler has to be mounted.
const assetPath = "/demo/"

//go:embed videos/*.mp4
var films embed.FS

// Handler serves the pictures and films of the demo newsroom below /demo/: images/NAME.svg and videos/NAME.mp4. It takes
// GET and HEAD; conditional and range requests are answered.
func Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+assetPath+"images/{file}", servePicture)
	mux.HandleFunc("GET "+assetPath+"videos/{file}", serveFilm)
	return mux
}

func servePicture(w http.ResponseWriter, r *http.Request) {
	name, isSVG := strings.CutSuffix(r.PathValue("file"), ".svg")
	drawn, known := picture(name)
	if !isSVG || !known {
		http.NotFound(w, r)
		return
	}
	serve(w, r, "image/svg+xml", drawn)
}

func serveFilm(w http.ResponseWriter, r *http.Request) {
	film, err := fs.ReadFile(films, "videos/"+r.PathValue("file"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	serve(w, r, "video/mp4", film)
}

func serve(w http.ResponseWriter, r *http.Request, contentType string, content []byte) {
	sum := sha256.Sum256(content)
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("ETag", `"`+hex.EncodeToString(sum[:12])+`"`)
	h.Set("Cache-Control", "public, max-age=604800, stale-while-revalidate=86400")
	// A picture opened as a page of its own can run and load nothing.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Access-Control-Allow-Origin", "*")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}
