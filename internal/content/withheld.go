package content

import (
	"context"
	"html"
	"slices"
	"strings"

	nethtml "golang.org/x/net/html"
)

// WithheldReason is why something is kept from the audience.
type WithheldReason string

const (
	behindPaywall     WithheldReason = "PAYWALL"
	notInTheirLicence WithheldReason = "LICENCE"
)

// Withholding is a part of an article that is kept from the audience.
type Withholding struct {
	Field  string // of Article, such as body or seo.image
	Reason WithheldReason
}

// Withheld tells what was left out of what was loaded.
func (a *Article) Withheld() []Withholding {
	var withheld []Withholding
	if a.Body != nil && a.Body.Withheld != nil {
		withheld = append(withheld, Withholding{"body", *a.Body.Withheld})
	}
	for _, picture := range []struct {
		field string
		there bool
	}{
		{"body.images", a.Body != nil && a.Body.pictures},
		{"leadImage", a.LeadImageID != nil},
		{"seo.image", a.LeadImageID != nil || a.SeoImageID != nil},
		{"video.poster", a.Video != nil && a.Video.PosterID != nil},
	} {
		if !a.pictures && picture.there {
			withheld = append(withheld, Withholding{picture.field, notInTheirLicence})
		}
	}
	return withheld
}

// excerptText makes plain text of HTML, a line for each paragraph: captions and code left out, entities as they are.
const excerptText = `btrim(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(` + publicHTML + `,
			'<(figcaption|script|style|template|noscript|iframe|video|audio)\y.*?</\1>', ' ', 'gi'),
			'\s+', ' ', 'g'),
			'<(/(p|h[1-6]|li|ul|ol|blockquote|div|section|article|figure|pre|tr|table|dt|dd|related-story)|br|hr)\y[^>]*>', E'\n', 'gi'),
			'<[^>]*>?', '', 'g'),
			'\s*\n\s*', E'\n ', 'g'), E' \n')`

// bodyExcerpt is the beginning of a body.
type bodyExcerpt struct {
	id           ArticleID
	text         string
	nothing, cut bool
}

func (e *bodyExcerpt) columns(into []any) []any {
	return append(into, (*int64)(&e.id), &e.text, &e.nothing, &e.cut)
}

// attachExcerpts reads the first words of the bodies. The others do not leave Postgres.
func (s *Service) attachExcerpts(ctx context.Context, b *batch, articles []*Article, words int) {
	want(b, "excerpts", `select e.id, array_to_string(e.words[1:$4], ' ') as text,
			e.nothing, cardinality(e.words) > $4 as cut
		from (
			select a.id, a.body_html = '' as nothing, regexp_split_to_array(`+excerptText+`, ' +') as words
			from articles a
			where a.id = any($2) and `+AudienceOf(ctx).rule()+`
		) as e`, []any{s.now(ctx), articleIDs(articles), Paywall, words}, func(rows []bodyExcerpt) error {
		byID := make(map[ArticleID]*bodyExcerpt, len(rows))
		for i := range rows {
			byID[rows[i].id] = &rows[i]
		}
		for _, a := range articles {
			a.Body = new(Body)
			if row := byID[a.ID]; row != nil {
				a.Body.Complete = row.nothing
				if !row.nothing {
					a.Body.Withheld = new(notInTheirLicence)
				}
				a.Body.excerpt(row.text, row.cut)
			}
		}
		return nil
	})
}

// excerpt makes all forms of lines of text, which may hold entities.
func (b *Body) excerpt(text string, cut bool) {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(html.UnescapeString(line)); line != "" {
			lines = append(lines, line)
		}
	}
	if cut && len(lines) > 0 {
		lines[len(lines)-1] += " …"
	}
	for _, line := range lines {
		paragraph := Paragraph{HTML: "<p>" + html.EscapeString(line) + "</p>", Text: line}
		b.HTML += paragraph.HTML
		b.Blocks = append(b.Blocks, paragraph)
	}
	b.Text = strings.Join(lines, "\n\n")
}

var pictureElements = []string{"img", "picture", "svg"}

func isPicture(n *nethtml.Node) bool { return slices.Contains(pictureElements, n.Data) }

func hasPoster(n *nethtml.Node) bool { return n.Data == "video" && attribute(n, "poster") != "" }

// withoutPictures takes the pictures out of HTML, with their captions and what stood around nothing else; some tells
// whether there were any.
func withoutPictures(stored string) (without string, some bool, err error) {
	nodes, err := parseHTML(closedCards(stored))
	if err != nil {
		return "", false, err
	}
	root := &nethtml.Node{Type: nethtml.ElementNode, Data: "body"}
	for _, n := range nodes {
		root.AppendChild(n)
	}
	for n := find(root, isPicture); n != nil; n = find(root, isPicture) {
		some = true
		emptied := n.Parent
		emptied.RemoveChild(n)
		for emptied != root && isEmptied(emptied) {
			emptied, n = emptied.Parent, emptied
			emptied.RemoveChild(n)
		}
	}
	for n := find(root, hasPoster); n != nil; n = find(root, hasPoster) {
		some = true
		n.Attr = slices.DeleteFunc(n.Attr, func(a nethtml.Attribute) bool { return a.Key == "poster" })
	}
	return render(children(root)...), some, nil
}

// isEmptied tells whether an element that has lost a picture shows nothing any more; a caption alone is nothing.
func isEmptied(n *nethtml.Node) bool {
	shows := func(n *nethtml.Node) bool { return isPicture(n) || isMedia(n) || isCard(n) }
	return find(n, shows) == nil && (n.Data == "figure" || textOf(n) == "")
}
