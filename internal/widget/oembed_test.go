package widget_test

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// answered is an oEmbed answer as a consumer reads it.
type answered struct {
	XMLName         xml.Name `json:"-" xml:"oembed"`
	Type            string   `json:"type" xml:"type"`
	Version         string   `json:"version" xml:"version"`
	Title           string   `json:"title" xml:"title"`
	AuthorName      string   `json:"author_name" xml:"author_name"`
	AuthorURL       string   `json:"author_url" xml:"author_url"`
	ProviderName    string   `json:"provider_name" xml:"provider_name"`
	ProviderURL     string   `json:"provider_url" xml:"provider_url"`
	CacheAge        int      `json:"cache_age" xml:"cache_age"`
	HTML            string   `json:"html" xml:"html"`
	Width           int      `json:"width" xml:"width"`
	Height          int      `json:"height" xml:"height"`
	ThumbnailURL    string   `json:"thumbnail_url" xml:"thumbnail_url"`
	ThumbnailWidth  int      `json:"thumbnail_width" xml:"thumbnail_width"`
	ThumbnailHeight int      `json:"thumbnail_height" xml:"thumbnail_height"`
}

func oEmbed(t *testing.T, h http.Handler, address, more string) answered {
	t.Helper()
	answer := get(t, h, "/oembed?url="+url.QueryEscape(address)+more)
	if answer.Code != http.StatusOK {
		t.Fatalf("%s%s: %d %s", address, more, answer.Code, answer.Body)
	}
	var read answered
	var err error
	switch kind := answer.Header().Get("Content-Type"); kind {
	case "application/json":
		err = json.Unmarshal(answer.Body.Bytes(), &read)
	case "text/xml; charset=utf-8":
		err = xml.Unmarshal(answer.Body.Bytes(), &read)
	default:
		t.Fatalf("Content-Type: %s", kind)
	}
	if err != nil {
		t.Fatalf("%v in %s", err, answer.Body)
	}
	read.XMLName = xml.Name{}
	return read
}

func TestOEmbedOfAStory(t *testing.T) {
	t.Parallel()
	h, db := newDoor(t, `update articles set slug = 'new-name' where slug = 'seals-in-small-hats'`)
	want := answered{
		Type: "rich", Version: "1.0", Title: "Seals in small hats bring news from the deep", AuthorName: "Priya Nandakumar",
		AuthorURL: site + "/author/priya-nandakumar/", ProviderName: "The Larksund Courier", ProviderURL: site + "/", CacheAge: 600,
		HTML: `<iframe src="https://content.example.org/embed/articles/new-name" title="Seals in small hats bring news from the deep" width="600" height="HEIGHT" loading="lazy" ` +
			`sandbox="allow-scripts allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation" style="border:0;max-width:100%"></iframe>`,
		Width: 600, ThumbnailURL: "https://pictures.example.org/demo/images/islands-storm-seals-in-hats.svg", ThumbnailWidth: 1200, ThumbnailHeight: 675,
	}
	first := oEmbed(t, h, site+"/new-name/", "")
	want.Height = first.Height
	want.HTML = strings.ReplaceAll(want.HTML, "HEIGHT", jsonOf(t, first.Height))
	if first != want {
		t.Errorf("got  %+v\nwant %+v", first, want)
	}
	for _, address := range []string{site + "/new-name", site + "/seals-in-small-hats/", site + "/seals-in-small-hats/?utm_source=x#part", "http://NEWS.example.org/new-name/"} {
		for _, more := range []string{"", "&format=json", "&format=xml", "&unknown=1"} {
			if got := oEmbed(t, h, address, more); got != want {
				t.Errorf("%s%s: got  %+v\nwant %+v", address, more, got, want)
			}
		}
	}
	db.MustExec(`insert into article_authors (article_id, author_id, position) select a.id, t.id, 9 from articles a, authors t where a.slug = 'new-name' and t.slug = 'liv-aasen'`)
	if got := oEmbed(t, h, site+"/new-name/", ""); got.AuthorName != "Priya Nandakumar, Liv Aasen" || got.AuthorURL != "" {
		t.Errorf("two authors: %q %q", got.AuthorName, got.AuthorURL)
	}
}

