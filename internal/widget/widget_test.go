package widget_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"broadsheet/internal/content"
	"broadsheet/internal/database/dbtest"
	"broadsheet/internal/demo"
	"broadsheet/internal/widget"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// site is the newsroom's own site, whose pages are served by somebody else.
const site = "https://news.example.org"

// origin is where the world is told to find the door.
const origin = "https://content.example.org"

// newDoor serves the embed door of the demo newsroom, changed by the statements.
func newDoor(t *testing.T, statements ...string) (http.Handler, *sqlx.DB) {
	t.Helper()
	db := dbtest.New(t)
	if _, err := demo.Load(t.Context(), db, time.Now(), "https://pictures.example.org"); err != nil {
		t.Fatal(err)
	}
	for _, statement := range statements {
		db.MustExec(statement)
	}
	return newDoorOn(t, db, site, origin), db
}

func newDoorOn(t *testing.T, db *sqlx.DB, site, origin string) http.Handler {
	t.Helper()
	addresses, err := content.NewAddresses(site, "/{slug}/", "/author/{slug}/", "/tag/{slug}/")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	embeds := widget.NewHandler(widget.Options{
		Content: content.New(db, content.Options{Addresses: addresses}), Origin: origin, Log: slog.New(slog.DiscardHandler),
	})
	mux.Handle("/oembed", embeds)
	mux.Handle("/embed/", embeds)
	files := widget.Files()
	mux.Handle("/embed.js", files)
	mux.Handle("/embed/assets/", files)
	return mux
}

func get(t *testing.T, h http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
	return answer
}

// page returns what a path shows, which has to have this status.
func page(t *testing.T, h http.Handler, path string, status int) string {
	t.Helper()
	answer := get(t, h, path)
	if answer.Code != status {
		t.Fatalf("%s: %d, want %d: %s", path, answer.Code, status, answer.Body)
	}
	return answer.Body.String()
}

func checkHolds(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s is missing in:\n%s", part, text)
		}
	}
}

func checkLacks(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(text, part) {
			t.Errorf("%s should not be in:\n%s", part, text)
		}
	}
}

func TestArticleShowsAStory(t *testing.T) {
	t.Parallel()
	h, _ := newDoor(t)
	card := page(t, h, "/embed/articles/the-night-the-harbour-lights-went-out", http.StatusOK)
	checkHolds(t, card, `<html lang="en" dir="ltr" class="auto">`, `content="light dark"`,
		`href="https://news.example.org/the-night-the-harbour-lights-went-out/" target="_top" rel="noopener">The night the harbour lights went out</a>`,
		`By <bdi>Mara Lindqvist</bdi>`, `2 min read`, `News Feed`, `loading="lazy"`, `width="1200" height="675"`, `<strong>Corrected, `, `The Larksund Courier`)
	compact := page(t, h, "/embed/articles/the-night-the-harbour-lights-went-out?layout=compact&theme=dark", http.StatusOK)
	checkHolds(t, compact, `class="dark"`, `content="dark"`, `class="story compact"`)
	checkLacks(t, compact, `By <bdi>`)
}

// A story that was withdrawn leaves a notice, one that moved is shown where frames still look for it.
func TestArticleThatIsNotThere(t *testing.T) {
	t.Parallel()
	h, _ := newDoor(t,
		`update articles set status = 'RETRACTED', retraction_reason = 'Untrue' where slug = 'seaweed-tea-lowers-blood-pressure'`,
		`update articles set slug = 'new-name' where slug = 'seals-in-small-hats'`,
		`update articles set status = 'DRAFT' where slug = 'hail-the-size-of-cherries'`)
	checkHolds(t, page(t, h, "/embed/articles/seaweed-tea-lowers-blood-pressure", http.StatusGone), "withdrawn by the newsroom", `href="https://news.example.org/"`)
	checkHolds(t, page(t, h, "/embed/articles/seals-in-small-hats", http.StatusOK), `href="https://news.example.org/new-name/"`)
	for _, path := range []string{"/embed/articles/hail-the-size-of-cherries", "/embed/articles/never", "/embed/articles/desk%00", "/embed/feeds/tags/desk-checked",
		"/embed/feeds/tags/never", "/embed/feeds/authors/never", "/embed/feeds/saved/never", "/embed/campaigns/never", "/embed/nothing", "/embed/articles/a/b"} {
		answer := get(t, h, path)
		if wanted := map[bool]int{true: http.StatusBadRequest, false: http.StatusNotFound}[strings.Contains(path, "%00")]; answer.Code != wanted {
			t.Errorf("%s: %d, want %d", path, answer.Code, wanted)
		}
		checkHolds(t, answer.Body.String(), `class="notice"`)
		if kept := answer.Header().Get("Cache-Control"); kept != "no-store" {
			t.Errorf("%s: Cache-Control: %s", path, kept)
		}
	}
}

