package content

import (
	"context"
	"errors"
)

// Site is the newsroom itself.
type Site struct {
	Name        string  `db:"name"`
	Description string  `db:"description"`
	Locale      string  `db:"locale"`
	LogoURL     *string `db:"logo_url"`

	URL string `db:"-"`
}

func (s *Site) columns(into []any) []any {
	return append(into, &s.Name, &s.Description, &s.Locale, &s.LogoURL)
}

// Site returns the newsroom.
func (s *Service) Site(ctx context.Context) (*Site, error) {
	site := new(Site)
	return site, s.load(ctx, func(b *batch) error { return s.wantSite(ctx, b, site) })
}

func (s *Service) wantSite(ctx context.Context, b *batch, site *Site) error {
	depend(ctx, wholly(Key{Kind: "site"}))
	want(b, "site", `select s.name, s.description, s.locale, s.logo_url from site s`, nil, func(rows []Site) error {
		if len(rows) == 0 {
			return errors.New("the table site has no row")
		}
		*site = rows[0]
		site.URL = s.addresses.site()
		return nil
	})
	return nil
}

// attachPublisher reads the newsroom for the articles' structured data.
func (s *Service) attachPublisher(ctx context.Context, b *batch, articles []*Article, asked *Selection) error {
	if !asked.has("jsonLd") {
		return nil
	}
	site := new(Site)
	for _, a := range articles {
		a.publisher = site
	}
	return s.wantSite(ctx, b, site)
}
