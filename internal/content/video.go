package content

import (
	"context"

	"github.com/lib/pq"
)

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

func (v *Video) columns(into []any) []any {
	return append(into, (*int64)(&v.ArticleID), &v.URL, &v.EmbedURL, &v.Provider, &v.DurationSeconds, &v.Width, &v.Height, &v.PosterID)
}

func (s *Service) attachVideos(ctx context.Context, b *batch, articles []*Article, asked *Selection) error {
	of := asked.of("video")
	if of == nil {
		return nil
	}
	dependOnArticles(ctx, articles, "article-video")
	recall(ctx, s.memory, videoOfArticle, idsOf(articles), func(articles []int64, keep func([]parts[Video]) error) *wantedRows {
		return want(b, "videos", `select
				v.article_id, v.url, v.embed_url, v.provider, v.duration_seconds, v.width, v.height, v.poster_id
			from videos v
			where v.article_id = any($1)`, []any{pq.Array(articles)}, func(rows []Video) error {
			return keep(partsOf(articles, rows, func(v *Video) ArticleID { return v.ArticleID }))
		})
	}, func(byArticle map[int64]*parts[Video]) error {
		var videos []*Video
		for _, a := range articles {
			if found := byArticle[int64(a.ID)].rows; len(found) > 0 {
				video := found[0] // an article may be there as several objects
				a.Video = &video
				videos = append(videos, a.Video)
			}
		}
		return complete(ctx, b, videos, of, s.attachPosters)
	})
	return nil
}
