package ingest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// element makes an element with attributes, given as names and values in turn.
func element(name string, attributes ...string) *html.Node {
	n := &html.Node{Type: html.ElementNode, Data: name, DataAtom: atom.Lookup([]byte(name))}
	for i := 0; i < len(attributes); i += 2 {
		n.Attr = append(n.Attr, html.Attribute{Key: attributes[i], Val: attributes[i+1]})
	}
	return n
}

// holding makes an element with children.
func holding(name string, children ...*html.Node) *html.Node {
	n := element(name)
	for _, child := range children {
		if child != nil {
			n.AppendChild(child)
		}
	}
	return n
}

func textNode(text string) *html.Node { return &html.Node{Type: html.TextNode, Data: text} }

func anchor(address, text string) *html.Node {
	a := element("a", "href", address)
	a.AppendChild(textNode(text))
	return a
}

// plainLink is a button's link without its looks.
func plainLink(a *html.Node) *html.Node {
	if a == nil {
		return nil
	}
	return anchor(attribute(a, "href"), textOf(a))
}

// replace puts nodes in the place of another one.
func replace(n *html.Node, by ...*html.Node) {
	for _, other := range by {
		n.Parent.InsertBefore(other, n)
	}
	n.Parent.RemoveChild(n)
}

// detached takes a node out of its tree.
func detached(n *html.Node) *html.Node {
	n.Parent.RemoveChild(n)
	return n
}

// findAll returns the elements that match, in the order of the document, n itself among them.
func findAll(n *html.Node, matches func(*html.Node) bool) []*html.Node {
	var found []*html.Node
	if n == nil {
		return nil
	}
	if n.Type == html.ElementNode && matches(n) {
		found = append(found, n)
	}
	for child := range n.ChildNodes() {
		found = append(found, findAll(child, matches)...)
	}
	return found
}

func find(n *html.Node, name string) *html.Node {
	return firstOf(findAll(n, func(n *html.Node) bool { return n.Data == name }))
}

func findClass(n *html.Node, class string) *html.Node { return firstOf(findAllClass(n, class)) }

func findAllClass(n *html.Node, class string) []*html.Node {
	return findAll(n, func(n *html.Node) bool { return slices.Contains(strings.Fields(attribute(n, "class")), class) })
}

func firstOf(nodes []*html.Node) *html.Node {
	if len(nodes) == 0 {
		return nil
	}
	return nodes[0]
}

func attribute(n *html.Node, name string) string {
	if n != nil {
		for _, a := range n.Attr {
			if a.Key == name {
				return a.Val
			}
		}
	}
	return ""
}

// textOf is what an element says, white space folded; nothing for none.
func textOf(n *html.Node) string {
	var out strings.Builder
	for _, part := range findAllText(n) {
		out.WriteString(part.Data)
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

func findAllText(n *html.Node) []*html.Node {
	switch {
	case n == nil || n.Type == html.ElementNode && (n.Data == "svg" || n.Data == "script" || n.Data == "style"):
		return nil
	case n.Type == html.TextNode:
		return []*html.Node{n}
	}
	var found []*html.Node
	for child := range n.ChildNodes() {
		found = append(found, findAllText(child)...)
	}
	return found
}

func times(count int, what string) string {
	if count == 1 {
		return what
	}
	return fmt.Sprintf("%d times %s", count, what)
}

func sorted(set map[string]int) []string { return slices.Sorted(maps.Keys(set)) }

func itoa(n int) string { return strconv.Itoa(n) }
