package content

import (
	"context"
	"fmt"
	"html"
	"regexp"
	"slices"
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

// cardBegins is where a placeholder begins: most bodies have none, which this tells at a tenth of what a pattern takes.
const cardBegins = "<related-story"

// placeholder stands in body_html for the card of a related story.
var placeholder = regexp.MustCompile(`<related-story\s+position="(\d{1,9})"\s*/?>(?:\s*</related-story>)?`)

// publicHTML is the body as far as the public may read it. What stands behind a paywall does not leave Postgres.
const publicHTML = `case when a.access = 'PUBLIC' then a.body_html
			     when strpos(a.body_html, $3) > 0 then split_part(a.body_html, $3, 1)
			     else '' end`

// storedBody is what Postgres gives of a body.
type storedBody struct {
	id       ArticleID
	html     string
	complete bool
}

func (s *storedBody) columns(into []any) []any {
	return append(into, (*int64)(&s.id), &s.html, &s.complete)
}

// attachBodies reads the bodies as far as the audience may read them.
func (s *Service) attachBodies(ctx context.Context, b *batch, articles []*Article, asked *Selection) error {
	of := asked.of("body")
	if of == nil {
		return nil
	}
	for _, a := range articles {
		dependOnTagsOf(ctx, a.ID)
	}
	if audience := AudienceOf(ctx); !audience.fullText() {
		s.attachExcerpts(ctx, b, articles, audience.ExcerptWords)
		return nil
	}
	want(b, "bodies", `select a.id, `+publicHTML+` as html,
			a.access = 'PUBLIC' or a.body_html = '' as complete
		from articles a
		where a.id = any($2) and `+AudienceOf(ctx).rule(), []any{s.now(ctx), articleIDs(articles), Paywall}, func(rows []storedBody) error {
		hasCard := func(row storedBody) bool { return strings.Contains(row.html, cardBegins) }
		if !of.has("html", "blocks") || !slices.ContainsFunc(rows, hasCard) {
			return fillBodies(ctx, articles, of, rows)
		}
		s.attachInline(ctx, b, articles, of.of("blocks").on("RelatedStoryBlock").of("article"), func() error {
			return fillBodies(ctx, articles, of, rows)
		})
		return nil
	})
	return nil
}

func fillBodies(ctx context.Context, articles []*Article, asked *Selection, rows []storedBody) error {
	byID := make(map[ArticleID]*storedBody, len(rows))
	for i := range rows {
		byID[rows[i].id] = &rows[i]
	}
	for _, a := range articles {
		a.Body = new(Body)
		if row := byID[a.ID]; row != nil {
			if a.Body.Complete = row.complete; !row.complete {
				a.Body.Withheld = new(behindPaywall)
			}
			if err := a.Body.fill(asked, row.html, AudienceOf(ctx).images(), a.inlineAt); err != nil {
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
	if !strings.Contains(stored, cardBegins) {
		return stored
	}
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
