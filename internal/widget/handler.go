// Package widget is the embed door: what partner sites paste into their pages. It gives oEmbed answers, pages to be
// shown in frames, a script with web components that draw such frames, and a page that makes the snippets.
package widget

import (
	"context"
	"log/slog"
	"net/http"

	"broadsheet/internal/content"
)

// Options of the door.
type Options struct {
	Content *content.Service
	Origin  string // where the world reaches the door, such as https://content.example.org
	Log     *slog.Logger
}

// door answers what is made of the newsroom's content.
type door struct {
	Options
	pages *pages
}

// Handler serves /oembed and the frames below /embed/. Each of its answers may be kept until the content changes.
type Handler struct {
	http.Handler
	door *door
}

// NewHandler returns the door.
func NewHandler(o Options) *Handler {
	d := &door{o, newPages()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /oembed", d.oEmbed)
	mux.HandleFunc("GET /embed/articles/{slug}", d.article)
	mux.HandleFunc("GET /embed/feeds/latest", d.latest)
	mux.HandleFunc("GET /embed/feeds/tags/{slug}", d.tag)
	mux.HandleFunc("GET /embed/feeds/authors/{slug}", d.author)
	mux.HandleFunc("GET /embed/feeds/saved/{slug}", d.saved)
	mux.HandleFunc("GET /embed/campaigns/{slug}", d.campaign)
	mux.HandleFunc("GET /embed/", d.nothing)
	return &Handler{readableAbroad(mux), d}
}

// Refuse tells somebody whose token opens nothing, or no more for now, why: a reader inside the frame, a program as a
// problem. The detail is for those whose page it is.
func (h *Handler) Refuse(w http.ResponseWriter, r *http.Request, status int, detail string) {
	refusal := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/oembed" {
			asked, _ := parseOEmbed(r.URL.RawQuery)
			decline(w, asked.format, status, detail)
			return
		}
		o, err := parseOptions(r.URL.RawQuery, layoutCard, layoutCompact, layoutList, layoutRail)
		if err != nil {
			o = usualOptions(layoutCard)
		}
		h.door.notice(w, r, o, status, func(say words) notice { return notice{Sentence: say.Closed, Detail: detail} })
	})
	readableAbroad(refusal).ServeHTTP(w, r)
}

// readableAbroad lets scripts of those pages read the answers that the licence lets embed. There are no cookies: who may
// read is decided by what the request itself holds. A frame of ours in a sandbox has no origin of its own, and reads its
// next page, where every page may.
func readableAbroad(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, with := w.Header(), content.AudienceOf(r.Context()).SharedWith(r.Header.Get("Origin"))
		if with != "" {
			h.Set("Access-Control-Allow-Origin", with)
		}
		if with != "*" {
			h.Add("Vary", "Origin")
		}
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// lifetime is what an answer is told where no cache of ours stands before the door to say it better.
const lifetime = "public, max-age=60"

// find is one of the service's ways to look up what stands at a slug or an address, which may be an old one.
type find func(ctx context.Context, asked *content.Selection, at string) (content.Resolution, error)

// current follows an old slug or address to what stands at the new one.
func (d *door) current(ctx context.Context, at find, asked *content.Selection, where string) (content.Resolution, error) {
	found, err := at(ctx, asked, where)
	if moved, isOld := found.(*content.Moved); isOld && err == nil {
		return d.Content.Resolve(ctx, asked, moved.URL)
	}
	return found, err
}

// refusal turns a failure into a status and words that may leave the house; what must not is logged.
func (d *door) refusal(w http.ResponseWriter, r *http.Request, err error) (status int, message string) {
	known := content.AsError(err)
	switch known.Code {
	case content.BadUserInput, content.BadCursor:
		status = http.StatusBadRequest
	case content.Unavailable:
		w.Header().Set("Retry-After", "5")
		status = http.StatusServiceUnavailable
	case content.Timeout:
		status = http.StatusGatewayTimeout
	default:
		status = http.StatusInternalServerError
	}
	if status >= http.StatusInternalServerError {
		d.Log.ErrorContext(r.Context(), "embed", "error", err, "code", known.Code, "request", r.Header.Get("X-Request-Id"))
	}
	return status, known.Message
}
