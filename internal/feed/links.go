package feed

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// linking are the attributes that hold an address.
var linking = []string{"href", "src", "srcset", "poster", "cite", "data", "action", "formaction", "background", "longdesc"}

// absolute returns HTML whose addresses do not depend on where it stands. Base is the address that they are relative to.
func absolute(markup, base string) string {
	if !hasRelative(markup) {
		return markup
	}
	from, err := url.Parse(base)
	if err != nil {
		return markup
	}
	var out strings.Builder
	tokens := html.NewTokenizer(strings.NewReader(markup))
	for {
		kind, raw := tokens.Next(), string(tokens.Raw())
		if kind == html.ErrorToken {
			out.WriteString(raw)
			return out.String()
		}
		if kind == html.StartTagToken || kind == html.SelfClosingTagToken {
			if token := tokens.Token(); makeAbsolute(token.Attr, from) {
				raw = token.String()
			}
		}
		out.WriteString(raw)
	}
}

// hasRelative tells, much faster than a parser, whether there may be a relative address.
func hasRelative(markup string) bool {
	for rest := markup; ; {
		i := strings.IndexByte(rest, '=')
		if i < 0 {
			return false
		}
		name := strings.TrimRight(rest[:i], " \t\r\n\f")
		rest = strings.TrimLeft(rest[i+1:], " \t\r\n\f\"'")
		if !isLinking(name[max(0, len(name)-len("formaction")):]) {
			continue
		}
		if !isAbsolute(rest) || strings.HasSuffix(strings.ToLower(name), "srcset") {
			return true
		}
	}
}

// isLinking tells whether the text ends with the name of an attribute that holds an address.
func isLinking(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(linking, func(name string) bool { return strings.HasSuffix(text, name) })
}

func isAbsolute(address string) bool {
	for _, scheme := range []string{"https://", "http://", "mailto:", "tel:", "data:"} {
		if strings.HasPrefix(address, scheme) {
			return true
		}
	}
	return false
}

// makeAbsolute changes the attributes, and tells whether it had to.
func makeAbsolute(attributes []html.Attribute, from *url.URL) (changed bool) {
	for i, a := range attributes {
		if !slices.Contains(linking, a.Key) {
			continue
		}
		value := resolved(a.Val, from)
		if a.Key == "srcset" {
			value = resolvedSet(a.Val, from)
		}
		if value != a.Val {
			attributes[i].Val, changed = value, true
		}
	}
	return changed
}

func resolved(address string, from *url.URL) string {
	if isAbsolute(address) {
		return address
	}
	u, err := from.Parse(strings.TrimSpace(address))
	if err != nil {
		return address
	}
	return u.String()
}

// resolvedSet resolves the addresses of a srcset (HTML Living Standard, 4.8.4.2.1), each with a width or density after it.
func resolvedSet(set string, from *url.URL) string {
	var candidates []string
	for rest := strings.TrimLeft(set, ", \t\r\n\f"); rest != ""; rest = strings.TrimLeft(rest, ", \t\r\n\f") {
		end := strings.IndexAny(rest, " \t\r\n\f")
		if end < 0 {
			end = len(rest)
		}
		address, after := rest[:end], rest[end:]
		if bare := strings.TrimRight(address, ","); bare != address { // nothing but the address
			candidates, rest = append(candidates, resolved(bare, from)), after
			continue
		}
		descriptor, further, _ := strings.Cut(after, ",")
		candidates = append(candidates, strings.TrimSpace(resolved(address, from)+" "+strings.TrimSpace(descriptor)))
		rest = further
	}
	return strings.Join(candidates, ", ")
}
