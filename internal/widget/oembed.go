package widget

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"broadsheet/internal/content"
)

// oEmbed is an answer of the oEmbed protocol (oembed.com, version 1.0) of the type rich.
type oEmbed struct {
	XMLName         xml.Name `json:"-" xml:"oembed"`
	Type            string   `json:"type" xml:"type"`
	Version         string   `json:"version" xml:"version"`
	Title           string   `json:"title" xml:"title"`
	AuthorName      string   `json:"author_name,omitempty" xml:"author_name,omitempty"`
	AuthorURL       string   `json:"author_url,omitempty" xml:"author_url,omitempty"`
	ProviderName    string   `json:"provider_name" xml:"provider_name"`
	ProviderURL     string   `json:"provider_url" xml:"provider_url"`
	CacheAge        int      `json:"cache_age" xml:"cache_age"` // seconds
	HTML            string   `json:"html" xml:"html"`
	Width           int      `json:"width" xml:"width"`
	Height          int      `json:"height" xml:"height"`
	ThumbnailURL    string   `json:"thumbnail_url,omitempty" xml:"thumbnail_url,omitempty"`
	ThumbnailWidth  int      `json:"thumbnail_width,omitempty" xml:"thumbnail_width,omitempty"`
	ThumbnailHeight int      `json:"thumbnail_height,omitempty" xml:"thumbnail_height,omitempty"`
}

// cacheAge is how long consumers may keep an answer, in seconds. The frame inside shows what is right at any time.
const cacheAge = 600

// oEmbedRequest is what a consumer asks.
type oEmbedRequest struct {
	url    string
	format string // json or xml, or one that there is not
	room   size   // maxwidth and maxheight
	token  string // of a partner
}

// parseOEmbed reads the query of a request. Its errors have the code BadUserInput.
func parseOEmbed(rawQuery string) (oEmbedRequest, error) {
	query, err := parseQuery(rawQuery)
	if err != nil {
		return oEmbedRequest{}, err
	}
	asked := oEmbedRequest{url: query.Get("url"), format: query.Get("format"), token: query.Get("token")}
	if asked.format == "" {
		asked.format = "json"
	}
	if u, err := url.Parse(asked.url); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return asked, badInput("url has to be the whole address of a story, a tag or an author, such as https://news.example.org/a-story/, not %.80q.", asked.url)
	}
	for name, into := range map[string]*int{"maxwidth": &asked.room.width, "maxheight": &asked.room.height} {
		text := query.Get(name)
		if text == "" {
			continue
		}
		if *into, err = strconv.Atoi(text); err != nil || *into < 1 {
			return asked, badInput("%s is a number of pixels from 1, not %.40q.", name, text)
		}
	}
	return asked, nil
}

// oEmbed answers for the newsroom's own addresses, old ones too; for all others as if nothing were there.
func (d *door) oEmbed(w http.ResponseWriter, r *http.Request) {
	asked, err := parseOEmbed(r.URL.RawQuery)
	switch {
	case err != nil:
		d.refuse(w, r, asked.format, err)
		return
	case asked.format != "json" && asked.format != "xml":
		decline(w, asked.format, http.StatusNotImplemented, "The formats are json and xml.")
		return
	}
	answer, err := d.embedding(r.Context(), asked)
	switch {
	case err != nil:
		d.refuse(w, r, asked.format, err)
	case answer != nil:
		answer.send(w, asked.format)
	case d.isWithheld(r.Context(), asked):
		decline(w, asked.format, http.StatusUnauthorized, "The licence of this key does not hold what stands at that address.")
	default:
		decline(w, asked.format, http.StatusNotFound, "Nothing of this newsroom stands at that address.")
	}
}

// isWithheld tells whether the public may read what a partner may not.
func (d *door) isWithheld(ctx context.Context, asked oEmbedRequest) bool {
	if content.AudienceOf(ctx) == nil {
		return false
	}
	answer, err := d.embedding(content.WithAudience(ctx, nil), asked)
	return err == nil && answer != nil
}

func (d *door) refuse(w http.ResponseWriter, r *http.Request, format string, err error) {
	status, message := d.refusal(w, r, err)
	decline(w, format, status, message)
}

// problem is a refusal, as RFC 9457 writes it in JSON and XML.
type problem struct {
	XMLName xml.Name `json:"-" xml:"urn:ietf:rfc:7807 problem"`
	Type    string   `json:"type" xml:"type"`
	Title   string   `json:"title" xml:"title"`
	Status  int      `json:"status" xml:"status"`
	Detail  string   `json:"detail" xml:"detail"`
}

