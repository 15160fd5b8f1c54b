package feed_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"broadsheet/internal/content"
	"broadsheet/internal/database/dbtest"
	"broadsheet/internal/feed"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

const (
	site   = "https://news.example.org"
	origin = "https://content.example.org"
	hub    = "https://hub.example.org/"
)

// newsroom is a database with the door to it.
type newsroom struct {
	testing.TB
	db      *sqlx.DB
	service *content.Service
	door    http.Handler
}

func newNewsroom(tb testing.TB) *newsroom {
	tb.Helper()
	return onDatabase(tb, dbtest.New(tb))
}

func onDatabase(tb testing.TB, db *sqlx.DB) *newsroom {
	tb.Helper()
	return at(tb, db, time.Now)
}

// at is a newsroom with a clock.
func at(tb testing.TB, db *sqlx.DB, now func() time.Time) *newsroom {
	tb.Helper()
	addresses, err := content.NewAddresses(site, "/{slug}/", "/author/{slug}/", "/tag/{slug}/")
	if err != nil {
		tb.Fatal(err)
	}
	service := content.New(db, content.Options{Addresses: addresses, Now: now})
	door := feed.NewHandler(service, feed.Options{Origin: origin, Hub: hub, Log: slog.New(slog.DiscardHandler), Now: now})
	return &newsroom{TB: tb, db: db, service: service, door: door}
}

func (n *newsroom) exec(statement string, args ...any) {
	n.Helper()
	if _, err := n.db.Exec(statement, args...); err != nil {
		n.Fatalf("%s: %v", statement, err)
	}
}

// get asks the door; header are names and values in turn.
func (n *newsroom) get(address string, header ...string) *httptest.ResponseRecorder {
	return n.ask("GET", address, header...)
}

func (n *newsroom) ask(method, address string, header ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, address, nil)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	answer := httptest.NewRecorder()
	n.door.ServeHTTP(answer, request)
	return answer
}

// body is the answer's, which has to be one.
func (n *newsroom) body(address string) string {
	n.Helper()
	answer := n.get(address)
	if answer.Code != http.StatusOK {
		n.Fatalf("%s: %d %s", address, answer.Code, answer.Body)
	}
	return answer.Body.String()
}

// bodyFor is what somebody with a licence is answered.
func (n *newsroom) bodyFor(audience *content.Audience, address string) string {
	request := httptest.NewRequest(http.MethodGet, address, nil)
	answer := httptest.NewRecorder()
	n.door.ServeHTTP(answer, request.WithContext(content.WithAudience(request.Context(), audience)))
	return answer.Body.String()
}

// hostile are texts that make a bad encoder write a broken feed.
var hostile = []string{
	"]]> and ]]]]>> <![CDATA[ and <!-- -->",
	"<script>alert(1)</script> & &amp; &#60; \"quoted\" 'single'",
	"\u05e9\u05dc\u05d5\u05dd \u202eright to left\u202c \u0645\u0631\u062d\u0628\u0627",
	"👩‍👩‍👧‍👦 🏳️‍🌈 𝕳𝖆𝖗𝖇𝖔𝖚𝖗 \U0010ffff",
	"line\nfeed, tab\tand carriage\rreturn",
	strings.Repeat("a long title, ", 10<<10/14),
	"  blanks at the ends  ",
	`back\slash, \u0041 and /* */ %s %n ${x}`,
	"\u0085 \u2028 \u2029 \ufeff \u200b",
}

// fill publishes articles with the titles, each a minute before the one before it: with everything that hangs on one.
func (n *newsroom) fill(titles []string) {
	n.Helper()
	n.exec(`update site set name = 'Harbour & <Courier>', description = 'News "from" the coast ]]>', logo_url = 'https://media.example.org/logo.png'`)
	n.exec(`insert into images (id, url, alt, caption, credit, width, height) overriding system value values
		(1, 'https://media.example.org/a.jpg?x=1&y=2', 'A <crane>', 'Caption & more', 'Ann "Photo" Doe', 1200, 800),
		(2, 'https://media.example.org/small', '', '', '', 200, 100)`)
	n.exec(`insert into authors (id, slug, name, email) overriding system value values (1, 'mara', 'Mara & Co', 'mara@example.org'), (2, 'elof', 'Elof <Brandt>', null)`)
	n.exec(`insert into tags (id, slug, name, description, kind, internal) overriding system value values
		(1, 'news', 'News & Views', 'All the news', 'SECTION', false), (2, 'sea.2', 'Sea', '', 'TOPIC', false), (3, 'desk', 'Desk only', '', 'TOPIC', true)`)
	for i, title := range titles {
		id := i + 1
		n.exec(`insert into articles (id, slug, title, excerpt, kind, status, published_at, updated_at, locale, lead_image_id, body_html) overriding system value
			values ($1::int, $2, $3::text, $3, 'STORY', 'PUBLISHED', now() - interval '1 hour' - $1::int * interval '1 minute', now() - interval '30 minutes', 'en', 1 + $1::int % 2, $4)`,
			id, fmt.Sprintf("story-%d", id), title, fmt.Sprintf(`<p>Body %d of <a href="/other/">a link</a> ]]> <img src="../a.png" srcset="/a.png 1x, b.png 2x"></p>`, id))
		n.exec(`insert into article_authors (article_id, author_id, position) values ($1, 1, 0), ($1, 2, 1)`, id)
		n.exec(`insert into article_tags (article_id, tag_id, position) values ($1, 1, 0), ($1, 2, 1), ($1, 3, 2)`, id)
	}
	n.exec(`insert into corrections (article_id, text, at) select id, 'It was Tuesday & not <Monday>', now() - interval '10 minutes' from articles where id = 1`)
	n.exec(`insert into videos (article_id, url, duration_seconds, width, height, poster_id) select id, 'https://media.example.org/v.mp4', 61, 640, 360, 1 from articles where id = 2`)
}

func within(tb testing.TB, what, got, want string) {
	tb.Helper()
	if !strings.Contains(got, want) {
		tb.Errorf("%s: no %q in\n%.3000s", what, want, got)
	}
}

func waitUntilOver(tb testing.TB, db *sqlx.DB) {
	tb.Helper()
	var over bool
	for deadline := time.Now().Add(time.Minute); !over && time.Now().Before(deadline); {
		if err := db.Get(&over, `select max(at) < clock_timestamp() - interval '3 seconds' from changes`); err != nil {
			tb.Fatal(err)
		}
	}
}
