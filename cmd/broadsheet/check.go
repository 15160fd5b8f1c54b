package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/jmoiron/sqlx"

	"broadsheet/internal/config"
	"broadsheet/internal/content"
	"broadsheet/internal/database"
)

type checkCommand struct{ config.Server }

// Run prints one line for each check, and fails if one of them does.
func (c *checkCommand) Run(ctx context.Context) error {
	checks := &checklist{}
	addresses, err := c.Addresses("http://" + c.Addr)
	checks.report("configuration", err)
	_, err = c.Trusted()
	checks.report("trusted documents", err)
	db, err := connect(ctx, &c.Database, c.Logger(os.Stderr), true)
	checks.report("database", err)
	if err == nil {
		defer func() { _ = db.Close() }()
		err = database.CheckMigrated(ctx, db.DB)
		checks.report("schema", err)
		if err == nil && addresses != nil {
			_, err = content.New(db.DB, content.Options{Addresses: addresses}).Site(ctx)
			checks.report("newsroom can be read", err)
			checks.report("newsroom can be written", canWrite(ctx, db.DB))
		}
	}
	return checks.result()
}

// checklist prints what was checked and counts what failed.
type checklist struct{ failed int }

func (c *checklist) report(what string, err error) {
	if err != nil {
		c.failed++
		fmt.Printf("FAIL  %s: %v\n", what, err)
		return
	}
	fmt.Printf("ok    %s\n", what)
}

func (c *checklist) result() error {
	switch c.failed {
	case 0:
		return nil
	case 1:
		return errors.New("one check failed")
	default:
		return fmt.Errorf("%d checks failed", c.failed)
	}
}

// canWrite tells whether this user has the rights that an import needs.
func canWrite(ctx context.Context, db *sqlx.DB) error {
	var lacking []string
	err := db.SelectContext(ctx, &lacking, `
		select c.relname
		from pg_class c
		where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
			and c.relname in ('articles', 'authors', 'tags', 'images', 'article_authors', 'article_tags', 'related_stories')
			and not has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE')
		order by 1`)
	if err == nil && len(lacking) > 0 {
		err = fmt.Errorf("the database's user may not write to %v", lacking)
	}
	return err
}