func decline(w http.ResponseWriter, format string, status int, detail string) {
	w.Header().Set("Cache-Control", "no-store")
	write(w, "application/problem+", format, status, &problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail})
}

func (a *oEmbed) send(w http.ResponseWriter, format string) {
	w.Header().Set("Cache-Control", lifetime)
	write(w, map[string]string{"xml": "text/", "json": "application/"}[format], format, http.StatusOK, a)
}

// write sends strings and numbers, with nothing that cannot be written.
func write(w http.ResponseWriter, mediaType, format string, status int, value any) {
	if format == "xml" {
		w.Header().Set("Content-Type", mediaType+"xml; charset=utf-8")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(xml.Header))
		_ = xml.NewEncoder(w).Encode(value)
		return
	}
	w.Header().Set("Content-Type", mediaType+"json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

// embedding returns nil where there is nothing to embed.
func (d *door) embedding(ctx context.Context, asked oEmbedRequest) (*oEmbed, error) {
	found, err := d.current(ctx, d.Content.Resolve, oEmbedSelection(), asked.url)
	if err != nil || found == nil {
		return nil, err
	}
	site, err := d.Content.Site(ctx)
	if err != nil {
		return nil, err
	}
	answer := &oEmbed{Type: "rich", Version: "1.0", ProviderName: site.Name, ProviderURL: site.URL, CacheAge: cacheAge}
	switch found := found.(type) {
	case *content.Article:
		answer.Title = found.Title
		answer.addByline(found.Authors)
		answer.addThumbnail(found.LeadImage, asked.room)
		answer.addFrame(d.Origin, "/embed/articles/"+found.Slug, cardIn(asked.room, found.LeadImage != nil), asked.token)
	case *content.Tag:
		answer.Title = found.Name
		answer.addThumbnail(found.Image, asked.room)
		answer.addFrame(d.Origin, "/embed/feeds/tags/"+found.Slug, listIn(asked.room), asked.token)
	case *content.Author:
		answer.Title = found.Name
		answer.addByline([]*content.Author{found})
		answer.addThumbnail(found.Avatar, asked.room)
		answer.addFrame(d.Origin, "/embed/feeds/authors/"+found.Slug, listIn(asked.room), asked.token)
	default:
		return nil, nil // retracted
	}
	return answer, nil
}

func oEmbedSelection() *content.Selection {
	asked := content.Select("Article", content.Ask("leadImage"), content.Ask("authors"))
	asked.Add(&content.SelectedField{On: "Tag", Name: "image"})
	asked.Add(&content.SelectedField{On: "Author", Name: "avatar"})
	return asked
}

func (a *oEmbed) addByline(authors []*content.Author) {
	names := make([]string, len(authors))
	for i, author := range authors {
		names[i] = author.Name
	}
	a.AuthorName = strings.Join(names, ", ")
	if len(authors) == 1 {
		a.AuthorURL = authors[0].URL()
	}
}

// addThumbnail adds the picture with its size, all or nothing: not where the size is not known, or there is no room.
func (a *oEmbed) addThumbnail(image *content.Image, room size) {
	if image == nil || image.Width == nil || image.Height == nil || !room.holds(size{*image.Width, *image.Height}) {
		return
	}
	a.ThumbnailURL, a.ThumbnailWidth, a.ThumbnailHeight = image.URL, *image.Width, *image.Height
}

func (a *oEmbed) addFrame(origin, path string, fitted fitting, token string) {
	fitted.Token = token
	a.Width, a.Height = fitted.size.width, fitted.size.height
	a.HTML = fmt.Sprintf(`<iframe src="%s" title="%s" width="%d" height="%d" loading="lazy" sandbox="%s" style="border:0;max-width:100%%"></iframe>`,
		html.EscapeString(origin+fitted.at(path)), html.EscapeString(a.Title), a.Width, a.Height, sandbox)
}

// sandbox lets a frame run its script and open the story when a reader says so. It gets no origin: on a page of our own
// it could otherwise reach out of the frame.
const sandbox = "allow-scripts allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"

// discovery are the Link headers (RFC 8288) by which consumers find the oEmbed answers for an address.
func discovery(origin, address string) []string {
	endpoint := origin + "/oembed?url=" + url.QueryEscape(address)
	return []string{
		"<" + endpoint + `&format=json>; rel="alternate"; type="application/json+oembed"`,
		"<" + endpoint + `&format=xml>; rel="alternate"; type="text/xml+oembed"`,
	}
}
