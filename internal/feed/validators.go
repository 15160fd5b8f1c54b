package feed

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"broadsheet/internal/content"
	"broadsheet/internal/negotiation"
)

// validators tell a client whether it has an answer already (RFC 9110, section 8.8). They are those of the moment at which
// the newsroom is seen: nothing of an answer has to be read to compare them.
type validators struct {
	etag     string
	modified time.Time // the zero time if it cannot be told
}

func (d *door) validators(ctx context.Context, m content.Moment) validators {
	etag := fmt.Sprintf(`"%x-%x-%s%s"`, m.Position, m.DueAt.UnixMicro(), d.version, content.AudienceOf(ctx).CacheKey())
	return validators{etag, m.Time(d.now())}
}

// lifetime is what caches are told. A cache of ours in front of the door knows better.
const lifetime = "public, max-age=60, stale-while-revalidate=300"

func (v validators) set(header http.Header) {
	header.Set("Etag", v.etag)
	header.Set("Cache-Control", lifetime)
	if !v.modified.IsZero() {
		header.Set("Last-Modified", v.modified.Format(http.TimeFormat))
	}
}

// write answers with a body, or with 304 to who wants it only if there is none at all (RFC 9110, section 13.1.2).
func (v validators) write(w http.ResponseWriter, r *http.Request, mediaType string, body []byte) {
	if negotiation.Any(r.Header) {
		v.notModified(w)
		return
	}
	v.set(w.Header())
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

func (v validators) notModified(w http.ResponseWriter) {
	v.set(w.Header())
	w.WriteHeader(http.StatusNotModified)
}

// match compares, before anything is read.
func (v validators) match(asked http.Header) bool {
	return !negotiation.Any(asked) && negotiation.Known(asked, v.etag, v.modified)
}
