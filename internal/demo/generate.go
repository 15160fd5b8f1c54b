package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// generated marks the rows that Generate writes.
const generated = "generated"

// How the synthetic newsroom is cut: few authors and tags have most of the articles, as in a real one.
const (
	generatedAuthors = 200
	generatedTags    = 400
	generatedBatch   = 1000 // articles of one transaction
	generatedRelated = 3    // stories that each article is linked to
)

// Generate adds synthetic articles until there are n of them, for measuring: with two authors at the most, up to five
// tags, three stories related by the desk, and some 400 words. They are older than the demo newsroom's, one every half
// hour. What it writes depends on nothing but the number of an article. Progress is called after each batch.
func Generate(ctx context.Context, db *sqlx.DB, n int, progress func(done, total int)) error {
	var done int
	if err := db.GetContext(ctx, &done, `select count(*) from articles where source = $1`, generated); err != nil {
		return fmt.Errorf("count the synthetic articles: %w", err)
	}
	if done >= n {
		return nil
	}
	if err := generateOwners(ctx, db); err != nil {
		return fmt.Errorf("write the synthetic authors and tags: %w", err)
	}
	for ; done < n; done = min(done+generatedBatch, n) {
		progress(done, n)
		if err := generateArticles(ctx, db, done, min(done+generatedBatch, n)); err != nil {
			return fmt.Errorf("write the synthetic articles from %d: %w", done, err)
		}
	}
	progress(n, n)
	// The planner would otherwise go by the sizes of before until Postgres looks by itself.
	_, err := db.ExecContext(ctx, `analyze`)
	return err
}

func generateOwners(ctx context.Context, db *sqlx.DB) error {
	for _, owners := range []struct {
		count     int
		statement string
	}{
		{generatedAuthors, `insert into authors (slug, name, bio, source, source_id)
			select 'writer-' || i, 'Writer ' || i, 'Writer ' || i || ' exists to be counted.', $2, i
			from generate_series(1, $1::int) i on conflict do nothing`},
		{generatedTags, `insert into tags (slug, name, description, source, source_id)
			select 'subject-' || i, 'Subject ' || i, 'What is filed under ' || i || '.', $2, i
			from generate_series(1, $1::int) i on conflict do nothing`},
	} {
		if _, err := db.ExecContext(ctx, owners.statement, owners.count, generated); err != nil {
			return err
		}
	}
	return nil
}

// generatedLinks are rows of a table that links articles to something.
type generatedLinks struct{ articles, targets, positions []int64 }

func (l *generatedLinks) add(article, target, position int) {
	l.articles = append(l.articles, int64(article))
	l.targets = append(l.targets, int64(target))
	l.positions = append(l.positions, int64(position))
}

