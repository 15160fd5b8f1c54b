package feed_test

import (
	"flag"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/mmcdole/gofeed"

	"broadsheet/internal/content"
	"broadsheet/internal/database/dbtest"
)

var update = flag.Bool("update", false, "write testdata/golden again")

var profiles = []string{"plain", "msn", "flipboard"}

// fixed is a newsroom that is the same whenever it is looked at, with much that partners refuse.
func fixed(t *testing.T) *newsroom {
	t.Helper()
	n := at(t, dbtest.New(t), func() time.Time { return time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC) })
	n.exec(`update site set name = 'Harbour & <Courier>', description = 'News from the coast', logo_url = 'https://media.example.org/logo.png'`)
	n.exec(`insert into images (id, url, alt, caption, credit, width, height) overriding system value values
		(1, 'https://media.example.org/large.jpg', 'A <crane>', 'Caption & more', 'Ann Doe', 1200, 800),
		(2, 'https://media.example.org/small.png', 'A quay', '', '', 399, 600),
		(3, 'https://media.example.org/modern.avif', '', '', '', 1200, 800)`)
	n.exec(`insert into authors (id, slug, name) overriding system value values (1, 'mara', 'Mara & Co')`)
	n.exec(`insert into tags (id, slug, name, kind) overriding system value values (1, 'news', 'News & Views', 'SECTION')`)
	for id, s := range map[int]struct{ title, excerpt, body string }{
		1: {`The "harbour" & its <b>lights</b> ]]> went out`, "It was dark & still.", `<p onclick="x()">Dark, <a href="/quay/">at the quay</a> &amp; <a href="javascript:x()">beyond</a>.</p>` +
			`<h6>What is known</h6><aside><p>A pull quote</p></aside><script>alert("x")</script><object data="x"><p>y</p></object>`},
		2: {strings.Repeat("A headline that goes on and on ", 6), "", `<p>` + strings.Repeat("A sentence of it. ", 40) + `</p><figure><img src="/small.png" width="120" height="90"><figcaption>Small</figcaption></figure>`},
		3: {"Short", "A title too short for some.", `<p>Text.</p>`},
		4: {"A story with frames and a video", "Frames.", `<p>Listen:</p><iframe src="https://open.spotify.com/embed/x" width="300" height="80"></iframe>` +
			`<figure><iframe src="https://tracker.example.com/"></iframe><figcaption>A tracker</figcaption></figure><img src="https://media.example.org/b.jpg" alt="b">`},
		5: {"Boxes in boxes, and a line\nfeed", "Deep.", strings.Repeat("<div>", 14) + "<ul><li>At the bottom</li></ul>" + strings.Repeat("</div>", 14)},
		6: {"A story of which nothing may be read", "Paid.", `<!--members-only--><p>A secret</p>`},
		7: {"A story that should never have been", "Wrong.", `<p>Wrong</p>`},
		8: {"A story from the year before the last one", "Old.", `<p>Old</p>`},
	} {
		n.exec(`insert into articles (id, slug, title, excerpt, kind, status, published_at, updated_at, locale, lead_image_id, body_html) overriding system value
			values ($1::int, 'story-' || $1::int, $2, $3, 'STORY', 'PUBLISHED', timestamptz '2026-03-09 12:00Z' - $1::int * interval '1 hour', timestamptz '2026-03-09 13:00Z', 'en', 1 + ($1::int - 1) % 3, $4)`,
			id, s.title, s.excerpt, s.body)
		n.exec(`insert into article_authors (article_id, author_id) values ($1, 1)`, id)
		n.exec(`insert into article_tags (article_id, tag_id, position) values ($1, 1, 0)`, id)
	}
	n.exec(`insert into corrections (article_id, text, at) values (1, 'It was Tuesday & not <Monday>', '2026-03-10 09:00Z')`)
	n.exec(`insert into videos (article_id, url, duration_seconds, width, height, poster_id) values (4, 'https://media.example.org/v.mp4', 61, 640, 360, 1)`)
	n.exec(`update articles set access = 'PAID' where id = 6`)
	n.exec(`update articles set published_at = '2024-12-01 12:00Z' where id = 8`)
	n.exec(`update articles set status = 'RETRACTED', retraction_reason = 'Not <so> & never was', retracted_at = '2026-03-10 10:00Z' where id = 7`)
	n.exec(`update articles set updated_at = '2026-03-09 13:00Z'`)
	return n
}

