package feed_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestAddressesThatAreRefused(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	n.fill([]string{"One"})
	for _, test := range []struct {
		method, address string
		status          int
		text            string
	}{
		{"GET", "/feeds/latest.html", http.StatusNotFound, "/feeds/latest.rss"},
		{"GET", "/feeds/latest", http.StatusNotFound, "no feed"},
		{"GET", "/feeds/latest/x.rss", http.StatusNotFound, "no feed"},
		{"GET", "/feeds/tags.rss", http.StatusNotFound, "no feed"},
		{"GET", "/feeds/tags/.rss", http.StatusNotFound, "no feed"},
		{"GET", "/feeds/tags/a/b.rss", http.StatusNotFound, "no feed"},
		{"GET", "/feeds/tags/nothing.rss", http.StatusNotFound, "nothing of this name"},
		{"GET", "/feeds/tags/desk.rss", http.StatusNotFound, "nothing of this name"}, // the desk's own
		{"GET", "/feeds/authors/nobody.json", http.StatusNotFound, "nothing of this name"},
		{"GET", "/feeds/tags/a%00b.rss", http.StatusBadRequest, "character"},
		{"GET", "/feeds/latest.rss?after=nonsense", http.StatusBadRequest, "link to the next page"},
		{"GET", "/feeds/latest.rss?limit=0", http.StatusBadRequest, "from 1 to 100"},
		{"GET", "/feeds/latest.rss?limit=101", http.StatusBadRequest, "from 1 to 100"},
		{"GET", "/feeds/latest.rss?limit=many", http.StatusBadRequest, "from 1 to 100"},
		{"GET", "/feeds/latest.rss?limit=%zz", http.StatusBadRequest, "form"},
		{"POST", "/feeds/latest.rss", http.StatusMethodNotAllowed, "Not Allowed"},
		{"DELETE", "/feeds/tags/news.atom", http.StatusMethodNotAllowed, "Not Allowed"},
	} {
		answer := n.ask(test.method, test.address)
		if answer.Code != test.status || !strings.Contains(answer.Body.String(), test.text) {
			t.Errorf("%s %s: %d %s", test.method, test.address, answer.Code, answer.Body)
		}
		if answer.Header().Get("Etag") != "" {
			t.Errorf("%s %s: a refusal with a validator", test.method, test.address)
		}
		if allow := answer.Header().Get("Allow"); test.status == http.StatusMethodNotAllowed && allow != "GET, HEAD" {
			t.Errorf("Allow: %q", allow)
		}
	}
}

func TestOldSlugsLeadToNewOnes(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	n.fill([]string{"One"})
	n.exec(`update tags set slug = 'the-seå' where id = 2`)
	n.exec(`update authors set slug = 'mara-lindqvist' where id = 1`)
	for old, now := range map[string]string{
		"/feeds/tags/sea.2.atom?limit=5": "/feeds/tags/the-se%C3%A5.atom?limit=5",
		"/feeds/authors/mara.json":       "/feeds/authors/mara-lindqvist.json",
	} {
		answer := n.get(old)
		if answer.Code != http.StatusMovedPermanently || answer.Header().Get("Location") != now {
			t.Errorf("%s: %d %s", old, answer.Code, answer.Header().Get("Location"))
		}
		if to, err := url.Parse(now); err != nil || n.get(to.String()).Code != http.StatusOK {
			t.Errorf("nothing at %s", now)
		}
	}
}

func TestFeedsNameTheHub(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	for _, format := range []string{"rss", "atom", "json"} {
		answer := n.get("/feeds/latest." + format)
		links := strings.Join(answer.Header().Values("Link"), ", ")
		if links != "<"+origin+"/feeds/latest."+format+`>; rel="self", <`+hub+`>; rel="hub"` {
			t.Errorf("%s: %s", format, links)
		}
		within(t, format, answer.Body.String(), hub)
	}
	for _, profile := range profiles {
		answer := n.get("/feeds/latest.rss?profile=" + profile)
		if named := strings.Contains(strings.Join(answer.Header().Values("Link"), ""), hub); named != (profile == "flipboard") || named != strings.Contains(answer.Body.String(), hub) {
			t.Errorf("%s names a hub: %t", profile, named)
		}
	}
}