func jsonOf(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestOEmbedOfTagsAndAuthors(t *testing.T) {
	t.Parallel()
	h, _ := newDoor(t)
	tag := oEmbed(t, h, site+"/tag/latest/", "") // an old slug
	checkHolds(t, tag.HTML, `src="https://content.example.org/embed/feeds/tags/news"`)
	if tag.Title != "News Feed" || tag.AuthorName != "" || !strings.Contains(tag.ThumbnailURL, "harbour-day-news") {
		t.Errorf("%+v", tag)
	}
	author := oEmbed(t, h, site+"/author/mara-lindqvist/", "&format=xml")
	checkHolds(t, author.HTML, `src="https://content.example.org/embed/feeds/authors/mara-lindqvist"`)
	if author.Title != "Mara Lindqvist" || author.AuthorName != "Mara Lindqvist" || author.AuthorURL != site+"/author/mara-lindqvist/" {
		t.Errorf("%+v", author)
	}
}

// No answer is larger than the consumer has room for, and a thumbnail comes whole or not at all.
func TestOEmbedObeysTheRoom(t *testing.T) {
	t.Parallel()
	h, db := newDoor(t, `update images set width = null where url like '%seals-in-hats%'`)
	for _, address := range []string{site + "/the-night-the-harbour-lights-went-out/", site + "/seals-in-small-hats/", site + "/tag/harbour/", site + "/author/mara-lindqvist/"} {
		for _, room := range [][2]int{{1, 1}, {50, 50}, {250, 0}, {0, 120}, {320, 480}, {600, 600}, {1199, 2000}, {1200, 675}, {4000, 4000}} {
			more := ""
			if room[0] > 0 {
				more += "&maxwidth=" + jsonOf(t, room[0])
			}
			if room[1] > 0 {
				more += "&maxheight=" + jsonOf(t, room[1])
			}
			got := oEmbed(t, h, address, more)
			fits := func(width, height int) bool {
				return (room[0] == 0 || width <= room[0]) && (room[1] == 0 || height <= room[1])
			}
			if got.Width < 1 || got.Height < 1 || !fits(got.Width, got.Height) || !fits(got.ThumbnailWidth, got.ThumbnailHeight) {
				t.Errorf("%s%s: %+v", address, more, got)
			}
			if all := got.ThumbnailURL != ""; all != (got.ThumbnailWidth > 0) || all != (got.ThumbnailHeight > 0) {
				t.Errorf("%s%s: half a thumbnail: %+v", address, more, got)
			}
			if frame := attributes(t, got.HTML); frame["width"] != jsonOf(t, got.Width) || frame["height"] != jsonOf(t, got.Height) {
				t.Errorf("%s%s: the frame is of another size: %s", address, more, got.HTML)
			} else {
				page(t, h, strings.TrimPrefix(frame["src"], origin), http.StatusOK)
			}
		}
	}
	if got := oEmbed(t, h, site+"/seals-in-small-hats/", ""); got.ThumbnailURL != "" {
		t.Errorf("a thumbnail of unknown width: %+v", got)
	}
	if small := oEmbed(t, h, site+"/the-night-the-harbour-lights-went-out/", "&maxheight=200"); !strings.Contains(small.HTML, "layout=compact") || small.Height > 170 {
		t.Errorf("where there is no room for a card: %+v", small)
	}
	db.MustExec(`update articles set lead_image_id = null where slug = 'seals-in-small-hats'`)
	if flat := oEmbed(t, h, site+"/seals-in-small-hats/", ""); flat.Height > 320 || strings.Contains(flat.HTML, "compact") {
		t.Errorf("without a picture: %+v", flat)
	}
}

func TestOEmbedRefuses(t *testing.T) {
	t.Parallel()
	h, _ := newDoor(t,
		`update articles set status = 'RETRACTED' where slug = 'seaweed-tea-lowers-blood-pressure'`,
		`update articles set status = 'DRAFT' where slug = 'hail-the-size-of-cherries'`,
		`update articles set embargoed_until = now() + interval '1 day' where slug = 'school-bus-by-boat'`)
	story := url.QueryEscape(site + "/seals-in-small-hats/")
	for query, want := range map[string]int{
		"":                                       http.StatusBadRequest,
		"url=":                                   http.StatusBadRequest,
		"url=%2Fseals-in-small-hats%2F":          http.StatusBadRequest,
		"url=javascript%3Aalert(1)":              http.StatusBadRequest,
		"url=file%3A%2F%2F%2Fetc%2Fpasswd":       http.StatusBadRequest,
		"url=%zz":                                http.StatusBadRequest,
		"url=" + story + "&maxwidth=wide":        http.StatusBadRequest,
		"url=" + story + "&maxwidth=0":           http.StatusBadRequest,
		"url=" + story + "&maxheight=-1":         http.StatusBadRequest,
		"url=" + story + "&maxheight=1e3":        http.StatusBadRequest,
		"url=" + story + "&format=yaml":          http.StatusNotImplemented,
		"url=" + story + "&format=JSON":          http.StatusNotImplemented,
		"url=https%3A%2F%2Fother.example%2Fa%2F": http.StatusNotFound,
		"url=" + url.QueryEscape("https://news.example.org.evil.example/seals-in-small-hats/"): http.StatusNotFound,
		"url=" + url.QueryEscape("https://evil.example/?https://news.example.org/seals/"):      http.StatusNotFound,
		"url=" + url.QueryEscape("https://news.example.org@evil.example/seals-in-small-hats/"): http.StatusNotFound,
		"url=" + url.QueryEscape(site+"/never-there/"):                                         http.StatusNotFound,
		"url=" + url.QueryEscape(site+"/"):                                                     http.StatusNotFound,
		"url=" + url.QueryEscape(site+"/tag/desk-checked/"):                                    http.StatusNotFound,
		"url=" + url.QueryEscape(site+"/seaweed-tea-lowers-blood-pressure/"):                   http.StatusNotFound,
		"url=" + url.QueryEscape(site+"/hail-the-size-of-cherries/"):                           http.StatusNotFound,
		"url=" + url.QueryEscape(site+"/school-bus-by-boat/"):                                  http.StatusNotFound,
	} {
		answer := get(t, h, "/oembed?"+query)
		if answer.Code != want {
			t.Errorf("%s: %d, want %d", query, answer.Code, want)
		}
		if header := answer.Header(); header.Get("Cache-Control") != "no-store" || header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %v", query, header)
		}
	}
}

