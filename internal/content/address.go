package content

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Addresses makes the public addresses of what the newsroom publishes, and finds out what one leads to. The pages
// themselves are served by the newsroom's frontend.
type Addresses struct {
	base     string // the site's address without a slash at the end
	articles pattern
	authors  pattern
	tags     pattern
}

// pattern is a path with a gap for the slug.
type pattern struct{ before, after string }

// NewAddresses checks the site's address and the three path patterns, such as /author/{slug}/.
func NewAddresses(site, article, author, tag string) (*Addresses, error) {
	u, err := url.Parse(site)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q is not the address of a site; write it like https://news.example.org", site)
	}
	addresses := &Addresses{base: strings.TrimRight(u.String(), "/")}
	for _, p := range []struct {
		text string
		into *pattern
	}{{article, &addresses.articles}, {author, &addresses.authors}, {tag, &addresses.tags}} {
		before, after, found := strings.Cut(p.text, "{slug}")
		if !found || !strings.HasPrefix(before, "/") || strings.ContainsAny(p.text, "?# ") || strings.Contains(after, "{slug}") {
			return nil, fmt.Errorf("%q is not a path pattern; write it like /stories/{slug}/", p.text)
		}
		*p.into = pattern{before, after}
	}
	if a, b, c := addresses.articles.open(), addresses.authors.open(), addresses.tags.open(); a == b || a == c || b == c {
		return nil, fmt.Errorf("the path patterns of articles, authors and tags have to differ: %s, %s, %s", article, author, tag)
	}
	return addresses, nil
}

func (a *Addresses) site() string               { return a.base + "/" }
func (a *Addresses) article(slug string) string { return a.base + a.articles.path(slug) }
func (a *Addresses) author(slug string) string  { return a.base + a.authors.path(slug) }
func (a *Addresses) tag(slug string) string     { return a.base + a.tags.path(slug) }

// open is the pattern without a slash at the end, which makes no difference when an address is looked up.
func (p pattern) open() pattern { return pattern{p.before, strings.TrimSuffix(p.after, "/")} }

func (p pattern) path(slug string) string { return p.before + url.PathEscape(slug) + p.after }

// slug returns what stands in the gap, if the path fits; a slash more or less at the end does not matter.
func (p pattern) slug(path string) (string, bool) {
	rest, fits := strings.CutPrefix(path, p.before)
	slug, ends := strings.CutSuffix(strings.TrimSuffix(rest, "/"), p.open().after)
	return slug, fits && ends && slug != "" && !strings.Contains(slug, "/")
}

// path returns the path below the site's own address, whether a path or a whole address is given.
func (a *Addresses) path(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil {
		return "", false
	}
	base, _ := url.Parse(a.base)
	if u.Host != "" && !strings.EqualFold(u.Host, base.Host) {
		return "", false
	}
	path, below := u.Path, true
	if u.Host != "" {
		path, below = strings.CutPrefix(path, base.Path)
	}
	return path, below && strings.HasPrefix(path, "/")
}

// Resolution is what stands at a public address.
type Resolution interface{ IsResolution() }

// Moved says that an address is an old one.
type Moved struct {
	Path string // that was asked for; empty if it was a slug
	To   string // the path it has now
	URL  string
	Slug string // that it has now
}

// Gone says that the story at an address was retracted.
type Gone struct {
	Path   string    `db:"-"` // that was asked for; empty if it was a slug
	At     time.Time `db:"retracted_at"`
	Reason *string   `db:"reason"`
}

func (*Moved) IsResolution() {}
func (*Gone) IsResolution()  {}

