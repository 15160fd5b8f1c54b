package cache

import (
	"crypto/sha256"
	"encoding/hex"
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
	tag          string    // of the body as it is, without quotes
	lastModified time.Time // to the second
	modified     []string  // the same, as a header has it
	vary         []string
	plain        form
	coded        [len(codings{})]codedForm
}

// form is what goes over the wire. Nobody may change the values, which all who are sent them share.
type form struct {
	header []field
	etag   []string
	body   []byte
}

type field struct {
	name   string
	values []string
}

// codedForm is made when somebody first wants it.
type codedForm struct {
	once sync.Once
	form
}

// newAnswer is made from what was read at a time. It takes the header over.
func newAnswer(status int, header http.Header, body []byte, readAt time.Time) *answer {
	sum := sha256.Sum256(body)
	a := &answer{status: status, body: body, tag: hex.EncodeToString(sum[:12])}
	// A later answer may have been read within the same second, but never within one that is over.
	a.lastModified = readAt.Truncate(time.Second).Add(time.Second)
	a.modified = []string{a.lastModified.UTC().Format(http.TimeFormat)}
	a.vary = []string{strings.Join(append(header["Vary"], "Accept-Encoding", "Authorization", "X-Api-Key"), ", ")}
	delete(header, "Vary")
	a.plain = newForm(header, a.tag, body)
	return a
}

func newForm(header http.Header, tag string, body []byte) form {
	f := form{make([]field, 0, len(header)+1), []string{strconv.Quote(tag)}, body}
	for name, values := range header {
		f.header = append(f.header, field{name, values})
	}
	f.header = append(f.header, field{"Content-Length", []string{strconv.Itoa(len(body))}})
	return f
}

// settled is how long after its moment Last-Modified is told: longer than another node may take to hear of a change, or to
// find out that it hears of none. Two nodes then tell of one moment only if they have the same.
const settled = 5 * time.Second

// headerBytes is what the values in the header take in memory; all forms share them.
func (a *answer) headerBytes() int {
	sum := len(a.vary[0])
	for _, f := range a.plain.header {
		for _, value := range f.values {
			sum += len(value)
		}
	}
	return sum
}

// send answers a request with it, or with 304 if the client has it already (RFC 9110, section 13.2.2).
func (a *answer) send(w http.ResponseWriter, r *http.Request, now time.Time, codings *codings) {
	sent, header := a.formFor(r, codings), w.Header()
	for i := range sent.header {
		header[sent.header[i].name] = sent.header[i].values
	}
	header["Vary"] = a.vary
	// Nobody validates the answer to a POST.
	if r.Method != http.MethodPost && a.validate(header, r, sent, now) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(sent.body)
	}
}

// validate adds what the answer can be validated by, and tells whether the client is known to have it.
func (a *answer) validate(header http.Header, r *http.Request, sent *form, now time.Time) bool {
	header["Etag"] = sent.etag
	if now.Sub(a.lastModified) >= settled {
		header["Last-Modified"] = a.modified
	}
	if a.status != http.StatusOK || !negotiation.Known(r.Header, sent.etag[0], a.lastModified) {
		return false
	}
	for _, ofBody := range []string{"Content-Encoding", "Content-Length", "Content-Type"} {
		delete(header, ofBody)
	}
	return true
}

// formFor is that which the client wants most.
func (a *answer) formFor(r *http.Request, codings *codings) *form {
	c := codings.accepted(r.Header["Accept-Encoding"])
	if c == nil || len(a.body) < leastToCompress {
		return &a.plain
	}
	coded := &a.coded[c.place]
	coded.once.Do(func() { coded.form = a.compressed(c) })
	return &coded.form
}

// compressed is the plain form where compression gains nothing.
func (a *answer) compressed(c *coding) form {
	body := c.compress(a.body)
	if len(body) >= len(a.body) {
		return a.plain
	}
	header := http.Header{"Content-Encoding": {c.name}}
	for _, f := range a.plain.header {
		header[f.name] = f.values
	}
	delete(header, "Content-Length")
	return newForm(header, a.tag+"-"+c.name, body)
}
