package feed

import (
	"strings"
	"time"
)

// appendAtom writes Atom (RFC 4287) with tombstones (RFC 6721), paged by RFC 5005, section 3: stories that change keep their place, so that no page
// is an archive which could be kept for ever.
func appendAtom(buffer []byte, f *feed) []byte {
	w := &atomWriter{xmlWriter{buffer}, f}
	w.raw(xmlDeclaration)
	w.start("feed", "xmlns", "http://www.w3.org/2005/Atom", "xmlns:media", "http://search.yahoo.com/mrss/",
		"xmlns:at", "http://purl.org/atompub/tombstones/1.0", "xml:lang", f.site.Locale)
	w.raw("\n")
	w.head()
	for _, t := range f.retracted { // RFC 6721
		w.start("at:deleted-entry", "ref", t.id, "when", rfc3339(t.at))
		w.optional("at:comment", t.reason, "type", "text")
		w.empty("link", "rel", "alternate", "type", "text/html", "href", t.url)
		w.end("at:deleted-entry")
	}
	for _, i := range f.items {
		w.entry(i)
	}
	w.end("feed")
	return w.buffer
}

type atomWriter struct {
	xmlWriter
	feed *feed
}

func rfc3339(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func (w *atomWriter) head() {
	f := w.feed
	w.element("id", f.id)
	w.element("title", f.title)
	w.optional("subtitle", f.description)
	w.element("updated", rfc3339(f.updated))
	w.start("author")
	w.element("name", f.site.Name)
	w.element("uri", f.site.URL)
	w.end("author")
	w.empty("link", "rel", "alternate", "type", "text/html", "href", f.home)
	w.empty("link", "rel", "self", "type", "application/atom+xml", "href", f.self)
	w.empty("link", "rel", "first", "type", "application/atom+xml", "href", f.first)
	if f.next != "" {
		w.empty("link", "rel", "next", "type", "application/atom+xml", "href", f.next)
	}
	if f.hub != "" {
		w.empty("link", "rel", "hub", "href", f.hub)
	}
	if logo := f.site.LogoURL; logo != nil {
		w.optional("logo", *logo)
	}
}

func (w *atomWriter) entry(i *item) {
	w.start("entry", "xml:lang", i.Locale)
	w.raw("\n")
	w.element("id", i.id)
	w.element("title", i.Title)
	w.element("published", rfc3339(i.PublishedAt))
	w.element("updated", rfc3339(i.modified))
	for _, author := range i.Authors {
		w.start("author")
		w.element("name", author.Name)
		w.element("uri", author.URL())
		if author.Email != nil && strings.Contains(*author.Email, "@") {
			w.element("email", *author.Email)
		}
		w.end("author")
	}
	w.empty("link", "rel", "alternate", "type", "text/html", "href", i.url)
	if i.Video != nil {
		w.empty("link", "rel", "enclosure", "type", mediaType(i.Video.URL), "href", i.Video.URL)
	}
	for _, tag := range i.Tags {
		w.empty("category", "term", tag.Slug, "scheme", taxonomy(w.feed.site, tag), "label", tag.Name)
	}
	w.optional("summary", i.Excerpt, "type", "text")
	if i.html != "" {
		w.markup("content", i.html, "type", "html")
	}
	w.media(i.image, i.Video)
	w.end("entry")
}
