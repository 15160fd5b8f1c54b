// Package ingest brings archives of other systems into the newsroom's tables.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// Options of an import.
type Options struct {
	SiteURL      string                         // the address of the newsroom's own site: what the export leaves open begins with it
	AuthorEmails bool                           // publish the users' addresses as those of the authors
	DryRun       bool                           // find out everything, change nothing
	Progress     func(done, total int64)        // bytes read, then posts written; nil: nobody looks
	Stage        func(name string, total int64) // called when a stage begins: read with bytes, write with posts; nil: nobody looks
}

// ErrBusy is returned while another import runs on the same database.
var ErrBusy = errors.New("another import is running on this database; wait for its end")

// source marks the rows that come from Ghost.
const source = "ghost"

// Ghost imports what Ghost 5 and 6 write on "Export your content". The whole file is read and checked before anything is
// changed; then it is written in batches, each in a transaction, so that an import that is cut off is continued by
// running it again. Running it once more changes nothing; a changed export changes what differs. Memory does not grow
// with the file.
//
// An error means that nothing was changed, or, after the first batch, that the import is not complete.
func Ghost(ctx context.Context, db *sqlx.DB, file io.Reader, size int64, options Options) (*Report, error) {
	site, err := url.Parse(options.SiteURL)
	if err != nil || site.Host == "" || site.Scheme != "http" && site.Scheme != "https" {
		return nil, fmt.Errorf("%q is not the address of a site; write it like https://news.example.org", options.SiteURL)
	}
	options.SiteURL = strings.TrimRight(options.SiteURL, "/")
	if options.Progress == nil {
		options.Progress = func(int64, int64) {}
	}
	if options.Stage == nil {
		options.Stage = func(string, int64) {}
	}
	connection, err := db.Connx(ctx) // the staging tables and the lock live as long as it does
	if err != nil {
		return nil, fmt.Errorf("connect to import: %w", err)
	}
	defer func() { _ = connection.Close() }()
	i := &importer{ctx: ctx, connection: connection, options: options, report: &Report{DryRun: options.DryRun}}
	if err := i.lock(); err != nil {
		return nil, err
	}
	defer i.unlock()
	if err := i.stage(file, size); err != nil {
		return nil, err
	}
	return i.report, i.apply()
}

// importer is one run.
type importer struct {
	ctx        context.Context
	connection *sqlx.Conn
	options    Options
	report     *Report
	locale     string   // of posts that do not say theirs
	dry        *sqlx.Tx // of a dry run
}

// lockKey is any number that nobody else takes for an advisory lock.
const lockKey = 5041127733

// lock waits a moment for the end of an import that was just stopped.
func (i *importer) lock() error {
	for until := time.Now().Add(2 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		var free bool
		if err := i.connection.GetContext(i.ctx, &free, `select pg_try_advisory_lock($1)`, lockKey); err != nil {
			return fmt.Errorf("lock the import: %w", err)
		}
		switch {
		case free:
			return nil
		case time.Now().After(until):
			return ErrBusy
		}
	}
}

// unlock leaves the connection to the pool as it was.
func (i *importer) unlock() {
	ctx := context.WithoutCancel(i.ctx)
	_, _ = i.connection.ExecContext(ctx, `discard temp`)
	_, _ = i.connection.ExecContext(ctx, `select pg_advisory_unlock($1)`, lockKey)
}

// apply writes what is staged. A dry run does the same in one transaction, which it takes back.
func (i *importer) apply() error {
	if !i.options.DryRun {
		return i.applyAll()
	}
	tx, err := i.connection.BeginTxx(i.ctx, nil)
	if err != nil {
		return fmt.Errorf("begin the dry run: %w", err)
	}
	i.dry = tx
	err = i.applyAll()
	if rolledBack := tx.Rollback(); err == nil && rolledBack != nil {
		err = fmt.Errorf("take the dry run back: %w", rolledBack)
	}
	return err
}

// applyAll writes first what posts refer to, then the posts, then what leads from one to another.
func (i *importer) applyAll() error {
	for _, step := range []struct {
		what string
		do   func() error
	}{
		{"the site", i.applySite},
		{"authors", i.applyAuthors},
		{"tags", i.applyTags},
		{"posts", i.applyPosts},
		{"links between posts", i.applyInlineStories},
		{"moved slugs", i.settleMoves},
		{"posts that are no longer in the export", i.findGone},
	} {
		if err := step.do(); err != nil {
			return fmt.Errorf("import %s: %w", step.what, err)
		}
	}
	return nil
}

// batch runs a transaction.
func (i *importer) batch(work func(*sqlx.Tx) error) error {
	if i.dry != nil {
		return work(i.dry)
	}
	tx, err := i.connection.BeginTxx(i.ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := work(tx); err != nil {
		return err
	}
	return tx.Commit()
}
