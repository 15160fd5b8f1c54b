package cache

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"broadsheet/internal/content"
)

// answer is a finished response, ready to be sent as often as it is asked for.
type answer struct {
	status   int
	header   http.Header // as the door gave it, and what caches further out are told
	body     []byte
	etag     string
	gzipETag string

	gzipOnce sync.Once
	gzipped  []byte // nil if it would not be smaller
}

// leastToCompress is the size below which the header of gzip eats up what it saves (RFC 1952).
const leastToCompress = 512

func newAnswer(status int, header http.Header, body []byte) *answer {
	sum := sha256.Sum256(body)
	tag := hex.EncodeToString(sum[:12])
	a := &answer{status: status, header: header.Clone(), body: body, etag: `"` + tag + `"`, gzipETag: `"` + tag + `-gzip"`}
	a.header.Add("Vary", "Accept-Encoding, Authorization, X-Api-Key")
	a.header.Del("Content-Length")
	return a
}

// compressed is the body as gzip writes it, made when somebody first wants it; nil if that is not smaller.
func (a *answer) compressed() []byte {
	a.gzipOnce.Do(func() {
		if len(a.body) < leastToCompress {
			return
		}
		var out bytes.Buffer
		zip := gzip.NewWriter(&out)
		_, _ = zip.Write(a.body) // a buffer takes everything
		_ = zip.Close()
		if out.Len() < len(a.body) {
			a.gzipped = bytes.Clone(out.Bytes())
		}
	})
	return a.gzipped
}

// send answers a request with it, or with 304 if the client has it already (RFC 9110, section 13.1.2).
func (a *answer) send(w http.ResponseWriter, r *http.Request) {
	body, etag, header := a.body, a.etag, w.Header()
	if accepted := r.Header.Get("Accept-Encoding"); accepted != "" && acceptsGzip(accepted) {
		if compressed := a.compressed(); compressed != nil {
			body, etag = compressed, a.gzipETag
			header["Content-Encoding"] = []string{"gzip"}
		}
	}
	maps.Copy(header, a.header)
	header["Etag"] = []string{etag}
	if match := r.Header.Get("If-None-Match"); match != "" && r.Method != http.MethodPost && matches(match, etag) {
		header.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

func matches(list, etag string) bool {
	for candidate := range strings.SplitSeq(list, ",") {
		if candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/"); candidate == etag || candidate == "*" {
			return true
		}
	}
	return false
}

// acceptsGzip reads Accept-Encoding (RFC 9110, section 12.5.3) as far as it matters: a coding with q=0 is refused.
func acceptsGzip(accepted string) bool {
	for part := range strings.SplitSeq(accepted, ",") {
		coding, parameters, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding = strings.TrimSpace(coding); coding != "gzip" && coding != "*" {
			continue
		}
		quality, _ := strings.CutPrefix(strings.ReplaceAll(parameters, " ", ""), "q=")
		if value, err := strconv.ParseFloat(quality, 64); err != nil || value > 0 {
			return true
		}
	}
	return false
}

// surrogateKeys names the dependencies for caches further out, short: a list's places are left out.
func surrogateKeys(dependencies []content.Dependency) string {
	seen := make(map[content.Key]struct{}, len(dependencies))
	var names []string
	for _, d := range dependencies {
		if _, known := seen[d.Key]; !known {
			seen[d.Key] = struct{}{}
			names = append(names, d.String())
		}
	}
	return strings.Join(names, " ")
}
