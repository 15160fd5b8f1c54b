package cache

import (
	"bytes"
	"io"
	"net/http"
	"slices"

	"broadsheet/internal/content"
)

// requestKey appends what names the answer to a request: two requests with the same key get the same answer. It is the
// one place that knows which parts of a request an answer may depend on. The body can be read again.
func requestKey(key []byte, r *http.Request, mostBytes int64) (_ []byte, cacheable bool) {
	method := r.Method
	switch method {
	case http.MethodGet, http.MethodPost:
	case http.MethodHead: // one answer serves both
		method = http.MethodGet
	default:
		return key, false
	}
	audience := content.AudienceOf(r.Context())
	if has(r.Header, "Broadsheet-Cost") || audience == nil && has(r.Header, "Authorization") {
		return key, false
	}
	for _, part := range [...]string{method, r.URL.Path, r.URL.RawQuery, audience.CacheKey(), audience.SharedWith(first(r.Header, "Origin")), first(r.Header, "Content-Type"), first(r.Header, "Content-Encoding")} {
		key = append(append(key, part...), 0)
	}
	for _, accepted := range r.Header["Accept"] {
		key = append(append(key, accepted...), ',')
	}
	key = append(key, 0)
	if method == http.MethodGet {
		return key, true
	}
	return appendBody(key, r, mostBytes)
}

// appendBody is false if the body has more bytes than are looked at, or cannot be read: the door will say so.
func appendBody(key []byte, r *http.Request, mostBytes int64) ([]byte, bool) {
	if r.ContentLength > mostBytes {
		return key, false
	}
	head := len(key)
	key = slices.Grow(key, int(max(r.ContentLength, 512))+1)
	for {
		if len(key) == cap(key) {
			key = slices.Grow(key, cap(key))
		}
		n, err := r.Body.Read(key[len(key):cap(key)])
		key = key[:len(key)+n]
		complete, tooLong := err == io.EOF, int64(len(key)-head) > mostBytes
		if complete || tooLong || err != nil {
			r.Body = &replayed{*bytes.NewReader(key[head:]), r.Body}
			return key, complete && !tooLong
		}
	}
}

// replayed is a body of which some was read before, with the rest of it.
type replayed struct {
	read bytes.Reader
	rest io.ReadCloser
}

func (b *replayed) Read(p []byte) (int, error) {
	if b.read.Len() > 0 {
		return b.read.Read(p)
	}
	return b.rest.Read(p)
}

func (b *replayed) Close() error { return b.rest.Close() }

// first and has take the names as net/http writes them, and so do not look for another spelling each time.
func first(header http.Header, name string) string {
	if values := header[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

func has(header http.Header, name string) bool { return len(header[name]) > 0 }
