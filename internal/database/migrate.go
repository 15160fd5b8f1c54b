package database

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"broadsheet/migrations"
)

// ErrNewerSchema means that the database's schema has steps that this program does not know.
var ErrNewerSchema = errors.New("this program is older than the database's schema: update it")

// Migration is one numbered step of the schema.
type Migration struct {
	Number  int64
	Name    string
	Applied bool
	Unknown bool // applied by a newer program; this one has no file of it
}

// Migrate applies all steps that are missing and returns them. Several servers may do it at once: a lock of the session
// lets one work and the others wait. It returns ErrNewerSchema, having done nothing, if the schema is newer than the
// program.
func Migrate(ctx context.Context, db *sqlx.DB) ([]Migration, error) {
	if err := checkNotNewer(ctx, db); err != nil {
		return nil, err
	}
	provider, err := newProvider(db)
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

// MigrateDown takes the last step back and returns it; nil if there is none. What its tables hold is lost. A step that
// this program does not know it cannot take back: it then returns ErrNewerSchema.
func MigrateDown(ctx context.Context, db *sqlx.DB) (*Migration, error) {
	status, err := MigrationStatus(ctx, db)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(status, func(step Migration) bool { return step.Applied }) {
		return nil, nil
	}
	if err := newerSchema(status); err != nil {
		return nil, err
	}
	provider, err := newProvider(db)
	if err != nil {
		return nil, err
	}
	result, err := provider.Down(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrate down: %w", err)
	}
	return &Migration{Number: result.Source.Version, Name: result.Source.Path}, nil
}

// MigrationStatus lists all steps in their order. It only reads, and waits for nobody who is migrating.
func MigrationStatus(ctx context.Context, db *sqlx.DB) ([]Migration, error) {
	provider, err := newProvider(db)
	if err != nil {
		return nil, err
	}
	applied, err := appliedSteps(ctx, db)
	if err != nil {
		return nil, fmt.Errorf("read which migrations are applied: %w", err)
	}
	var steps []Migration
	for _, source := range provider.ListSources() {
		steps = append(steps, Migration{
			Number: source.Version, Name: source.Path, Applied: slices.Contains(applied, source.Version),
		})
	}
	for _, number := range applied {
		if !slices.ContainsFunc(steps, func(step Migration) bool { return step.Number == number }) {
			name := fmt.Sprintf("%04d (unknown to this program)", number)
			steps = append(steps, Migration{Number: number, Name: name, Applied: true, Unknown: true})
		}
	}
	slices.SortFunc(steps, func(a, b Migration) int { return cmp.Compare(a.Number, b.Number) })
	return steps, nil
}

// appliedSteps reads goose's own table, which is not there before the first step.
func appliedSteps(ctx context.Context, db *sqlx.DB) ([]int64, error) {
	var begun bool
	if err := db.GetContext(ctx, &begun, `select to_regclass('goose_db_version') is not null`); err != nil || !begun {
		return nil, err
	}
	var numbers []int64
	err := db.SelectContext(ctx, &numbers, `select version_id from goose_db_version where is_applied and version_id > 0`)
	return numbers, err
}

// Pending counts the steps that are missing.
func Pending(ctx context.Context, db *sqlx.DB) (int, error) {
	status, err := MigrationStatus(ctx, db)
	return len(missing(status)), err
}

// CheckMigrated tells, and says what to do, if the schema is not the one of this program: it returns ErrNewerSchema, or
// names the first step that is missing.
func CheckMigrated(ctx context.Context, db *sqlx.DB) error {
	status, err := MigrationStatus(ctx, db)
	if err != nil {
		return err
	}
	if err := newerSchema(status); err != nil {
		return err
	}
	if steps := missing(status); len(steps) > 0 {
		return fmt.Errorf("the database's schema lacks %d of this program's steps, the first of them %s: run `broadsheet migrate up`",
			len(steps), steps[0].Name)
	}
	return nil
}

func missing(steps []Migration) []Migration {
	return slices.DeleteFunc(slices.Clone(steps), func(step Migration) bool { return step.Applied })
}

func checkNotNewer(ctx context.Context, db *sqlx.DB) error {
	status, err := MigrationStatus(ctx, db)
	return cmp.Or(err, newerSchema(status))
}

func newerSchema(steps []Migration) error {
	for _, step := range slices.Backward(steps) {
		if step.Unknown {
			return fmt.Errorf("%w (its step %d is not known here)", ErrNewerSchema, step.Number)
		}
	}
	return nil
}

func newProvider(db *sqlx.DB) (*goose.Provider, error) {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 600)) // ask every second, for ten minutes
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db.DB, migrations.Files, goose.WithSessionLocker(locker))
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	return provider, nil
}
