package feed

import (
	"html"
	"net/http"
	"strconv"
	"strings"
	"time"

	"broadsheet/internal/content"
)

// appendRSS writes RSS 2.0 by the RSS Advisory Board's best-practices profile (rssboard.org/rss-profile), with the modules
// that it recommends and the profile takes.
func appendRSS(buffer []byte, f *feed) []byte {
	w := &rssWriter{xmlWriter{buffer}, f}
	w.raw(xmlDeclaration)
	attributes := []string{"version", "2.0"}
	for _, m := range f.profile.modules {
		attributes = append(attributes, "xmlns:"+m.prefix, m.namespace)
	}
	w.start("rss", attributes...)
	w.raw("\n")
	w.start("channel")
	w.raw("\n")
	w.head()
	for _, t := range f.retracted {
		w.tombstone(t)
	}
	for _, i := range f.items {
		w.item(i)
	}
	w.end("channel")
	w.end("rss")
	return w.buffer
}

const xmlDeclaration = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

type rssWriter struct {
	xmlWriter
	feed *feed
}

// rfc822 has the year in four digits, as RSS allows and the profile wants.
func rfc822(t time.Time) string { return t.UTC().Format(http.TimeFormat) }

func (w *rssWriter) head() {
	f := w.feed
	w.element("title", f.title)
	w.element("link", f.home)
	w.element("description", f.description)
	w.optional("language", f.site.Locale)
	w.element("lastBuildDate", rfc822(f.updated))
	w.empty("atom:link", "rel", "self", "href", f.self, "type", "application/rss+xml")
	if f.first != f.self {
		w.empty("atom:link", "rel", "first", "href", f.first, "type", "application/rss+xml")
	}
	if f.next != "" {
		w.empty("atom:link", "rel", "next", "href", f.next, "type", "application/rss+xml")
	}
	if f.hub != "" {
		w.empty("atom:link", "rel", "hub", "href", f.hub)
	}
	if logo := f.site.LogoURL; logo != nil && *logo != "" {
		w.start("image")
		w.element("url", *logo)
		w.element("title", f.title)
		w.element("link", f.home)
		w.end("image")
	}
}

func (w *rssWriter) item(i *item) {
	w.start("item")
	w.raw("\n")
	w.optional("title", i.Title)
	w.extension("mi:shortTitle", i.shortTitle)
	w.element("link", i.url)
	w.element("guid", i.id, "isPermaLink", "false")
	w.element("pubDate", rfc822(i.PublishedAt))
	if i.Excerpt != "" || i.Title == "" {
		w.element("description", w.summary(i.Excerpt))
	}
	if i.html != "" {
		w.markup("content:encoded", i.html)
	}
	for _, author := range i.Authors {
		w.element("dc:creator", author.Name)
	}
	for _, tag := range i.Tags {
		w.element("category", tag.Name, "domain", taxonomy(w.feed.site, tag))
	}
	if i.enclosure != "" {
		w.empty("enclosure", "url", i.enclosure, "length", "0", "type", mediaType(i.enclosure)) // 0: not known
	}
	w.media(i.image, i.Video)
	w.extension("dcterms:modified", rfc3339(i.modified))
	w.end("item")
}

// summary is a text as a description has it: most readers take it for HTML.
func (w *rssWriter) summary(text string) string {
	if w.feed.profile.plainSummary {
		return text
	}
	return html.EscapeString(text)
}

// extension writes an element of a module, if there is a text and the feed has the module.
func (w *rssWriter) extension(name, text string) {
	if prefix, _, _ := strings.Cut(name, ":"); w.feed.profile.declares(prefix) {
		w.optional(name, text)
	}
}

// tombstone writes an item that takes the place of the story with the same guid, and has expired. RSS itself has no word
// for it.
func (w *rssWriter) tombstone(t *tombstone) {
	w.start("item")
	w.raw("\n")
	w.element("title", t.title)
	w.element("link", t.url)
	w.element("guid", t.id, "isPermaLink", "false")
	w.element("pubDate", rfc822(t.published))
	w.optional("description", w.summary(t.reason))
	if t.html != "" {
		w.markup("content:encoded", t.html)
	}
	w.extension("dcterms:modified", rfc3339(t.at))
	w.extension("dcterms:valid", w.feed.profile.valid(t.published, t.at))
	w.extension("mi:expirationDate", rfc3339(t.at))
	w.end("item")
}

// media writes picture and video by Media RSS 1.5.1 (rssboard.org/media-rss). Atom shares it.
func (w *xmlWriter) media(image *content.Image, video *content.Video) {
	if video != nil {
		w.start("media:content", "url", video.URL, "type", mediaType(video.URL), "medium", "video",
			"duration", number(video.DurationSeconds), "width", number(video.Width), "height", number(video.Height))
		if poster := video.Poster; poster != nil {
			w.empty("media:thumbnail", "url", poster.URL, "width", number(poster.Width), "height", number(poster.Height))
		}
		w.end("media:content")
	}
	if image != nil {
		w.start("media:content", "url", image.URL, "type", mediaType(image.URL), "medium", "image",
			"width", number(image.Width), "height", number(image.Height))
		w.optional("media:title", image.Alt, "type", "plain")
		w.optional("media:description", image.Caption, "type", "plain")
		w.optional("media:credit", image.Credit, "role", "photographer")
		w.end("media:content")
	}
}

func number(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}
