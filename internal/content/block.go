package content

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Block is one part of a body.
type Block interface {
	IsBlock()
	plain() string // its words, for the plain text of the body
}

type (
	Paragraph struct{ HTML, Text string }

	Heading struct {
		Level      int
		HTML, Text string
	}

	Quote struct{ HTML, Text string }

	List struct {
		Ordered    bool
		Items      []string // HTML
		HTML, Text string
	}

	ImageBlock struct {
		URL, Alt, Caption string
		Width, Height     *int
		HTML              string
	}

	EmbedBlock struct{ URL, Caption, HTML string }

	RelatedStoryBlock struct {
		Article *Article
		HTML    string
	}

	Divider struct{ HTML string }

	// HTMLBlock is anything else, such as a table.
	HTMLBlock struct{ HTML, Text string }
)

func (Paragraph) IsBlock()         {}
func (Heading) IsBlock()           {}
func (Quote) IsBlock()             {}
func (List) IsBlock()              {}
func (ImageBlock) IsBlock()        {}
func (EmbedBlock) IsBlock()        {}
func (RelatedStoryBlock) IsBlock() {}
func (Divider) IsBlock()           {}
func (HTMLBlock) IsBlock()         {}

func (b Paragraph) plain() string       { return b.Text }
func (b Heading) plain() string         { return b.Text }
func (b Quote) plain() string           { return b.Text }
func (b List) plain() string            { return b.Text }
func (ImageBlock) plain() string        { return "" }
func (EmbedBlock) plain() string        { return "" }
func (RelatedStoryBlock) plain() string { return "" }
func (Divider) plain() string           { return "" }
func (b HTMLBlock) plain() string       { return b.Text }

// parseBlocks takes a body apart. Inline returns the story of a card, nil if it may not be shown.
func parseBlocks(stored string, inline func(position int) *Article) ([]Block, error) {
	parent := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(stored), parent)
	if err != nil {
		return nil, fmt.Errorf("parse HTML: %w", err)
	}
	parser := &blockParser{inline: inline}
	parser.flow(nodes)
	return parser.blocks, nil
}

type blockParser struct {
	inline func(position int) *Article
	loose  []*html.Node // text and phrases that stand in no paragraph
	blocks []Block
}

// flow reads a sequence of nodes. Phrases between blocks become a paragraph of their own.
func (p *blockParser) flow(nodes []*html.Node) {
	for _, n := range nodes {
		switch {
		case n.Type == html.TextNode || n.Type == html.ElementNode && isPhrase(n):
			p.loose = append(p.loose, n)
		case n.Type == html.ElementNode:
			p.endLoose()
			p.element(n)
		}
	}
	p.endLoose()
}

func (p *blockParser) endLoose() {
	if text := textOf(p.loose...); text != "" {
		p.blocks = append(p.blocks, Paragraph{HTML: "<p>" + strings.TrimSpace(render(p.loose...)) + "</p>", Text: text})
	}
	p.loose = nil
}

func (p *blockParser) element(n *html.Node) {
	switch n.Data {
	case "related-story":
		position, _ := strconv.Atoi(attribute(n, "position"))
		if a := p.inline(position); a != nil {
			p.add(RelatedStoryBlock{Article: a, HTML: card(a)})
		}
	case "div", "section", "article", "main", "header", "footer", "center":
		p.flow(children(n))
	case "p":
		p.paragraph(n)
	case "h1", "h2", "h3", "h4", "h5", "h6":
		p.addWithText(n, func(text string) Block {
			return Heading{Level: int(n.Data[1] - '0'), HTML: render(n), Text: text}
		})
	case "blockquote":
		p.addWithText(n, func(text string) Block { return Quote{HTML: render(n), Text: text} })
	case "ul", "ol":
		p.list(n)
	case "hr":
		p.add(Divider{HTML: render(n)})
	case "figure", "img", "picture", "iframe", "video", "audio":
		p.figure(n)
	case "script", "style", "template", "noscript":
	default:
		p.addWithText(n, func(text string) Block { return HTMLBlock{HTML: render(n), Text: text} })
	}
}

func (p *blockParser) add(b Block) { p.blocks = append(p.blocks, b) }

// addWithText adds the block unless it has no text to show.
func (p *blockParser) addWithText(n *html.Node, block func(text string) Block) {
	if text := textOf(n); text != "" {
		p.add(block(text))
	}
}

