package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"broadsheet/internal/config"
	"broadsheet/internal/database"
)

type migrateCommand struct {
	Up     migrateUp     `cmd:"" help:"Apply all steps that are missing. Safe to run from several machines at once."`
	Down   migrateDown   `cmd:"" help:"Take the last step back. What its tables hold is lost."`
	Status migrateStatus `cmd:"" help:"List the steps."`
}

// settings of a command that needs no more than the database.
type settings struct {
	config.Database
	config.Log
}

// with opens the database for the time of a call.
func (s *settings) with(ctx context.Context, call func(*connection) error) error {
	db, err := connect(ctx, &s.Database, s.Logger(os.Stderr), true)
	if err != nil {
		return err
	}
	return errors.Join(call(db), db.Close())
}

type migrateUp struct{ settings }

// Run applies the steps and names them.
func (c *migrateUp) Run(ctx context.Context) error {
	return c.with(ctx, func(db *connection) error {
		applied, err := database.Migrate(ctx, db.DB)
		for _, step := range applied {
			fmt.Println("applied", step.Name)
		}
		if err == nil && len(applied) == 0 {
			fmt.Println("The schema is up to date.")
		}
		return err
	})
}

type migrateDown struct {
	settings
	Yes bool `help:"Really do it."`
}

// Run takes one step back.
func (c *migrateDown) Run(ctx context.Context) error {
	if !c.Yes {
		return errors.New("this deletes what the step's tables hold; say --yes if you mean it")
	}
	return c.with(ctx, func(db *connection) error {
		step, err := database.MigrateDown(ctx, db.DB)
		switch {
		case err != nil:
			return err
		case step == nil:
			fmt.Println("No step is applied.")
		default:
			fmt.Println("took back", step.Name)
		}
		return nil
	})
}

type migrateStatus struct{ settings }

// Run lists the steps.
func (c *migrateStatus) Run(ctx context.Context) error {
	return c.with(ctx, func(db *connection) error {
		steps, err := database.MigrationStatus(ctx, db.DB)
		for _, step := range steps {
			state := "pending"
			if step.Applied {
				state = "applied"
			}
			fmt.Printf("%s  %s\n", state, step.Name)
		}
		return err
	})
}
