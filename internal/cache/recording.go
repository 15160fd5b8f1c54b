package cache

import (
	"bytes"
	"maps"
	"net/http"
)

// recording is what a door answered, held back.
type recording struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func record(door http.Handler, r *http.Request) *recording {
	recorded := &recording{header: make(http.Header)}
	if r.Method == http.MethodHead { // one answer serves both
		r = r.Clone(r.Context())
		r.Method = http.MethodGet
	}
	door.ServeHTTP(recorded, r)
	if recorded.status == 0 {
		recorded.status = http.StatusOK
	}
	return recorded
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
