package content

import (
	"context"
	"unsafe"

	"github.com/lib/pq"
)

// Image is a picture with what is to be said about it.
type Image struct {
	ID      int64  `db:"id"`
	URL     string `db:"url"`
	Alt     string `db:"alt"`
	Caption string `db:"caption"`
	Credit  string `db:"credit"`
	Width   *int   `db:"width"`
	Height  *int   `db:"height"`
}

func (i *Image) columns(into []any) []any {
	return append(into, &i.ID, &i.URL, &i.Alt, &i.Caption, &i.Credit, &i.Width, &i.Height)
}

func (i *Image) key() int64 { return i.ID }

func (i *Image) weight() int {
	return int(unsafe.Sizeof(*i)) + 4*stringItself + len(i.URL) + len(i.Alt) + len(i.Caption) + len(i.Credit)
}

func (s *Service) attachLeadImages(ctx context.Context, articles []*Article, asked *Selection) error {
	return attachImages(ctx, s, articles, asked.has("leadImage") && AudienceOf(ctx).images(),
		func(a *Article) *int64 { return a.LeadImageID },
		func(a *Article, image *Image) { a.LeadImage = image })
}

func (s *Service) attachSeoImages(ctx context.Context, articles []*Article, asked *Selection) error {
	return attachImages(ctx, s, articles, asked.of("seo").has("image") && AudienceOf(ctx).images(),
		func(a *Article) *int64 {
			if a.SeoImageID == nil {
				return a.LeadImageID
			}
			return a.SeoImageID
		},
		func(a *Article, image *Image) { a.SeoImage = image })
}

func (s *Service) attachAvatars(ctx context.Context, authors []*Author, asked *Selection) error {
	return attachImages(ctx, s, authors, asked.has("avatar"),
		func(a *Author) *int64 { return a.AvatarID },
		func(a *Author, image *Image) { a.Avatar = image })
}

func (s *Service) attachTagImages(ctx context.Context, tags []*Tag, asked *Selection) error {
	return attachImages(ctx, s, tags, asked.has("image"),
		func(t *Tag) *int64 { return t.ImageID },
		func(t *Tag, image *Image) { t.Image = image })
}

func (s *Service) attachPosters(ctx context.Context, videos []*Video, asked *Selection) error {
	return attachImages(ctx, s, videos, asked.has("poster") && AudienceOf(ctx).images(),
		func(v *Video) *int64 { return v.PosterID },
		func(v *Video, image *Image) { v.Poster = image })
}

func attachImages[T any](ctx context.Context, s *Service, objects []*T, asked bool, idOf func(*T) *int64, set func(*T, *Image)) error {
	if !asked {
		return nil
	}
	ids := make([]int64, 0, len(objects))
	for _, object := range objects {
		if id := idOf(object); id != nil {
			ids = append(ids, *id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	dependOnIDs(ctx, "image", ids)
	byID, err := recall(ctx, s.memory, rowOfImage, ids, func(ids []int64) ([]Image, error) {
		return read[Image](ctx, s.statements, "images", `select i.id, i.url, i.alt, i.caption, i.credit, i.width, i.height
			from images i
			where i.id = any($1)`, pq.Array(ids))
	})
	if err != nil {
		return err
	}
	for _, object := range objects {
		if id := idOf(object); id != nil {
			set(object, byID[*id])
		}
	}
	return nil
}
