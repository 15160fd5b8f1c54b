package content

import (
	"context"
	"slices"
)

// RelatedStory leads from an article to another one.
type RelatedStory struct {
	Article  *Article
	Kind     RelatedStoryKind
	Reason   *string
	Position int // its place among those of its kind that are shown, from 1; inside a body the number of its card
}

type RelatedStoryKind string

const (
	RelatedByEditor     RelatedStoryKind = "EDITOR"
	RelatedInline       RelatedStoryKind = "INLINE"
	RelatedBySuggestion RelatedStoryKind = "SUGGESTED"
)

const defaultRelated = 20

// RelatedStories are the first of the stories that were loaded.
func (a *Article) RelatedStories(first *int) []RelatedStory {
	return a.related[:min(len(a.related), relatedCount(first))]
}

func relatedCount(first *int) int {
	if first == nil {
		return defaultRelated
	}
	return *first
}

type relatedRow struct {
	From     ArticleID        `db:"from_id"`
	Relation RelatedStoryKind `db:"relation"`
	Reason   *string          `db:"reason"`
	Position int              `db:"position"`
	Article
}

func (r *relatedRow) story() RelatedStory {
	return RelatedStory{Article: &r.Article, Kind: r.Relation, Reason: r.Reason, Position: r.Position}
}

// attachRelatedStories reads as many stories as the largest first wants, once: the others show the beginning of
// the same list.
func (s *Service) attachRelatedStories(ctx context.Context, articles []*Article, asked *Selection) error {
	most := -1
	for _, f := range asked.all("relatedStories") {
		var args PageArguments
		if err := f.decode(&args); err != nil {
			return err
		}
		if err := checkPageSize(relatedCount(args.First)); err != nil {
			return err
		}
		most = max(most, relatedCount(args.First))
	}
	if most < 0 {
		return nil
	}
	dependOnArticles(ctx, articles, "related")
	rows, err := read[relatedRow](ctx, s.statements, "related stories", `
		select f.id as from_id, r.relation, r.reason, r.position, `+articleColumns+`
		from unnest($2::bigint[]) as f(id)
		cross join lateral (
			select o.* from (
				select distinct on (r.related_id) r.related_id, r.kind as relation, r.reason, r.position,
					array_position(array['EDITOR', 'INLINE', 'SUGGESTED'], r.kind) as rank
				from related_stories r join articles a on a.id = r.related_id
				where r.article_id = f.id and `+visible(ctx)+`
				order by r.related_id, rank, r.position
			) as o
			order by o.rank, o.position
			limit $3
		) as r
		join articles a on a.id = r.related_id
		order by f.id, r.rank, r.position`, s.now(ctx), articleIDs(articles), most)
	if err != nil {
		return err
	}
	byArticle := grouped(rows, func(r *relatedRow) (ArticleID, RelatedStory) { return r.From, r.story() })
	for _, stories := range byArticle {
		countPlaces(stories)
	}
	for _, a := range articles {
		a.related = byArticle[a.ID]
	}
	return s.completeArticles(ctx, relatedArticles(rows), asked.of("relatedStories").of("article"))
}

// countPlaces numbers the stories of each kind again: a gap would tell that there is one which may not be seen.
func countPlaces(stories []RelatedStory) {
	for i := range stories {
		stories[i].Position = 1
		if i > 0 && stories[i-1].Kind == stories[i].Kind {
			stories[i].Position += stories[i-1].Position
		}
	}
}

// attachInline reads the stories that have a card inside the bodies.
func (s *Service) attachInline(ctx context.Context, articles []*Article, asked *Selection) error {
	dependOnArticles(ctx, articles, "related")
	rows, err := read[relatedRow](ctx, s.statements, "stories inside bodies", `
		select r.article_id as from_id, r.kind as relation, r.reason, r.position, `+articleColumns+`
		from related_stories r join articles a on a.id = r.related_id
		where r.article_id = any($2) and r.kind = 'INLINE' and `+visible(ctx), s.now(ctx), articleIDs(articles))
	if err != nil {
		return err
	}
	byArticle := grouped(rows, func(r *relatedRow) (ArticleID, RelatedStory) { return r.From, r.story() })
	for _, a := range articles {
		a.inline = byArticle[a.ID]
	}
	return s.completeArticles(ctx, relatedArticles(rows), union(asked, new(Selection)))
}

// inlineAt returns the story whose card has this position in the body; nil if there is none that may be shown.
func (a *Article) inlineAt(position int) *Article {
	i := slices.IndexFunc(a.inline, func(r RelatedStory) bool { return r.Position == position })
	if i < 0 {
		return nil
	}
	return a.inline[i].Article
}

func relatedArticles(rows []relatedRow) []*Article {
	articles := make([]*Article, len(rows))
	for i := range rows {
		articles[i] = &rows[i].Article
	}
	return articles
}
