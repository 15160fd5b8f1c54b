package demo

import (
	"fmt"
	"html"
	"regexp"
	"strings"
)

// body is a story's text as HTML.
type body struct {
	html     string
	inline   []string // slugs of the stories with a card inside, in order of their positions
	pictures []string // names of the pictures inside
}

// parseBody reads blocks with empty lines between them. A block is a paragraph, or by how it begins:
//
//	## , ###             a heading
//	>                    a quote; a line that begins with "> — " names who said it
//	- , 1.               a list
//	***                  a divider
//	![alt](name) words   a picture with its caption
//	@related SLUG        the card of another story
//	@members-only        the paywall
//	@embed NAME words    a picture that is embedded as a frame, with its caption
//	@film NAME words     a film of videos/, with its caption
//
// Inside a block, *words* are emphasised, **words** strong, and [words](address) are a link.
func parseBody(markup, base string) (body, error) {
	var b body
	var out []string
	for block := range strings.SplitSeq(strings.TrimSpace(markup), "\n\n") {
		block = strings.TrimSpace(block)
		if block == "" {
			continue
		}
		written, err := b.block(block, base+assetPath)
		if err != nil {
			return body{}, err
		}
		out = append(out, written)
	}
	b.html = strings.Join(out, "\n")
	return b, nil
}

var (
	pictureForm = regexp.MustCompile(`^!\[(.+)\]\(([a-z0-9-]+)\)(?: (.+))?$`)
	listItem    = regexp.MustCompile(`(?m)^(?:- |\d+\. )`)
)

func (b *body) block(block, assets string) (string, error) {
	first, rest, _ := strings.Cut(block, " ")
	switch {
	case first == "##" || first == "###":
		return fmt.Sprintf("<h%d>%s</h%[1]d>", len(first), phrases(rest)), nil
	case first == ">":
		return quote(block), nil
	case first == "-":
		return "<ul>" + items(block) + "</ul>", nil
	case first == "1.":
		return "<ol>" + items(block) + "</ol>", nil
	case block == "***":
		return "<hr>", nil
	case strings.HasPrefix(first, "!["):
		return b.picture(block, assets)
	case strings.HasPrefix(first, "@"):
		return b.command(first, rest, assets)
	}
	return "<p>" + phrases(block) + "</p>", nil
}

func (b *body) picture(block, assets string) (string, error) {
	parts := pictureForm.FindStringSubmatch(block)
	if parts == nil {
		return "", fmt.Errorf("%q is not like ![alt](name) caption", block)
	}
	b.pictures = append(b.pictures, parts[2])
	image := fmt.Sprintf(`<img src="%s" alt="%s" width="%d" height="%d">`,
		html.EscapeString(assets+"images/"+parts[2]+".svg"), html.EscapeString(parts[1]), pictureWidth, pictureHeight)
	return figure(image, parts[3]), nil
}

func (b *body) command(name, rest, assets string) (string, error) {
	target, caption, _ := strings.Cut(rest, " ")
	switch name {
	case "@members-only":
		return "<!--members-only-->", nil
	case "@related":
		b.inline = append(b.inline, target)
		return fmt.Sprintf(`<related-story position="%d"></related-story>`, len(b.inline)), nil
	case "@embed":
		b.pictures = append(b.pictures, target)
		frame := fmt.Sprintf(`<iframe src="%s" title="%s" width="%d" height="%d"></iframe>`,
			html.EscapeString(assets+"images/"+target+".svg"), html.EscapeString(caption), pictureWidth, pictureHeight)
		return figure(frame, caption), nil
	case "@film":
		film := fmt.Sprintf(`<video src="%s" controls></video>`, html.EscapeString(assets+"videos/"+target))
		return figure(film, caption), nil
	}
	return "", fmt.Errorf("%q is none of @members-only, @related, @embed and @film", name)
}

func figure(media, caption string) string {
	if caption != "" {
		media += "<figcaption>" + phrases(caption) + "</figcaption>"
	}
	return "<figure>" + media + "</figure>"
}

func quote(block string) string {
	var said, by string
	for line := range strings.SplitSeq(block, "\n") {
		line = strings.TrimPrefix(line, "> ")
		if name, found := strings.CutPrefix(line, "— "); found {
			by = "<cite>" + phrases(name) + "</cite>"
		} else {
			said = strings.TrimSpace(said + " " + line)
		}
	}
	return "<blockquote><p>" + phrases(said) + "</p>" + by + "</blockquote>"
}

func items(block string) string {
	var out strings.Builder
	for _, item := range listItem.Split(block, -1)[1:] {
		out.WriteString("<li>" + phrases(strings.TrimSpace(item)) + "</li>")
	}
	return out.String()
}

var (
	strong   = regexp.MustCompile(`\*\*([^*]+)\*\*`)
	emphasis = regexp.MustCompile(`\*([^*]+)\*`)
	link     = regexp.MustCompile(`\[([^\]]+)\]\((https://[^)\s]+)\)`)
)

func phrases(text string) string {
	text = html.EscapeString(strings.ReplaceAll(text, "\n", " "))
	text = strong.ReplaceAllString(text, "<strong>$1</strong>")
	text = emphasis.ReplaceAllString(text, "<em>$1</em>")
	return link.ReplaceAllString(text, `<a href="$2">$1</a>`)
}
