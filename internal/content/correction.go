package content

import (
	"context"
	"time"
	"unsafe"

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

func (c *Correction) weight() int { return int(unsafe.Sizeof(*c)) + stringItself + len(c.Text) }

func (s *Service) attachCorrections(ctx context.Context, articles []*Article, asked *Selection) error {
	if !asked.has("corrections") {
		return nil
	}
	dependOnArticles(ctx, articles, "article-corrections")
	byArticle, err := recall(ctx, s.memory, correctionsOfArticle, idsOf(articles), func(articles []int64) ([]parts[Correction], error) {
		rows, err := read[Correction](ctx, s.statements, "corrections", `select c.article_id, c.text, c.at
			from corrections c
			where c.article_id = any($2) and c.at <= $1
			order by c.at, c.id`, s.now(ctx), pq.Array(articles))
		return partsOf(articles, rows, func(c *Correction) ArticleID { return c.ArticleID }), err
	})
	if err != nil {
		return err
	}
	for _, a := range articles {
		a.Corrections = pointers(byArticle[int64(a.ID)].rows)
	}
	return nil
}

func (s *Service) attachRevisions(ctx context.Context, articles []*Article, asked *Selection) error {
	if !asked.has("revisions") {
		return nil
	}
	dependOnArticles(ctx, articles, "article-revisions")
	rows, err := read[Revision](ctx, s.statements, "revisions", `select r.article_id, r.number, r.title, r.excerpt, r.at
		from revisions r
		where r.article_id = any($1)
		order by r.number desc`, articleIDs(articles))
	if err != nil {
		return err
	}
	byArticle := grouped(rows, func(r *Revision) (ArticleID, *Revision) { return r.ArticleID, r })
	for _, a := range articles {
		a.Revisions = byArticle[a.ID]
	}
	return nil
}
