package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"broadsheet/internal/database"
	"broadsheet/internal/demo"
)

// newsroom is a Postgres with the demo newsroom and so many synthetic articles.
type newsroom struct {
	articles   int
	postgres   *database.Local
	postmaster int // its process
}

// openNewsroom goes on with what an earlier run has made.
func openNewsroom(ctx context.Context, o options, articles int) (*newsroom, error) {
	dir := filepath.Join(o.dir, strconv.Itoa(articles))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	postgres, err := database.StartLocal(ctx, database.LocalOptions{Dir: dir, Settings: []string{"shared_buffers=" + o.buffers}})
	if err != nil {
		return nil, err
	}
	news := &newsroom{articles: articles, postgres: postgres}
	db, err := database.Open(ctx, postgres.URL(), database.Pool{})
	if err == nil {
		err = errors.Join(news.fill(ctx, db), db.Close())
	}
	if err == nil {
		news.postmaster, err = postmasterOf(dir)
	}
	if err != nil {
		return nil, errors.Join(err, news.close())
	}
	return news, nil
}

func (n *newsroom) fill(ctx context.Context, db *sqlx.DB) error {
	if _, err := database.Migrate(ctx, db); err != nil {
		return err
	}
	if _, err := demo.Load(ctx, db, time.Now(), "http://127.0.0.1:8080"); err != nil {
		return err
	}
	err := demo.Generate(ctx, db, n.articles, func(done, total int) {
		if done%10_000 == 0 {
			fmt.Fprintf(os.Stderr, "\rarticles %d of %d", done, total)
		}
	})
	if err == nil {
		_, err = db.ExecContext(ctx, `vacuum analyze`)
	}
	fmt.Fprintln(os.Stderr)
	return err
}

func (n *newsroom) close() error { return n.postgres.Stop() }
