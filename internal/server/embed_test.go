package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/content"
	"broadsheet/internal/database/dbtest"
	"broadsheet/internal/partner"
)

// tokenOf writes a partner down and returns the token of a new key.
func (n *node) tokenOf(t *testing.T, slug string, terms func(*partner.Partner)) string {
	t.Helper()
	p := partner.Fresh(slug)
	terms(p)
	_, key := partnerKey(t, n.db, p)
	var position int64
	if err := n.db.Get(&position, `select max(position) from changes`); err != nil {
		t.Fatal(err)
	}
	if err := n.log.Wait(t.Context(), position); err != nil {
		t.Fatal(err)
	}
	return key.Token()
}

// Who may frame an embed may read it across origins, and nobody else, kept answers or not.
func TestOriginsOfALicence(t *testing.T) {
	t.Parallel()
	n := newsroomWithAStory(t)
	named := func(origins ...string) func(*partner.Partner) {
		return func(p *partner.Partner) { p.FrameOrigins = origins }
	}
	anywhere, some := n.tokenOf(t, "bugle", named()), n.tokenOf(t, "planet", named("https://planet.example", "https://*.planet.example"))
	none := n.tokenOf(t, "times", named(content.NoOrigin))
	const foreign, ofPlanet = "https://foreign.example", "'self' https://planet.example https://*.planet.example"
	for _, c := range []struct{ token, origin, shared, ancestors string }{
		{"", foreign, "*", "*"},
		{anywhere, foreign, "*", "*"},
		{some, foreign, "", ofPlanet},
		{some, "https://planet.example", "https://planet.example", ofPlanet},
		{some, "https://www.planet.example", "https://www.planet.example", ofPlanet},
		{some, "null", "", ofPlanet},
		{none, foreign, "", "'self' https://none.invalid"},
	} {
		for _, path := range []string{"/embed/articles/s?", "/oembed?url=https%3A%2F%2Fnews.example.org%2Fs%2F&"} {
			if c.token != "" {
				path += "token=" + c.token
			}
			for range 2 { // kept and not
				answer := ask(n.cached.Public, "GET", path, "", "Origin", c.origin)
				header := answer.Header()
				if got := header.Get("Access-Control-Allow-Origin"); answer.Code != http.StatusOK || got != c.shared {
					t.Errorf("%s from %s: %d, Access-Control-Allow-Origin: %q, not %q", path, c.origin, answer.Code, got, c.shared)
				}
				if varies := strings.Contains(strings.Join(header.Values("Vary"), ", "), "Origin"); varies != (c.shared != "*") {
					t.Errorf("%s from %s: Vary: %v", path, c.origin, header.Values("Vary"))
				}
				policy, inFrames := header.Get("Content-Security-Policy"), strings.HasPrefix(path, "/embed/")
				if inFrames && !strings.HasSuffix(policy, "; frame-ancestors "+c.ancestors) {
					t.Errorf("%s: %s", path, policy)
				}
			}
		}
	}
}

// Refusals are said in the tongue of whoever reads them: a page in a frame, a problem to a consumer of oEmbed.
func TestRefusalsOfEmbeds(t *testing.T) {
	t.Parallel()
	n := newsroomWithAStory(t)
	limited := n.tokenOf(t, "planet", func(p *partner.Partner) { p.PerDay = new(1) })
	question{"/feeds/latest.rss?token=" + limited, ""}.put(n.cached)
	const wrong = "bst_000000000000_0000000000000000000000000000000000000000000"
	const oEmbed = "/oembed?url=https%3A%2F%2Fnews.example.org%2Fs%2F"
	for _, c := range []struct {
		path, token       string
		status            int
		mediaType, detail string
	}{
		{"/embed/articles/s?theme=dark", wrong, http.StatusUnauthorized, "text/html; charset=utf-8", "not one that this server gave out"},
		{"/embed/feeds/latest?count=nonsense", wrong, http.StatusUnauthorized, "text/html; charset=utf-8", "not one that this server gave out"},
		{oEmbed, wrong, http.StatusUnauthorized, "application/problem+json", "not one that this server gave out"},
		{oEmbed + "&format=xml", wrong, http.StatusUnauthorized, "application/problem+xml; charset=utf-8", "not one that this server gave out"},
		{"/embed/articles/s?theme=dark", limited, http.StatusTooManyRequests, "text/html; charset=utf-8", "of this day are used up"},
		{oEmbed + "&format=xml", limited, http.StatusTooManyRequests, "application/problem+xml; charset=utf-8", "of this day are used up"},
	} {
		answer := ask(n.cached.Public, "GET", c.path+map[bool]string{true: "&", false: "?"}[strings.Contains(c.path, "?")]+"token="+url.QueryEscape(c.token), "")
		header, body := answer.Header(), answer.Body.String()
		if answer.Code != c.status || header.Get("Content-Type") != c.mediaType || !strings.Contains(body, c.detail) {
			t.Errorf("%s: %d %v %s", c.path, answer.Code, header, body)
		}
		if (header.Get("Retry-After") != "") != (c.status == http.StatusTooManyRequests) || (header.Get("WWW-Authenticate") != "") != (c.status == http.StatusUnauthorized) ||
			header.Get("Cache-Control") != "no-store" || header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %v", c.path, header)
		}
		if strings.HasPrefix(c.path, "/embed/") && (!strings.Contains(body, "cannot be shown here") || !strings.HasSuffix(header.Get("Content-Security-Policy"), "frame-ancestors *")) {
			t.Errorf("%s: %v %s", c.path, header, body)
		}
		if dark := strings.Contains(body, `class="dark"`); dark != strings.Contains(c.path, "dark") {
			t.Errorf("%s forgets its theme: %s", c.path, body)
		}
	}
}

// A wrong key is refused at once: it waits for no position, and takes no place of those who may.
func TestStrangersDoNotWait(t *testing.T) {
	t.Parallel()
	n := newsroomWithAStory(t)
	for _, path := range []string{"/graphql?query={site{name}}", "/feeds/latest.rss", "/embed/articles/s", "/changes?since=0&wait=30"} {
		begun := time.Now()
		answer := ask(n.cached.Public, "GET", path, "", "X-API-Key", "nonsense", "Broadsheet-Min-Position", "9000000000")
		if answer.Code != http.StatusUnauthorized || time.Since(begun) > 3*time.Second {
			t.Errorf("%s: %d after %s", path, answer.Code, time.Since(begun))
		}
	}
}

func newsroomWithAStory(t *testing.T) *node {
	t.Helper()
	db, name := dbtest.NewNamed(t)
	db.MustExec(`insert into articles (slug, title, status, body_html) values ('s', 'Story', 'PUBLISHED', '<p>One two three.</p>')`)
	return newNode(t, db, dbtest.URL(name))
}
