package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jmoiron/sqlx"

	"broadsheet/internal/config"
	"broadsheet/internal/database"
	"broadsheet/internal/demo"
	"broadsheet/internal/server"
)

type demoCommand struct {
	config.Server
	Articles int `help:"Articles to add that a machine wrote, for measuring." placeholder:"N"`
}

// Run makes the demo newsroom if it is not there yet, and serves it.
func (c *demoCommand) Run(ctx context.Context) error {
	log := c.Logger(os.Stderr)
	if c.DataDir == config.DefaultDataDir() {
		c.DataDir = filepath.Join(c.DataDir, "demo") // beside, never in, the newsroom that serve keeps there
	}
	listeners, err := listen(ctx, &c.Server)
	if err != nil {
		return err
	}
	defer listeners.close()
	db, err := connect(ctx, &c.Database, log, false)
	if err != nil {
		return err
	}
	if err = database.CheckMigrated(ctx, db.DB); err == nil {
		err = c.load(ctx, db.DB, listeners.origin())
	}
	if err == nil {
		c.announce(listeners.origin())
		err = serve(ctx, &c.Server, server.Options{Log: log, Demo: true}, db, listeners)
	}
	return errors.Join(err, db.Close())
}

func (c *demoCommand) load(ctx context.Context, db *sqlx.DB, origin string) error {
	if _, err := demo.Load(ctx, db, time.Now(), origin); err != nil {
		return err
	}
	if c.Articles == 0 {
		return nil
	}
	bar := newProgress("articles", int64(c.Articles))
	defer bar.finish()
	return demo.Generate(ctx, db, c.Articles, func(done, total int) { bar.set(int64(done), int64(total)) })
}

func (c *demoCommand) announce(origin string) {
	fmt.Printf(`
Broadsheet serves the demo newsroom.

  Start here   %[1]s/
  Playground   %[1]s/playground
  GraphQL      %[1]s/graphql
  Data         %[2]s

Ctrl-C stops it. The data stays.

`, origin, c.DataDir)
}
