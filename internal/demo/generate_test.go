package demo_test

import (
	"testing"

	"broadsheet/internal/database/dbtest"
	"broadsheet/internal/demo"
)

// What is written past the triggers is what they would have written, and those who listen hear of it.
func TestGeneratedRowsAreWhatTriggersWouldHaveMade(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	for _, n := range []int{1100, 1200} { // the second continues the first
		if err := demo.Generate(t.Context(), db, n, func(_, _ int) {}); err != nil {
			t.Fatal(err)
		}
		if got := count(t, db, `select count(*) from articles`); got != n {
			t.Fatalf("%d articles, not %d", got, n)
		}
	}
	for wrong, query := range map[string]string{
		"word counts":      `select count(*) from articles where word_count <> count_words(body_html) or word_count = 0`,
		"links of tags":    `select count(*) from article_tags l join articles a on a.id = l.article_id where (l.published_at, l.updated_at) is distinct from (a.published_at, a.updated_at)`,
		"links of authors": `select count(*) from article_authors l join articles a on a.id = l.article_id where (l.published_at, l.updated_at) is distinct from (a.published_at, a.updated_at)`,
		"articles without": `select count(*) from articles a where not exists (select from article_tags where article_id = a.id)
			or not exists (select from article_authors where article_id = a.id)`,
	} {
		if got := count(t, db, query); got != 0 {
			t.Errorf("%s: %d", wrong, got)
		}
	}
	if count(t, db, `select count(*) from changes where keys @> array['*']`) == 0 {
		t.Error("nobody who listens hears of it")
	}
}
