package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"regexp"
	"strings"

	"broadsheet/internal/asset"
)

//go:embed landing/landing.html
var landingHTML string

//go:embed landing/landing.css
var landingCSS string

// LandingPage is what stands on the page at /.
type LandingPage struct {
	// Newsroom returns the newsroom's name and a sentence about it. When it fails the page does without: it also has
	// to lead somebody to the readiness door while the database is away.
	Newsroom func(context.Context) (name, description string, err error)
	// Endpoint is the path of the GraphQL door, for the line to copy.
	Endpoint string
	// Doors are listed in their order.
	Doors []Door
	// Feeds are named for readers' programs to find.
	Feeds []Feed
}

// Feed is another form of what the newsroom publishes (HTML Living Standard, link type "alternate").
type Feed struct {
	Path      string // such as /feeds/latest.rss
	MediaType string // such as application/rss+xml
}

// Door is something that the server offers at a path.
type Door struct {
	Path        string // such as /graphql
	Title       string // such as GraphQL
	Description string // one sentence, plain text
}

// Landing serves the landing page at / and nothing else.
func Landing(page LandingPage) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", landing{page, landingTemplate()})
	return secured(landingPolicy(), mux)
}

type landing struct {
	LandingPage
	template *template.Template
}

func landingTemplate() *template.Template {
	style := template.FuncMap{"style": func() template.CSS { return template.CSS(landingCSS) }}
	return template.Must(template.New("landing").Funcs(style).Parse(landingHTML))
}

// landingPolicy allows the page's own style, known by its hash, the icon, and nothing else.
func landingPolicy() string {
	sum := sha256.Sum256([]byte(landingCSS))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; img-src data:; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

func (l landing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, description, err := l.Newsroom(r.Context())
	view := struct {
		Name, Description, Origin, Endpoint string
		Reachable                           bool
		Doors                               []Door
		Feeds                               []Feed
	}{name, description, origin(r), l.Endpoint, err == nil, l.Doors, l.Feeds}
	var html bytes.Buffer
	if err := l.template.Execute(&html, view); err != nil {
		panic(err) // the template and its data are ours: a broken build
	}
	w.Header().Add("Vary", "X-Forwarded-Proto")
	must(asset.New("index.html", html.Bytes())).ServeHTTP(w, r)
}

// plainHost matches a host that can be put between quotes of a shell.
var plainHost = regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]+)?$|^\[[0-9a-fA-F:.]+\](:[0-9]+)?$`)

// origin returns the address at which the client reached this server, for lines that are copied into a shell.
func origin(r *http.Request) string {
	scheme, host := "http", "localhost"
	if r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		scheme = "https"
	}
	if plainHost.MatchString(r.Host) {
		host = r.Host
	}
	return scheme + "://" + host
}
