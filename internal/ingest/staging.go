package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// The rows of an export, as far as they are used.
type (
	post struct {
		ID, Slug, Title, HTML, Lexical, Mobiledoc text
		Type, Status, Visibility, Locale          text
		FeatureImage                              text `json:"feature_image"`
		Featured                                  yes
		CustomExcerpt                             text   `json:"custom_excerpt"`
		CanonicalURL                              text   `json:"canonical_url"`
		CreatedAt                                 moment `json:"created_at"`
		UpdatedAt                                 moment `json:"updated_at"`
		PublishedAt                               moment `json:"published_at"`

		// of posts_meta
		FeatureImageAlt     text `json:"feature_image_alt"`
		FeatureImageCaption text `json:"feature_image_caption"`
		MetaTitle           text `json:"meta_title"`
		MetaDescription     text `json:"meta_description"`
		OGImage             text `json:"og_image"`
		EmailOnly           yes  `json:"email_only"`
	}

	user struct {
		ID, Slug, Name, Bio, Email, Website, Location text
		ProfileImage                                  text `json:"profile_image"`
	}

	tag struct {
		ID, Slug, Name, Description, Visibility text
		FeatureImage                            text `json:"feature_image"`
	}

	link struct {
		PostID    text `json:"post_id"`
		TagID     text `json:"tag_id"`
		AuthorID  text `json:"author_id"`
		SortOrder text `json:"sort_order"`
	}

	setting struct {
		Key   text
		Value json.RawMessage // of many kinds; those that are used are text
	}
)

// stagingTables hold the export's rows for the time of the import. They are temporary: nobody else sees them, and
// Postgres drops them however the import ends.
const stagingTables = `
	create temp table ghost_posts (place serial, id text primary key, slug text not null, row jsonb not null);
	create temp table ghost_meta (post_id text primary key, row jsonb not null);
	create temp table ghost_users (place serial, id text primary key, slug text not null, row jsonb not null);
	create temp table ghost_tags (place serial, id text primary key, slug text not null, row jsonb not null);
	create temp table ghost_posts_authors (post_id text, target_id text, position integer, primary key (post_id, target_id));
	create temp table ghost_posts_tags (post_id text, target_id text, position integer, primary key (post_id, target_id));
	create temp table ghost_settings (key text primary key, value text);
	create temp table ghost_inline (post_id text, position integer, target_id text, primary key (post_id, position));
	create index on ghost_posts (slug);
	create index on ghost_posts (place)`

func isStaged(table string) bool {
	switch table {
	case "posts", "posts_meta", "users", "tags", "posts_authors", "posts_tags", "settings":
		return true
	}
	return false
}