// generateArticles writes those with the numbers from, up to but without to.
func generateArticles(ctx context.Context, db *sqlx.DB, from, to int) error {
	var numbers, words []int64
	var titles, excerpts, bodies []string
	var authors, tags, related generatedLinks
	for number := from; number < to; number++ {
		random := rand.New(rand.NewPCG(uint64(number), 7))
		numbers = append(numbers, int64(number))
		titles = append(titles, sentence(random)+" "+strconv.Itoa(number))
		excerpts = append(excerpts, sentence(random)+". "+sentence(random)+".")
		body := text(random)
		bodies, words = append(bodies, body), append(words, countWords(body))
		for i, author := range skewed(random, generatedAuthors, 1+random.IntN(2)) {
			authors.add(number, author, i)
		}
		for i, tag := range skewed(random, generatedTags, 1+random.IntN(5)) {
			tags.add(number, tag, i)
		}
		for i := range min(generatedRelated, number) {
			related.add(number, number-1-i-generatedRelated*random.IntN(1+(number-1-i)/generatedRelated), i+1)
		}
	}
	tx, err := db.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := withoutTriggers(ctx, tx); err != nil {
		return err
	}
	for _, write := range []struct {
		statement string
		args      []any
	}{
		{`insert into articles (slug, title, excerpt, body_html, word_count, status, published_at, created_at, updated_at, source, source_id)
			select 'measured-' || a.number, a.title, a.excerpt, a.body, a.words, 'PUBLISHED', at, at, at, $5, a.number
			from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $7::bigint[]) as a(number, title, excerpt, body, words),
				lateral (select $6::timestamptz - a.number * interval '30 minutes' as at) as published`,
			[]any{pq.Array(numbers), pq.Array(titles), pq.Array(excerpts), pq.Array(bodies), generated, newestGenerated, pq.Array(words)}},
		{linked("article_authors", "author_id", "authors", ", published_at, updated_at"), authors.arguments()},
		{linked("article_tags", "tag_id", "tags", ", published_at, updated_at"), tags.arguments()},
		{linked("related_stories", "related_id", "articles", "") + " on conflict do nothing", related.arguments()},
	} {
		if _, err := tx.ExecContext(ctx, write.statement, write.args...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// newestGenerated is a fixed instant, so that a newsroom that is continued is the same as one made at once.
var newestGenerated = time.Date(2025, time.September, 1, 6, 0, 0, 0, time.UTC)

// withoutTriggers spares the transaction what they would write, if we may: all of it is given, and the constraints between
// tables are kept by the statements. Who listens hears that everything has changed.
func withoutTriggers(ctx context.Context, tx *sqlx.Tx) error {
	var may bool
	if err := tx.GetContext(ctx, &may, `select current_setting('is_superuser')::boolean`); err != nil || !may {
		return err
	}
	_, err := tx.ExecContext(ctx, `set local session_replication_role = replica; select log_change('everything', array['*'])`)
	return err
}

var markup = regexp.MustCompile(`<[^>]*>`)

// countWords counts as the function count_words of the database does.
func countWords(html string) int64 {
	return int64(len(strings.Fields(markup.ReplaceAllString(html, " "))))
}

// linked writes the links, and what else of the article their rows repeat.
func linked(table, column, targets, repeated string) string {
	return `insert into ` + table + ` (article_id, ` + column + `, position` + repeated + `)
		select a.id, t.id, l.position` + strings.ReplaceAll(repeated, ", ", ", a.") + `
		from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as l(article, target, position)
		join articles a on a.source = $4 and a.source_id = l.article::text
		join ` + targets + ` t on t.source = $4 and t.source_id = l.target::text`
}

func (l *generatedLinks) arguments() []any {
	return []any{pq.Array(l.articles), pq.Array(l.targets), pq.Array(l.positions), generated}
}

// skewed picks distinct numbers from 1 to most, low ones far more often.
func skewed(random *rand.Rand, most, count int) []int {
	var picked []int
	seen := make(map[int]bool, count)
	for len(picked) < count {
		u := random.Float64()
		if number := 1 + int(float64(most)*u*u*u); !seen[number] {
			seen[number] = true
			picked = append(picked, number)
		}
	}
	return picked
}

var (
	subjects = strings.Fields("council harbour ferry school library museum market hospital bridge theatre island club")
	verbs    = strings.Fields("opens moves delays reviews rebuilds counts answers defends promises changes studies keeps")
	objects  = strings.Fields("timetable budget roof archive plan ticket contract garden programme record garage season")
	places   = []string{"in the old town", "by the water", "after the winter", "before the vote", "on the islands", "for a year"}
)

func sentence(random *rand.Rand) string {
	pick := func(words []string) string { return words[random.IntN(len(words))] }
	return "The " + pick(subjects) + " " + pick(verbs) + " the " + pick(objects) + " " + pick(places)
}

// text is ten paragraphs with a heading in the middle.
func text(random *rand.Rand) string {
	var html strings.Builder
	for paragraph := range 10 {
		if paragraph == 5 {
			html.WriteString("<h2>" + sentence(random) + "</h2>\n")
		}
		html.WriteString("<p>")
		for range 5 {
			html.WriteString(sentence(random) + ". ")
		}
		html.WriteString("</p>\n")
	}
	return html.String()
}
