package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"broadsheet/internal/negotiation"
)

// answer is a finished response, ready to be sent as often as it is asked for.
type answer struct {
	status       int
	body         []byte
	etag         string    // of the body as it is, without quotes
	lastModified time.Time // to the second
	plain        form
	coded        [len(codings{})]codedForm
}

// form is what goes over the wire.
type form struct {
	header http.Header // nobody may change it
	body   []byte
}

// codedForm is made when somebody first wants it.
type codedForm struct {
	once sync.Once
	form
}

// newAnswer is made from what was read at a time. It takes the header over.
func newAnswer(status int, header http.Header, body []byte, readAt time.Time) *answer {
	sum := sha256.Sum256(body)
	a := &answer{status: status, body: body, etag: hex.EncodeToString(sum[:12])}
	// A later answer may have been read within the same second, but never within one that is over.
	a.lastModified = readAt.Truncate(time.Second).Add(time.Second)
	header.Set("Vary", strings.Join(append(header["Vary"], "Accept-Encoding", "Authorization", "X-Api-Key"), ", "))
	header.Set("Last-Modified", a.lastModified.UTC().Format(http.TimeFormat))
	a.plain = newForm(header, body, a.etag, "")
	return a
}

func newForm(header http.Header, body []byte, etag, coding string) form {
	header = maps.Clone(header)
	if coding != "" {
		header.Set("Content-Encoding", coding)
		etag += "-" + coding
	}
	header.Set("Etag", strconv.Quote(etag))
	header.Set("Content-Length", strconv.Itoa(len(body)))
	return form{header, body}
}

// settled is how long after its moment Last-Modified is told: longer than another node may take to hear of a change, or to
// find out that it hears of none. Two nodes then tell of one moment only if they have the same.
const settled = 5 * time.Second

// headerBytes is what the values in the header take in memory; all forms share them.
func (a *answer) headerBytes() (sum int) {
	for _, values := range a.plain.header {
		for _, value := range values {
			sum += len(value)
		}
	}
	return sum
}

// send answers a request with it, or with 304 if the client has it already (RFC 9110, section 13.2.2).
func (a *answer) send(w http.ResponseWriter, r *http.Request, now time.Time, codings *codings) {
	sent, header := a.formFor(r, codings), w.Header()
	maps.Copy(header, sent.header)
	if now.Sub(a.lastModified) < settled {
		delete(header, "Last-Modified")
	}
	if r.Method != http.MethodPost && a.status == http.StatusOK && negotiation.Known(r.Header, sent.header["Etag"][0], a.lastModified) {
		for _, ofBody := range []string{"Content-Encoding", "Content-Length", "Content-Type"} {
			delete(header, ofBody)
		}
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(sent.body)
	}
}

// formFor is that which the client wants most.
func (a *answer) formFor(r *http.Request, codings *codings) *form {
	c := codings.accepted(r.Header["Accept-Encoding"])
	if c == nil || len(a.body) < leastToCompress {
		return &a.plain
	}
	coded := &a.coded[c.place]
	coded.once.Do(func() {
		coded.form = a.plain
		if body := c.compress(a.body); len(body) < len(a.body) {
			coded.form = newForm(a.plain.header, body, a.etag, c.name)
		}
	})
	return &coded.form
}
