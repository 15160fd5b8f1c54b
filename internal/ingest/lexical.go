package ingest

import (
	"encoding/json"
	"html"
	"regexp"
	"strings"
)

// lexicalNode is a part of a body in the form in which Ghost's editor keeps it.
type lexicalNode struct {
	Type     string
	Tag      string // of a heading
	ListType string `json:"listType"`
	Text     string
	Format   json.RawMessage // of a text: bits
	URL      string
	Src      string
	Alt      string
	Caption  string
	Title    string
	HTML     string
	Code     string
	Metadata struct{ Title string }
	Children []lexicalNode
}

// The bits of a text's format.
const (
	lexicalBold = 1 << iota
	lexicalItalic
	lexicalStrike
	lexicalUnderline
	lexicalCode
	lexicalSubscript
	lexicalSuperscript
)

// renderLexical writes HTML for a body that Ghost has not rendered. Lose is told of what it leaves out.
func renderLexical(source string, lose func(string)) string {
	var document struct{ Root lexicalNode }
	if err := json.Unmarshal([]byte(source), &document); err != nil {
		lose("a body that cannot be read")
		return ""
	}
	r := lexicalRenderer{lose: lose}
	r.children(document.Root)
	return r.out.String()
}

type lexicalRenderer struct {
	out  strings.Builder
	lose func(string)
}

func (r *lexicalRenderer) children(n lexicalNode) {
	for _, child := range n.Children {
		r.node(child)
	}
}

func (r *lexicalRenderer) node(n lexicalNode) {
	switch n.Type {
	case "text", "extended-text":
		r.text(n)
	case "linebreak":
		r.out.WriteString("<br>")
	case "paragraph":
		r.within("p", n)
	case "quote", "extended-quote", "aside":
		r.within("blockquote", n)
	case "heading", "extended-heading":
		r.within(headingTag(n.Tag), n)
	case "list":
		r.within(map[bool]string{true: "ol", false: "ul"}[n.ListType == "number"], n)
	case "listitem":
		r.within("li", n)
	case "link", "autolink":
		r.out.WriteString(`<a href="` + html.EscapeString(n.URL) + `">`)
		r.children(n)
		r.out.WriteString("</a>")
	case "image":
		r.out.WriteString(`<figure><img src="` + html.EscapeString(n.Src) + `" alt="` + html.EscapeString(n.Alt) + `">`)
		if n.Caption != "" {
			r.out.WriteString("<figcaption>" + n.Caption + "</figcaption>") // HTML, sanitised with all the rest
		}
		r.out.WriteString("</figure>")
	case "html":
		r.out.WriteString(n.HTML)
	case "embed":
		r.out.WriteString("<figure>" + n.HTML + "</figure>")
	case "bookmark":
		title := n.Metadata.Title
		if title == "" {
			title = n.URL
		}
		r.out.WriteString(`<p><a href="` + html.EscapeString(n.URL) + `">` + html.EscapeString(title) + "</a></p>")
	case "codeblock":
		r.out.WriteString("<pre><code>" + html.EscapeString(n.Code) + "</code></pre>")
	case "horizontalrule":
		r.out.WriteString("<hr>")
	case "paywall":
		r.out.WriteString("<!--members-only-->")
	default:
		if len(n.Children) == 0 {
			r.lose("a card of the kind " + n.Type)
		}
		r.children(n)
	}
}

func (r *lexicalRenderer) within(tag string, n lexicalNode) {
	r.out.WriteString("<" + tag + ">")
	r.children(n)
	r.out.WriteString("</" + tag + ">")
}

func headingTag(tag string) string {
	if len(tag) == 2 && tag[0] == 'h' && tag[1] >= '1' && tag[1] <= '6' {
		return tag
	}
	return "h2"
}

func (r *lexicalRenderer) text(n lexicalNode) {
	var format int
	_ = json.Unmarshal(n.Format, &format) // of a text it is a number, elsewhere a word
	before, after := "", ""
	for _, f := range []struct {
		bit int
		tag string
	}{{lexicalBold, "strong"}, {lexicalItalic, "em"}, {lexicalStrike, "s"}, {lexicalUnderline, "u"}, {lexicalCode, "code"},
		{lexicalSubscript, "sub"}, {lexicalSuperscript, "sup"}} {
		if format&f.bit != 0 {
			before, after = before+"<"+f.tag+">", "</"+f.tag+">"+after
		}
	}
	r.out.WriteString(before + html.EscapeString(n.Text) + after)
}

var lexicalURL = regexp.MustCompile(`"url":("[^"]*")`)

// lexicalLinks are the addresses in a body of this form, as links in HTML are written.
func lexicalLinks(source string) string {
	var out strings.Builder
	for _, match := range lexicalURL.FindAllStringSubmatch(source, -1) {
		out.WriteString(" href=" + match[1])
	}
	return out.String()
}
