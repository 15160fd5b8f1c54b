package content

import (
	"context"
	"slices"

	"github.com/lib/pq"
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

// relatedLink is what the link to a related story says.
type relatedLink struct {
	Kind     RelatedStoryKind
	Reason   *string
	Position int
}

func (l *relatedLink) columns(into []any) []any {
	return append(into, (*string)(&l.Kind), &l.Reason, &l.Position)
}

func (l *relatedLink) story(article *Article) RelatedStory {
	return RelatedStory{Article: article, Kind: l.Kind, Reason: l.Reason, Position: l.Position}
}

// attachRelatedStories reads as many stories as the largest first wants, once: the others show the beginning of
// the same list.
func (s *Service) attachRelatedStories(ctx context.Context, b *batch, articles []*Article, asked *Selection) error {
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
	s.relatedStories(ctx, b, idsOf(articles), most, func(byArticle map[ArticleID][]RelatedStory) error {
		for _, a := range articles {
			a.related = byArticle[a.ID]
		}
		return s.completeArticles(ctx, b, storiesIn(byArticle), asked.of("relatedStories").of("article"))
	})
	return nil
}

// relatedStories reads so many stories for each article. In memory there are always the first twenty.
func (s *Service) relatedStories(ctx context.Context, b *batch, articles []int64, most int, use func(map[ArticleID][]RelatedStory) error) {
	memory, limit := s.memory.serves(ctx), most
	if most > defaultRelated {
		memory = nil
	} else if memory != nil {
		limit = defaultRelated
	}
	links := relation[relatedLink, Article]{storiesOfArticle, headOfArticle, func(articles []int64, use func([]linked[relatedLink, Article]) error) *wantedRows {
		return want(b, "related stories", `
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
			order by f.id, r.rank, r.position`, []any{s.now(ctx), pq.Array(articles), limit}, use)
	}}
	links.follow(ctx, memory, articles, func(reached map[int64][]reached[relatedLink, Article], _ []*Article) error {
		byArticle := make(map[ArticleID][]RelatedStory, len(reached))
		for article, found := range reached {
			stories := make([]RelatedStory, min(len(found), most))
			for i := range stories {
				stories[i] = found[i].Link.story(found[i].Object)
			}
			countPlaces(stories)
			byArticle[ArticleID(article)] = stories
		}
		return use(byArticle)
	})
}

// storiesIn returns the articles of all lists, each once.
func storiesIn(lists map[ArticleID][]RelatedStory) []*Article {
	var articles []*Article
	seen := make(map[*Article]bool)
	for _, stories := range lists {
		for _, story := range stories {
			if !seen[story.Article] {
				seen[story.Article] = true
				articles = append(articles, story.Article)
			}
		}
	}
	return articles
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
func (s *Service) attachInline(ctx context.Context, b *batch, articles []*Article, asked *Selection, use func() error) {
	dependOnArticles(ctx, articles, "related")
	want(b, "stories inside bodies", `
		select r.article_id as from_id, r.kind as relation, r.reason, r.position, `+articleColumns+`
		from related_stories r join articles a on a.id = r.related_id
		where r.article_id = any($2) and r.kind = 'INLINE' and `+visible(ctx), []any{s.now(ctx), articleIDs(articles)},
		func(rows []linked[relatedLink, Article]) error {
			byArticle := grouped(rows, func(r *linked[relatedLink, Article]) (ArticleID, RelatedStory) {
				return ArticleID(r.Owner), r.Link.story(&r.Row)
			})
			for _, a := range articles {
				a.inline = byArticle[a.ID]
			}
			if err := s.completeArticles(ctx, b, storiesIn(byArticle), union(asked, new(Selection))); err != nil {
				return err
			}
			return use()
		})
}

// inlineAt returns the story whose card has this position in the body; nil if there is none that may be shown.
func (a *Article) inlineAt(position int) *Article {
	i := slices.IndexFunc(a.inline, func(r RelatedStory) bool { return r.Position == position })
	if i < 0 {
		return nil
	}
	return a.inline[i].Article
}
