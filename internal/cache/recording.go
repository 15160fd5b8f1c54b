package cache

import (
	"bytes"
	"maps"
	"net/http"
	"strings"
)

// recording is what a door answered, held back.
type recording struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// record asks the door for its whole answer, whatever part of it this client needs.
func record(door http.Handler, r *http.Request) *recording {
	recorded := &recording{header: make(http.Header)}
	if r.Method == http.MethodHead || has(r.Header, "If-None-Match") || has(r.Header, "If-Modified-Since") {
		r = r.Clone(r.Context())
		if r.Method == http.MethodHead { // one answer serves both
			r.Method = http.MethodGet
		}
		r.Header.Del("If-None-Match")
		r.Header.Del("If-Modified-Since")
	}
	door.ServeHTTP(recorded, r)
	if recorded.status == 0 {
		recorded.status = http.StatusOK
	}
	return recorded
}

// mayBeKept tells whether the answer would be the same for the next who asks. Doors say no-store where it may not.
func (r *recording) mayBeKept() bool {
	switch r.status {
	case http.StatusOK, http.StatusMovedPermanently, http.StatusPermanentRedirect, http.StatusNotFound, http.StatusGone:
		return !strings.Contains(r.header.Get("Cache-Control"), "no-store")
	}
	return false
}

func (r *recording) Header() http.Header { return r.header }

func (r *recording) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recording) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(p)
}

// copyTo sends the answer as the door gave it.
func (r *recording) copyTo(w http.ResponseWriter) {
	maps.Copy(w.Header(), r.header)
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body.Bytes())
}
