package demo_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"broadsheet/internal/database/dbtest"
	"broadsheet/internal/demo"
)

const origin = "http://127.0.0.1:8080"

func TestMain(m *testing.M) { dbtest.Main(m) }

func load(t *testing.T, db *sqlx.DB, base string) (loaded bool) {
	t.Helper()
	loaded, err := demo.Load(t.Context(), db, time.Now(), base)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func count(t *testing.T, db *sqlx.DB, query string, args ...any) (n int) {
	t.Helper()
	if err := db.GetContext(t.Context(), &n, query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

var tables = []string{"site", "images", "authors", "tags", "articles", "videos", "article_authors", "article_tags",
	"related_stories", "corrections", "revisions", "campaigns", "old_slugs"}

// content is a fingerprint of each table.
func content(t *testing.T, db *sqlx.DB) map[string]string {
	t.Helper()
	prints := map[string]string{}
	for _, table := range tables {
		var text string
		query := fmt.Sprintf(`select count(*) || ' rows, ' || md5(coalesce(string_agg(r::text, '' order by r::text), ''))
			from %s r`, table)
		if err := db.GetContext(t.Context(), &text, query); err != nil {
			t.Fatal(err)
		}
		prints[table] = text
	}
	return prints
}

func requireSame(t *testing.T, before, after map[string]string) {
	t.Helper()
	for _, table := range tables {
		if before[table] != after[table] {
			t.Errorf("%s: before %s, after %s", table, before[table], after[table])
		}
	}
}

func TestLoadFillsAnEmptyNewsroom(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	if !load(t, db, origin) {
		t.Fatal("an empty newsroom was not filled")
	}
	for query, want := range map[string]int{
		`select count(*) from articles where source = 'demo'`:                                           120,
		`select count(*) from authors where avatar_id is not null`:                                      12,
		`select count(*) from tags`:                                                                     25,
		`select count(*) from videos where duration_seconds > 0`:                                        12,
		`select count(*) from revisions`:                                                                1,
		`select count(*) from campaigns where slug = 'membership' and joined > 0`:                       1,
		`select count(*) from old_slugs where article_id is not null`:                                   4,
		`select count(*) from articles where status = 'SCHEDULED' and published_at > now()`:             3,
		`select count(*) from articles where embargoed_until > now()`:                                   1,
		`select count(*) from articles where status = 'RETRACTED' and retracted_at < now()`:             1,
		`select count(*) from articles where access <> 'PUBLIC' and body_html like '%members-only%'`:    2,
		`select count(*) from site where name = 'The Larksund Courier' and logo_url like 'http://127%'`: 1,
	} {
		if got := count(t, db, query); got < want {
			t.Errorf("%s: %d, want at least %d", query, got, want)
		}
	}
	if n := count(t, db, `select count(*) from images where strpos(url, $1) <> 1`, origin+"/demo/"); n > 0 {
		t.Errorf("%d pictures are not below %s/demo/", n, origin)
	}
	// Postgres counts the words of the finished body; 398 to 662 of them are two minutes to read.
	words := count(t, db, `select word_count from articles where slug = 'the-night-the-harbour-lights-went-out'`)
	if words < 500 || words > 600 {
		t.Errorf("the flagship has %d words, about 530 are wanted", words)
	}
}

func TestEveryPictureAndFilmOfTheNewsroomIsServed(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	load(t, db, "")
	var paths []string
	err := db.SelectContext(t.Context(), &paths, `select url from images union select url from videos union
		select logo_url from site union
		select (regexp_matches(body_html, '(?:src|href)="(/[^"]+)"', 'g'))[1] from articles`)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		answer := httptest.NewRecorder()
		demo.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodHead, path, nil))
		if answer.Code != http.StatusOK {
			t.Errorf("HEAD %s: %d", path, answer.Code)
		}
	}
}

func TestASecondLoadChangesNothing(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	load(t, db, origin)
	before := content(t, db)
	if load(t, db, origin+"/") {
		t.Error("the second Load says that it filled the newsroom")
	}
	requireSame(t, before, content(t, db))
}

func TestLoadLeavesAForeignNewsroomAlone(t *testing.T) {
	t.Parallel()
	for owner, statement := range map[string]string{
		"articles":  `insert into articles (slug, title, body_html) values ('theirs', 'Theirs', '<p>/demo/ is mine</p>')`,
		"authors":   `insert into authors (slug, name) values ('they', 'They')`,
		"tags":      `insert into tags (slug, name) values ('theirs', 'Theirs')`,
		"campaigns": `insert into campaigns (slug, title) values ('theirs', 'Theirs')`,
		"images":    `insert into images (url) values ('https://theirs.example/demo/images/logo.svg')`,
	} {
		t.Run(owner, func(t *testing.T) {
			t.Parallel()
			db := dbtest.New(t)
			db.MustExecContext(t.Context(), statement)
			before := content(t, db)
			if load(t, db, origin) {
				t.Error("Load says that it filled a newsroom that has", owner)
			}
			requireSame(t, before, content(t, db))
		})
	}
}

func TestAnotherBaseMovesThePictures(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	load(t, db, origin)
	before := content(t, db)
	db.MustExecContext(t.Context(), `insert into images (url) values ('`+origin+`/demo/images/theirs.svg')`)
	const moved = "https://courier.example"
	if load(t, db, moved) {
		t.Error("moving the pictures says that it filled the newsroom")
	}
	const addresses = `select count(*) from (select url from images union all select url from videos
		union all select logo_url from site union all select body_html from articles) a(url) where strpos(url, $1) > 0`
	if n := count(t, db, addresses, origin+"/demo/"); n != 1 {
		t.Errorf("%d addresses begin with the old base, only the foreign one should", n)
	}
	if n := count(t, db, addresses, moved+"/demo/"); n < 120 {
		t.Errorf("only %d addresses begin with the new base", n)
	}
	after := content(t, db)
	for _, table := range []string{"authors", "tags", "related_stories", "corrections", "revisions", "old_slugs", "campaigns"} {
		if before[table] != after[table] {
			t.Errorf("moving the pictures has changed %s: before %s, after %s", table, before[table], after[table])
		}
	}
}
