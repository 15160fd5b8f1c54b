// Package feed is the door for partner sites, readers' apps and search engines: RSS 2.0, Atom, JSON Feed, ninjs, sitemaps.
//
// A feed is read as a page of articles, and written by an encoder that knows nothing of where it came from.
package feed

import (
	"html"
	"net/url"
	"path"
	"strings"
	"time"

	"broadsheet/internal/content"
)

// feed is what the encoders write: a page of articles, newest first.
type feed struct {
	site    *content.Site
	profile *profile

	id          string // a tag URI
	title       string
	description string
	home        string // the page on the newsroom's site that the feed is of
	self        string
	first       string // the feed's newest page
	next        string // the page after this one; empty if there is none
	hub         string // of WebSub; empty if there is none
	updated     time.Time

	retracted []*tombstone
	items     []*item
}

// size is how many bytes the feed takes in any format, roughly.
func (f *feed) size() int {
	size := (2 + len(f.retracted) + len(f.items)) << 10
	for _, i := range f.items {
		size += len(i.html) * 9 / 8
	}
	return size
}

// tombstone stands where a story stood that was taken back. It has nothing of the story but its id and address.
type tombstone struct {
	id, url, reason string
	title           string // not the story's
	html            string // likewise; empty if nothing has to stand there
	published, at   time.Time
}

func newTombstone(r *content.Retraction, site *content.Site) *tombstone {
	t := &tombstone{id: tagURI(site, r.ID.GlobalID()), url: r.URLs()[0], published: r.PublishedAt.UTC(), at: r.At.UTC()}
	if r.Reason != nil {
		t.reason = *r.Reason
	}
	return t
}

// item is an article as a feed shows it.
type item struct {
	*content.Article
	id         string // a tag URI that never changes
	url        string // on the newsroom's site
	shortTitle string // beside a title that is too long for the reader; else empty
	html       string // with absolute addresses; empty if nothing may be shown
	image      *content.Image
	enclosure  string    // address of a file of a known media type; empty if there is none
	modified   time.Time // of the article or its newest correction
}

// tagURI makes an id that is unique in the world and goes on meaning the same (RFC 4151). It ends in the id that
// GraphQL knows.
func tagURI(site *content.Site, id string) string {
	host := ""
	if u, err := url.Parse(site.URL); err == nil {
		host = u.Hostname()
	}
	return "tag:" + host + ",2026:" + id
}

func newItem(a *content.Article, site *content.Site, mustLink bool) *item {
	i := &item{Article: a, id: tagURI(site, a.ID.GlobalID()), url: a.URL(), modified: a.ModifiedAt().UTC()}
	if a.LeadImage != nil {
		image := *a.LeadImage
		if base, err := url.Parse(site.URL); err == nil {
			image.URL = resolved(image.URL, base)
		}
		i.image = &image
	}
	if a.Video != nil && mediaType(a.Video.URL) != "" {
		i.enclosure = a.Video.URL
	}
	for _, c := range a.Corrections {
		if c.At.After(i.modified) {
			i.modified = c.At.UTC()
		}
	}
	i.html = absolute(bodyOf(a, mustLink), i.url)
	return i
}

// bodyOf is what there is of the body, with the corrections after it, and where the original stands if there is more to
// read or if the partner has to say so.
func bodyOf(a *content.Article, mustLink bool) string {
	var body strings.Builder
	if a.Body != nil {
		body.WriteString(a.Body.HTML)
	}
	for _, c := range a.Corrections {
		body.WriteString(`<aside class="correction"><p><strong>Correction, <time datetime="` + c.At.UTC().Format(time.RFC3339) + `">` +
			c.At.UTC().Format("2 January 2006") + `</time>:</strong> ` + html.EscapeString(c.Text) + `</p></aside>`)
	}
	if mustLink || a.Body != nil && !a.Body.Complete && body.Len() > 0 {
		body.WriteString(`<p class="source"><a href="` + html.EscapeString(a.URL()) + `">` + html.EscapeString(a.Title) + `</a></p>`)
	}
	return body.String()
}

// mediaTypes are those of pictures and videos that name their kind; a feed is read without asking the files' servers.
func mediaType(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	switch strings.ToLower(path.Ext(u.Path)) {
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".png":
		return "image/png"
	case ".gif":
		return "image/gif"
	case ".webp":
		return "image/webp"
	case ".avif":
		return "image/avif"
	case ".svg":
		return "image/svg+xml"
	case ".mp4", ".m4v":
		return "video/mp4"
	case ".webm":
		return "video/webm"
	case ".mov":
		return "video/quicktime"
	case ".m3u8":
		return "application/vnd.apple.mpegurl"
	case ".mp3":
		return "audio/mpeg"
	case ".m4a":
		return "audio/mp4"
	case ".ogg", ".oga":
		return "audio/ogg"
	default:
		return ""
	}
}

// taxonomy names the set of tags of one kind, as an address below the newsroom's.
func taxonomy(site *content.Site, t *content.Tag) string {
	return site.URL + "#" + strings.ToLower(string(t.Kind))
}
