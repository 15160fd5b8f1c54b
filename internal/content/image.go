package content

import (
	"cmp"
	"context"
	"slices"

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

// wantedImage is where an image goes.
type wantedImage struct {
	id   *int64 // nil if there is none
	into **Image
}

func (s *Service) attachPictures(ctx context.Context, b *batch, articles []*Article, asked *Selection) error {
	lead, seo := asked.has("leadImage"), asked.of("seo").has("image")
	if !lead && !seo || !AudienceOf(ctx).images() {
		return nil
	}
	var wanted []wantedImage
	for _, a := range articles {
		if lead {
			wanted = append(wanted, wantedImage{a.LeadImageID, &a.LeadImage})
		}
		if seo {
			wanted = append(wanted, wantedImage{cmp.Or(a.SeoImageID, a.LeadImageID), &a.SeoImage})
		}
	}
	s.wantImages(ctx, b, wanted)
	return nil
}

func (s *Service) attachAvatars(ctx context.Context, b *batch, authors []*Author, asked *Selection) error {
	if asked.has("avatar") {
		s.wantImages(ctx, b, wantedOf(authors, func(a *Author) wantedImage { return wantedImage{a.AvatarID, &a.Avatar} }))
	}
	return nil
}

func (s *Service) attachTagImages(ctx context.Context, b *batch, tags []*Tag, asked *Selection) error {
	if asked.has("image") {
		s.wantImages(ctx, b, wantedOf(tags, func(t *Tag) wantedImage { return wantedImage{t.ImageID, &t.Image} }))
	}
	return nil
}

func (s *Service) attachPosters(ctx context.Context, b *batch, videos []*Video, asked *Selection) error {
	if asked.has("poster") && AudienceOf(ctx).images() {
		s.wantImages(ctx, b, wantedOf(videos, func(v *Video) wantedImage { return wantedImage{v.PosterID, &v.Poster} }))
	}
	return nil
}

func wantedOf[T any](objects []*T, of func(*T) wantedImage) []wantedImage {
	wanted := make([]wantedImage, len(objects))
	for i, object := range objects {
		wanted[i] = of(object)
	}
	return wanted
}

func (s *Service) wantImages(ctx context.Context, b *batch, wanted []wantedImage) {
	wanted = slices.DeleteFunc(wanted, func(w wantedImage) bool { return w.id == nil })
	ids := make([]int64, len(wanted))
	for i, w := range wanted {
		ids[i] = *w.id
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	dependOnIDs(ctx, "image", ids)
	recall(ctx, s.memory, rowOfImage, ids, func(ids []int64, keep func([]Image) error) *wantedRows {
		return want(b, "images", `select i.id, i.url, i.alt, i.caption, i.credit, i.width, i.height
			from images i
			where i.id = any($1)`, []any{pq.Array(ids)}, keep)
	}, func(byID map[int64]*Image) error {
		for _, w := range wanted {
			*w.into = byID[*w.id]
		}
		return nil
	})
}