// What partners were promised stays as it is to the byte; go test ./internal/feed -run Golden -update writes it again.
func TestGoldenProfiles(t *testing.T) {
	t.Parallel()
	n := fixed(t)
	for _, profile := range profiles {
		got := n.body("/feeds/latest.rss?profile=" + profile)
		file := "testdata/golden/" + profile + ".rss"
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s has changed:\n%s", file, got)
		}
	}
}

// Another parser finds what each partner asks for.
func TestOtherParsersReadProfiles(t *testing.T) {
	t.Parallel()
	n := fixed(t)
	for profile, slugs := range map[string]string{
		"plain": "7 1 2 3 4 5 6 8", "msn": "7 1 2 4 5", "flipboard": "7 1 2 3 4 5 8",
	} {
		parsed, err := gofeed.NewParser().ParseString(n.body("/feeds/latest.rss?profile=" + profile))
		if err != nil {
			t.Fatalf("%s: %v", profile, err)
		}
		if want := origin + "/feeds/latest.rss?profile=" + profile; parsed.FeedLink != want {
			t.Errorf("%s calls itself %s", profile, parsed.FeedLink)
		}
		var listed []string
		for _, item := range parsed.Items {
			listed = append(listed, strings.Trim(strings.TrimPrefix(item.Link, site+"/story-"), "/"))
			if item.Title == "" || item.GUID == "" || item.PublishedParsed == nil || item.Content == "" != (profile == "plain") {
				t.Errorf("%s: %+v", profile, item)
			}
			if profile == "plain" && (len(item.Extensions["media"])+len(item.Extensions["dcterms"]) > 0 || len(item.Enclosures) > 0) {
				t.Errorf("%s has extensions: %v", profile, item.Extensions)
			}
		}
		if strings.Join(listed, " ") != slugs {
			t.Errorf("%s lists %s, not %s", profile, listed, slugs)
		}
	}
	parsed, err := gofeed.NewParser().ParseString(n.body("/feeds/latest.rss?profile=msn"))
	if err != nil {
		t.Fatal(err)
	}
	gone := parsed.Items[0]
	if gone.GUID != "tag:news.example.org,2026:QXJ0aWNsZTo3" || gone.Extensions["mi"]["expirationDate"][0].Value != "2026-03-10T10:00:00Z" ||
		gone.Extensions["dcterms"]["valid"][0].Value != "2026-03-10T10:00:00Z" || gone.Extensions["dcterms"]["modified"][0].Value != "2026-03-10T10:00:00Z" {
		t.Errorf("not taken down: %+v", gone)
	}
	if corrected := parsed.Items[1]; corrected.Extensions["dcterms"]["modified"][0].Value != "2026-03-10T09:00:00Z" || corrected.Description != "It was dark & still." {
		t.Errorf("not corrected: %+v", corrected)
	}
	if title := parsed.Items[2].Extensions["mi"]["shortTitle"][0].Value; len(title) > 56 || title == "" {
		t.Errorf("short title %q", title)
	}
}

func TestPlainFeedsInOtherFormats(t *testing.T) {
	t.Parallel()
	n := fixed(t)
	for _, format := range []string{"atom", "json"} {
		body := n.body("/feeds/latest." + format + "?profile=plain")
		for _, word := range []string{"media.example.org/large", "content_html", `type="html"`, "v.mp4"} {
			if strings.Contains(body, word) {
				t.Errorf("%s has %s", format, word)
			}
		}
		within(t, format, body, "A sentence of it.")
	}
}

func TestProfilesThatAreRefused(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	for address, text := range map[string]string{
		"/feeds/latest.rss?profile=apple":       "plain, msn or flipboard",
		"/feeds/latest.rss?profile=MSN":         "plain, msn or flipboard",
		"/feeds/latest.atom?profile=msn":        "Of the profile msn there is no .atom, but .rss.",
		"/feeds/tags/x.json?profile=flipboard":  "Of the profile flipboard there is no .json, but .rss.",
		"/feeds/authors/x.ninjs?profile=plain":  "Of the profile plain there is no .ninjs, but .rss, .atom, .json.",
		"/feeds/saved/x.rss?profile=msn%20more": "plain, msn or flipboard",
	} {
		if answer := n.get(address); answer.Code != http.StatusBadRequest || !strings.Contains(answer.Body.String(), text) {
			t.Errorf("%s: %d %s", address, answer.Code, answer.Body)
		}
	}
}

