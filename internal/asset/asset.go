// Package asset serves the files that the program brings along, and pages made once.
package asset

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"broadsheet/internal/negotiation"
)

const (
	forever    = "public, max-age=31536000, immutable"
	revalidate = "no-cache"
)

// hashed matches the file names that change whenever the content does, such as worker-4WG62FMZ.js.
var hashed = regexp.MustCompile(`-[0-9A-Z]{8}\.[a-z]+$`)

// File is a file as it is sent. Most are kept compressed only, as they are in the binary: a client that does not
// take gzip gets them unpacked, which is rare enough to do it for each request.
type File struct {
	contentType string
	lasting     string // Cache-Control
	etag        string // without quotes
	body        []byte
	packed      bool // body is gzip
}

// New makes a File of a file's content; names ending in .gz are those of packed files. A name that changes with the
// content may be kept for ever, others are asked for again each time. It fails for an extension that it does not know.
func New(name string, body []byte) (File, error) {
	name, packed := strings.CutSuffix(name, ".gz")
	contentType, known := contentTypes[path.Ext(name)]
	if !known {
		return File{}, fmt.Errorf("no content type is known for %s", name)
	}
	lasting := revalidate
	if hashed.MatchString(name) {
		lasting = forever
	}
	return File{contentType, lasting, digest(body), body, packed}, nil
}

// NewHashed packs a file and makes a name for it that changes whenever its content does: frame.css becomes something
// like frame-4WG62FMZ.css.
func NewHashed(name string, body []byte) (hashedName string, f File, err error) {
	sum := sha256.Sum256(body)
	extension := path.Ext(name)
	hashedName = strings.TrimSuffix(name, extension) + "-" + base32.StdEncoding.EncodeToString(sum[:5]) + extension
	f, err = New(hashedName+".gz", pack(body))
	return hashedName, f, err
}

// Lasting returns the file with another Cache-Control.
func (f File) Lasting(cacheControl string) File {
	f.lasting = cacheControl
	return f
}

var contentTypes = map[string]string{
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".ttf":  "font/ttf",
	".txt":  "text/plain; charset=utf-8",
}

func (f File) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, etag := f.body, f.etag
	if f.packed {
		w.Header().Add("Vary", "Accept-Encoding")
		if negotiation.Coding(r.Header["Accept-Encoding"], "gzip") != "" {
			w.Header().Set("Content-Encoding", "gzip")
			etag += "-gzip" // another representation, another tag
		} else {
			body = unpack(body)
		}
	}
	w.Header().Set("Content-Type", f.contentType)
	w.Header().Set("Cache-Control", f.lasting)
	w.Header().Set("ETag", strconv.Quote(etag))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

func pack(body []byte) []byte {
	var packed bytes.Buffer
	writer, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // fails for unknown levels alone
	_, _ = writer.Write(body)                                       // a buffer takes everything
	_ = writer.Close()
	return packed.Bytes()
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
