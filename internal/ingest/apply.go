package ingest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
)

// defaultName is what the migrations call a newsroom that nobody has named.
const defaultName = "Newsroom"

// applySite names the newsroom, unless somebody has named it otherwise.
func (i *importer) applySite() error {
	var settings []struct{ Key, Value string }
	if err := i.connection.SelectContext(i.ctx, &settings, `select key, coalesce(value, '') as value from ghost_settings`); err != nil {
		return err
	}
	values := make(map[string]string, len(settings))
	for _, s := range settings {
		values[s.Key] = s.Value
	}
	if i.locale = values["locale"]; i.locale == "" {
		i.locale = "en"
	}
	if values["title"] == "" {
		return nil
	}
	return i.batch(func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(i.ctx, `update site set name = $1, description = $2, locale = $3, logo_url = nullif($4, '')
			where name in ($1, $5) and (name, description, locale, coalesce(logo_url, '')) is distinct from ($1, $2, $3, $4)`,
			values["title"], values["description"], i.locale, values["logo"], defaultName)
		return err
	})
}

// written is what a statement says of a row that it added or changed.
type written struct {
	SourceID string `db:"source_id"`
	Added    bool   `db:"added"`
}

func (c *Counts) count(rows []written, of int) {
	for _, row := range rows {
		if row.Added {
			c.Added++
		} else {
			c.Changed++
		}
	}
	c.Unchanged += of - len(rows)
}

// applyAuthors writes the users as authors.
func (i *importer) applyAuthors() error {
	type row struct {
		SourceID, Slug, Name, Bio, Email, Website, Location string
		Avatar                                              string
	}
	if err := i.freeSlugs("authors", "ghost_users"); err != nil {
		return err
	}
	return eachBatch(i, "ghost_users", func(tx *sqlx.Tx, users []user) error {
		rows := make([]row, 0, len(users))
		images := make([]image, 0, len(users))
		for _, u := range users {
			r := row{SourceID: string(u.ID), Slug: string(u.Slug), Name: cmp.Or(string(u.Name), string(u.Slug)),
				Bio: string(u.Bio), Website: webAddress(u.Website), Location: string(u.Location)}
			if i.options.AuthorEmails {
				r.Email = string(u.Email)
			}
			if address := i.imageAddress(u.ProfileImage); address != "" {
				r.Avatar = r.SourceID + ":profile_image"
				images = append(images, image{SourceID: r.Avatar, URL: address, Alt: r.Name})
			}
			rows = append(rows, r)
		}
		if err := i.writeImages(tx, images); err != nil {
			return err
		}
		rows, err := admit(i, tx, "authors", &i.report.Authors, rows, func(r row) (string, string) { return r.SourceID, r.Slug })
		if err != nil {
			return err
		}
		var done []written
		err = selectJSON(i, tx, &done, `
			insert into authors as t (slug, name, bio, email, website, location, avatar_id, source, source_id)
			select r."Slug", r."Name", r."Bio", nullif(r."Email", ''), nullif(r."Website", ''), nullif(r."Location", ''), m.id, $2, r."SourceID"
			from jsonb_to_recordset($1) as r ("SourceID" text, "Slug" text, "Name" text, "Bio" text, "Email" text,
				"Website" text, "Location" text, "Avatar" text)
			left join images m on m.source = $2 and m.source_id = r."Avatar"
			on conflict (source, source_id) do update set slug = excluded.slug, name = excluded.name, bio = excluded.bio,
				email = coalesce(excluded.email, t.email), website = excluded.website, location = excluded.location,
				avatar_id = excluded.avatar_id
			where (t.slug, t.name, t.bio, t.email, t.website, t.location, t.avatar_id) is distinct from
				(excluded.slug, excluded.name, excluded.bio, coalesce(excluded.email, t.email), excluded.website,
					excluded.location, excluded.avatar_id)
			returning source_id, xmax = 0 as added`, rows)
		i.report.Authors.count(done, len(rows))
		return err
	})
}

