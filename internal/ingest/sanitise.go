package ingest

import (
	"html"
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
)

// policy is what articles.body_html may hold: text and its structure, pictures, players and frames, addresses of the
// web. No script, no handler, no style, no class.
var policy = newPolicy()

func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "aside", "details", "summary", "section", "div",
		"ul", "li", "dl", "dt", "dd", "figure", "figcaption", "hr", "br", "pre", "code",
		"em", "strong", "b", "i", "u", "s", "del", "ins", "small", "sub", "sup", "mark", "abbr", "cite", "q", "kbd", "samp", "var",
		"table", "caption", "thead", "tbody", "tfoot", "tr")
	p.AllowAttrs("colspan", "rowspan").Matching(bluemonday.Integer).OnElements("td", "th")
	p.AllowElements("td", "th", "ol")
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("id").Matching(regexp.MustCompile(`^[\p{L}\p{N}_:.-]{1,100}$`)).OnElements("h1", "h2", "h3", "h4", "h5", "h6", "li", "sup", "p", "a")
	p.AllowAttrs("cite").OnElements("blockquote", "q", "del", "ins")
	p.AllowAttrs("datetime").Matching(bluemonday.ISO8601).OnElements("time", "del", "ins")
	p.AllowElements("time")
	p.AllowAttrs("dir").Matching(bluemonday.Direction).Globally()
	p.AllowAttrs("lang").Matching(regexp.MustCompile(`^[A-Za-z0-9-]{1,35}$`)).Globally()

	p.AllowStandardURLs()
	p.AllowURLSchemes("http", "https", "mailto", "tel")
	p.RequireNoFollowOnLinks(false)
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("src").Matching(web).OnElements("img", "video", "audio", "source")
	p.AllowAttrs("src").Matching(webByTLS).OnElements("iframe")
	p.AllowAttrs("alt", "title").OnElements("img", "iframe", "abbr")
	p.AllowAttrs("poster").Matching(web).OnElements("video")
	p.AllowAttrs("controls").Matching(regexp.MustCompile(`^(controls)?$`)).OnElements("video", "audio")
	p.AllowAttrs("width", "height").Matching(bluemonday.Integer).OnElements("img", "video", "iframe")
	p.AllowAttrs("allowfullscreen").Matching(regexp.MustCompile(`^(allowfullscreen|true)?$`)).OnElements("iframe")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^[a-z]+/[a-z0-9.+-]+$`)).OnElements("source")
	p.AllowAttrs("position").Matching(regexp.MustCompile(`^[1-9][0-9]{0,5}$`)).OnElements("related-story")
	p.SkipElementsContent("svg", "math", "button", "select", "textarea", "form", "script", "style", "noscript", "object", "template")
	return p
}

var (
	web      = regexp.MustCompile(`^https?://`)
	webByTLS = regexp.MustCompile(`^https://`)
)

var tags = regexp.MustCompile(`<[^>]*>`)

// plainText takes the markup off.
func plainText(markup string) string {
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(policy.Sanitize(markup), " "))), " ")
}
