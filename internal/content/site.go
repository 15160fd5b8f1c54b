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

// Site returns the newsroom.
func (s *Service) Site(ctx context.Context) (*Site, error) {
	depend(ctx, wholly(Key{Kind: "site"}))
	rows, err := read[Site](ctx, s.statements, "site", `select name, description, locale, logo_url from site`)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errors.New("the table site has no row")
	}
	rows[0].URL = s.addresses.site()
	return &rows[0], nil
}

// attachPublisher reads the newsroom for the articles' structured data.
func (s *Service) attachPublisher(ctx context.Context, articles []*Article, asked *Selection) error {
	if !asked.has("jsonLd") {
		return nil
	}
	site, err := s.Site(ctx)
	if err != nil {
		return err
	}
	for _, a := range articles {
		a.publisher = site
	}
	return nil
}