func TestFeedsGoOnByCursor(t *testing.T) {
	t.Parallel()
	h, _ := newDoor(t, `insert into saved_feeds (name, title, document, variables, arguments) values ('briefing', 'The briefing', '', '{}', '{"filter": {"tags": ["harbour"]}, "first": 50}')`)
	for _, path := range []string{"/embed/feeds/saved/briefing?count=3", "/embed/feeds/latest?count=4&layout=rail", "/embed/feeds/tags/harbour?count=2", "/embed/feeds/authors/mara-lindqvist?count=1"} {
		seen, next, pages := map[string]bool{}, path, 0
		for ; next != ""; pages++ {
			html := page(t, h, next, http.StatusOK)
			for _, title := range between(html, `<h2 dir="auto">`, `</a></h2>`) {
				if seen[title] {
					t.Fatalf("%s shows %q twice", next, title)
				}
				seen[title] = true
			}
			if back := strings.Contains(html, "Back to the newest"); back != (pages > 0) {
				t.Errorf("%s leads back: %t", next, back)
			}
			if layout := `<section class="rail"`; strings.Contains(path, "rail") != strings.Contains(html, layout) {
				t.Errorf("%s forgets its layout", next)
			}
			next = strings.Join(between(html, `<a class="more" href="`, `"`), "")
			next = strings.ReplaceAll(next, "&amp;", "&")
		}
		if len(seen) < 3 || pages < 2 {
			t.Errorf("%s: %d stories on %d pages", path, len(seen), pages)
		}
	}
	checkHolds(t, page(t, h, "/embed/feeds/latest", http.StatusOK), `>Latest</a></h1>`)
	checkHolds(t, page(t, h, "/embed/feeds/saved/briefing", http.StatusOK), `>The briefing</a></h1>`)
	if links := get(t, h, "/embed/feeds/latest").Header().Values("Link"); len(links) > 0 {
		t.Errorf("of the site as a whole there is no oEmbed answer, but %v", links)
	}
	checkHolds(t, page(t, h, "/embed/feeds/tags/latest", http.StatusOK), `>News Feed</a></h1>`) // an old slug
	checkHolds(t, page(t, h, "/embed/feeds/authors/mara-l", http.StatusOK), `>Mara Lindqvist</a></h1>`)
}

// between returns what stands between a before and the next after, wherever it does.
func between(text, before, after string) []string {
	var found []string
	for _, part := range strings.Split(text, before)[1:] {
		inside, _, _ := strings.Cut(part, after)
		found = append(found, inside)
	}
	return found
}

func TestCampaignCounts(t *testing.T) {
	t.Parallel()
	h, db := newDoor(t)
	checkHolds(t, page(t, h, "/embed/campaigns/membership?theme=light", http.StatusOK), `<strong>4,382</strong> of 5,000 have joined`,
		`<progress value="4382" max="5000"`, `href="https://larksundcourier.example/join"`, `As of `)
	db.MustExec(`update campaigns set goal = null, url = 'javascript:alert(1)', joined = 1234567`)
	html := page(t, h, "/embed/campaigns/membership", http.StatusOK)
	checkHolds(t, html, `<strong>1,234,567</strong> have joined`)
	checkLacks(t, html, `progress`, `javascript:`)
}

func TestParametersAreChecked(t *testing.T) {
	t.Parallel()
	h, _ := newDoor(t)
	for path, says := range map[string]string{
		"/embed/feeds/latest?count=0":                                   "count is a number from 1 to 20",
		"/embed/feeds/latest?count=21":                                  "count is a number from 1 to 20",
		"/embed/feeds/latest?count=five":                                "count is a number from 1 to 20",
		"/embed/feeds/latest?layout=card":                               "layout is list or rail here",
		"/embed/articles/seals-in-small-hats?layout=rail":               "layout is card or compact here",
		"/embed/campaigns/membership?theme=pink":                        "theme is light, dark or auto",
		"/embed/feeds/tags/harbour?after=nonsense":                      "The cursor is not one",
		"/embed/feeds/latest?count=%zz":                                 "cannot be read",
		"/embed/feeds/latest?theme=%3Cscript%3Ealert(1)%3C%2Fscript%3E": "theme is light, dark or auto, not &#34;&lt;script&gt;",
	} {
		html := page(t, h, path, http.StatusBadRequest)
		checkHolds(t, html, says)
	}
	page(t, h, "/embed/feeds/latest?utm_source=partner&count=20&after=", http.StatusOK)
}

// Frames bring nothing along that could watch a reader, and let themselves be framed by anybody.
func TestHeadersOfFrames(t *testing.T) {
	t.Parallel()
	h, _ := newDoor(t)
	for _, path := range []string{"/embed/articles/seals-in-small-hats", "/embed/feeds/latest", "/embed/campaigns/membership", "/embed/articles/never"} {
		header := get(t, h, path).Header()
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src https: http: data:; base-uri 'none'; form-action 'none'; frame-ancestors *",
			"Content-Type":            "text/html; charset=utf-8", "Referrer-Policy": "strict-origin-when-cross-origin", "X-Robots-Tag": "noindex",
			"X-Content-Type-Options": "nosniff", "Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin", "X-Frame-Options": "", "Set-Cookie": "",
		} {
			if got := header.Get(name); got != want {
				t.Errorf("%s: %s: %q, want %q", path, name, got, want)
			}
		}
	}
	links := get(t, h, "/embed/articles/seals-in-small-hats").Header().Values("Link")
	want := `<https://content.example.org/oembed?url=https%3A%2F%2Fnews.example.org%2Fseals-in-small-hats%2F&format=json>; rel="alternate"; type="application/json+oembed"`
	if len(links) != 2 || links[0] != want {
		t.Errorf("links: %v", links)
	}
}