// applyTags writes the tags. Which kind a tag has is the desk's to say, after it was added.
func (i *importer) applyTags() error {
	type row struct {
		SourceID, Slug, Name, Description, Image string
		Internal                                 bool
	}
	if err := i.freeSlugs("tags", "ghost_tags"); err != nil {
		return err
	}
	return eachBatch(i, "ghost_tags", func(tx *sqlx.Tx, tags []tag) error {
		rows := make([]row, 0, len(tags))
		images := make([]image, 0, len(tags))
		for _, t := range tags {
			r := row{SourceID: string(t.ID), Slug: string(t.Slug), Name: cmp.Or(string(t.Name), string(t.Slug)), Description: string(t.Description),
				Internal: t.Visibility == "internal" || strings.HasPrefix(string(t.Name), "#")}
			if address := i.imageAddress(t.FeatureImage); address != "" {
				r.Image = r.SourceID + ":feature_image"
				images = append(images, image{SourceID: r.Image, URL: address, Alt: r.Name})
			}
			rows = append(rows, r)
		}
		if err := i.writeImages(tx, images); err != nil {
			return err
		}
		rows, err := admit(i, tx, "tags", &i.report.Tags, rows, func(r row) (string, string) { return r.SourceID, r.Slug })
		if err != nil {
			return err
		}
		var done []written
		err = selectJSON(i, tx, &done, `
			insert into tags as t (slug, name, description, internal, image_id, source, source_id)
			select r."Slug", r."Name", r."Description", r."Internal", m.id, $2, r."SourceID"
			from jsonb_to_recordset($1) as r ("SourceID" text, "Slug" text, "Name" text, "Description" text, "Internal" boolean, "Image" text)
			left join images m on m.source = $2 and m.source_id = r."Image"
			on conflict (source, source_id) do update set slug = excluded.slug, name = excluded.name, description = excluded.description,
				internal = excluded.internal, image_id = excluded.image_id
			where (t.slug, t.name, t.description, t.internal, t.image_id) is distinct from
				(excluded.slug, excluded.name, excluded.description, excluded.internal, excluded.image_id)
			returning source_id, xmax = 0 as added`, rows)
		i.report.Tags.count(done, len(rows))
		return err
	})
}

// eachBatch hands a staging table's rows on in their order, in batches of a transaction each.
func eachBatch[Row any](i *importer, table string, write func(*sqlx.Tx, []Row) error) error {
	const batch = 500
	for last := 0; ; {
		var staged []struct {
			Place int
			Row   json.RawMessage
		}
		err := i.connection.SelectContext(i.ctx, &staged, `select place, row from `+table+` where place > $1 order by place limit $2`, last, batch)
		if err != nil || len(staged) == 0 {
			return err
		}
		rows := make([]Row, len(staged))
		for j, s := range staged {
			if err := json.Unmarshal(s.Row, &rows[j]); err != nil {
				return err
			}
		}
		if err := i.batch(func(tx *sqlx.Tx) error { return write(tx, rows) }); err != nil {
			return err
		}
		last = staged[len(staged)-1].Place
	}
}

// image is a picture that a row refers to, named after the row.
type image struct{ SourceID, URL, Alt, Caption string }

func (i *importer) writeImages(tx *sqlx.Tx, images []image) error {
	return execJSON(i, tx, `
		insert into images as t (url, alt, caption, source, source_id)
		select r."URL", r."Alt", r."Caption", $2, r."SourceID"
		from jsonb_to_recordset($1) as r ("SourceID" text, "URL" text, "Alt" text, "Caption" text)
		on conflict (source, source_id) do update set url = excluded.url, alt = excluded.alt, caption = excluded.caption
		where (t.url, t.alt, t.caption) is distinct from (excluded.url, excluded.alt, excluded.caption)`, images)
}

// imageAddress is that of a picture; empty if there is none that can be shown.
func (i *importer) imageAddress(t text) string {
	return webAddress(text((&converter{site: i.options.SiteURL}).absolute(string(t))))
}

