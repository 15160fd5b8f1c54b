package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	forever    = "public, max-age=31536000, immutable"
	revalidate = "no-cache"
)

// hashed matches the file names that change whenever the content does, such as worker-4WG62FMZ.js.
var hashed = regexp.MustCompile(`-[0-9A-Z]{8}\.[a-z]+$`)

// asset is a file as it is sent. Most are kept compressed only, as they are in the binary: a client that does not
// take gzip gets them unpacked, which is rare enough to do it for each request.
type asset struct {
	contentType string
	lasting     string // Cache-Control
	etag        string // without quotes
	body        []byte
	packed      bool // body is gzip
}

// newAsset makes an asset of a file; names ending in .gz are those of packed files.
func newAsset(name string, body []byte) (asset, error) {
	name, packed := strings.CutSuffix(name, ".gz")
	contentType, known := contentTypes[path.Ext(name)]
	if !known {
		return asset{}, fmt.Errorf("no content type is known for %s", name)
	}
	lasting := revalidate
	if hashed.MatchString(name) {
		lasting = forever
	}
	return asset{contentType, lasting, digest(body), body, packed}, nil
}

var contentTypes = map[string]string{
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".ttf":  "font/ttf",
	".txt":  "text/plain; charset=utf-8",
}

func (a asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, etag := a.body, a.etag
	if a.packed {
		w.Header().Add("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			w.Header().Set("Content-Encoding", "gzip")
			etag += "-gzip" // another representation, another tag
		} else {
			body = unpack(body)
		}
	}
	w.Header().Set("Content-Type", a.contentType)
	w.Header().Set("Cache-Control", a.lasting)
	w.Header().Set("ETag", strconv.Quote(etag))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// acceptsGzip reads an Accept-Encoding header (RFC 9110, section 12.5.3).
func acceptsGzip(header string) bool {
	accepts := false
	for entry := range strings.SplitSeq(header, ",") {
		coding, parameters, _ := strings.Cut(entry, ";")
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip":
			return !refused(parameters)
		case "*":
			accepts = !refused(parameters)
		}
	}
	return accepts
}

func refused(parameters string) bool {
	weight, found := strings.CutPrefix(strings.ToLower(strings.TrimSpace(parameters)), "q=")
	q, err := strconv.ParseFloat(weight, 64)
	return found && (err != nil || q == 0)
}

// unpack returns what was compressed. It panics on what is not gzip: that would be a broken build, not a broken request.
func unpack(packed []byte) []byte {
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		panic(err)
	}
	body, err := io.ReadAll(reader)
	if err != nil {
		panic(err)
	}
	return body
}

func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
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
