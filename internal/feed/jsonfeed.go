package feed

// appendJSONFeed writes JSON Feed 1.1 (jsonfeed.org/version/1.1). What it has no words for stands in _broadsheet.
func appendJSONFeed(buffer []byte, f *feed) []byte {
	w := &jsonFeedWriter{jsonWriter{buffer}}
	w.open('{')
	w.member("version", "https://jsonfeed.org/version/1.1")
	w.member("title", f.title)
	w.member("home_page_url", f.home)
	w.member("feed_url", f.self)
	w.optional("description", f.description)
	w.optional("next_url", f.next)
	if logo := f.site.LogoURL; logo != nil {
		w.optional("icon", *logo)
	}
	w.name("authors")
	w.open('[')
	w.author(f.site.Name, f.site.URL)
	w.close(']')
	w.optional("language", f.site.Locale)
	if f.hub != "" {
		w.name("hubs")
		w.open('[')
		w.open('{')
		w.member("type", "WebSub")
		w.member("url", f.hub)
		w.close('}')
		w.close(']')
	}
	w.name("items")
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

type jsonFeedWriter struct{ jsonWriter }

func (w *jsonFeedWriter) author(name, url string) {
	w.open('{')
	w.member("name", name)
	w.member("url", url)
	w.close('}')
}

func (w *jsonFeedWriter) item(i *item) {
	w.open('{')
	w.member("id", i.id)
	w.member("url", i.url)
	w.optional("title", i.Title)
	if i.html != "" {
		w.member("content_html", i.html)
	} else {
		w.member("content_text", i.Excerpt)
	}
	w.optional("summary", i.Excerpt)
	if i.image != nil {
		w.optional("image", i.image.URL)
	}
	w.member("date_published", rfc3339(i.PublishedAt))
	w.member("date_modified", rfc3339(i.modified))
	w.name("authors")
	w.open('[')
	for _, author := range i.Authors {
		w.author(author.Name, author.URL())
	}
	w.close(']')
	w.name("tags")
	w.open('[')
	for _, tag := range i.Tags {
		w.text(tag.Name)
	}
	w.close(']')
	w.optional("language", i.Locale)
	w.attachment(i)
	w.extension(i)
	w.close('}')
}

func (w *jsonFeedWriter) tombstone(t *tombstone) {
	w.open('{')
	w.member("id", t.id)
	w.member("url", t.url)
	w.member("title", t.title)
	w.member("content_text", "")
	w.member("date_published", rfc3339(t.published))
	w.member("date_modified", rfc3339(t.at))
	w.name("_broadsheet")
	w.open('{')
	w.member("status", "canceled")
	w.optional("reason", t.reason)
	w.close('}')
	w.close('}')
}

func (w *jsonFeedWriter) attachment(i *item) {
	if i.Video == nil || mediaType(i.Video.URL) == "" {
		return
	}
	w.name("attachments")
	w.open('[')
	w.open('{')
	w.member("url", i.Video.URL)
	w.member("mime_type", mediaType(i.Video.URL))
	w.optionalNumber("duration_in_seconds", i.Video.DurationSeconds)
	w.close('}')
	w.close(']')
}

func (w *jsonFeedWriter) extension(i *item) {
	w.name("_broadsheet")
	w.open('{')
	w.member("status", "usable")
	w.member("kind", string(i.Kind))
	w.member("access", string(i.Access))
	w.boolean("complete", i.Body != nil && i.Body.Complete)
	w.name("corrections")
	w.open('[')
	for _, c := range i.Corrections {
		w.open('{')
		w.member("text", c.Text)
		w.member("at", rfc3339(c.At))
		w.close('}')
	}
	w.close(']')
	w.close('}')
}