// paragraph takes a picture or a player that stands alone in a paragraph for a figure.
func (p *blockParser) paragraph(n *html.Node) {
	if textOf(n) == "" && find(n, isMedia) != nil {
		p.figure(n)
		return
	}
	p.addWithText(n, func(text string) Block { return Paragraph{HTML: render(n), Text: text} })
}

func (p *blockParser) list(n *html.Node) {
	list := List{Ordered: n.Data == "ol", HTML: render(n)}
	var lines []string
	for _, item := range children(n) {
		if item.Data == "li" {
			list.Items = append(list.Items, strings.TrimSpace(render(children(item)...)))
			lines = append(lines, textOf(item))
		}
	}
	list.Text = strings.Join(lines, "\n")
	if list.Text != "" {
		p.add(list)
	}
}

// figure tells by what stands inside what kind of block it is.
func (p *blockParser) figure(n *html.Node) {
	caption := ""
	if c := find(n, func(n *html.Node) bool { return n.Data == "figcaption" }); c != nil {
		caption = textOf(c)
	}
	switch media := find(n, isMedia); {
	case media == nil:
		p.addWithText(n, func(text string) Block { return HTMLBlock{HTML: render(n), Text: text} })
	case media.Data == "img":
		p.add(ImageBlock{
			URL: attribute(media, "src"), Alt: attribute(media, "alt"), Caption: caption,
			Width: pixels(media, "width"), Height: pixels(media, "height"), HTML: render(n),
		})
	default:
		source := attribute(media, "src")
		if source == "" {
			if child := find(media, func(n *html.Node) bool { return n.Data == "source" }); child != nil {
				source = attribute(child, "src")
			}
		}
		p.add(EmbedBlock{URL: source, Caption: caption, HTML: render(n)})
	}
}

func isMedia(n *html.Node) bool {
	return slices.Contains([]string{"img", "iframe", "video", "audio"}, n.Data)
}

func isPhrase(n *html.Node) bool {
	switch n.DataAtom {
	case atom.A, atom.Abbr, atom.B, atom.Bdi, atom.Bdo, atom.Br, atom.Cite, atom.Code, atom.Data, atom.Del, atom.Dfn, atom.Em,
		atom.I, atom.Ins, atom.Kbd, atom.Mark, atom.Q, atom.S, atom.Samp, atom.Small, atom.Span, atom.Strong, atom.Sub,
		atom.Sup, atom.Time, atom.U, atom.Var, atom.Wbr:
		return find(n, isMedia) == nil
	}
	return false
}

// find returns the first element that matches, n itself or one below it.
func find(n *html.Node, matches func(*html.Node) bool) *html.Node {
	if n.Type == html.ElementNode && matches(n) {
		return n
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if found := find(c, matches); found != nil {
			return found
		}
	}
	return nil
}

func children(n *html.Node) []*html.Node { return slices.Collect(n.ChildNodes()) }

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func pixels(n *html.Node, name string) *int {
	number, err := strconv.Atoi(attribute(n, name))
	if err != nil || number <= 0 {
		return nil
	}
	return &number
}

func render(nodes ...*html.Node) string {
	var text strings.Builder
	for _, n := range nodes {
		_ = html.Render(&text, n) // a strings.Builder takes everything
	}
	return text.String()
}

// textOf returns the words of the nodes with white space folded; a line break in the text is kept as one.
func textOf(nodes ...*html.Node) string {
	var raw strings.Builder
	for _, n := range nodes {
		writeText(&raw, n)
	}
	lines := strings.Split(raw.String(), "\n")
	kept := lines[:0]
	for _, line := range lines {
		if folded := strings.Join(strings.Fields(line), " "); folded != "" {
			kept = append(kept, folded)
		}
	}
	return strings.Join(kept, "\n")
}

func writeText(to *strings.Builder, n *html.Node) {
	switch {
	case n.Type == html.TextNode:
		to.WriteString(strings.ReplaceAll(n.Data, "\n", " "))
	case n.Data == "script" || n.Data == "style":
	case n.Data == "br":
		to.WriteString("\n")
	default:
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			writeText(to, c)
		}
		if n.Type == html.ElementNode && !isPhrase(n) {
			to.WriteString("\n")
		}
	}
}
