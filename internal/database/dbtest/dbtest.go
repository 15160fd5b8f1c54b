// Package dbtest gives each test a migrated database of its own, on a throw-away Postgres that the test process starts.
//
//	func TestMain(m *testing.M) { dbtest.Main(m) }
//
//	func TestSomething(t *testing.T) {
//		t.Parallel()
//		db := dbtest.New(t)
//	}
package dbtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jmoiron/sqlx"

	"broadsheet/internal/database"
)

// testServer is the throw-away Postgres, with a migrated database to copy.
type testServer struct {
	dir   string
	local *database.Local
	admin *sqlx.DB
}

var (
	// started is nil until a test asks for a database: many runs, such as those of fuzzing, never do.
	started *testServer
	start   = sync.OnceValue(func() error {
		s, err := startServer(context.Background())
		if err != nil {
			return errors.Join(fmt.Errorf("dbtest: %w", err), s.stop())
		}
		started = s
		return nil
	})
	number atomic.Int64
)

// Main runs the tests and stops the server, if one of them has started it. It does not return.
func Main(m *testing.M) {
	code := m.Run()
	if err := started.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "dbtest:", err)
		code = 1
	}
	os.Exit(code)
}

func startServer(ctx context.Context) (s *testServer, err error) {
	s = new(testServer)
	if s.dir, err = os.MkdirTemp("/tmp", "broadsheet-test-"); err != nil {
		return s, err
	}
	if err := os.Chmod(s.dir, 0o755); err != nil { // its Postgres may run as another user
		return s, err
	}
	s.local, err = database.StartLocal(ctx, database.LocalOptions{Dir: s.dir, Settings: []string{
		"fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=300",
	}})
	if err != nil {
		return s, err
	}
	if s.admin, err = database.Open(ctx, s.local.URL(), database.Pool{}); err != nil {
		return s, err
	}
	template, err := database.Open(ctx, s.url(templateName), database.Pool{})
	if err != nil {
		return s, err
	}
	_, err = database.Migrate(ctx, template)
	return s, errors.Join(err, template.Close())
}

func (s *testServer) stop() (err error) {
	if s == nil {
		return nil
	}
	if s.admin != nil {
		err = s.admin.Close()
	}
	if s.local != nil {
		err = errors.Join(err, s.local.Stop())
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

func (s *testServer) url(name string) string {
	return strings.Replace(s.local.URL(), "dbname=broadsheet", "dbname="+name, 1)
}

// templateName is the database that the tests' databases are copied from.
const templateName = "postgres"

// URL is the address of a database that NewNamed has made, for running the program itself against it.
func URL(name string) string { return started.url(name) }

// New returns a migrated, empty database that is dropped when the test ends.
func New(tb testing.TB) *sqlx.DB {
	tb.Helper()
	db, _ := NewNamed(tb)
	return db
}

// NewNamed is New with the name of the database, for URL.
func NewNamed(tb testing.TB) (*sqlx.DB, string) {
	tb.Helper()
	if err := start(); err != nil {
		tb.Fatal(err)
	}
	name := fmt.Sprintf("test_%d", number.Add(1))
	if _, err := started.admin.Exec("create database " + name + " template " + templateName); err != nil {
		tb.Fatal(err)
	}
	db, err := database.Open(context.Background(), URL(name), database.Pool{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = db.Close()
		if _, err := started.admin.Exec("drop database " + name + " with (force)"); err != nil {
			tb.Error(err)
		}
	})
	return db, name
}