// Whatever is in a title, it is text.
func TestHostileTitlesAreText(t *testing.T) {
	t.Parallel()
	h, db := newDoor(t)
	long := strings.Repeat("שלום <b>&amp;\u202e", 600)
	for _, title := range []string{
		`</title><script>alert(1)</script>`, `" onmouseover="alert(1)`, `' autofocus onfocus='alert(1)`, `{{.Site}} ${1} \u003c`, `<!-- --><!--`, long,
	} {
		db.MustExec(`update articles set title = $1, excerpt = $1 where slug = 'council-summons-the-port-company'`, title)
		db.MustExec(`update tags set name = $1 where slug = 'news'`, title)
		db.MustExec(`update authors set name = $1 where slug = 'mara-lindqvist'`, title)
		db.MustExec(`update site set name = $1`, title)
		db.MustExec(`update images set alt = $1`, title)
		db.MustExec(`update campaigns set title = $1, message = $1`, title)
		for _, path := range []string{"/embed/articles/council-summons-the-port-company", "/embed/feeds/tags/news", "/embed/feeds/latest?layout=rail", "/embed/campaigns/membership"} {
			html := page(t, h, path, http.StatusOK)
			checkLacks(t, html, `<script>`, `" onmouseover="`, `' autofocus`, `<!--`, `<b>`)
			if texts := textsOf(t, html); !strings.Contains(texts, title) {
				t.Errorf("%s does not show %.40q as it is", path, title)
			}
		}
	}
}

// mostBytes is what a frame may weigh on the wire, with its style and script.
const mostBytes = 15_000

func TestFramesAreSmall(t *testing.T) {
	t.Parallel()
	h, _ := newDoor(t)
	for _, path := range []string{
		"/embed/articles/the-night-the-harbour-lights-went-out", "/embed/articles/the-night-the-harbour-lights-went-out?layout=compact",
		"/embed/feeds/latest", "/embed/feeds/latest?count=20", "/embed/feeds/tags/harbour?layout=rail&count=20", "/embed/campaigns/membership",
	} {
		html := page(t, h, path, http.StatusOK)
		sizes := []int{gzipped([]byte(html))}
		for _, file := range append(between(html, `rel="stylesheet" href="`, `">`), between(html, `<script defer src="`, `">`)...) {
			answer := get(t, h, file)
			if kept := answer.Header().Get("Cache-Control"); answer.Code != http.StatusOK || !strings.Contains(kept, "immutable") {
				t.Fatalf("%s: %d %s", file, answer.Code, kept)
			}
			sizes = append(sizes, gzipped(answer.Body.Bytes()))
		}
		total := 0
		for _, size := range sizes {
			total += size
		}
		t.Logf("%s: %d bytes (page, style, script: %v)", path, total, sizes)
		if len(sizes) != 3 || total > mostBytes {
			t.Errorf("%s weighs %d bytes in %d files", path, total, len(sizes))
		}
	}
}

func gzipped(body []byte) int {
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	_, _ = io.Copy(writer, bytes.NewReader(body))
	_ = writer.Close()
	return packed.Len()
}

// A newsroom is read in its own language and direction, a story in its own.
func TestFramesSpeakTheNewsroomsLanguage(t *testing.T) {
	t.Parallel()
	h, db := newDoor(t, `update site set locale = 'ar'`, `update articles set locale = 'sv' where slug = 'seals-in-small-hats'`)
	checkHolds(t, page(t, h, "/embed/feeds/latest?count=3", http.StatusOK), `<html lang="ar" dir="rtl"`, `آخر الأخبار`, `عرض المزيد`, `<li class="story" lang="en">`)
	checkHolds(t, page(t, h, "/embed/articles/seals-in-small-hats", http.StatusOK), `<html lang="sv" dir="ltr"`, `min läsning`)
	db.MustExec(`update site set locale = 'de-AT'`)
	checkHolds(t, page(t, h, "/embed/campaigns/membership", http.StatusOK), `<strong>4.382</strong> von 5.000 sind dabei`)
	for locale, corrected := range map[string]string{"nb": "Rettet", "no": "Rettet", "pt-BR": "Corrigido", "nl": "Gecorrigeerd", "fr": "Corrigé"} {
		db.MustExec(`update articles set locale = $1 where slug = 'the-night-the-harbour-lights-went-out'`, locale)
		checkHolds(t, page(t, h, "/embed/articles/the-night-the-harbour-lights-went-out", http.StatusOK), `<strong>`+corrected+`, `, `<html lang="`+locale+`"`)
	}
	db.MustExec(`update site set locale = 'fi'`)
	checkHolds(t, page(t, h, "/embed/feeds/latest", http.StatusOK), `<html lang="fi" dir="ltr"`, `Show more`)
}
