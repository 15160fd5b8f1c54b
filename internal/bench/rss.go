package main

import (
	"encoding/base64"
	"html"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// textsStatement reads the newest 100 articles with all that a feed shows of each. It is tuned by hand, as L1's others are.
var textsStatement = `select a.id, a.slug, a.title, a.excerpt, a.published_at, a.updated_at,
		case when a.access = 'PUBLIC' then a.body_html when strpos(a.body_html, '<!--members-only-->') > 0
			then split_part(a.body_html, '<!--members-only-->', 1) else '' end as html,
		a.access = 'PUBLIC' as complete,
		array(select t.name from article_authors l join authors t on t.id = l.author_id where l.article_id = a.id order by l.position) as authors,
		array(select lower(t.kind) || ' ' || t.name from article_tags l join tags t on t.id = l.tag_id
			where l.article_id = a.id and not t.internal order by l.position) as tags,
		array(select r.position || ' ' || b.slug || ' ' || b.title from related_stories r join articles b on b.id = r.related_id
			where r.article_id = a.id and r.kind = 'INLINE' and ` + visibleArticle("b") + `) as cards,
		array(select floor(extract(epoch from c.at))::bigint || ' ' || c.text from corrections c
			where c.article_id = a.id and c.at <= now() order by c.at, c.id) as corrections,
		i.url as image, i.alt, i.caption, i.credit, i.width, i.height,
		v.url as video, v.duration_seconds as seconds, v.width as video_width, v.height as video_height,
		p.url as poster, p.width as poster_width, p.height as poster_height
	from (select a.* from articles a where ` + visibleArticle("a") + ` and a.kind <> 'PAGE'
		order by a.published_at desc, a.id desc limit 100) as a
		left join images i on i.id = a.lead_image_id
		left join videos v on v.article_id = a.id
		left join images p on p.id = v.poster_id
	order by a.published_at desc, a.id desc`

// story is a row of it.
type story struct {
	ID                                int64
	Slug, Title, Excerpt, HTML        string
	PublishedAt                       time.Time `db:"published_at"`
	UpdatedAt                         time.Time `db:"updated_at"`
	Complete                          bool
	Authors, Tags, Cards, Corrections pq.StringArray
	Image, Alt, Caption, Credit       *string
	Width, Height                     *int
	Video                             *string
	Seconds                           *int
	VideoWidth                        *int `db:"video_width"`
	VideoHeight                       *int `db:"video_height"`
	Poster                            *string
	PosterWidth                       *int `db:"poster_width"`
	PosterHeight                      *int `db:"poster_height"`
}

// textsHandler answers the newest full texts as RSS.
type textsHandler struct{ statement *sqlx.Stmt }

func (h *textsHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var stories []story
	if err := h.statement.SelectContext(r.Context(), &stories); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	body := []byte(`<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:media="http://search.yahoo.com/mrss/">
<channel>
<title>Latest</title><link>` + benchSite + `/</link><description>Latest</description>
`)
	for i := range stories {
		body = stories[i].append(body)
	}
	body = append(body, "</channel>\n</rss>\n"...)
	w.Header().Set("Content-Type", "application/rss+xml; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

var xmlText = strings.NewReplacer("&", "&#x26;", "<", "&#x3C;", ">", "&#x3E;", `"`, "&#x22;", "\t", "&#x9;", "\n", "&#xA;", "\r", "&#xD;")

// appendElement writes an element with a text in it, unless that is empty. Tag may have attributes.
func appendElement(to []byte, tag, text string) []byte {
	if text == "" {
		return to
	}
	name, _, _ := strings.Cut(tag, " ")
	to = append(append(append(to, '<'), tag...), '>')
	to = append(to, xmlText.Replace(text)...)
	return append(append(append(to, "</"...), name...), ">\n"...)
}

func attribute(name string, number *int) string {
	if number == nil {
		return ""
	}
	return " " + name + `="` + strconv.Itoa(*number) + `"`
}

func mediaAttributes(url string) string {
	kind := mime.TypeByExtension(path.Ext(url))
	if kind != "" {
		kind = ` type="` + kind + `"`
	}
	return ` url="` + xmlText.Replace(url) + `"` + kind
}

func (s *story) append(to []byte) []byte {
	to = append(to, "<item>\n"...)
	to = appendElement(to, "title", s.Title)
	to = appendElement(to, "link", s.address())
	to = appendElement(to, `guid isPermaLink="false"`, "tag:news.example,2026:"+base64.RawURLEncoding.EncodeToString([]byte("Article:"+strconv.FormatInt(s.ID, 10))))
	to = appendElement(to, "pubDate", s.PublishedAt.UTC().Format(http.TimeFormat))
	to = appendElement(to, "description", html.EscapeString(s.Excerpt))
	text, modified := s.text()
	if text != "" {
		to = append(to, "<content:encoded><![CDATA["...)
		to = append(to, strings.ReplaceAll(text, "]]>", "]]]]><![CDATA[>")...)
		to = append(to, "]]></content:encoded>\n"...)
	}
	for _, name := range s.Authors {
		to = appendElement(to, "dc:creator", name)
	}
	for _, tag := range s.Tags {
		kind, name, _ := strings.Cut(tag, " ")
		to = appendElement(to, `category domain="`+benchSite+`/#`+kind+`"`, name)
	}
	to = s.appendMedia(to)
	to = appendElement(to, "dcterms:modified", modified.UTC().Format(time.RFC3339))
	return append(to, "</item>\n"...)
}

func (s *story) address() string { return benchSite + "/" + s.Slug + "/" }

func (s *story) appendMedia(to []byte) []byte {
	if s.Video != nil {
		if kind := mediaAttributes(*s.Video); strings.Contains(kind, "type=") {
			to = append(to, `<enclosure`+strings.Replace(kind, ` type=`, ` length="0" type=`, 1)+"/>\n"...)
		}
		to = append(to, `<media:content`+mediaAttributes(*s.Video)+` medium="video"`+
			attribute("duration", s.Seconds)+attribute("width", s.VideoWidth)+attribute("height", s.VideoHeight)+`>`...)
		if s.Poster != nil {
			to = append(to, `<media:thumbnail url="`+xmlText.Replace(*s.Poster)+`"`+attribute("width", s.PosterWidth)+attribute("height", s.PosterHeight)+"/>\n"...)
		}
		to = append(to, "</media:content>\n"...)
	}
	if s.Image != nil {
		to = append(to, `<media:content`+mediaAttributes(*s.Image)+` medium="image"`+attribute("width", s.Width)+attribute("height", s.Height)+`>`...)
		to = appendElement(to, `media:title type="plain"`, *s.Alt)
		to = appendElement(to, `media:description type="plain"`, *s.Caption)
		to = appendElement(to, `media:credit role="photographer"`, *s.Credit)
		to = append(to, "</media:content>\n"...)
	}
	return to
}

var cardPlace = regexp.MustCompile(`<related-story position="(\d+)"></related-story>`)

// text is the body with its cards and corrections, and when the newest of these, or the story itself, was changed.
func (s *story) text() (text string, modified time.Time) {
	text, modified = strings.ReplaceAll(s.HTML, "<!--members-only-->", ""), s.UpdatedAt
	if s.PublishedAt.After(modified) {
		modified = s.PublishedAt
	}
	if strings.Contains(text, "<related-story") {
		text = cardPlace.ReplaceAllStringFunc(text, func(found string) string { return s.card(cardPlace.FindStringSubmatch(found)[1]) })
	}
	for _, correction := range s.Corrections {
		seconds, words, _ := strings.Cut(correction, " ")
		unix, _ := strconv.ParseInt(seconds, 10, 64)
		at := time.Unix(unix, 0).UTC()
		if at.After(modified) {
			modified = at
		}
		text += `<aside class="correction"><p><strong>Correction, <time datetime="` + at.Format(time.RFC3339) + `">` +
			at.Format("2 January 2006") + `</time>:</strong> ` + html.EscapeString(words) + `</p></aside>`
	}
	if !s.Complete && text != "" {
		text += `<p class="source"><a href="` + s.address() + `">` + html.EscapeString(s.Title) + `</a></p>`
	}
	return text, modified
}

func (s *story) card(position string) string {
	for _, card := range s.Cards {
		if at, rest, _ := strings.Cut(card, " "); at == position {
			slug, title, _ := strings.Cut(rest, " ")
			return `<aside class="related-story"><a href="` + benchSite + "/" + slug + `/">` + html.EscapeString(title) + `</a></aside>`
		}
	}
	return ""
}
