package content

import (
	"context"
	"unsafe"

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

func (v *Video) weight() int {
	return int(unsafe.Sizeof(*v)) + stringItself + len(v.URL) + optionalWeight(v.EmbedURL, v.Provider)
}

func (s *Service) attachVideos(ctx context.Context, articles []*Article, asked *Selection) error {
	of := asked.of("video")
	if of == nil {
		return nil
	}
	dependOnArticles(ctx, articles, "article-video")
	byArticle, err := recall(ctx, s.memory, videoOfArticle, idsOf(articles), func(articles []int64) ([]parts[Video], error) {
		rows, err := read[Video](ctx, s.statements, "videos", `select
				v.article_id, v.url, v.embed_url, v.provider, v.duration_seconds, v.width, v.height, v.poster_id
			from videos v
			where v.article_id = any($1)`, pq.Array(articles))
		return partsOf(articles, rows, func(v *Video) ArticleID { return v.ArticleID }), err
	})
	if err != nil {
		return err
	}
	var videos []*Video
	for _, a := range articles {
		if found := byArticle[int64(a.ID)].rows; len(found) > 0 {
			a.Video = copied(&found[0])
			videos = append(videos, a.Video)
		}
	}
	return complete(ctx, videos, of, s.attachPosters)
}
