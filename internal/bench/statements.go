package main

import "strings"

// L1's statements. Each is tuned by hand on Broadsheet's own tables and indices: text is put together with || and
// string_agg, which costs Postgres half of what json_build_object and json_agg do, and no relation is read twice.

// object is an expression for the text of a JSON object. It takes names and expressions for the text of their values.
func object(members ...string) string {
	var text strings.Builder
	separator := "'{"
	for i := 0; i < len(members); i += 2 {
		text.WriteString(separator + `"` + members[i] + `":' || ` + members[i+1] + " || ")
		separator = "',"
	}
	return text.String() + "'}'"
}

// list is an expression for the text of a JSON array: an item for each row, in their order.
func list(item, from string) string {
	return "('[' || coalesce((select string_agg(x.item, ',') from (select " + item + " as item " + from + ") as x), '') || ']')"
}

func value(expression string) string { return "to_json(" + expression + ")" }

func orNull(expression string) string { return "coalesce(" + expression + "::text, 'null')" }

func one(item, from string) string { return orNull("(select " + item + " " + from + ")") }

func address(slug string) string { return `'"` + benchSite + `/' || ` + slug + ` || '/"'` }

func visibleArticle(a string) string {
	return strings.ReplaceAll(`a.status in ('PUBLISHED', 'SCHEDULED') and a.published_at <= now()
		and (a.embargoed_until is null or a.embargoed_until <= now())`, "a.", a+".")
}

var named = object("slug", value("t.slug"), "name", value("t.name"))

func picture(id string) string { return "from images i where i.id = " + id }

func authorsOf(article, shown string) string {
	return list(shown, "from article_authors l join authors t on t.id = l.author_id where l.article_id = "+article+".id order by l.position")
}

// tagged reads the tags of the articles a once, for the list and for the first of it.
var tagged = `cross join lateral (select string_agg(x.item, ',') as every, min(x.item) filter (where x.place = 1) as primary_one
	from (select ` + named + ` as item, row_number() over (order by l.position) as place
		from article_tags l join tags t on t.id = l.tag_id where l.article_id = a.id and not t.internal order by l.position) as x) as tagged`

// cardMembers are what the documents' card asks of the articles a, which stand beside tagged.
func cardMembers(authors string) []string {
	return []string{"slug", value("a.slug"), "title", value("a.title"), "excerpt", value("a.excerpt"), "url", address("a.slug"),
		"publishedAt", value("a.published_at"), "readingTimeMinutes", "greatest(1, (a.word_count + 132) / 265)",
		"primaryTag", orNull("tagged.primary_one"), "tags", "'[' || coalesce(tagged.every, '') || ']'", "authors", authors}
}

// page aggregates rows that have place, node, published_at and id to a connection of twenty.
func page(rows string) string {
	return object("nodes", "'[' || coalesce(string_agg(page.node, ',' order by page.place) filter (where page.place <= 20), '') || ']'",
		"pageInfo", object("endCursor", orNull("to_json(max(page.published_at::text || '|' || page.id) filter (where page.place = 20))"),
			"hasNextPage", "(count(*) > 20)")) + " from (" + rows + ") as page"
}

// feedStatement takes a cursor: time and id of the last article of the page before.
func feedStatement() string {
	related := list(object("kind", "'\"' || r.kind || '\"'", "article", object(
		"slug", value("r.slug"), "title", value("r.title"), "url", address("r.slug"), "authors", authorsOf("r", named))),
		`from (select b.id, b.slug, b.title, r.kind from related_stories r join articles b on b.id = r.related_id
			where r.article_id = a.id and `+visibleArticle("b")+` order by r.kind, r.position limit 3) as r`)
	node := object(append(cardMembers(authorsOf("a", named)), "relatedStories", related)...)
	return `select '{"data":{"articles":' || (select ` + page(`
		select a.place, a.published_at, a.id, case when a.place <= 20 then `+node+` end as node
		from (select a.*, row_number() over () as place from (
			select a.id, a.slug, a.title, a.excerpt, a.published_at, a.word_count from articles a
			where `+visibleArticle("a")+` and a.kind <> 'PAGE' and (a.published_at, a.id) < ($1::timestamptz, $2::bigint)
			order by a.published_at desc, a.id desc limit 21) as a) as a `+tagged) + `) || '}}'`
}

// tagFeedStatement takes a slug and a cursor.
func tagFeedStatement() string {
	node := object("slug", value("a.slug"), "title", value("a.title"), "url", address("a.slug"), "publishedAt", value("a.published_at"),
		"authors", authorsOf("a", named))
	return `select '{"data":{"tag":{"name":' || to_json(t.name) || ',"articles":' || (select ` + page(`
		select a.place, a.published_at, a.id, case when a.place <= 20 then `+node+` end as node
		from (select a.id, a.slug, a.title, a.published_at, row_number() over () as place
			from article_tags l join articles a on a.id = l.article_id
			where l.tag_id = t.id and (l.published_at, l.article_id) < ($2::timestamptz, $3::bigint) and `+visibleArticle("a")+` and a.kind <> 'PAGE'
			order by l.published_at desc, l.article_id desc limit 21) as a`) + `) || '}}}' from tags t where t.slug = $1`
}

// articleStatement takes a slug.
func articleStatement() string {
	image := object("url", value("i.url"), "alt", value("i.alt"), "caption", value("i.caption"), "credit", value("i.credit"),
		"width", orNull("i.width"), "height", orNull("i.height"))
	small := object("url", value("i.url"))
	author := object("slug", value("t.slug"), "name", value("t.name"), "bio", value("t.bio"), "url", "'\""+benchSite+"/author/' || t.slug || '/\"'",
		"avatar", one(small, picture("t.avatar_id")))
	related := list(object("kind", "'\"' || a.kind || '\"'", "reason", orNull("to_json(a.reason)"), "article", object(cardMembers(authorsOf("a", named))...)),
		`from (select a.id, a.slug, a.title, a.excerpt, a.published_at, a.word_count, r.kind, r.reason
			from related_stories r join articles a on a.id = r.related_id
			where r.article_id = wanted.id and `+visibleArticle("a")+` order by r.kind, r.position limit 3) as a `+tagged)
	members := append(cardMembers(authorsOf("a", author)),
		"kind", value("a.kind"), "access", value("a.access"), "updatedAt", value("a.updated_at"), "wordCount", "a.word_count", "featured", "a.featured", "locale", value("a.locale"),
		"canonicalUrl", "coalesce(to_json(a.canonical_url)::text, "+address("a.slug")+")",
		"body", object("html", "to_json(case when a.access = 'PUBLIC' then a.body_html else split_part(a.body_html, '<!--members-only-->', 1) end)",
			"complete", "(a.access = 'PUBLIC')"),
		"leadImage", one(image, picture("a.lead_image_id")),
		"video", one(object("url", value("v.url"), "durationSeconds", orNull("v.duration_seconds")), "from videos v where v.article_id = a.id"),
		"corrections", list(object("text", value("c.text"), "at", value("c.at")), "from corrections c where c.article_id = a.id and c.at <= now() order by c.at"),
		"seo", object("title", "to_json(coalesce(a.seo_title, a.title))", "description", "to_json(coalesce(a.seo_description, a.excerpt))",
			"image", one(small, picture("coalesce(a.seo_image_id, a.lead_image_id)"))),
		"relatedStories", related)
	return `select '{"data":{"article":' || ` + object(members...) + ` || '}}'
		from (select a.* from articles a where a.slug = $1 and ` + visibleArticle("a") + `) as a
		cross join lateral (select a.id) as wanted ` + tagged
}
