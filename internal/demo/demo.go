// Package demo is a newsroom to try Broadsheet with: the Larksund Courier, the daily of a harbour city that does not
// exist, with its pictures; and any number of synthetic articles to measure with.
//
// The stories stand in stories/, one file each; who writes them and what they are filed under stands in newsroom.json.
package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// source marks the rows of the demo newsroom.
const source = "demo"

// Load fills an empty newsroom and says whether it did. Dates are counted back from now. The pictures' addresses begin
// with assetBaseURL, such as http://127.0.0.1:8080; Handler has to be reachable there. A newsroom that has articles,
// authors, tags, campaigns or images is left as it is, but for one thing: pictures of an earlier Load that was given
// another assetBaseURL are moved to this one.
func Load(ctx context.Context, db *sqlx.DB, now time.Time, assetBaseURL string) (loaded bool, err error) {
	base := strings.TrimRight(assetBaseURL, "/")
	tx, err := db.BeginTxx(ctx, nil)
	if err != nil {
		return false, fmt.Errorf("load the demo newsroom: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	empty, err := lockedAndEmpty(ctx, tx)
	if err != nil {
		return false, fmt.Errorf("look for articles before loading the demo newsroom: %w", err)
	}
	if empty {
		err = fill(ctx, tx, now, base)
	} else {
		err = moveAssets(ctx, tx, base)
	}
	if err != nil {
		return false, fmt.Errorf("load the demo newsroom: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return false, fmt.Errorf("load the demo newsroom: %w", err)
	}
	return empty, nil
}

// lockedAndEmpty lets one Load at a time look.
func lockedAndEmpty(ctx context.Context, tx *sqlx.Tx) (empty bool, err error) {
	if _, err := tx.ExecContext(ctx, `select from site for update`); err != nil {
		return false, err
	}
	err = tx.GetContext(ctx, &empty, `select not (exists (select from articles) or exists (select from authors)
		or exists (select from tags) or exists (select from campaigns) or exists (select from images))`)
	return empty, err
}

func fill(ctx context.Context, tx *sqlx.Tx, now time.Time, base string) error {
	newsroom, err := readNewsroom()
	if err != nil {
		return err
	}
	stories, err := readStories()
	if err != nil {
		return err
	}
	l := &loader{ctx: ctx, tx: tx, now: now, base: base, images: map[string]int64{},
		articles: map[string]int64{}, authors: map[string]int64{}, tags: map[string]int64{}}
	l.newsroom(newsroom)
	l.stories(stories)
	return l.err
}

// moveAssets gives the demo's pictures another base. It is no change of a story, so it leaves no trace in its history.
func moveAssets(ctx context.Context, tx *sqlx.Tx, base string) error {
	var before string
	err := tx.GetContext(ctx, &before, `select coalesce(
		(select split_part(url, $1, 1) from images where source = $2 and strpos(url, $1) > 0 limit 1), $3)`,
		assetPath, source, base)
	if err != nil || before == base {
		return err
	}
	for _, statement := range []string{
		`update images set url = replace(url, $1, $2) where source = $3`,
		`update videos v set url = replace(v.url, $1, $2) from articles a where a.id = v.article_id and a.source = $3`,
		`update site set logo_url = replace(logo_url, $1, $2) where $3 <> ''`,
		`update articles set body_html = replace(body_html, $1, $2), updated_at = updated_at + interval '1 microsecond'
			where source = $3 and strpos(body_html, $1) > 0`,
		`delete from revisions r using articles a
			where a.id = r.article_id and r.at = now() and a.source = $3 and $1 <> $2`,
	} {
		if _, err := tx.ExecContext(ctx, statement, before+assetPath, base+assetPath, source); err != nil {
			return fmt.Errorf("move the pictures from %s to %s: %w", before, base, err)
		}
	}
	return nil
}
