package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"broadsheet/internal/content"
)

// receive reads the request, or says why it is none of GraphQL over HTTP.
func receive(w http.ResponseWriter, r *http.Request, mediaType string, mostBytes int64) (*request, *answer) {
	var asked *request
	var refusal *answer
	switch {
	case r.Method != http.MethodPost && r.Method != http.MethodGet && r.Method != http.MethodHead:
		return nil, malformed(http.StatusMethodNotAllowed, "Send queries by POST or GET, not by another method.")
	case mediaType == "":
		return nil, malformed(http.StatusNotAcceptable, "The answer is %s or %s, and the header Accept allows neither. "+
			"To write queries in a browser, open /playground.", responseType, legacyType)
	case r.Method == http.MethodPost:
		asked, refusal = receiveBody(w, r, mostBytes)
	default:
		asked, refusal = receiveAddress(r, mostBytes)
	}
	if refusal != nil {
		return nil, refusal
	}
	asked.header = r.Header
	return asked, nil
}

func receiveBody(w http.ResponseWriter, r *http.Request, mostBytes int64) (*request, *answer) {
	if !isJSON(r.Header.Get("Content-Type")) {
		return nil, malformed(http.StatusUnsupportedMediaType, "The header Content-Type has to be application/json, in UTF-8.")
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return nil, malformed(http.StatusUnsupportedMediaType, "The body has to be sent as it is, without a Content-Encoding.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBytes))
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		return nil, malformed(http.StatusRequestEntityTooLarge, "The body has more than the %d bytes that are allowed.", mostBytes)
	}
	if err != nil {
		return nil, badRequest("The body ended before it was complete.")
	}
	return decodeBody(body)
}

func isJSON(contentType string) bool {
	mediaType, parameters, err := mime.ParseMediaType(contentType)
	charset, given := parameters["charset"]
	return err == nil && mediaType == legacyType && (!given || strings.EqualFold(charset, "utf-8"))
}

func receiveAddress(r *http.Request, mostBytes int64) (*request, *answer) {
	if int64(len(r.URL.RawQuery)) > mostBytes {
		return nil, malformed(http.StatusRequestURITooLong, "The address has more than the %d bytes that are allowed.", mostBytes)
	}
	return decodeAddress(r.URL.RawQuery)
}

// answer is what the client gets: a response as the GraphQL specification has it (September 2025, section 7.1).
type answer struct {
	errors     gqlerror.List
	data       json.RawMessage // nil when nothing was executed
	buffer     *[]byte         // where the data stands behind answerHead; nil: elsewhere
	extensions map[string]any
	malformed  int // the HTTP status, when the request was none of GraphQL over HTTP
}

// malformed refuses what is not GraphQL over HTTP with a status that both media types have.
func malformed(status int, format string, values ...any) *answer {
	return &answer{malformed: status, errors: gqlerror.List{coded(codeBadRequest, fmt.Sprintf(format, values...))}}
}

// Refuse answers a request that somebody before the door refuses, as GraphQL over HTTP has it.
func Refuse(w http.ResponseWriter, r *http.Request, status int, code content.Code, message string) {
	refusal := &answer{malformed: status, errors: gqlerror.List{coded(string(code), message)}}
	refusal.write(w, negotiate(r.Header.Values("Accept")))
}

func badRequest(format string, values ...any) *answer {
	return malformed(http.StatusBadRequest, format, values...)
}

// refused answers a well-formed request whose GraphQL cannot be executed.
func refused(problems ...*gqlerror.Error) *answer { return &answer{errors: problems} }

func (a *answer) write(w http.ResponseWriter, mediaType string) {
	if mediaType == "" {
		mediaType = legacyType
	}
	body, header := a.encode(), w.Header()
	header.Set("Content-Type", mediaType+"; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("X-Content-Type-Options", "nosniff")
	header.Add("Vary", "Accept, "+costHeader)
	if len(a.errors) > 0 {
		header.Set("Cache-Control", "no-store")
		if codeOf(a.errors[0]) == string(content.Unavailable) {
			header.Set("Retry-After", "1") // with either media type
		}
	}
	status := a.status(mediaType)
	switch status {
	case http.StatusMethodNotAllowed:
		header.Set("Allow", "GET, HEAD, POST")
	case http.StatusUnsupportedMediaType:
		header.Set("Accept-Post", legacyType)
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// status follows the specification's section "Status Codes". It recommends 200 also where data is null; here that is
// 5xx if the failure is ours, so that whoever watches statuses sees an outage.
func (a *answer) status(mediaType string) int {
	switch {
	case a.malformed != 0:
		return a.malformed
	case mediaType == legacyType, len(a.errors) == 0:
		return http.StatusOK
	case a.data != nil && string(a.data) != "null":
		return http.StatusOK
	}
	if status, ours := statuses[codeOf(a.errors[0])]; ours {
		return status
	}
	if a.data != nil {
		return http.StatusOK
	}
	return http.StatusBadRequest
}

// answerHead begins an answer that has nothing but data.
const answerHead = `{"data":`

// encode does not run the data through encoding/json, which would check and escape every byte of it again.
func (a *answer) encode() []byte {
	if a.data != nil && a.buffer != nil && len(a.errors) == 0 && len(a.extensions) == 0 {
		*a.buffer = append(*a.buffer, '}')
		return *a.buffer
	}
	body := append(make([]byte, 0, len(a.data)+1<<10), '{')
	if len(a.errors) > 0 {
		body = appendMember(body, "errors", mustMarshal(a.errors))
	}
	if a.data != nil {
		body = appendMember(body, "data", a.data)
	}
	if len(a.extensions) > 0 {
		body = appendMember(body, "extensions", mustMarshal(a.extensions))
	}
	return append(body, '}')
}

func appendMember(object []byte, name string, value []byte) []byte {
	if len(object) > 1 {
		object = append(object, ',')
	}
	object = append(object, '"')
	object = append(object, name...)
	object = append(object, `":`...)
	return append(object, value...)
}

func mustMarshal(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // these are texts, numbers, and lists and maps of them
	}
	return text
}
