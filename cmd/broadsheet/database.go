package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/jmoiron/sqlx"

	"broadsheet/internal/config"
	"broadsheet/internal/database"
)

// connection is an open database, with the Postgres under it if we run that ourselves.
type connection struct {
	*sqlx.DB
	url   string          // for a connection of its own
	local *database.Local // nil: somebody else runs it
}

// connect opens the database of DATABASE_URL, or that of the data directory, whose Postgres is started unless another
// Broadsheet runs it and may be joined.
func connect(ctx context.Context, c *config.Database, log *slog.Logger, join bool) (*connection, error) {
	if c.DatabaseURL != "" {
		db, err := database.Open(ctx, c.DatabaseURL, c.Pool())
		if err != nil {
			return nil, err
		}
		return &connection{DB: db, url: c.DatabaseURL}, nil
	}
	if join {
		if url, running, err := database.RunningLocal(c.DataDir); err != nil {
			return nil, err
		} else if running {
			db, err := database.Open(ctx, url, c.Pool())
			if err != nil {
				return nil, err
			}
			return &connection{DB: db, url: url}, nil
		}
	}
	return start(ctx, c, log)
}

// start runs a Postgres of our own, with the schema up to date: nobody else takes care of it.
func start(ctx context.Context, c *config.Database, log *slog.Logger) (*connection, error) {
	local, err := database.StartLocal(ctx, c.Local(log))
	if err != nil {
		return nil, err
	}
	db, err := database.Open(ctx, local.URL(), c.Pool())
	if err != nil {
		return nil, errors.Join(err, local.Stop())
	}
	opened := &connection{DB: db, url: local.URL(), local: local}
	if _, err := database.Migrate(ctx, db); err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	return opened, nil
}

// Close ends the connections, and the Postgres if it is ours.
func (c *connection) Close() error {
	err := c.DB.Close()
	if c.local != nil {
		err = errors.Join(err, c.local.Stop())
	}
	return err
}

// lost is closed when a Postgres of our own has ended; it is nil for somebody else's.
func (c *connection) lost() <-chan struct{} {
	if c.local == nil {
		return nil
	}
	return c.local.Exited()
}