func TestOEmbedOfHostileTitles(t *testing.T) {
	t.Parallel()
	h, db := newDoor(t)
	for _, title := range []string{`"><script>alert(1)</script>`, `]]></html>&lt;`, "\u202eback\u0007 \ufffe", strings.Repeat("長い", 2000)} {
		db.MustExec(`update articles set title = $1 where slug = 'seals-in-small-hats'`, title)
		if got := oEmbed(t, h, site+"/seals-in-small-hats/", ""); got.Title != title || attributes(t, got.HTML)["title"] != title {
			t.Errorf("json: %.60q became %.60q", title, got.Title)
		}
		inXML := strings.NewReplacer("\u0007", "\ufffd", "\ufffe", "\ufffd").Replace(title) // XML has no such characters
		if got := oEmbed(t, h, site+"/seals-in-small-hats/", "&format=xml"); got.Title != inXML || attributes(t, got.HTML)["title"] != inXML {
			t.Errorf("xml: %.60q became %.60q", title, got.Title)
		}
	}
}

// attributes are those of the one element that the text is.
func attributes(t *testing.T, text string) map[string]string {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(text))
	if z.Next() != html.StartTagToken {
		t.Fatalf("no element: %s", text)
	}
	found := map[string]string{}
	for _, a := range z.Token().Attr {
		found[a.Key] = a.Val
	}
	if z.Next(); z.Token().Type != html.EndTagToken || z.Next() != html.ErrorToken {
		t.Fatalf("more than one element: %s", text)
	}
	return found
}

// textsOf is all that a page says, without what is only markup.
func textsOf(t *testing.T, page string) string {
	t.Helper()
	var texts strings.Builder
	for z := html.NewTokenizer(strings.NewReader(page)); z.Next() != html.ErrorToken; {
		if token := z.Token(); token.Type == html.TextToken {
			texts.WriteString(token.Data)
		}
	}
	return texts.String()
}
