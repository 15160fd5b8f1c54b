package partner

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"strings"
	"time"

	"broadsheet/internal/content"
)

// usageDays is how far back partners are told what they used, today among them.
const usageDays = 30

// account is what a partner is told of itself.
type account struct {
	Partner string  `json:"partner"`
	Quota   Quota   `json:"quota"`
	Usage   []Usage `json:"usage"` // by day of UTC and door
}

// UsageDoor tells each partner what they have used: as JSON, or to browsers, which ask for the key as a password, as a page.
// What was asked within the last second may not be counted yet.
func (p *Partners) UsageDoor() http.Handler {
	door := Door{Name: "usage"}
	return p.Identify(door, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asPage := strings.Contains(r.Header.Get("Accept"), "text/html")
		caller, known := r.Context().Value(callerKey{}).(*caller)
		if !known {
			door.refuse(w, r, unauthenticated("Partners are told what they use, each for themselves. Show your key: "+keyPrefix+"…", asPage))
			return
		}
		told, problem := p.account(r, caller)
		if problem != nil {
			door.refuse(w, r, problem)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		if asPage {
			told.show(w)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(told)
	}))
}

func (p *Partners) account(r *http.Request, caller *caller) (*account, *Problem) {
	book := Book{DB: p.db}
	of, err := book.Find(r.Context(), caller.Partner)
	if err == nil && of != nil {
		var rows []Usage
		if rows, err = book.Usage(r.Context(), of.Slug, p.now().AddDate(0, 0, 1-usageDays)); err == nil {
			return &account{of.Slug, of.Quota, rows}, nil
		}
	}
	p.log.ErrorContext(r.Context(), "usage", "error", err, "request", r.Header.Get("X-Request-Id"))
	return nil, &Problem{Type: "about:blank", Title: "Service Unavailable", Status: http.StatusServiceUnavailable,
		Detail: "What you used cannot be read at the moment. Try again shortly.", Code: content.Unavailable, wait: 5 * time.Second}
}

//go:embed usage.html
var usageHTML string

var usagePage = template.Must(template.New("usage").Parse(usageHTML))

// usagePolicy allows the page its own style, known by its hash, the empty icon, and nothing else.
var usagePolicy = func() string {
	_, style, _ := strings.Cut(usageHTML, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}()

func (a *account) show(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", usagePolicy)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_ = usagePage.Execute(w, a)
}
