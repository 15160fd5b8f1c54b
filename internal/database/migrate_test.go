package database_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jmoiron/sqlx"

	"broadsheet/internal/database"
	"broadsheet/internal/database/dbtest"
)

func TestServersMigrateAtOnce(t *testing.T) {
	t.Parallel()
	url := start(t, dataDir(t)).URL()
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			db, err := database.Open(context.Background(), url, database.Pool{})
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = db.Close() }()
			if _, err := database.Migrate(context.Background(), db); err != nil {
				t.Error(err)
			}
			if pending, err := database.Pending(context.Background(), db); err != nil || pending != 0 {
				t.Errorf("pending after migrating: %d, %v", pending, err)
			}
		})
	}
	wait.Wait()
}

func TestDownAndUpLeaveTheSameSchema(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), dbtest.New(t)
	before := schema(t, db)
	if len(before) < 100 {
		t.Fatalf("the schema has only %d parts", len(before))
	}
	steps, err := database.MigrationStatus(ctx, db)
	if err != nil {
		t.Fatal(err)
	}
	for range steps {
		if step, err := database.MigrateDown(ctx, db); err != nil || step == nil {
			t.Fatal(step, err)
		}
	}
	if step, err := database.MigrateDown(ctx, db); err != nil || step != nil {
		t.Fatalf("one step more than there are: %v, %v", step, err)
	}
	if left := schema(t, db); len(left) > 0 {
		t.Fatalf("left over after all steps back: %q", left)
	}
	if applied, err := database.Migrate(ctx, db); err != nil || len(applied) != len(steps) {
		t.Fatal(applied, err)
	}
	if after := schema(t, db); !slices.Equal(before, after) {
		t.Fatalf("the schema is another one.\nbefore: %q\nafter:  %q", before, after)
	}
}

// schema lists all that the steps made: relations with their columns, defaults, constraints, indexes, triggers, functions,
// types and extensions.
func schema(t *testing.T, db *sqlx.DB) []string {
	t.Helper()
	var parts []string
	err := db.Select(&parts, `
		with ours as (select c.* from pg_class c join pg_namespace n on n.oid = relnamespace
			where nspname = current_schema() and relname not like 'goose%')
		select format('%s %s %s %s', relkind, relname, reloptions, pg_get_viewdef(oid)) from ours where relkind <> 'v'
		union all select format('view %s %s', relname, pg_get_viewdef(oid)) from ours where relkind = 'v'
		union all select format('%s.%s %s %s %s %s %s %s %s', relname, attname, attnum, format_type(atttypid, atttypmod), attnotnull,
				attidentity, attgenerated, attcollation::regcollation, pg_get_expr(adbin, adrelid))
			from ours join pg_attribute on attrelid = ours.oid left join pg_attrdef on adrelid = ours.oid and adnum = attnum
			where attnum > 0 and not attisdropped
		union all select format('%s %s', conname, pg_get_constraintdef(c.oid)) from ours join pg_constraint c on conrelid = ours.oid
		union all select pg_get_indexdef(indexrelid) from ours join pg_index on indrelid = ours.oid
		union all select pg_get_triggerdef(t.oid) from ours join pg_trigger t on tgrelid = ours.oid where not tgisinternal
		union all select pg_get_functiondef(p.oid) from pg_proc p join pg_namespace n on n.oid = pronamespace
			where nspname = current_schema() and prokind = 'f'
			and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
		union all select format('type %s %s', typname, typtype) from pg_type join pg_namespace n on n.oid = typnamespace
			where nspname = current_schema() and typrelid = 0 and typelem = 0
		union all select 'extension ' || extname from pg_extension where extname <> 'plpgsql'
		order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	return parts
}

func TestSchemaThatIsNotThisProgramsIsToldOf(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), dbtest.New(t)
	if err := database.CheckMigrated(ctx, db); err != nil {
		t.Fatalf("up to date: %v", err)
	}
	db.MustExec(`insert into goose_db_version (version_id, is_applied) values (9999, true)`)
	if err := database.CheckMigrated(ctx, db); !errors.Is(err, database.ErrNewerSchema) || !strings.Contains(err.Error(), "9999") {
		t.Errorf("newer: %v", err)
	}
	if _, err := database.Migrate(ctx, db); !errors.Is(err, database.ErrNewerSchema) {
		t.Errorf("migrating what is newer: %v", err)
	}
	if _, err := database.MigrateDown(ctx, db); !errors.Is(err, database.ErrNewerSchema) {
		t.Errorf("taking back a step that is unknown: %v", err)
	}
	if pending, err := database.Pending(ctx, db); err != nil || pending != 0 {
		t.Errorf("newer: %d pending, %v", pending, err)
	}
	status, err := database.MigrationStatus(ctx, db)
	if last := status[len(status)-1]; err != nil || last.Number != 9999 || !last.Unknown || !last.Applied {
		t.Errorf("the last step is %+v, %v", last, err)
	}
	db.MustExec(`delete from goose_db_version where version_id = 9999`)
	if _, err := database.MigrateDown(ctx, db); err != nil {
		t.Fatal(err)
	}
	if err := database.CheckMigrated(ctx, db); err == nil || !strings.Contains(err.Error(), "run `broadsheet migrate up`") {
		t.Errorf("older: %v", err)
	}
}

// TestStatusOnlyReads: a check may be made with an account that may not write, and while somebody is migrating.
func TestStatusOnlyReads(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), start(t, dataDir(t)).URL()
	db := open(t, url+" default_transaction_read_only=on")
	if _, err := open(t, url).Exec("select pg_advisory_lock(4097083626)"); err != nil { // goose's
		t.Fatal(err)
	}
	if pending, err := database.Pending(ctx, db); err != nil || pending == 0 {
		t.Fatalf("before the first step: %d pending, %v", pending, err)
	}
}