// webAddress keeps nothing but addresses of the web.
func webAddress(t text) string {
	if s := string(t); strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") {
		return s
	}
	return ""
}

var slugForm = regexp.MustCompile(`^[^/?#\s]{1,191}$`)

// movingSlug begins the slug of a row on its way from one slug to another; its id and the slug that it had follow.
const movingSlug = "slug-on-its-way-"

// freeSlugs moves rows out of the way that give a slug up to another row of the export: the table holds each slug once, at
// every moment.
func (i *importer) freeSlugs(table, staged string) error {
	return i.batch(func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(i.ctx, `
			update `+table+` t set slug = left($2 || t.id || '-' || t.slug, 191)
			from `+staged+` g
			where t.source = $1 and t.source_id = g.id and g.slug <> t.slug and not starts_with(t.slug, $2)
				and exists (select from `+staged+` other where other.slug = t.slug and other.id <> g.id)`, source, movingSlug)
		return err
	})
}

// settleMoves gives rows that did not get their new slug the old one back, with their id if somebody else has it now, and
// forgets what the triggers recorded of the way.
func (i *importer) settleMoves() error {
	return i.batch(func(tx *sqlx.Tx) error {
		for _, table := range []string{"articles", "authors", "tags"} {
			_, err := tx.ExecContext(i.ctx, `
				update `+table+` t set slug = case when exists (select from `+table+` other where other.slug = had.slug)
					then left(had.slug, 170) || '-' || t.id else had.slug end
				from (select id, substr(slug, length($2 || id || '-') + 1) as slug from `+table+` where starts_with(slug, $2)) as had
				where t.id = had.id and t.source = $1`, source, movingSlug)
			if err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(i.ctx, `delete from old_slugs where starts_with(slug, $1)`, movingSlug)
		return err
	})
}

// admit leaves out rows whose slugs cannot be theirs. Key is a row's id in the export, and its slug.
func admit[Row any](i *importer, tx *sqlx.Tx, table string, counts *Counts, rows []Row, key func(Row) (id, slug string)) ([]Row, error) {
	type named struct{ ID, Slug string }
	names := make([]named, len(rows))
	for j, row := range rows {
		names[j].ID, names[j].Slug = key(row)
	}
	var taken []string
	err := selectJSON(i, tx, &taken, `
		select r."ID"
		from jsonb_to_recordset($1) as r ("ID" text, "Slug" text) join `+table+` t on t.slug = r."Slug"
		where (t.source, t.source_id) is distinct from ($2, r."ID")`, names)
	if err != nil {
		return nil, err
	}
	kept, seen := rows[:0], make(map[string]bool, len(rows))
	for j, row := range rows {
		id, slug := names[j].ID, names[j].Slug
		why := ""
		switch {
		case !slugForm.MatchString(slug):
			why = fmt.Sprintf("its slug %.60q cannot stand in an address", slug)
		case seen[slug] || slices.Contains(taken, id):
			why = "the newsroom has another one with this slug; rename one of them and import again"
		}
		if why == "" {
			seen[slug] = true
			kept = append(kept, row)
			continue
		}
		counts.Skipped++
		i.report.problem(strings.TrimSuffix(table, "s")+" "+slug, "skipped", "%s", why)
	}
	return kept, nil
}

// selectJSON runs a statement over rows, its first argument, for the source, its second.
func selectJSON[Row any](i *importer, tx *sqlx.Tx, into any, statement string, rows []Row) error {
	document, err := rowsJSON(rows)
	if err != nil {
		return err
	}
	return tx.SelectContext(i.ctx, into, statement, document, source)
}

func execJSON[Row any](i *importer, tx *sqlx.Tx, statement string, rows []Row) error {
	document, err := rowsJSON(rows)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(i.ctx, statement, document, source)
	return err
}

// rowsJSON writes a list also where there is none.
func rowsJSON[Row any](rows []Row) (string, error) {
	if rows == nil {
		rows = []Row{}
	}
	document, err := json.Marshal(rows)
	return string(document), err
}
