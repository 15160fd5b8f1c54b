package widget

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strings"

	"broadsheet/internal/content"
)

//go:embed frames/*.html
var templates embed.FS

// pages are the templates of the frames, by name.
type pages struct {
	byName map[string]*template.Template
	files  files
}

func newPages() *pages {
	p := &pages{byName: map[string]*template.Template{}, files: newFiles()}
	base := template.Must(template.New("frame.html").Funcs(template.FuncMap{"asset": p.files.address, "dir": direction}).
		ParseFS(templates, "frames/frame.html", "frames/parts.html"))
	for _, name := range []string{"article", "feed", "campaign", "notice"} {
		p.byName[name] = template.Must(template.Must(base.Clone()).ParseFS(templates, "frames/"+name+".html"))
	}
	return p
}

// frame is what every frame shows or says to the browser.
type frame struct {
	options
	Title string // of the document
	Lang  string // of what it shows
	URL   string // where the same stands on the newsroom's site; empty if nowhere
	Site  *content.Site
	Words words
	Of    any // what the frame is about

	// Anywhere says that every page may embed it. Then a frame in a sandbox can read more, though it has no origin.
	Anywhere bool
}

// About is the frame, being about something in it.
func (f frame) About(what any) frame {
	f.Of = what
	return f
}

// show sends a frame.
func (d *door) show(w http.ResponseWriter, r *http.Request, page string, status int, f frame) {
	audience := content.AudienceOf(r.Context())
	f.Anywhere = audience.Anywhere()
	var html bytes.Buffer
	if err := d.pages.byName[page].ExecuteTemplate(&html, "frame.html", f); err != nil {
		panic(err) // the template and its data are ours: a broken build
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy(audience))
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	h.Set("X-Robots-Tag", "noindex") // the story itself is what search engines should lead to
	h.Set("Cache-Control", lifetime)
	if status != http.StatusOK {
		h.Set("Cache-Control", "no-store")
	}
	if f.URL != "" && f.URL != f.Site.URL { // of the site as a whole there is no oEmbed answer
		for _, link := range discovery(d.Origin, f.URL) {
			h.Add("Link", link)
		}
	}
	w.WriteHeader(status)
	_, _ = w.Write(html.Bytes())
}

// policy lets a frame load its own style and script, pictures from wherever the newsroom keeps them, and nothing else.
// Where the licence names origins it may stand on their pages, and on ours.
func policy(audience *content.Audience) string {
	ancestors := "*"
	if !audience.Anywhere() {
		ancestors = strings.Join(append([]string{"'self'"}, audience.FrameOrigins...), " ")
	}
	return strings.Join([]string{
		"default-src 'none'", "style-src 'self'", "script-src 'self'", "connect-src 'self'", "img-src https: http: data:",
		"base-uri 'none'", "form-action 'none'", "frame-ancestors " + ancestors,
	}, "; ")
}

// notice is what a frame says in the place of what is not there.
type notice struct {
	Sentence string // for readers
	Detail   string // for the owner of the page around the frame; empty if there is nothing to do
}

func (d *door) notice(w http.ResponseWriter, r *http.Request, o options, status int, of func(words) notice) {
	site, err := d.Content.Site(r.Context())
	if err != nil { // the sentence can do without
		site = &content.Site{Locale: "en"}
	}
	f := d.frame(o, site)
	said := of(f.Words)
	f.Title, f.Of = said.Sentence, said
	d.show(w, r, "notice", status, f)
}

func (d *door) frame(o options, site *content.Site) frame {
	return frame{options: o, Site: site, Lang: site.Locale, Words: wordsFor(site.Locale)}
}

func (d *door) missing(w http.ResponseWriter, r *http.Request, o options) {
	d.notice(w, r, o, http.StatusNotFound, func(say words) notice { return notice{Sentence: say.Missing} })
}

func (d *door) nothing(w http.ResponseWriter, r *http.Request) { d.missing(w, r, usualOptions("")) }

func (d *door) fail(w http.ResponseWriter, r *http.Request, o options, err error) {
	status, message := d.refusal(w, r, err)
	d.notice(w, r, o, status, func(words) notice { return notice{Sentence: message} })
}
