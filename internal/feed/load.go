package feed

import (
	"cmp"
	"context"
	"time"

	"broadsheet/internal/content"
)

// shown is what feeds show of a page of articles, with these forms of their bodies.
func shown(forms ...string) *content.Selection {
	bodies := make([]*content.SelectedField, len(forms))
	for i, form := range forms {
		bodies[i] = content.Ask(form)
	}
	return content.Select("ArticleConnection",
		content.Ask("nodes",
			content.Ask("updatedAt"), content.Ask("body", bodies...), content.Ask("corrections"),
			content.Ask("tags", content.Ask("slug")), content.Ask("authors"),
			content.Ask("leadImage"), content.Ask("video", content.Ask("poster"))),
		content.Ask("pageInfo"))
}

// moved says that a tag or an author has another slug now.
type moved struct{ slug string }

func (*moved) Error() string { return "moved" }

// source is where the articles of a feed come from, as far as it is known before any of them is read.
type source struct {
	title string // of a saved feed
	list  content.ArticleArguments
	of    *content.ArticleFilter // the list, with stories of any age
	day   time.Time              // as of the beginning of which the age of stories counts; the zero time if it does not
}

// source returns nil if there is no saved feed of the name.
func (d *door) source(ctx context.Context, asked *request) (*source, error) {
	from := &source{list: content.ArticleArguments{Filter: new(content.ArticleFilter)}}
	switch asked.noun {
	case "tags":
		from.list.Filter.Tags = []string{asked.slug}
	case "authors":
		from.list.Filter.Authors = []string{asked.slug}
	case "saved":
		saved, err := d.content.SavedFeed(ctx, asked.slug)
		if err != nil || saved == nil {
			return nil, err
		}
		if saved.Arguments.Filter == nil {
			saved.Arguments.Filter = from.list.Filter
		}
		from.title, from.list = saved.Title, saved.Arguments
	}
	if asked.limit != 0 {
		from.list.First = &asked.limit
	} else if from.list.First == nil {
		from.list.First = &asked.profile.items
	}
	if asked.after != "" {
		from.list.After = &asked.after
	}
	from.of = from.list.Filter
	if oldest := asked.profile.oldest; oldest != 0 {
		from.leaveOut(d.now().UTC().Truncate(24*time.Hour), oldest)
	}
	return from, nil
}

// leaveOut leaves out stories that were older at the beginning of the day.
func (s *source) leaveOut(day time.Time, oldest time.Duration) {
	s.day = day
	young, since := *s.of, day.Add(-oldest)
	if young.PublishedAfter == nil || young.PublishedAfter.Before(since) {
		young.PublishedAfter = &since
	}
	s.list.Filter = &young
}

// remembers is the list of which the page tells what was taken back; nil on all pages but the newest.
func (s *source) remembers() *content.ArticleFilter {
	if s.list.After != nil {
		return nil
	}
	return s.of
}

// moment is when the feed is seen: what is too old disappears by itself.
func (s *source) moment(of content.Moment) content.Moment {
	if s.day.After(of.DueAt) {
		of.DueAt = s.day
	}
	return of
}

// load reads a page of the feed. It returns nil if there is nothing that the feed could be of, and *moved for an old slug.
func (d *door) load(ctx context.Context, asked *request, from *source, masthead *content.Masthead) (*feed, error) {
	f, err := d.head(ctx, asked, from, &masthead.Site)
	if err != nil || f == nil {
		return nil, err
	}
	page, err := d.content.Articles(ctx, asked.profile.shown, from.list)
	if err != nil {
		return nil, err
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
		i := newItem(article, f.site, audience != nil && audience.MustLink)
		f.items = append(f.items, i)
		f.changed(i.modified)
	}
	f.profile.shape(f)
	return f, nil
}

func (f *feed) changed(at time.Time) {
	if at.After(f.updated) {
		f.updated = at
	}
}

// head returns the feed without its articles.
func (d *door) head(ctx context.Context, asked *request, from *source, site *content.Site) (*feed, error) {
	f := &feed{site: site, profile: asked.profile, self: asked.address(d.origin, asked.after), first: asked.address(d.origin, "")}
	if f.profile.pushed {
		f.hub = d.hub
	}
	about := func(id, title, description, home string) *feed {
		f.id, f.title, f.description, f.home = tagURI(site, id), title, cmp.Or(description, site.Name), home // RSS wants a description
		return f
	}
	switch asked.noun {
	case "tags":
		found, err := d.content.TagAt(ctx, nil, asked.slug)
		if tag, ok := found.(*content.Tag); ok {
			return about(tag.ID.GlobalID(), site.Name+" – "+tag.Name, tag.Description, tag.URL()), nil
		}
		return nil, orMoved(found, err)
	case "authors":
		found, err := d.content.AuthorAt(ctx, nil, asked.slug)
		if author, ok := found.(*content.Author); ok {
			return about(author.ID.GlobalID(), site.Name+" – "+author.Name, author.Bio, author.URL()), nil
		}
		return nil, orMoved(found, err)
	case "saved":
		return about("saved/"+asked.slug, site.Name+" – "+from.title, site.Description, site.URL), nil
	default:
		return about("latest", site.Name, site.Description, site.URL), nil
	}
}

func orMoved(found content.Resolution, err error) error {
	if to, ok := found.(*content.Moved); ok {
		return &moved{to.Slug}
	}
	return err
}