// The feed's links, and where an old slug leads, keep the profile and the token.
func TestLinksKeepTheProfile(t *testing.T) {
	t.Parallel()
	n := fixed(t)
	n.exec(`update tags set slug = 'now' where id = 1`)
	n.save("briefing", `{ articles(first: 2) { nodes { title } } }`, `{}`)
	if to := n.get("/feeds/tags/news.rss?profile=msn&token=t").Header().Get("Location"); to != "/feeds/tags/now.rss?profile=msn&token=t" {
		t.Errorf("moved to %s", to)
	}
	for _, address := range []string{"/feeds/tags/now.rss?limit=2&", "/feeds/authors/mara.rss?limit=2&", "/feeds/saved/briefing.rss?"} {
		seen := 0
		for next := address + "profile=msn&token=t"; next != ""; {
			body := n.body(next)
			if next = nextOf(t, "rss", body); next != "" && !strings.Contains(next, "profile=msn&token=t") {
				t.Errorf("%s leads to %s", address, next)
			}
			seen += strings.Count(body, "<mi:shortTitle>")
		}
		if seen != 1 {
			t.Errorf("%s: the long title stands there %d times", address, seen)
		}
	}
}

func TestProfilesAreConditional(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	n.fill([]string{"A title of a usual length"})
	for _, profile := range profiles {
		address := "/feeds/latest.rss?profile=" + profile
		etag := n.get(address).Header().Get("Etag")
		if answer := n.get(address, "If-None-Match", etag); answer.Code != http.StatusNotModified {
			t.Errorf("%s: %d", profile, answer.Code)
		}
		n.exec(`update articles set title = title || '.'`)
		if answer := n.get(address, "If-None-Match", etag); answer.Code != http.StatusOK {
			t.Errorf("%s, changed: %d", profile, answer.Code)
		}
	}
}

// By itself a day that begins makes stories too old.
func TestTheDayMakesStoriesTooOld(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 10, 23, 59, 59, 0, time.UTC)
	n := at(t, dbtest.New(t), func() time.Time { return now })
	n.fill([]string{"A title of a usual length"})
	n.exec(`update articles set published_at = timestamptz '2026-03-10 12:00Z' - interval '363 days'`)
	before := n.get("/feeds/latest.rss?profile=msn")
	now = now.Add(time.Second)
	after := n.get("/feeds/latest.rss?profile=msn", "If-None-Match", before.Header().Get("Etag"))
	if !strings.Contains(before.Body.String(), "<item>") || after.Code != http.StatusOK || strings.Contains(after.Body.String(), "<item>") {
		t.Errorf("%s\n%d %s", before.Body, after.Code, after.Body)
	}
}

// No profile gives what a licence keeps back.
func TestLicencesComeBeforeProfiles(t *testing.T) {
	t.Parallel()
	n := fixed(t)
	licences := map[string]content.Licence{
		"nothing": {}, "words": {ExcerptWords: 3, MustLink: true}, "no pictures": {FullText: true},
	}
	for name, licence := range licences {
		for _, profile := range profiles {
			body := n.bodyFor(content.NewAudience(name, licence), "/feeds/latest.rss?profile="+profile)
			for _, word := range []string{"media.example.org/large", "large.jpg", "small.png", "b.jpg"} {
				if strings.Contains(body, word) {
					t.Errorf("%s, %s: %s", name, profile, word)
				}
			}
			if text := strings.Contains(body, "A sentence of it. A sentence"); text && !licence.FullText {
				t.Errorf("%s, %s tells the text: %s", name, profile, body)
			}
			if stories := strings.Contains(body, "/story-1/"); !stories && (profile == "plain" || name != "nothing") {
				t.Errorf("%s, %s lists nothing", name, profile)
			}
		}
	}
}
