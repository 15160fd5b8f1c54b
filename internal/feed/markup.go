package feed

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// subset is the part of HTML that a partner takes. Elements go that it does not know, and what they hold stays.
type subset struct {
	elements []string
	instead  map[string]string // elements that others take the place of
	frames   []string          // hosts of frames that stay, with the beginning of their paths; those of others go
	levels   int               // of elements inside elements
	smallest int               // pixels of a picture's shorter side, where it is known; a smaller one goes
	policy   *bluemonday.Policy
}

// msnHTML is what the page «MSN HTML guidelines and tag restrictions» allows, with figures, which «How to display inline
// media» shows: fewer than 10 levels, and frames of the services that it names but YouTube, whose players MSN refuses at
// present, by the same page.
var msnHTML = newSubset(&subset{
	elements: []string{"b", "i", "em", "strong", "sub", "sup", "small", "h1", "h2", "h3", "h4", "h5", "a", "img",
		"table", "thead", "tbody", "tfoot", "tr", "td", "th", "col", "caption", "colgroup", "ul", "ol", "li",
		"p", "div", "span", "br", "blockquote", "iframe", "figure", "figcaption"},
	instead: map[string]string{"aside": "div", "section": "div", "article": "div", "header": "div", "footer": "div", "details": "div",
		"dl": "div", "dt": "p", "dd": "p", "summary": "p", "pre": "p", "address": "p", "h6": "h5", "q": "em", "cite": "em", "mark": "em"},
	frames: []string{"twitter.com/", "x.com/", "facebook.com/", "instagram.com/", "pinterest.com/", "spotify.com/", "infogram.com/",
		"google.com/maps", "giphy.com/", "flourish.studio/", "flo.uri.sh/", "reddit.com/", "tiktok.com/"},
	levels: 9,
})

// flipboardHTML is the text with its structure and pictures. Flipboard asks for plain HTML5 and names no elements; videos
// reach it by enclosures.
var flipboardHTML = newSubset(&subset{
	elements: []string{"b", "i", "em", "strong", "sub", "sup", "small", "s", "u", "mark", "cite", "q", "code", "time",
		"h1", "h2", "h3", "h4", "h5", "h6", "a", "img", "table", "thead", "tbody", "tfoot", "tr", "td", "th", "col", "caption", "colgroup",
		"ul", "ol", "li", "dl", "dt", "dd", "p", "div", "span", "br", "hr", "pre", "blockquote", "aside", "section", "figure", "figcaption"},
	instead:  map[string]string{"article": "div", "header": "div", "footer": "div", "details": "div", "summary": "p", "address": "p"},
	levels:   20,
	smallest: smallestOnFlipboard,
})

// unread are elements that go with what they hold.
var unread = []string{"script", "style", "template", "noscript", "noembed", "noframes", "object", "embed", "applet", "param", "svg", "math",
	"form", "button", "select", "textarea", "input", "title", "head", "video", "audio", "canvas", "frameset", "xmp", "plaintext", "iframe"}

func newSubset(s *subset) *subset {
	p := bluemonday.NewPolicy()
	p.AllowElements(s.elements...)
	p.AllowURLSchemes("https", "http", "mailto")
	p.RequireParseableURLs(true)
	p.AllowAttrs("href").OnElements("a")
	web := regexp.MustCompile(`^https?://`)
	p.AllowAttrs("src").Matching(web).OnElements("img", "iframe")
	p.AllowAttrs("alt", "title").OnElements("img")
	p.AllowAttrs("width", "height").Matching(bluemonday.Integer).OnElements("img", "iframe")
	p.AllowAttrs("colspan", "rowspan").Matching(bluemonday.Integer).OnElements("td", "th")
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.SkipElementsContent(unread...)
	s.policy = p
	return s
}

// tries bound how often markup is read again. Not every tree that a parser makes is written so that it is read as the same
// one (HTML Living Standard, 13.3); most are after two.
const tries = 8

// of returns the subset of markup: itself if it is in the subset already, and a text if nobody could tell what it means.
func (s *subset) of(markup string) string {
	for range tries {
		simple, err := s.simplified(markup)
		if err != nil {
			break
		}
		if simple == markup {
			return markup
		}
		markup = simple
	}
	return "<p>" + html.EscapeString(oneLine(html.UnescapeString(bluemonday.StrictPolicy().Sanitize(markup)))) + "</p>"
}