// stage reads the whole file. Nothing that anybody else could see is changed.
func (i *importer) stage(file io.Reader, size int64) error {
	if _, err := i.connection.ExecContext(i.ctx, stagingTables); err != nil {
		return fmt.Errorf("make the staging tables: %w", err)
	}
	tx, err := i.connection.BeginTxx(i.ctx, nil)
	if err != nil {
		return fmt.Errorf("stage the export: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	i.options.Stage("read", size)
	counted := &countingReader{Reader: file, progress: func(done int64) { i.options.Progress(done, size) }}
	s := &stager{importer: i, tx: tx}
	if err := readExport(counted, s.add); err != nil {
		return err
	}
	if err := s.flush(); err != nil {
		return fmt.Errorf("stage the export: %w", err)
	}
	if _, err := tx.ExecContext(i.ctx, `analyze ghost_posts; analyze ghost_meta; analyze ghost_posts_authors; analyze ghost_posts_tags`); err != nil {
		return fmt.Errorf("stage the export: %w", err)
	}
	return tx.Commit()
}

type countingReader struct {
	io.Reader
	done     int64
	progress func(done int64)
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.done += int64(n)
	r.progress(r.done)
	return n, err
}

// stager writes rows into the staging tables, many at a time.
type stager struct {
	*importer
	tx      *sqlx.Tx
	table   string
	waiting []json.RawMessage
	bytes   int
}

// A batch of rows is sent when it has so many rows or bytes.
const (
	mostStagedRows  = 1000
	mostStagedBytes = 1 << 20
)

func (s *stager) add(table string, row json.RawMessage) error {
	if table != s.table {
		if err := s.flush(); err != nil {
			return err
		}
		s.table = table
	}
	row = bytes.ReplaceAll(row, []byte("__GHOST_URL__"), []byte(s.options.SiteURL))
	checked, err := check(table, row)
	if err != nil {
		return fmt.Errorf("%w: a row of %s: %w", errFormat, table, err)
	}
	if checked == nil {
		return nil
	}
	s.waiting, s.bytes = append(s.waiting, checked), s.bytes+len(checked)
	if len(s.waiting) < mostStagedRows && s.bytes < mostStagedBytes {
		return nil
	}
	return s.flush()
}

// check reads the row with the types of its table, and writes it in one dialect. Nil is a row that is not needed.
func check(table string, raw json.RawMessage) (json.RawMessage, error) {
	var row any
	switch table {
	case "posts", "posts_meta":
		row = new(postRow)
	case "users":
		row = new(user)
	case "tags":
		row = new(tag)
	case "posts_authors", "posts_tags":
		row = new(link)
	case "settings":
		row = new(setting)
	}
	if err := json.Unmarshal(raw, row); err != nil {
		return nil, err
	}
	switch row := row.(type) {
	case *postRow:
		if table == "posts" && row.ID == "" {
			return nil, errors.New("it has no id")
		}
		if row.HTML != "" { // the sources of the HTML are not needed beside it
			row.Lexical, row.Mobiledoc = "", ""
		}
	case *link:
		if order, err := strconv.ParseInt(string(row.SortOrder), 10, 32); err != nil || order < 0 {
			row.SortOrder = "0"
		}
	case *setting:
		return checkSetting(row)
	}
	return json.Marshal(row)
}

// checkSetting keeps what the site's row is made of.
func checkSetting(row *setting) (json.RawMessage, error) {
	switch row.Key {
	case "title", "description", "logo", "locale":
		var value text
		if err := value.UnmarshalJSON(row.Value); err != nil {
			return nil, err
		}
		return json.Marshal(map[string]text{"Key": row.Key, "Value": value})
	}
	return nil, nil
}

// postRow is a post, or its row of posts_meta.
type postRow struct {
	post
	PostID text `json:"post_id"`
}

var stagingStatements = map[string]string{
	"posts": `insert into ghost_posts (id, slug, row)
		select row->>'ID', row->>'Slug', row from unnest($1::jsonb[]) as row on conflict do nothing`,
	"posts_meta": `insert into ghost_meta select row->>'post_id', row from unnest($1::jsonb[]) as row on conflict do nothing`,
	"users": `insert into ghost_users (id, slug, row)
		select row->>'ID', row->>'Slug', row from unnest($1::jsonb[]) as row on conflict do nothing`,
	"tags": `insert into ghost_tags (id, slug, row)
		select row->>'ID', row->>'Slug', row from unnest($1::jsonb[]) as row on conflict do nothing`,
	"posts_authors": `insert into ghost_posts_authors
		select row->>'post_id', row->>'author_id', (row->>'sort_order')::integer
		from unnest($1::jsonb[]) as row on conflict do nothing`,
	"posts_tags": `insert into ghost_posts_tags
		select row->>'post_id', row->>'tag_id', (row->>'sort_order')::integer
		from unnest($1::jsonb[]) as row on conflict do nothing`,
	"settings": `insert into ghost_settings select row->>'Key', row->>'Value' from unnest($1::jsonb[]) as row on conflict do nothing`,
}

func (s *stager) flush() error {
	if len(s.waiting) == 0 {
		return nil
	}
	rows := make([]string, len(s.waiting))
	for i, row := range s.waiting {
		rows[i] = string(row)
	}
	_, err := s.tx.ExecContext(s.ctx, stagingStatements[s.table], pq.Array(rows))
	s.waiting, s.bytes = s.waiting[:0], 0
	if err != nil {
		return fmt.Errorf("stage %s: %w", s.table, err)
	}
	return nil
}