// Resolve returns what stands at a path of the site or at a full address of it; nil if nothing does or ever did.
func (s *Service) Resolve(ctx context.Context, asked *Selection, address string) (Resolution, error) {
	path, ok := s.addresses.path(address)
	if !ok {
		return nil, nil
	}
	for _, place := range []struct {
		pattern
		at func(context.Context, *Selection, string) (Resolution, error)
	}{{s.addresses.authors, s.AuthorAt}, {s.addresses.tags, s.TagAt}, {s.addresses.articles, s.ArticleAt}} {
		slug, fits := place.slug(path)
		if !fits {
			continue
		}
		found, err := place.at(ctx, asked, slug)
		if err != nil {
			return nil, err
		}
		if found != nil {
			return stamped(found, path), nil
		}
	}
	return nil, nil
}

// stamped adds the path that was asked for, escaped as the paths of our answers are.
func stamped(found Resolution, path string) Resolution {
	asked := (&url.URL{Path: path}).EscapedPath()
	switch found := found.(type) {
	case *Moved:
		found.Path = asked
	case *Gone:
		found.Path = asked
	}
	return found
}

// AuthorAt returns what stands at an author's slug, today's or an old one: *Author, *Moved or nil.
func (s *Service) AuthorAt(ctx context.Context, asked *Selection, slug string) (Resolution, error) {
	author, err := s.author(ctx, asked.on("Author"), rowKey{"slug", slug})
	if err != nil || author != nil {
		return orNil(author), err
	}
	return s.moved(ctx, s.addresses.authors, `select t.slug
		from old_slugs o join authors t on t.id = o.author_id
		where o.slug = $1`, slug)
}

// TagAt returns what stands at a tag's slug, today's or an old one: *Tag, *Moved or nil.
func (s *Service) TagAt(ctx context.Context, asked *Selection, slug string) (Resolution, error) {
	tag, err := s.tag(ctx, asked.on("Tag"), rowKey{"slug", slug})
	if err != nil || tag != nil {
		return orNil(tag), err
	}
	return s.moved(ctx, s.addresses.tags, `select t.slug
		from old_slugs o join tags t on t.id = o.tag_id
		where o.slug = $1 and not t.internal`, slug)
}

// ArticleAt returns what stands at an article's slug, today's or an old one: *Article, *Moved, *Gone or nil.
func (s *Service) ArticleAt(ctx context.Context, asked *Selection, slug string) (Resolution, error) {
	article, err := s.article(ctx, asked.on("Article"), rowKey{"slug", slug})
	if err != nil || article != nil {
		return orNil(article), err
	}
	// A story that was taken back before the audience could see it never was there.
	gone, err := read[Gone](ctx, s.statements, "retracted article", `select a.retracted_at, a.reason
		from retractions a
		where a.visible_from <= least(a.retracted_at - $3 * interval '1 second', $1)
			and (a.slug = $2 or a.article_id = (select o.article_id from old_slugs o where o.slug = $2 and o.article_id is not null))`+
		licensed(ctx)+`
		order by a.slug = $2 desc
		limit 1`, s.now(ctx), slug, AudienceOf(ctx).Delay().Seconds())
	if err != nil || len(gone) > 0 {
		return orNil(first(gone)), err
	}
	return s.moved(ctx, s.addresses.articles, `select a.slug
		from old_slugs o join articles a on a.id = o.article_id
		where o.slug = $2 and `+visible(ctx), s.now(ctx), slug)
}

// moved runs a statement for the slug that an old one has become.
func (s *Service) moved(ctx context.Context, to pattern, text string, args ...any) (Resolution, error) {
	slugs, err := read[string](ctx, s.statements, "old address", text, args...)
	if err != nil || len(slugs) == 0 {
		return nil, err
	}
	path := to.path(slugs[0])
	return &Moved{To: path, URL: s.addresses.base + path, Slug: slugs[0]}, nil
}

func first[T any](values []T) *T {
	if len(values) == 0 {
		return nil
	}
	return &values[0]
}

// orNil keeps a nil pointer from becoming a resolution that is not nil.
func orNil[T any, P interface {
	*T
	Resolution
}](value P) Resolution {
	if value == nil {
		return nil
	}
	return value
}
