package feed

import (
	"context"
	"time"

	"broadsheet/internal/content"
)

// shown is what feeds show of a page of articles.
func shown() *content.Selection {
	return content.Select("ArticleConnection",
		content.Ask("nodes",
			content.Ask("updatedAt"), content.Ask("body", content.Ask("html")), content.Ask("corrections"),
			content.Ask("tags", content.Ask("slug")), content.Ask("authors"),
			content.Ask("leadImage"), content.Ask("video", content.Ask("poster"))),
		content.Ask("pageInfo"))
}

// moved says that a tag or an author has another slug now.
type moved struct{ slug string }

func (*moved) Error() string { return "moved" }

// subject is what a feed is of.
type subject struct {
	id, name, description, home string
	filter                      *content.ArticleFilter
}

// load reads a page of the feed. It returns nil if there is nothing that the feed could be of, and *moved for an old slug.
func (d *door) load(ctx context.Context, asked *request, masthead *content.Masthead) (*feed, error) {
	of, err := d.subject(ctx, asked, &masthead.Site)
	if err != nil || of == nil {
		return nil, err
	}
	args := content.ArticleArguments{Filter: of.filter}
	limit := asked.limit
	if limit == 0 {
		limit = defaultLimit
	}
	args.First = &limit
	if asked.after != "" {
		args.After = &asked.after
	}
	page, err := d.content.Articles(ctx, d.shown, args)
	if err != nil {
		return nil, err
	}
	f := &feed{
		site: &masthead.Site, id: tagURI(&masthead.Site, of.id), title: of.name, description: of.description, home: of.home,
		self: asked.address(d.origin, asked.after), first: asked.address(d.origin, ""), hub: d.hub,
	}
	if page.PageInfo.HasNextPage {
		f.next = asked.address(d.origin, *page.PageInfo.EndCursor)
	}
	for _, r := range masthead.Retractions {
		t := newTombstone(r, f.site)
		f.retracted = append(f.retracted, t)
		f.changed(t.at)
	}
	audience := content.AudienceOf(ctx)
	for _, article := range page.Nodes() {
		f.add(newItem(article, f.site, audience != nil && audience.MustLink))
	}
	return f, nil
}

func (f *feed) add(i *item) {
	f.items = append(f.items, i)
	f.changed(i.modified)
}

func (f *feed) changed(at time.Time) {
	if at.After(f.updated) {
		f.updated = at
	}
}

func (d *door) subject(ctx context.Context, asked *request, site *content.Site) (*subject, error) {
	switch asked.noun {
	case "tags":
		found, err := d.content.TagAt(ctx, nil, asked.slug)
		if tag, ok := found.(*content.Tag); ok {
			return &subject{
				id: tag.ID.GlobalID(), name: site.Name + " – " + tag.Name, description: described(tag.Description, site), home: tag.URL(),
				filter: &content.ArticleFilter{Tags: []string{tag.Slug}},
			}, err
		}
		return nil, orMoved(found, err)
	case "authors":
		found, err := d.content.AuthorAt(ctx, nil, asked.slug)
		if author, ok := found.(*content.Author); ok {
			return &subject{
				id: author.ID.GlobalID(), name: site.Name + " – " + author.Name, description: described(author.Bio, site), home: author.URL(),
				filter: &content.ArticleFilter{Authors: []string{author.Slug}},
			}, err
		}
		return nil, orMoved(found, err)
	default:
		return &subject{id: "latest", name: site.Name, description: described(site.Description, site), home: site.URL}, nil
	}
}

// described is never empty: RSS wants a description.
func described(description string, site *content.Site) string {
	if description != "" {
		return description
	}
	return site.Name
}

func orMoved(found content.Resolution, err error) error {
	if to, ok := found.(*content.Moved); ok {
		return &moved{to.Slug}
	}
	return err
}
