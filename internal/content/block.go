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
	nodes, err := parseHTML(closedCards(stored))
	if err != nil {
		return nil, err
	}
	parser := &blockParser{inline: inline}
	parser.flow(nodes)
	return parser.blocks, nil
}

// closedCards closes the cards, so that none swallows what follows.
func closedCards(stored string) string {
	return placeholder.ReplaceAllString(stored, `<related-story position="$1"></related-story>`)
}

func parseHTML(stored string) ([]*html.Node, error) {
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(stored), body)
	if err != nil {
		return nil, fmt.Errorf("parse HTML: %w", err)
	}
	return nodes, nil
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
		p.flow(children(n)) // what a card that was never closed has swallowed
	case "div", "section", "article", "main", "header", "footer", "center":
		p.flow(children(n))
	case "script", "style", "template", "noscript":
	default:
		cards := cutCards(n)
		if isPhrase(n) {
			p.flow([]*html.Node{n})
		} else {
			p.block(n)
		}
		for _, c := range cards {
			p.element(c)
		}
	}
}

// cutCards takes the cards out of an element, which can be no part of its HTML.
func cutCards(n *html.Node) []*html.Node {
	var cards []*html.Node
	for c := find(n, isCard); c != nil; c = find(n, isCard) {
		c.Parent.RemoveChild(c)
		cards = append(cards, c)
	}
	return cards
}

func isCard(n *html.Node) bool { return n.Data == "related-story" }

func (p *blockParser) block(n *html.Node) {
	switch n.Data {
	case "p":
		p.addWithText(n, func(text string) Block { return Paragraph{HTML: render(n), Text: text} })
	case "h1", "h2", "h3", "h4", "h5", "h6":
		p.addWithText(n, func(text string) Block {
			return Heading{Level: int(n.Data[1] - '0'), HTML: render(n), Text: text}
		})
	case "blockquote":
		p.addWithText(n, func(text string) Block { return Quote{HTML: render(n), Text: text} })
	case "ul", "ol":
		p.addWithText(n, func(text string) Block {
			return List{Ordered: n.Data == "ol", Items: items(n), HTML: render(n), Text: text}
		})
	case "hr":
		p.add(Divider{HTML: render(n)})
	case "figure", "img", "picture", "iframe", "video", "audio":
		p.figure(n)
	default:
		p.addWithText(n, func(text string) Block { return HTMLBlock{HTML: render(n), Text: text} })
	}
}

func (p *blockParser) add(b Block) { p.blocks = append(p.blocks, b) }

// addWithText adds the block if it has text to show. A picture or a player that stands alone is a figure.
func (p *blockParser) addWithText(n *html.Node, block func(text string) Block) {
	if text := textOf(n); text != "" {
		p.add(block(text))
	} else if find(n, isMedia) != nil {
		p.figure(n)
	}
}

func items(list *html.Node) []string {
	var items []string
	for _, n := range children(list) {
		if n.Data == "li" {
			items = append(items, strings.TrimSpace(render(children(n)...)))
		}
	}
	return items
}

// figure tells by what stands inside what kind of block it is. A gallery becomes an image after the other.
func (p *blockParser) figure(n *html.Node) {
	caption := find(n, func(n *html.Node) bool { return n.Data == "figcaption" })
	words := ""
	if caption != nil {
		words = textOf(caption)
	}
	media := findAll(n, isMedia)
	switch {
	case len(media) == 0:
		if text := textOf(n); text != "" {
			p.add(HTMLBlock{HTML: render(n), Text: text})
		}
	case media[0].Data != "img":
		p.add(EmbedBlock{URL: mediaURL(media[0]), Caption: words, HTML: render(n)})
	case len(media) == 1:
		p.add(image(media[0], words, render(n)))
	default:
		last := len(media) - 1
		for _, m := range media[:last] {
			p.add(image(m, "", "<figure>"+render(m)+"</figure>"))
		}
		p.add(image(media[last], words, "<figure>"+render(media[last])+render(caption)+"</figure>"))
	}
}

func image(n *html.Node, caption, figure string) ImageBlock {
	return ImageBlock{
		URL: mediaURL(n), Alt: attribute(n, "alt"), Caption: caption,
		Width: pixels(n, "width"), Height: pixels(n, "height"), HTML: figure,
	}
}

func isMedia(n *html.Node) bool {
	return slices.Contains([]string{"img", "iframe", "video", "audio"}, n.Data) && mediaURL(n) != ""
}

func mediaURL(n *html.Node) string {
	if address := attribute(n, "src"); address != "" {
		return address
	}
	if source := find(n, func(n *html.Node) bool { return n.Data == "source" && attribute(n, "src") != "" }); source != nil {
		return attribute(source, "src")
	}
	return ""
}

// isPhrase tells what is a part of a paragraph, and no block of its own.
func isPhrase(n *html.Node) bool {
	return isInline(n) && find(n, isMedia) == nil && find(n, isCard) == nil
}

func isInline(n *html.Node) bool {
	switch n.DataAtom {
	case atom.A, atom.Abbr, atom.B, atom.Bdi, atom.Bdo, atom.Big, atom.Br, atom.Cite, atom.Code, atom.Data, atom.Del, atom.Dfn,
		atom.Em, atom.Font, atom.I, atom.Img, atom.Ins, atom.Kbd, atom.Label, atom.Mark, atom.Q, atom.Rp, atom.Rt, atom.Ruby,
		atom.S, atom.Samp, atom.Small, atom.Span, atom.Strike, atom.Strong, atom.Sub, atom.Sup, atom.Time, atom.Tt, atom.U,
		atom.Var, atom.Wbr:
		return true
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

// findAll returns the elements that match and stand in no other that does.
func findAll(n *html.Node, matches func(*html.Node) bool) []*html.Node {
	if n.Type == html.ElementNode && matches(n) {
		return []*html.Node{n}
	}
	var found []*html.Node
	for c := range n.ChildNodes() {
		found = append(found, findAll(c, matches)...)
	}
	return found
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
		if n != nil {
			_ = html.Render(&text, n) // a strings.Builder takes everything
		}
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
	case isUnread(n):
	case n.Data == "br":
		to.WriteString("\n")
	case n.Type == html.ElementNode && !isInline(n):
		to.WriteString("\n")
		writeTexts(to, n)
		to.WriteString("\n")
	default:
		writeTexts(to, n)
	}
}

func writeTexts(to *strings.Builder, n *html.Node) {
	for c := range n.ChildNodes() {
		writeText(to, c)
	}
}

// isUnread tells what holds code, or words for those whose browser cannot do better.
func isUnread(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Audio, atom.Iframe, atom.Noembed, atom.Noframes, atom.Noscript, atom.Object, atom.Plaintext, atom.Script, atom.Style,
		atom.Template, atom.Textarea, atom.Title, atom.Video, atom.Xmp:
		return true
	}
	return false
}
