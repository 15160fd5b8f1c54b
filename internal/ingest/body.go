package ingest

import (
	"regexp"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"broadsheet/internal/content"
)

// convertedBody is a post's text as articles.body_html has it.
type convertedBody struct {
	html   string
	inline []inlineRow
}

// inlineRow is a card inside a body that leads to another post.
type inlineRow struct {
	PostID   string
	Position int
	TargetID string
}

// converter turns the HTML that Ghost renders into plain, semantic HTML. Ghost's cards lose their machinery and keep
// what they say.
type converter struct {
	site    string            // the address of the newsroom's site
	targets map[string]string // ids of posts by their slugs

	postID string
	inline []inlineRow
	lost   map[string]int // what could not be kept, and how often
}

func (i *importer) convertBody(p post, targets map[string]string) convertedBody {
	c := &converter{site: i.options.SiteURL, postID: string(p.ID), targets: targets, lost: make(map[string]int)}
	source := string(p.HTML)
	if strings.TrimSpace(source) == "" && p.Lexical != "" {
		source = renderLexical(string(p.Lexical), c.lose)
	}
	if strings.TrimSpace(source) == "" && p.Mobiledoc != "" {
		c.lose("a body that exists as Mobiledoc only")
	}
	body := c.convert(source, access(p.Visibility) != "PUBLIC")
	for _, what := range sorted(c.lost) {
		i.report.problem(string(p.Slug), "lost", "%s", times(c.lost[what], what))
	}
	i.report.InlineStories += len(c.inline)
	return convertedBody{body, c.inline}
}

func (c *converter) lose(what string) { c.lost[what]++ }

// gatedBlock is a part that Ghost shows to some readers only, whatever the post's own visibility.
var gatedBlock = regexp.MustCompile(`(?s)<!--\s*kg-gated-block:begin.*?(?:<!--\s*kg-gated-block:end\s*-->|$)`)

var paywallMark = regexp.MustCompile(`<!--\s*members-only\s*-->`)

// convert keeps the first paywall of a gated post, in the form that content.Paywall has.
func (c *converter) convert(source string, gated bool) string {
	source = gatedBlock.ReplaceAllStringFunc(source, func(string) string {
		c.lose("a block for some readers only")
		return ""
	})
	mark := paywallMark.FindStringIndex(source)
	switch {
	case mark == nil:
		return c.part(source)
	case !gated:
		return c.part(paywallMark.ReplaceAllString(source, ""))
	default:
		return c.part(source[:mark[0]]) + content.Paywall + c.part(paywallMark.ReplaceAllString(source[mark[1]:], ""))
	}
}

// part converts the HTML between paywalls. What the desk pasted as HTML is taken by itself, so that an element that it
// leaves open swallows nothing of the rest.
func (c *converter) part(source string) string {
	var out strings.Builder
	last := 0
	for _, span := range pasted.FindAllStringIndex(source, -1) {
		out.WriteString(c.piece(source[last:span[0]]) + c.piece(source[span[0]:span[1]]))
		last = span[1]
	}
	out.WriteString(c.piece(source[last:]))
	return strings.TrimSpace(out.String())
}

var pasted = regexp.MustCompile(`(?s)<!--\s*kg-card-begin: html\s*-->.*?<!--\s*kg-card-end: html\s*-->`)

func (c *converter) piece(source string) string {
	root := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(source), &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body})
	if err != nil {
		c.lose("the form of HTML that is nested too deep; its text is kept")
		return "<p>" + html.EscapeString(plainText(source)) + "</p>"
	}
	for _, n := range nodes {
		root.AppendChild(n)
	}
	c.walk(root)
	var out strings.Builder
	for n := range root.ChildNodes() {
		_ = html.Render(&out, n) // a strings.Builder takes everything
	}
	return strings.TrimSpace(policy.Sanitize(out.String()))
}

// walk converts what is below a node, from the inside out.
func (c *converter) walk(parent *html.Node) {
	for n := parent.FirstChild; n != nil; {
		next := n.NextSibling
		switch n.Type {
		case html.ElementNode:
			c.element(n)
		case html.CommentNode:
			parent.RemoveChild(n)
		}
		n = next
	}
}

func (c *converter) element(n *html.Node) {
	for j, a := range n.Attr {
		if a.Key == "src" || a.Key == "href" || a.Key == "poster" || a.Key == "data-kg-thumbnail" {
			n.Attr[j].Val = c.absolute(a.Val)
		}
	}
	switch n.Data {
	case "script", "style", "noscript", "template", "object", "embed", "form":
		c.lose(dropped[n.Data])
		n.Parent.RemoveChild(n)
		return
	case "related-story": // nobody's but ours
		n.Parent.RemoveChild(n)
		return
	case "img":
		if webAddress(text(attribute(n, "src"))) == "" { // a placeholder, or a picture inside the address itself
			n.Parent.RemoveChild(n)
			return
		}
	case "iframe":
		if !strings.HasPrefix(attribute(n, "src"), "https://") {
			c.lose("a frame of a page that is not reached by https")
			n.Parent.RemoveChild(n)
			return
		}
	}
	if name := cardName(n); name != "" {
		c.card(n, name)
		return
	}
	if n.Data == "p" && n.Parent.Data == "body" && c.isOnlyLink(n) {
		if c.inlineStory(n, attribute(find(n, "a"), "href")) {
			return
		}
	}
	c.walk(n)
}