// Who has an answer is told so, and told otherwise after any change.
func TestConditionalRequests(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	n.fill([]string{"One", "Two"})
	first := n.get("/feeds/latest.rss")
	etag := first.Header().Get("Etag")
	if etag == "" || first.Header().Get("Last-Modified") != "" { // of a second that is not over, nothing is known
		t.Fatalf("%v", first.Header())
	}
	for _, header := range []string{etag, "W/" + etag, `"x", ` + etag} {
		answer := n.get("/feeds/latest.rss", "If-None-Match", header)
		if answer.Code != http.StatusNotModified || answer.Body.Len() > 0 || answer.Header().Get("Etag") != etag || answer.Header().Get("Cache-Control") == "" {
			t.Errorf("%s: %d %v", header, answer.Code, answer.Header())
		}
	}
	for _, change := range []string{
		`update articles set title = 'Other' where id = 1`, `update tags set name = 'Other' where id = 1`, `update authors set name = 'Other' where id = 2`,
		`update images set alt = 'Other' where id = 1`, `insert into corrections (article_id, text) values (2, 'Other')`,
		`delete from article_tags where article_id = 1 and tag_id = 2`, `update site set name = 'Other'`, `update articles set status = 'DRAFT' where id = 2`,
	} {
		n.exec(change)
		answer := n.get("/feeds/latest.rss", "If-None-Match", etag)
		if answer.Code != http.StatusOK {
			t.Errorf("after %s: %d", change, answer.Code)
		}
		etag = answer.Header().Get("Etag")
	}
	waitUntilOver(t, n.db)
	modified := n.get("/feeds/latest.rss").Header().Get("Last-Modified")
	for _, test := range []struct {
		header []string
		status int
	}{
		{[]string{"If-Modified-Since", modified}, http.StatusNotModified},
		{[]string{"If-Modified-Since", "Mon, 02 Jan 2006 15:04:05 GMT"}, http.StatusOK},
		{[]string{"If-Modified-Since", "yesterday"}, http.StatusOK},
		{[]string{"If-Modified-Since", modified, "If-None-Match", `"other"`}, http.StatusOK},
	} {
		if answer := n.get("/feeds/latest.rss", test.header...); answer.Code != test.status {
			t.Errorf("%v: %d", test.header, answer.Code)
		}
	}
}

// Whoever wants an answer only if there is none at all is told that there is one; of what is not there, they are told that.
func TestAnyVersionWillDo(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	n.fill([]string{"One"})
	for address, status := range map[string]int{
		"/feeds/latest.rss": http.StatusNotModified, "/feeds/tags/news.json?profile=plain": http.StatusNotModified,
		"/retractions": http.StatusNotModified, "/sitemap.xml": http.StatusNotModified, "/sitemaps/articles-1.xml": http.StatusNotModified,
		"/feeds/tags/nothing.rss": http.StatusNotFound, "/sitemaps/articles-9.xml": http.StatusNotFound, "/feeds/latest.rss?limit=0": http.StatusBadRequest,
	} {
		answer := n.get(address, "If-None-Match", " * ")
		if answer.Code != status || (answer.Header().Get("Etag") != "") != (status == http.StatusNotModified) || status == http.StatusNotModified && answer.Body.Len() > 0 {
			t.Errorf("%s: %d %v", address, answer.Code, answer.Header())
		}
	}
}

func TestHeadHasNoBody(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	n.fill([]string{"One"})
	get, head := n.get("/feeds/latest.atom"), n.ask("HEAD", "/feeds/latest.atom")
	if head.Code != http.StatusOK || head.Body.Len() != 0 {
		t.Errorf("%d with %d bytes", head.Code, head.Body.Len())
	}
	for _, name := range []string{"Content-Type", "Content-Length", "Etag", "Link", "Cache-Control"} {
		if get.Header().Get(name) != head.Header().Get(name) {
			t.Errorf("%s: %q, not %q", name, head.Header().Get(name), get.Header().Get(name))
		}
	}
}
