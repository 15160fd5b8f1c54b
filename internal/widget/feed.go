package widget

import (
	"cmp"
	"net/http"

	"broadsheet/internal/content"
)

// list is a page of stories with a title.
type list struct {
	Name     string // of the tag, the author or the query; empty for all stories
	Articles []*content.Article
	More     string // address of the next page; empty after the last
	Newest   string // address of the first page; empty on it
}

// latest shows the newest stories.
func (d *door) latest(w http.ResponseWriter, r *http.Request) {
	d.feed(w, r, "/embed/feeds/latest", func(o options) (*listed, error) {
		page, err := d.Content.Articles(r.Context(), articlePage(), content.ArticleArguments{PageArguments: o.page()})
		return &listed{page: page}, err
	})
}

// tag shows the newest stories of a tag.
func (d *door) tag(w http.ResponseWriter, r *http.Request) {
	d.feed(w, r, "/embed/feeds/tags/", func(o options) (*listed, error) {
		found, err := d.current(r.Context(), d.Content.TagAt, content.Select("Tag", o.articles()), r.PathValue("slug"))
		if tag, is := found.(*content.Tag); is && err == nil {
			args := o.page()
			return &listed{tag.Slug, tag.Name, tag.URL(), tag.Articles(args.First, args.After, nil, nil, nil, nil)}, nil
		}
		return nil, err
	})
}

// author shows the newest stories of an author.
func (d *door) author(w http.ResponseWriter, r *http.Request) {
	d.feed(w, r, "/embed/feeds/authors/", func(o options) (*listed, error) {
		found, err := d.current(r.Context(), d.Content.AuthorAt, content.Select("Author", o.articles()), r.PathValue("slug"))
		if author, is := found.(*content.Author); is && err == nil {
			args := o.page()
			return &listed{author.Slug, author.Name, author.URL(), author.Articles(args.First, args.After, nil, nil, nil, nil)}, nil
		}
		return nil, err
	})
}

// saved shows the stories of a query that the newsroom serves as a feed.
func (d *door) saved(w http.ResponseWriter, r *http.Request) {
	d.feed(w, r, "/embed/feeds/saved/", func(o options) (*listed, error) {
		feed, err := d.Content.SavedFeed(r.Context(), r.PathValue("slug"))
		if err != nil || feed == nil {
			return nil, err
		}
		list, page := feed.Arguments, o.page()
		list.First, list.After = page.First, page.After
		articles, err := d.Content.Articles(r.Context(), articlePage(), list)
		return &listed{slug: feed.Name, name: feed.Title, page: articles}, err
	})
}

// listed is a page of a list and whose list it is; all empty but the page for that of all stories.
type listed struct {
	slug, name, url string
	page            *content.ArticleConnection
}

// feed shows the list that read returns; nil stands for an unknown one.
func (d *door) feed(w http.ResponseWriter, r *http.Request, path string, read func(options) (*listed, error)) {
	o, err := parseOptions(r.URL.RawQuery, layoutList, layoutRail)
	if err != nil {
		d.fail(w, r, usualOptions(layoutList), err)
		return
	}
	found, err := read(o)
	if err != nil {
		d.fail(w, r, o, err)
		return
	}
	if found == nil {
		d.missing(w, r, o)
		return
	}
	site, err := d.Content.Site(r.Context())
	if err != nil {
		d.fail(w, r, o, err)
		return
	}
	d.showList(w, r, path+found.slug, d.frame(o, site), found)
}

func (d *door) showList(w http.ResponseWriter, r *http.Request, path string, f frame, of *listed) {
	shown := list{Name: of.name, Articles: of.page.Nodes()}
	if info := of.page.PageInfo; info.HasNextPage {
		shown.More = f.from(*info.EndCursor).at(path)
	}
	if f.After != "" {
		shown.Newest = f.from("").at(path)
	}
	f.URL = cmp.Or(of.url, f.Site.URL)
	f.Title, f.Of = cmp.Or(of.name, f.Words.Latest)+" · "+f.Site.Name, shown
	d.show(w, r, "feed", http.StatusOK, f)
}

// page is the page of a list that the options ask for.
func (o options) page() content.PageArguments {
	args := content.PageArguments{First: &o.Count}
	if o.After != "" {
		args.After = &o.After
	}
	return args
}

// articles asks a tag or an author for that page.
func (o options) articles() *content.SelectedField {
	arguments := map[string]any{"first": o.Count}
	if o.After != "" {
		arguments["after"] = o.After
	}
	return content.Ask("articles", content.Ask("nodes", cardFields()...), content.Ask("pageInfo")).With(arguments)
}

func articlePage() *content.Selection {
	return content.Select("ArticleConnection", content.Ask("nodes", cardFields()...), content.Ask("pageInfo"))
}
