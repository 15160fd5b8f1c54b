package feed

import (
	"strings"

	"broadsheet/internal/content"
)

// appendNinjs writes IPTC ninjs 3.1 (iptc.org/standards/ninjs): one composite object, whose associations are the stories.
// What ninjs has no property for, such as the next page, stands in the answer's header.
func appendNinjs(buffer []byte, f *feed) []byte {
	w := &ninjsWriter{jsonWriter{buffer}, f}
	w.open('{')
	w.member("uri", f.id)
	w.member("type", "composite")
	w.name("standard")
	w.open('{')
	w.member("name", "ninjs")
	w.member("version", "3.1")
	w.member("schema", "http://www.iptc.org/std/ninjs/ninjs-schema_3.1.json#")
	w.close('}')
	w.member("versionCreated", rfc3339(f.updated))
	w.member("title", f.title)
	w.optional("language", f.site.Locale)
	w.values("descriptions", "", f.description)
	w.renditions(rendition{"web", f.home, "text/html", nil, nil, nil}, rendition{"feed", f.self, "application/json", nil, nil, nil})
	w.name("associations")
	w.open('[')
	for _, t := range f.retracted {
		w.tombstone(t)
	}
	for _, i := range f.items {
		w.item(i)
	}
	w.close(']')
	w.close('}')
	return append(w.buffer, '\n')
}

type ninjsWriter struct {
	jsonWriter
	feed *feed
}

// values writes a list with one text in it, of a media type if one is given; nothing without a text.
func (w *ninjsWriter) values(name, mediaType, text string) {
	if text == "" {
		return
	}
	w.name(name)
	w.open('[')
	w.open('{')
	w.optional("contentType", mediaType)
	w.member("value", text)
	w.close('}')
	w.close(']')
}

// rendition is a form in which something can be had.
type rendition struct {
	name, href, contentType string
	width, height, seconds  *int
}

func (w *ninjsWriter) renditions(all ...rendition) {
	w.name("renditions")
	w.open('[')
	for _, r := range all {
		w.open('{')
		w.member("name", r.name)
		w.member("href", r.href)
		w.optional("contentType", r.contentType)
		w.optionalNumber("width", r.width)
		w.optionalNumber("height", r.height)
		w.optionalNumber("duration", r.seconds)
		w.close('}')
	}
	w.close(']')
}

func (w *ninjsWriter) tombstone(t *tombstone) {
	w.open('{')
	w.member("name", t.title)
	w.member("uri", t.id)
	w.member("type", "text")
	w.member("pubStatus", "canceled")
	w.member("firstCreated", rfc3339(t.published))
	w.member("versionCreated", rfc3339(t.at))
	w.member("expires", rfc3339(t.at))
	w.optional("edNote", t.reason)
	w.renditions(rendition{"web", t.url, "text/html", nil, nil, nil})
	w.close('}')
}

func (w *ninjsWriter) item(i *item) {
	w.open('{')
	w.member("name", i.Title)
	w.member("uri", i.id)
	w.member("type", "text")
	w.member("representationType", i.representation())
	w.member("pubStatus", "usable")
	w.member("firstCreated", rfc3339(i.PublishedAt))
	w.member("versionCreated", rfc3339(i.modified))
	w.member("language", i.Locale)
	w.optional("edNote", i.corrected())
	w.values("headlines", "", i.Title)
	w.values("descriptions", "", i.Excerpt)
	w.values("bodies", "text/html", i.html)
	w.optional("by", i.byline())
	w.member("slugline", i.Slug)
	w.people(i)
	w.subjects(i)
	w.genre(i)
	w.renditions(rendition{"web", i.url, "text/html", nil, nil, nil})
	w.associations(i)
	w.close('}')
}

func (i *item) representation() string {
	if i.Body != nil && i.Body.Complete {
		return "full"
	}
	return "partial"
}

// corrected is for editors; readers find the corrections after the body.
func (i *item) corrected() string {
	notes := make([]string, len(i.Corrections))
	for n, c := range i.Corrections {
		notes[n] = "Correction, " + rfc3339(c.At) + ": " + c.Text
	}
	return strings.Join(notes, "\n")
}

func (i *item) byline() string {
	names := make([]string, len(i.Authors))
	for n, author := range i.Authors {
		names[n] = author.Name
	}
	return strings.Join(names, ", ")
}

func (w *ninjsWriter) people(i *item) {
	w.name("people")
	w.open('[')
	for _, author := range i.Authors {
		w.open('{')
		w.member("name", author.Name)
		w.member("rel", "author")
		w.member("uri", tagURI(w.feed.site, author.ID.GlobalID()))
		w.close('}')
	}
	w.close(']')
}

func (w *ninjsWriter) subjects(i *item) {
	w.name("subjects")
	w.open('[')
	for _, tag := range i.Tags {
		w.open('{')
		w.member("name", tag.Name)
		w.member("uri", tagURI(w.feed.site, tag.ID.GlobalID()))
		w.member("literal", tag.Slug)
		w.close('}')
	}
	w.close(']')
}

// genre names the kinds of article that IPTC has a code for (cv.iptc.org/newscodes/genre).
func (w *ninjsWriter) genre(i *item) {
	if i.Kind != content.KindOpinion {
		return
	}
	w.name("genres")
	w.open('[')
	w.open('{')
	w.member("name", "Opinion")
	w.member("uri", "http://cv.iptc.org/newscodes/genre/Opinion")
	w.close('}')
	w.close(']')
}

// associations are the pictures and videos.
func (w *ninjsWriter) associations(i *item) {
	if i.image == nil && i.Video == nil {
		return
	}
	w.name("associations")
	w.open('[')
	if image := i.image; image != nil {
		w.open('{')
		w.member("name", "leadImage")
		w.member("uri", image.URL)
		w.member("type", "picture")
		w.optional("title", image.Alt)
		w.values("descriptions", "", image.Caption)
		w.optional("by", image.Credit)
		w.renditions(rendition{"original", image.URL, mediaType(image.URL), image.Width, image.Height, nil})
		w.close('}')
	}
	if video := i.Video; video != nil {
		w.open('{')
		w.member("name", "video")
		w.member("uri", video.URL)
		w.member("type", "video")
		w.renditions(rendition{"original", video.URL, mediaType(video.URL), video.Width, video.Height, video.DurationSeconds})
		w.close('}')
	}
	w.close(']')
}
