package database

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"broadsheet/migrations"
)

// Migration is one numbered step of the schema.
type Migration struct {
	Number  int64
	Name    string
	Applied bool
}

// Migrate applies all steps that are missing and returns them. Several servers may do it at once: a lock of the session
// lets one work and the others wait.
func Migrate(ctx context.Context, db *sqlx.DB) ([]Migration, error) {
	return migrate(ctx, db, migrations.Files)
}

func migrate(ctx context.Context, db *sqlx.DB, files fs.FS) ([]Migration, error) {
	provider, err := newProvider(db, files)
	if err != nil {
		return nil, err
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	applied := make([]Migration, len(results))
	for i, r := range results {
		applied[i] = Migration{Number: r.Source.Version, Name: r.Source.Path, Applied: true}
	}
	return applied, nil
}

// MigrateDown takes the last step back and returns it; nil if there is none. What its tables hold is lost.
func MigrateDown(ctx context.Context, db *sqlx.DB) (*Migration, error) {
	status, err := MigrationStatus(ctx, db)
	if err != nil {
		return nil, err
	}
	if len(status) == 0 || !status[0].Applied {
		return nil, nil
	}
	provider, err := newProvider(db, migrations.Files)
	if err != nil {
		return nil, err
	}
	result, err := provider.Down(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrate down: %w", err)
	}
	return &Migration{Number: result.Source.Version, Name: result.Source.Path}, nil
}

// MigrationStatus lists all steps in their order.
func MigrationStatus(ctx context.Context, db *sqlx.DB) ([]Migration, error) {
	provider, err := newProvider(db, migrations.Files)
	if err != nil {
		return nil, err
	}
	status, err := provider.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("read which migrations are applied: %w", err)
	}
	steps := make([]Migration, len(status))
	for i, s := range status {
		steps[i] = Migration{Number: s.Source.Version, Name: s.Source.Path, Applied: s.State == goose.StateApplied}
	}
	return steps, nil
}

// Pending counts the steps that are missing.
func Pending(ctx context.Context, db *sqlx.DB) (int, error) {
	status, err := MigrationStatus(ctx, db)
	pending := 0
	for _, step := range status {
		if !step.Applied {
			pending++
		}
	}
	return pending, err
}

func newProvider(db *sqlx.DB, files fs.FS) (*goose.Provider, error) {
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db.DB, files, goose.WithSessionLocker(locker))
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	return provider, nil
}
