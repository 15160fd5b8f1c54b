package content

import (
	"context"
	"fmt"
	"html"
	"regexp"
	"strconv"
	"strings"
)

// Body is the text of an article as far as the audience may read it, in the forms that were asked for.
type Body struct {
	HTML     string
	Text     string
	Blocks   []Block
	Complete bool
	Withheld *WithheldReason // why it is not complete

	pictures bool // whether it has lost some to the licence
}

// Paywall marks in body_html where the part begins that only some may read.
const Paywall = `<!--members-only-->`

// placeholder stands in body_html for the card of a related story.
var placeholder = regexp.MustCompile(`<related-story\s+position="(\d{1,9})"\s*/?>(?:\s*</related-story>)?`)

// publicHTML is the body as far as the public may read it. What stands behind a paywall does not leave Postgres.
const publicHTML = `case when a.access = 'PUBLIC' then a.body_html
			     when strpos(a.body_html, $3) > 0 then split_part(a.body_html, $3, 1)
			     else '' end`

// attachBodies reads the bodies as far as the audience may read them.
func (s *Service) attachBodies(ctx context.Context, articles []*Article, asked *Selection) error {
	of := asked.of("body")
	if of == nil {
		return nil
	}
	for _, a := range articles {
		dependOnTagsOf(ctx, a.ID)
	}
	if audience := AudienceOf(ctx); !audience.fullText() {
		return s.attachExcerpts(ctx, articles, audience.ExcerptWords)
	}
	type bodyRow struct {
		ID       ArticleID `db:"id"`
		HTML     string    `db:"html"`
		Complete bool      `db:"complete"`
	}
	rows, err := read[bodyRow](ctx, s.statements, "bodies", `select a.id, `+publicHTML+` as html,
			a.access = 'PUBLIC' or a.body_html = '' as complete
		from articles a
		where a.id = any($2) and `+AudienceOf(ctx).rule(), s.now(ctx), articleIDs(articles), Paywall)
	if err != nil {
		return err
	}
	byID := make(map[ArticleID]*bodyRow, len(rows))
	hasCards := false
	for i, row := range rows {
		byID[row.ID] = &rows[i]
		hasCards = hasCards || strings.Contains(row.HTML, "<related-story")
	}
	if hasCards && of.has("html", "blocks") {
		if err := s.attachInline(ctx, articles, of.of("blocks").on("RelatedStoryBlock").of("article")); err != nil {
			return err
		}
	}
	for _, a := range articles {
		a.Body = new(Body)
		if row := byID[a.ID]; row != nil {
			if a.Body.Complete = row.Complete; !row.Complete {
				a.Body.Withheld = new(behindPaywall)
			}
			if err := a.Body.fill(of, row.HTML, AudienceOf(ctx).images(), a.inlineAt); err != nil {
				return fmt.Errorf("body of article %d: %w", a.ID, err)
			}
		}
	}
	return nil
}

// fill makes the forms that were asked for. Inline returns the story of a card, nil if it may not be shown.
func (b *Body) fill(asked *Selection, stored string, pictures bool, inline func(position int) *Article) error {
	if !pictures {
		var err error
		if stored, b.pictures, err = withoutPictures(stored); err != nil {
			return err
		}
	}
	if asked.has("html") {
		whole, err := b.whole(stored)
		if err != nil {
			return err
		}
		b.HTML = withCards(whole, inline)
	}
	if !asked.has("blocks", "text") {
		return nil
	}
	blocks, err := parseBlocks(stored, inline)
	if err != nil {
		return err
	}
	b.Blocks, b.Text = blocks, plainText(blocks)
	return nil
}

// whole closes the elements that the paywall cuts through, and takes away the mark where there is no wall.
func (b *Body) whole(stored string) (string, error) {
	if b.Complete {
		return strings.ReplaceAll(stored, Paywall, ""), nil
	}
	nodes, err := parseHTML(stored)
	return render(nodes...), err
}

func withCards(stored string, inline func(position int) *Article) string {
	return placeholder.ReplaceAllStringFunc(stored, func(found string) string {
		position, _ := strconv.Atoi(placeholder.FindStringSubmatch(found)[1])
		return card(inline(position))
	})
}

// card is how a related story looks inside HTML.
func card(a *Article) string {
	if a == nil {
		return ""
	}
	return `<aside class="related-story"><a href="` + html.EscapeString(a.URL()) + `">` + html.EscapeString(a.Title) + `</a></aside>`
}

func plainText(blocks []Block) string {
	var parts []string
	for _, block := range blocks {
		if text := block.plain(); text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "\n\n")
}