func (s *subset) simplified(markup string) (string, error) {
	root := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(markup), root)
	if err != nil {
		return "", err
	}
	for _, n := range nodes {
		root.AppendChild(n)
	}
	s.prune(root)
	s.flatten(root, 0)
	var out strings.Builder
	for n := range root.ChildNodes() {
		if err := html.Render(&out, n); err != nil {
			return "", err
		}
	}
	return strings.TrimSpace(s.policy.Sanitize(out.String())), nil
}

// prune takes out of a node what is not in the subset, and tells whether something went with what it held.
func (s *subset) prune(parent *html.Node) (lost bool) {
	for n := parent.FirstChild; n != nil; {
		next := n.NextSibling
		if n.Type == html.ElementNode {
			if instead, ok := s.instead[n.Data]; ok {
				n.Data, n.DataAtom = instead, atom.Lookup([]byte(instead))
			}
			known := slices.Contains(s.elements, n.Data)
			switch {
			case s.goes(n), known && s.prune(n) && isHollow(n):
				parent.RemoveChild(n)
				lost = true
			case !known:
				next = unwrap(n)
			}
		}
		n = next
	}
	return lost
}

// goes tells whether an element goes with what it holds.
func (s *subset) goes(n *html.Node) bool {
	switch {
	case n.Namespace != "":
		return true
	case n.Data == "iframe":
		return n.FirstChild != nil || !s.takesFrame(attribute(n, "src"))
	case n.Data == "img":
		return isSmaller(attribute(n, "width"), s.smallest) || isSmaller(attribute(n, "height"), s.smallest)
	default:
		return slices.Contains(unread, n.Data)
	}
}

// isHollow tells whether an element shows nothing, or nothing but a caption. Cells hold their places.
func isHollow(n *html.Node) bool {
	if n.Data == "td" || n.Data == "th" {
		return false
	}
	for child := range n.ChildNodes() {
		if shows(child) {
			return false
		}
	}
	return true
}

func shows(n *html.Node) bool {
	switch {
	case n.Type == html.TextNode:
		return strings.TrimSpace(n.Data) != ""
	case n.Data == "figcaption":
		return false
	default:
		return n.Data == "img" || n.Data == "iframe" || !isHollow(n)
	}
}

func isSmaller(pixels string, smallest int) bool {
	n, err := strconv.Atoi(pixels)
	return err == nil && n < smallest
}

func (s *subset) takesFrame(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.User != nil {
		return false
	}
	return slices.ContainsFunc(s.frames, func(frame string) bool {
		host, path, _ := strings.Cut(frame, "/")
		return (u.Host == host || strings.HasSuffix(u.Host, "."+host)) && strings.HasPrefix(u.Path, "/"+path)
	})
}

// flatten takes away levels that are too deep: first of boxes around other elements, then whatever lies deepest.
func (s *subset) flatten(parent *html.Node, level int) {
	for n := parent.FirstChild; n != nil; {
		isBox := n.Data == "div" || n.Data == "section" || n.Data == "span"
		if n.Type == html.ElementNode && (level == s.levels || isBox && level+height(n) > s.levels) {
			n = unwrap(n)
			continue
		}
		s.flatten(n, level+1)
		n = n.NextSibling
	}
}

// height is how many levels of elements there are in a tree.
func height(n *html.Node) int {
	if n.Type != html.ElementNode {
		return 0
	}
	highest := 0
	for child := range n.ChildNodes() {
		highest = max(highest, height(child))
	}
	return highest + 1
}

// unwrap puts what an element holds in its place, and returns what comes next.
func unwrap(n *html.Node) (next *html.Node) {
	next = n.NextSibling
	if n.FirstChild != nil {
		next = n.FirstChild
	}
	for child := n.FirstChild; child != nil; child = n.FirstChild {
		n.RemoveChild(child)
		n.Parent.InsertBefore(child, n)
	}
	n.Parent.RemoveChild(n)
	return next
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
