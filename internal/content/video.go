package content

import "context"

// Video is a moving picture that belongs to an article.
type Video struct {
	ArticleID       ArticleID `db:"article_id"`
	URL             string    `db:"url"`
	EmbedURL        *string   `db:"embed_url"`
	Provider        *string   `db:"provider"`
	DurationSeconds *int      `db:"duration_seconds"`
	Width           *int      `db:"width"`
	Height          *int      `db:"height"`
	PosterID        *int64    `db:"poster_id"`

	Poster *Image `db:"-"`
}

func (s *Service) attachVideos(ctx context.Context, articles []*Article, asked *Selection) error {
	of := asked.of("video")
	if of == nil {
		return nil
	}
	dependOnArticles(ctx, articles, "article-extras")
	rows, err := read[Video](ctx, s.statements, "videos", `select
			v.article_id, v.url, v.embed_url, v.provider, v.duration_seconds, v.width, v.height, v.poster_id
		from videos v
		where v.article_id = any($1)`, articleIDs(articles))
	if err != nil {
		return err
	}
	videos := pointers(rows)
	byArticle := make(map[ArticleID]*Video, len(videos))
	for _, v := range videos {
		byArticle[v.ArticleID] = v
	}
	for _, a := range articles {
		a.Video = byArticle[a.ID]
	}
	return complete(ctx, videos, of, s.attachPosters)
}
