package ingest

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// cardName tells which of Ghost's cards an element is, such as bookmark; empty for none.
func cardName(n *html.Node) string {
	classes := strings.Fields(attribute(n, "class"))
	if !slices.Contains(classes, "kg-card") {
		return ""
	}
	for _, class := range classes {
		if name, found := strings.CutPrefix(class, "kg-"); found {
			if name, found = strings.CutSuffix(name, "-card"); found {
				return name
			}
		}
	}
	return "unknown"
}

func (c *converter) card(n *html.Node, name string) {
	switch name {
	case "image", "code", "embed":
		c.walk(n)
	case "gallery":
		c.gallery(n)
	case "bookmark":
		c.bookmark(n)
	case "video", "audio":
		c.player(n, name)
	case "file":
		c.file(n)
	case "product":
		c.product(n)
	case "toggle":
		c.toggle(n)
	case "header":
		c.header(n)
	case "callout":
		c.callout(n)
	case "button":
		replace(n, holding("p", plainLink(find(n, "a"))))
	case "cta", "call-to-action":
		c.callToAction(n)
	case "signup", "email", "email-cta":
		c.lose("a " + name + " card")
		n.Parent.RemoveChild(n)
	default:
		c.lose("the form of a card of an unknown kind (" + name + "); its text is kept")
		c.walk(n)
	}
}

// gallery becomes one figure for each picture; the caption stands below the last.
func (c *converter) gallery(n *html.Node) {
	var figures []*html.Node
	for _, picture := range findAll(n, func(n *html.Node) bool { return n.Data == "img" }) {
		figures = append(figures, holding("figure", detached(picture)))
	}
	if caption := find(n, "figcaption"); caption != nil && len(figures) > 0 {
		figures[len(figures)-1].AppendChild(detached(caption))
	}
	replace(n, figures...)
}

// bookmark becomes the card of a story of ours, or a paragraph that leads to another site.
func (c *converter) bookmark(n *html.Node) {
	to := find(n, "a")
	if to == nil {
		c.walk(n)
		return
	}
	address := attribute(to, "href")
	if c.inlineStory(n, address) {
		return
	}
	title := textOf(findClass(n, "kg-bookmark-title"))
	if title == "" {
		title = address
	}
	p := holding("p", anchor(address, title))
	if description := textOf(findClass(n, "kg-bookmark-description")); description != "" {
		p.AppendChild(element("br"))
		p.AppendChild(textNode(description))
	}
	replace(n, p)
}

// player becomes a figure with the browser's own controls.
func (c *converter) player(n *html.Node, name string) {
	media := find(n, name)
	if media == nil || webAddress(text(attribute(media, "src"))) == "" {
		c.lose("a " + name + " without a file")
		n.Parent.RemoveChild(n)
		return
	}
	player := element(name, "src", attribute(media, "src"), "controls", "")
	if poster := attribute(n, "data-kg-thumbnail"); name == "video" && webAddress(text(poster)) != "" {
		player.Attr = append(player.Attr, html.Attribute{Key: "poster", Val: poster})
	}
	for _, size := range []string{"width", "height"} {
		if value := attribute(media, size); name == "video" && value != "" {
			player.Attr = append(player.Attr, html.Attribute{Key: size, Val: value})
		}
	}
	figure := holding("figure", player)
	if caption := find(n, "figcaption"); caption != nil {
		figure.AppendChild(detached(caption))
	} else if title := textOf(findClass(n, "kg-audio-title")); title != "" {
		figure.AppendChild(holding("figcaption", textNode(title)))
	}
	replace(n, figure)
}

func (c *converter) file(n *html.Node) {
	to := find(n, "a")
	if to == nil {
		n.Parent.RemoveChild(n)
		return
	}
	name, size := textOf(findClass(n, "kg-file-card-filename")), textOf(findClass(n, "kg-file-card-filesize"))
	title := textOf(findClass(n, "kg-file-card-title"))
	if title == "" {
		title = name
	}
	p := holding("p", anchor(attribute(to, "href"), title))
	if details := strings.Trim(name+", "+size, ", "); details != "" {
		p.AppendChild(textNode(" (" + details + ")"))
	}
	if caption := textOf(findClass(n, "kg-file-card-caption")); caption != "" {
		p.AppendChild(element("br"))
		p.AppendChild(textNode(caption))
	}
	replace(n, p)
}

func (c *converter) product(n *html.Node) {
	var parts []*html.Node
	if picture := find(n, "img"); picture != nil {
		parts = append(parts, holding("figure", detached(picture)))
	}
	if title := textOf(findClass(n, "kg-product-card-title")); title != "" {
		parts = append(parts, holding("h4", textNode(title)))
	}
	if stars := len(findAllClass(n, "kg-product-card-rating-active")); stars > 0 {
		parts = append(parts, holding("p", textNode(itoa(stars)+" of 5 stars")))
	}
	parts = append(parts, c.inside(findClass(n, "kg-product-card-description"))...)
	if button := findClass(n, "kg-product-card-button"); button != nil && button.Data == "a" {
		parts = append(parts, holding("p", plainLink(button)))
	}
	replace(n, parts...)
}

func (c *converter) toggle(n *html.Node) {
	parts := []*html.Node{holding("h4", textNode(textOf(findClass(n, "kg-toggle-heading-text"))))}
	replace(n, append(parts, c.inside(findClass(n, "kg-toggle-content"))...)...)
}

func (c *converter) header(n *html.Node) {
	var parts []*html.Node
	for _, class := range []string{"kg-header-card-heading", "kg-header-card-header"} {
		if said := textOf(findClass(n, class)); said != "" {
			parts = append(parts, holding("h2", textNode(said)))
		}
	}
	for _, class := range []string{"kg-header-card-subheading", "kg-header-card-subheader"} {
		if said := textOf(findClass(n, class)); said != "" {
			parts = append(parts, holding("p", textNode(said)))
		}
	}
	if button := findClass(n, "kg-header-card-button"); button != nil && button.Data == "a" {
		parts = append(parts, holding("p", plainLink(button)))
	}
	replace(n, parts...)
}

func (c *converter) callout(n *html.Node) {
	p := holding("p")
	if emoji := textOf(findClass(n, "kg-callout-emoji")); emoji != "" {
		p.AppendChild(textNode(emoji + " "))
	}
	for _, part := range c.inside(findClass(n, "kg-callout-text")) {
		p.AppendChild(part)
	}
	replace(n, holding("aside", p))
}

func (c *converter) callToAction(n *html.Node) {
	aside := element("aside")
	if label := textOf(findClass(n, "kg-cta-sponsor-label")); label != "" {
		aside.AppendChild(holding("p", holding("small", textNode(label))))
	}
	for _, part := range c.inside(findClass(n, "kg-cta-text")) {
		aside.AppendChild(part)
	}
	if button := findClass(n, "kg-cta-button"); button != nil && button.Data == "a" {
		aside.AppendChild(holding("p", plainLink(button)))
	}
	replace(n, aside)
}

// inside converts what a part of a card holds, and takes it out.
func (c *converter) inside(n *html.Node) []*html.Node {
	if n == nil {
		return nil
	}
	c.walk(n)
	parts := slices.Collect(n.ChildNodes())
	for _, part := range parts {
		n.RemoveChild(part)
	}
	return parts
}
