package content

import (
	"context"
	"time"

	"github.com/lib/pq"
)

// Correction says what was wrong in an article and what is right.
type Correction struct {
	ArticleID ArticleID `db:"article_id"`
	Text      string    `db:"text"`
	At        time.Time `db:"at"`
}

// Revision is a published version of an article before it was changed.
type Revision struct {
	ArticleID ArticleID `db:"article_id"`
	Number    int       `db:"number"`
	Title     string    `db:"title"`
	Excerpt   string    `db:"excerpt"`
	At        time.Time `db:"at"`
}

func (c *Correction) columns(into []any) []any {
	return append(into, (*int64)(&c.ArticleID), &c.Text, &c.At)
}

func (r *Revision) columns(into []any) []any {
	return append(into, (*int64)(&r.ArticleID), &r.Number, &r.Title, &r.Excerpt, &r.At)
}

func (s *Service) attachCorrections(ctx context.Context, b *batch, articles []*Article, asked *Selection) error {
	if !asked.has("corrections") {
		return nil
	}
	dependOnArticles(ctx, articles, "article-corrections")
	recall(ctx, s.memory, correctionsOfArticle, idsOf(articles), func(articles []int64, keep func([]parts[Correction]) error) *wantedRows {
		return want(b, "corrections", `select c.article_id, c.text, c.at
			from corrections c
			where c.article_id = any($2) and c.at <= $1
			order by c.at, c.id`, []any{s.now(ctx), pq.Array(articles)}, func(rows []Correction) error {
			return keep(partsOf(articles, rows, func(c *Correction) ArticleID { return c.ArticleID }))
		})
	}, func(byArticle map[int64]*parts[Correction]) error {
		for _, a := range articles {
			a.Corrections = pointers(byArticle[int64(a.ID)].rows)
		}
		return nil
	})
	return nil
}

func (s *Service) attachRevisions(ctx context.Context, b *batch, articles []*Article, asked *Selection) error {
	if !asked.has("revisions") {
		return nil
	}
	dependOnArticles(ctx, articles, "article-revisions")
	want(b, "revisions", `select r.article_id, r.number, r.title, r.excerpt, r.at
		from revisions r
		where r.article_id = any($1)
		order by r.number desc`, []any{articleIDs(articles)}, func(rows []Revision) error {
		byArticle := grouped(rows, func(r *Revision) (ArticleID, *Revision) { return r.ArticleID, r })
		for _, a := range articles {
			a.Revisions = byArticle[a.ID]
		}
		return nil
	})
	return nil
}
