package feed

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"broadsheet/internal/content"
)

// sitemapIndex answers the list of the files (sitemaps.org/protocol.html).
func (d *door) sitemapIndex(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	return d.ifModified(ctx, w, r, func() ([]byte, error) {
		files, err := d.content.SitemapFiles(ctx)
		if err != nil {
			return nil, err
		}
		return appendSitemapIndex(nil, d.origin, files), nil
	})
}

// sitemapFile answers one of the files.
func (d *door) sitemapFile(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	kind, number, ok := readSitemapPath(r.URL.Path)
	if !ok {
		notFound(w, "There is no sitemap at this address. /sitemap.xml lists those that there are.")
		return nil
	}
	return d.ifModified(ctx, w, r, func() ([]byte, error) {
		entries, err := d.content.SitemapEntries(ctx, kind, number)
		if err != nil || len(entries) == 0 {
			return nil, err
		}
		return appendSitemap(make([]byte, 0, 256*len(entries)), entries), nil
	})
}

// newsSitemap answers what is new for search engines (Google, "Create a news sitemap").
func (d *door) newsSitemap(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	return d.ifModified(ctx, w, r, func() ([]byte, error) {
		site, err := d.content.Site(ctx)
		if err != nil {
			return nil, err
		}
		articles, err := d.content.News(ctx)
		if err != nil {
			return nil, err
		}
		return appendNewsSitemap(nil, site, articles), nil
	})
}

// ifModified sends XML unless the client has it. Produce returns nothing for what is not there.
func (d *door) ifModified(ctx context.Context, w http.ResponseWriter, r *http.Request, produce func() ([]byte, error)) error {
	masthead, err := d.content.Masthead(ctx, nil)
	if err != nil {
		return err
	}
	have := d.validators(ctx, masthead.Moment)
	if have.match(r.Header) {
		have.notModified(w)
		return nil
	}
	body, err := produce()
	if err != nil {
		return err
	}
	if body == nil {
		notFound(w, "There is no sitemap at this address. /sitemap.xml lists those that there are.")
		return nil
	}
	have.write(w, r, "application/xml; charset=utf-8", body)
	return nil
}

// readSitemapPath reads a path such as /sitemaps/articles-1.xml.
func readSitemapPath(path string) (kind content.SitemapKind, number int, ok bool) {
	name, ok := strings.CutPrefix(path, "/sitemaps/")
	name, isXML := strings.CutSuffix(name, ".xml")
	before, after, _ := strings.Cut(name, "-")
	number, err := strconv.Atoi(after)
	if !ok || !isXML || err != nil || number < 1 || number > 1<<31 || strconv.Itoa(number) != after {
		return "", 0, false
	}
	return content.SitemapKind(before), number, true
}

const sitemapNamespace = "http://www.sitemaps.org/schemas/sitemap/0.9"

func appendSitemapIndex(buffer []byte, origin string, files []content.SitemapFile) []byte {
	w := &xmlWriter{buffer}
	w.raw(xmlDeclaration)
	w.start("sitemapindex", "xmlns", sitemapNamespace)
	w.raw("\n")
	for _, f := range files {
		w.start("sitemap")
		w.element("loc", origin+"/sitemaps/"+string(f.Kind)+"-"+strconv.Itoa(f.Number)+".xml")
		w.element("lastmod", rfc3339(f.ModifiedAt))
		w.end("sitemap")
	}
	w.end("sitemapindex")
	return w.buffer
}

func appendSitemap(buffer []byte, entries []content.SitemapEntry) []byte {
	w := &xmlWriter{buffer}
	w.raw(xmlDeclaration)
	w.start("urlset", "xmlns", sitemapNamespace,
		"xmlns:image", "http://www.google.com/schemas/sitemap-image/1.1", "xmlns:video", "http://www.google.com/schemas/sitemap-video/1.1")
	w.raw("\n")
	for i := range entries {
		e := &entries[i]
		w.start("url")
		w.element("loc", e.URL)
		w.element("lastmod", rfc3339(e.ModifiedAt))
		if e.ImageURL != nil {
			w.start("image:image")
			w.element("image:loc", *e.ImageURL)
			w.end("image:image")
		}
		w.sitemapVideo(e)
		w.end("url")
	}
	w.end("urlset")
	return w.buffer
}

// The bounds that Google sets to a video's description and length ("Video sitemaps and alternatives").
const (
	longestVideoDescription = 2048 // characters
	longestVideo            = 28_800
)

// sitemapVideo leaves a video out that has no picture to show for it: a search engine would refuse it.
func (w *xmlWriter) sitemapVideo(e *content.SitemapEntry) {
	thumbnail := e.PosterURL
	if thumbnail == nil {
		thumbnail = e.ImageURL
	}
	if e.VideoURL == nil || thumbnail == nil {
		return
	}
	w.start("video:video")
	w.element("video:thumbnail_loc", *thumbnail)
	w.element("video:title", e.Title)
	description := e.Excerpt
	if description == "" {
		description = e.Title
	}
	w.element("video:description", shortened(description, longestVideoDescription))
	w.element("video:content_loc", *e.VideoURL)
	if e.EmbedURL != nil {
		w.optional("video:player_loc", *e.EmbedURL)
	}
	if e.Seconds != nil && *e.Seconds >= 1 && *e.Seconds <= longestVideo {
		w.element("video:duration", strconv.Itoa(*e.Seconds))
	}
	w.element("video:publication_date", rfc3339(e.Published))
	w.end("video:video")
}

func appendNewsSitemap(buffer []byte, site *content.Site, articles []*content.Article) []byte {
	w := &xmlWriter{buffer}
	w.raw(xmlDeclaration)
	w.start("urlset", "xmlns", sitemapNamespace, "xmlns:news", "http://www.google.com/schemas/sitemap-news/0.9")
	w.raw("\n")
	for _, a := range articles {
		if a.CanonicalURL() != a.URL() {
			continue
		}
		w.start("url")
		w.element("loc", a.URL())
		w.start("news:news")
		w.start("news:publication")
		w.element("news:name", site.Name)
		w.element("news:language", newsLanguage(a.Locale))
		w.end("news:publication")
		w.element("news:publication_date", rfc3339(a.PublishedAt))
		w.element("news:title", a.Title)
		w.end("news:news")
		w.end("url")
	}
	w.end("urlset")
	return w.buffer
}

// newsLanguage is a code of ISO 639, but for Chinese, of which Google tells two apart.
func newsLanguage(locale string) string {
	switch locale = strings.ToLower(strings.ReplaceAll(locale, "_", "-")); locale {
	case "zh-cn", "zh-tw":
		return locale
	}
	language, _, _ := strings.Cut(locale, "-")
	return language
}

// shortened cuts a text after so many characters, at a blank if there is one near.
func shortened(text string, most int) string {
	characters := []rune(text)
	if len(characters) <= most {
		return text
	}
	cut := string(characters[:most-1])
	if blank := strings.LastIndexByte(cut, ' '); blank > len(cut)/2 {
		cut = cut[:blank]
	}
	return strings.TrimRight(cut, " ,;:–-") + "…"
}