// absolute completes an address that begins with the site or the scheme of the page that it stands on.
func (c *converter) absolute(address string) string {
	switch {
	case strings.HasPrefix(address, "//"):
		return "https:" + address
	case strings.HasPrefix(address, "/"):
		return c.site + address
	}
	return address
}

var dropped = map[string]string{
	"script": "a script", "style": "a style sheet", "noscript": "a replacement for a script", "template": "a template",
	"object": "an object of a plug-in", "embed": "an object of a plug-in", "form": "a form",
}

// isOnlyLink tells whether a paragraph is nothing but one link.
func (c *converter) isOnlyLink(n *html.Node) bool {
	link := find(n, "a")
	return link != nil && textOf(n) == textOf(link) && find(n, "img") == nil && find(n, "iframe") == nil
}

// inlineStory puts a card for another post of the same site in the place of a node, if the address leads to one.
func (c *converter) inlineStory(n *html.Node, address string) bool {
	slug, own := c.ownSlug(address)
	id, known := c.targets[slug]
	if !own || !known || id == c.postID {
		return false
	}
	position := len(c.inline) + 1
	c.inline = append(c.inline, inlineRow{c.postID, position, id})
	replace(n, element("related-story", "position", itoa(position)))
	return true
}

// ownSlug returns the slug that an address of the site itself has.
func (c *converter) ownSlug(address string) (string, bool) {
	path, own := strings.CutPrefix(withoutScheme(address), withoutScheme(c.site)+"/")
	if !own {
		return "", false
	}
	path, _, _ = strings.Cut(path, "#")
	path, _, _ = strings.Cut(path, "?")
	slug := strings.Trim(path, "/")
	return slug, slug != "" && !strings.Contains(slug, "/")
}

func withoutScheme(address string) string {
	return strings.TrimPrefix(strings.TrimPrefix(address, "https:"), "http:")
}

var hrefs = regexp.MustCompile(`href="([^"]+)"`)

// targets finds the posts that links in these posts lead to.
func (i *importer) targets(tx *sqlx.Tx, posts []post) (map[string]string, error) {
	c := &converter{site: i.options.SiteURL}
	var slugs []string
	for _, p := range posts {
		for _, match := range hrefs.FindAllStringSubmatch(string(p.HTML)+lexicalLinks(string(p.Lexical)), -1) {
			if slug, own := c.ownSlug(match[1]); own {
				slugs = append(slugs, slug)
			}
		}
	}
	var found []struct{ ID, Slug string }
	if err := tx.SelectContext(i.ctx, &found, `
		select p.id, p.slug from ghost_posts p left join ghost_meta m on m.post_id = p.id
		where p.slug = any($1) and p.row->>'Status' <> 'sent' and coalesce(m.row->>'email_only', '') <> 'true'
			and not exists (select from articles a where a.slug = p.slug and (a.source, a.source_id) is distinct from ($2, p.id))
		order by p.place desc`, pq.Array(slugs), source); err != nil {
		return nil, err
	}
	targets := make(map[string]string, len(found))
	for _, f := range found {
		targets[f.Slug] = f.ID
	}
	return targets, nil
}

// applyInlineStories writes the cards once all articles are there.
func (i *importer) applyInlineStories() error {
	const batch = 5000
	var last int
	if err := i.connection.GetContext(i.ctx, &last, `select coalesce(max(place), 0) from ghost_posts`); err != nil {
		return err
	}
	for from := 0; from <= last; from += batch {
		err := i.batch(func(tx *sqlx.Tx) error {
			_, err := tx.ExecContext(i.ctx, `
				with staged as (
					select a.id, p.id as post_id from ghost_posts p join articles a on a.source = $1 and a.source_id = p.id
					where p.place > $2 and p.place <= $3
				), wanted as (
					select s.id, g.position, t.id as related_id
					from staged s join ghost_inline g on g.post_id = s.post_id join articles t on t.source = $1 and t.source_id = g.target_id
					where t.id <> s.id
				), dropped as (
					delete from related_stories r using staged s
					where r.article_id = s.id and r.kind = 'INLINE' and not exists (select from wanted w where w.id = s.id and w.position = r.position)
				)
				insert into related_stories as r (article_id, related_id, kind, position)
				select id, related_id, 'INLINE', position from wanted
				on conflict (article_id, kind, position) do update set related_id = excluded.related_id where r.related_id <> excluded.related_id`,
				source, from, from+batch)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// findGone reports articles that came from Ghost and have left it. They stay: taking a story back is the desk's to do.
func (i *importer) findGone() error {
	var slugs []string
	err := i.connection.SelectContext(i.ctx, &slugs, `
		select a.slug from articles a where a.source = $1 and not exists (select from ghost_posts p where p.id = a.source_id) order by 1`, source)
	for _, slug := range slugs {
		i.report.problem("article "+slug, "kept", "the export no longer has it")
	}
	return err
}
