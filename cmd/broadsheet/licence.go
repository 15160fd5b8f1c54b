package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"

	"broadsheet/internal/content"
	"broadsheet/internal/partner"
)

// terms are the flags that make a licence. One that is not given leaves what is.
type terms struct {
	Name         *string        `help:"Name of the partner." placeholder:"NAME"`
	Contact      *string        `help:"Whom to write to." placeholder:"ADDRESS"`
	Tags         *string        `help:"Slugs of tags, internal ones among them: only articles with one of these. Empty: any." placeholder:"A,B"`
	NotTags      *string        `help:"Slugs of tags: no article with one of these." placeholder:"A,B"`
	Kinds        *string        `help:"Only articles of these kinds: STORY, VIDEO, OPINION, LIVE, PAGE. Empty: all." placeholder:"A,B"`
	FullText     *bool          `help:"Whole bodies, as far as the public may read them." xor:"text"`
	ExcerptWords *int           `help:"The first words of bodies, as plain text, in place of the whole." placeholder:"N" xor:"text"`
	Delay        *time.Duration `help:"How long after the public, at the most a week. What is taken back is gone at once." placeholder:"15m"`
	Images       *bool          `help:"Pictures of articles, also those in bodies." negatable:""`
	MustLink     *bool          `help:"What is shown has to link to the original." negatable:""`
	Territories  *string        `help:"Countries as ISO 3166-1 codes, for who reads the licence; nothing is held back by them." placeholder:"SE,FI"`
	FrameOrigin  *string        `help:"Origins whose pages may show embeds in frames, and whose scripts may read them and /oembed, such as https://planet.example or https://*.planet.example. any: all pages may, which is so unless origins are named, since a token in a page is no secret. none: no page may." placeholder:"A,B"`
	PerMinute    *int           `help:"Requests in a minute; 0: any number." placeholder:"N"`
	PerDay       *int           `help:"Requests on a day of UTC; 0: any number." placeholder:"N"`
}

func (t *terms) given() bool { return *t != terms{} }

// apply writes the partner down with the terms.
func (t *terms) apply(ctx context.Context, book partner.Book, p *partner.Partner) error {
	set(&p.Name, t.Name)
	set(&p.Contact, t.Contact)
	set(&p.FullText, t.FullText)
	if set(&p.ExcerptWords, t.ExcerptWords); t.ExcerptWords != nil {
		p.FullText = false
	}
	set(&p.Images, t.Images)
	set(&p.MustLink, t.MustLink)
	if t.Delay != nil {
		p.DelaySeconds = int((*t.Delay + time.Second - 1) / time.Second)
	}
	for list, text := range map[*pq.StringArray]*string{&p.Kinds: t.Kinds, &p.Territories: t.Territories} {
		if text != nil {
			*list = listed(*text)
		}
	}
	if t.FrameOrigin != nil {
		p.FrameOrigins = origins(*t.FrameOrigin)
	}
	for ids, text := range map[*pq.Int64Array]*string{&p.TagsIn: t.Tags, &p.TagsOut: t.NotTags} {
		if text == nil {
			continue
		}
		var err error
		if *ids, err = book.Tags(ctx, listed(*text)); err != nil {
			return err
		}
	}
	for quota, number := range map[**int]*int{&p.PerMinute: t.PerMinute, &p.PerDay: t.PerDay} {
		if number != nil && *number == 0 {
			*quota = nil
		} else if number != nil {
			*quota = number
		}
	}
	return book.Keep(ctx, p)
}

func set[T any](to *T, value *T) {
	if value != nil {
		*to = *value
	}
}

func listed(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// origins reads what --frame-origin says.
func origins(text string) []string {
	switch text {
	case anyPage:
		return nil
	case noPage:
		return []string{content.NoOrigin}
	default:
		return listed(text)
	}
}

const (
	anyPage = "any"
	noPage  = "none"
)

func writtenOrigins(origins []string) string {
	if slices.Equal(origins, []string{content.NoOrigin}) {
		return noPage
	}
	return cmp.Or(strings.Join(origins, ", "), anyPage)
}

type keyLicence struct {
	desk
	terms
	Partner string `arg:"" help:"Short name of the partner, such as daily-planet, or public."`
	JSON    bool   `help:"Write JSON."`
}

// Run changes the licence if a flag says so, and prints it.
func (c *keyLicence) Run(ctx context.Context) error {
	return c.with(ctx, func(book partner.Book) error {
		p, err := book.Find(ctx, c.Partner)
		if err != nil {
			return err
		}
		switch {
		case p != nil:
		case c.Partner == partner.PublicSlug && c.given():
			p = partner.Fresh(partner.PublicSlug)
		default:
			return c.missing()
		}
		if c.given() {
			if err := c.apply(ctx, book, p); err != nil {
				return err
			}
		}
		if c.JSON {
			return printJSON(p)
		}
		return printLicence(ctx, book, p)
	})
}

func (c *keyLicence) missing() error {
	if c.Partner == partner.PublicSlug {
		return errors.New("feeds and embeds give those without a key all that is public; a flag, such as --excerpt-words 50, changes that")
	}
	return fmt.Errorf("there is no partner %[1]s; broadsheet key add %[1]s makes one", c.Partner)
}

func printLicence(ctx context.Context, book partner.Book, p *partner.Partner) error {
	in, err := book.TagSlugs(ctx, p.TagsIn)
	if err != nil {
		return err
	}
	out, err := book.TagSlugs(ctx, p.TagsOut)
	if err != nil {
		return err
	}
	text := "whole"
	if !p.FullText {
		text = fmt.Sprintf("the first %d words", p.ExcerptWords)
	}
	list := newTable()
	list.row("Partner", p.Slug+" ("+p.Name+")")
	list.row("Contact", cmp.Or(p.Contact, "-"))
	list.row("Tags", cmp.Or(strings.Join(in, ", "), "any"))
	list.row("Not tags", cmp.Or(strings.Join(out, ", "), "-"))
	list.row("Kinds", cmp.Or(strings.Join(p.Kinds, ", "), "all"))
	list.row("Text", text)
	list.row("Delay", (time.Duration(p.DelaySeconds) * time.Second).String())
	list.row("Images", yes(p.Images))
	list.row("Must link", yes(p.MustLink))
	list.row("Territories", cmp.Or(strings.Join(p.Territories, ", "), "all"))
	list.row("Frame origins", writtenOrigins(p.FrameOrigins))
	list.row("Per minute", quota(p.PerMinute))
	list.row("Per day", quota(p.PerDay))
	return list.print()
}

func yes(is bool) string { return map[bool]string{true: "yes", false: "no"}[is] }

func quota(requests *int) string {
	if requests == nil {
		return "any number"
	}
	return strconv.Itoa(*requests)
}
