package feed

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"broadsheet/internal/content"
)

// Options of the door.
type Options struct {
	Origin string // where the world reaches this server, such as https://content.example.org; feeds name themselves by it
	Hub    string // address of a WebSub hub that is told when feeds change; empty if there is none
	Log    *slog.Logger
	Now    func() time.Time // time.Now if nil
}

// format is a way to write feeds.
type format struct {
	extension string
	mediaType string
	append    func(buffer []byte, f *feed) []byte
}

func formatOf(extension string) *format {
	switch extension {
	case "rss":
		return &format{"rss", "application/rss+xml; charset=utf-8", appendRSS}
	case "atom":
		return &format{"atom", "application/atom+xml; charset=utf-8", appendAtom}
	case "ninjs":
		return &format{"ninjs", "application/json; charset=utf-8", appendNinjs}
	case "json":
		return &format{"json", "application/feed+json; charset=utf-8", appendJSONFeed}
	default:
		return nil
	}
}

// longestAnswer bounds the time that an answer may take; its SQL is cancelled then.
const longestAnswer = 10 * time.Second

type door struct {
	content *content.Service
	now     func() time.Time
	origin  string
	hub     string
	log     *slog.Logger
	version string // of the program: another one may write the same articles otherwise
}

// NewHandler answers at /feeds/, /retractions, /sitemap.xml, /sitemaps/ and /news-sitemap.xml.
func NewHandler(service *content.Service, o Options) http.Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	d := &door{content: service, now: o.Now, origin: o.Origin, hub: o.Hub, log: o.Log, version: build()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /feeds/", d.serve(d.feed))
	mux.HandleFunc("GET /retractions", d.serve(d.retractions))
	mux.HandleFunc("GET /sitemap.xml", d.serve(d.sitemapIndex))
	mux.HandleFunc("GET /sitemaps/", d.serve(d.sitemapFile))
	mux.HandleFunc("GET /news-sitemap.xml", d.serve(d.newsSitemap))
	return mux
}

// serve turns what goes wrong into a status and a text.
func (d *door) serve(answer func(context.Context, http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), longestAnswer)
		defer cancel()
		err := answer(ctx, w, r)
		if err == nil {
			return
		}
		if to, ok := errors.AsType[*moved](err); ok {
			asked, _ := parse(r.URL)
			asked.slug = to.slug
			http.Redirect(w, r, asked.address("", asked.after), http.StatusMovedPermanently)
			return
		}
		d.refuse(ctx, w, r, err)
	}
}

func (d *door) refuse(ctx context.Context, w http.ResponseWriter, r *http.Request, err error) {
	known, status := content.AsError(err), http.StatusBadRequest
	message := known.Message
	switch known.Code {
	case content.BadCursor:
		message = "after is not a place in this feed. Follow the feed's own link to the next page, unchanged."
	case content.Unavailable:
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "1")
	case content.Timeout:
		status = http.StatusGatewayTimeout
	case content.Internal:
		status = http.StatusInternalServerError
	}
	if cause := errors.Unwrap(known); cause != nil && status >= http.StatusInternalServerError {
		d.log.ErrorContext(ctx, "feed", "path", r.URL.Path, "error", cause, "request", r.Header.Get("X-Request-Id"))
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, message, status)
}

func (d *door) feed(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	asked, err := parse(r.URL)
	if err != nil {
		return err
	}
	if asked == nil {
		notFound(w, "There is no feed at this address. Try /feeds/latest.rss, /feeds/tags/SLUG.atom or /feeds/authors/SLUG.json.")
		return nil
	}
	from, err := d.source(ctx, asked)
	if err != nil {
		return err
	}
	if from == nil {
		notFound(w, "The newsroom has nothing of this name.")
		return nil
	}
	masthead, err := d.content.Masthead(ctx, from.remembers())
	if err != nil {
		return err
	}
	have := d.validators(ctx, from.moment(masthead.Moment))
	if have.match(r.Header) {
		have.notModified(w)
		return nil
	}
	f, err := d.load(ctx, asked, from, masthead)
	if err != nil {
		return err
	}
	if f == nil {
		notFound(w, "The newsroom has nothing of this name.")
		return nil
	}
	link(w.Header(), f)
	have.write(w, r, asked.format.mediaType, asked.format.append(make([]byte, 0, f.size()), f))
	return nil
}

// link says where the feed is and which hub tells of its changes (W3C WebSub, section 4).
func link(header http.Header, f *feed) {
	header.Add("Link", "<"+f.self+`>; rel="self"`)
	if f.next != "" {
		header.Add("Link", "<"+f.next+`>; rel="next"`) // ninjs has no other place for it
	}
	if f.hub != "" {
		header.Add("Link", "<"+f.hub+`>; rel="hub"`)
	}
}

func notFound(w http.ResponseWriter, message string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, message, http.StatusNotFound)
}
